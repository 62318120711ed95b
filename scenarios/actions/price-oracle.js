// Signs the median of what several web servers say something costs: one that is wrong moves it no further than to the next
// price of another.
//
// Prices are whole cents. What is signed is keccak256 of the ABI encoding of (string pair, uint256 cents), which a contract
// makes itself with `keccak256(abi.encode(pair, cents))` and compares with `ecrecover`.
//
// jsParams: urls, pair, publicKey (0x-hex, uncompressed).
(async () => {
  const price = async (url) => {
    try {
      const answer = await fetch(url, { signal: AbortSignal.timeout(3000) });
      const { cents } = answer.ok ? await answer.json() : {};
      return Number.isSafeInteger(cents) && cents > 0 ? [cents] : [];
    } catch {
      return []; // late, unreachable or no JSON: there are others
    }
  };
  const prices = (await Promise.all(urls.map(price))).flat().sort((a, b) => a - b);
  // With fewer than a majority a single wrong server could be the median.
  if (2 * prices.length <= urls.length) {
    throw new Error(`price-oracle: ${prices.length} of ${urls.length} servers gave a price, not signing`);
  }
  // Of an even number the lower of the two in the middle: a price that somebody gave.
  const cents = prices[(prices.length - 1) >> 1];
  const encoded = ethers.utils.defaultAbiCoder.encode(["string", "uint256"], [pair, cents]);
  const toSign = ethers.utils.arrayify(ethers.utils.keccak256(encoded));
  await Lit.Actions.signEcdsa({ toSign, publicKey, sigName: "sig" });
  Lit.Actions.setResponse({ response: JSON.stringify({ pair, cents, of: prices.length }) });
})();
