// Signs `toSign` only if the price of ether is at least `minPrice`; otherwise says so and signs nothing.
//
// jsParams: url, minPrice, toSign (32 bytes), publicKey (0x-hex, uncompressed).
(async () => {
  const answer = await fetch(url);
  if (!answer.ok) {
    throw new Error(`price-guard: ${url} answered with status ${answer.status}`);
  }
  const { price } = await answer.json();
  if (typeof price !== "number") {
    throw new Error(`price-guard: ${url} gave no price`);
  }
  if (price < minPrice) {
    throw new Error(`price-guard: price ${price} is below ${minPrice}, not signing`);
  }
  await Lit.Actions.signEcdsa({ toSign, publicKey, sigName: "sig" });
  Lit.Actions.setResponse({ response: JSON.stringify({ price, signed: true }) });
})();
