// Calls another action several times.
//
// jsParams: leaf (CID), times, params (the leaf's).
(async () => {
  for (let i = 0; i < times; i++) await Lit.Actions.call({ ipfsId: leaf, params });
  Lit.Actions.setResponse({ response: String(times) });
})();
