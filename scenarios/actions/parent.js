// Calls another action and passes its response on.
//
// jsParams: child (CID), toSign (32 bytes), publicKey (0x-hex, uncompressed).
(async () => {
  const response = await Lit.Actions.call({ ipfsId: child, params: { toSign, publicKey } });
  Lit.Actions.setResponse({ response: `the child says: ${response}` });
})();
