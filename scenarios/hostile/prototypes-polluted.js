// Gives all objects a signature name and breaks what host functions might use. The key permits it nothing.
// Host functions use nothing of that, and the nodes refuse as ever.
Object.prototype.sigName = 'evil';
Object.prototype.then = undefined;
Array.prototype[Symbol.iterator] = null;
Array.prototype.map = () => [];
Promise.prototype.then = null;
Promise.resolve = null;
Uint8Array.prototype.slice = () => new Uint8Array(1);
globalThis.Promise = null;
JSON.parse = null;
(async () => {
  await Lit.Actions.signEcdsa({ toSign: new Uint8Array(32), publicKey, sigName: 'sig' });
})();
