// Signs a number that each node draws for itself, at a time that each node reads off its own clock: no two sign the same.
//
// jsParams: publicKey (0x-hex, uncompressed).
(async () => {
  const drawn = `${Math.random()} at ${Date.now()}`;
  const toSign = Array.from({ length: 32 }, (_, i) => drawn.charCodeAt(i % drawn.length));
  await Lit.Actions.signEcdsa({ toSign, publicKey, sigName: "sig" });
})();
