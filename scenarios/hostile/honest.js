// An action of somebody else, after a hostile one: it must find the node as ever. Signs if it is told what, by FROST.
//
// jsParams: toSign (32 bytes), publicKey (0x-hex, uncompressed); or none.
(async () => {
  const squares = new Map(Array.from({ length: 10 }, (_, i) => [i, i * i]));
  const sum = [...squares.values()].reduce((a, b) => a + b, 0);
  if (JSON.stringify({ sum }) !== '{"sum":285}' || Object.keys(Object.prototype).length > 0) {
    throw new Error("honest: this is not the engine that it was");
  }
  if (typeof publicKey === "string") {
    await Lit.Actions.sign({ toSign, publicKey, sigName: "sig", signingScheme: "SchnorrK256Sha256" });
  }
  Lit.Actions.setResponse({ response: "served" });
})();
