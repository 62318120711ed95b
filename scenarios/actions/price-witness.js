// Signs the price that this node was told: the number, big-endian, in the last 4 of 32 bytes.
//
// jsParams: url, publicKey (0x-hex, uncompressed).
(async () => {
  const answer = await fetch(url);
  if (!answer.ok) {
    throw new Error(`price-witness: ${url} answered with status ${answer.status}`);
  }
  const { price } = await answer.json();
  if (!Number.isInteger(price) || price < 0 || price > 0xffffffff) {
    throw new Error(`price-witness: ${url} gave no price`);
  }
  const toSign = new Uint8Array(32);
  for (let at = 0; at < 4; at++) {
    toSign[31 - at] = (price >>> (8 * at)) & 0xff;
  }
  await Lit.Actions.signEcdsa({ toSign, publicKey, sigName: "sig" });
  Lit.Actions.setResponse({ response: JSON.stringify({ price, signed: true }) });
})();
