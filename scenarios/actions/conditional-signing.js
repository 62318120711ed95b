// Signs a recommendation only if a weather station reports that it is warm enough; otherwise says why not and signs nothing.
//
// What is signed is made here, of the place and the limit alone: the temperature itself may have changed between two nodes'
// questions, and nodes that sign different texts make no signature. The signature is EIP-191, so `ethers.utils.verifyMessage`
// tells anybody who signed.
//
// jsParams: url, place, minCelsius, publicKey (0x-hex, uncompressed).
(async () => {
  const answer = await fetch(`${url}?place=${encodeURIComponent(place)}`);
  if (!answer.ok) {
    throw new Error(`conditional-signing: ${url} answered with status ${answer.status}`);
  }
  const { celsius } = await answer.json();
  if (typeof celsius !== "number") {
    throw new Error(`conditional-signing: ${url} gave no temperature`);
  }
  if (celsius < minCelsius) {
    throw new Error(`conditional-signing: ${celsius} degrees in ${place}, ${minCelsius} are needed, not signing`);
  }
  const message = `At least ${minCelsius} degrees in ${place}`;
  await Lit.Actions.ethPersonalSignMessageEcdsa({ message, publicKey, sigName: "sig" });
  Lit.Actions.setResponse({ response: message });
})();
