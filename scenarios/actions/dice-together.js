// Signs a number that one node draws for all, and the sum of numbers that all nodes draw: everybody signs the same.
//
// jsParams: publicKey (0x-hex, uncompressed).
(async () => {
  const drawn = await Lit.Actions.runOnce({ waitForResponse: true, name: "draw" }, async () => String(Math.random()));
  const own = String(Math.floor(Math.random() * 1000));
  const all = await Lit.Actions.broadcastAndCollect({ name: "numbers", value: own });
  if (!all.includes(own)) {
    throw new Error("dice-together: this node's number came too late");
  }
  const sum = all.map(Number).reduce((a, b) => a + b, 0);
  const text = `${drawn} and ${sum} of ${all.length}`;
  const toSign = Array.from({ length: 32 }, (_, i) => text.charCodeAt(i % text.length));
  await Lit.Actions.signEcdsa({ toSign, publicKey, sigName: "sig" });
  Lit.Actions.setResponse({ response: String(all.length) });
})();
