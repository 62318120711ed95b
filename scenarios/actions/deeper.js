// Calls itself until `depth` actions are inside each other, and says how deep each was.
//
// jsParams: self (this action's CID), depth.
(async () => {
  const below = depth > 1 ? await Lit.Actions.call({ ipfsId: self, params: { self, depth: depth - 1 } }) : "";
  Lit.Actions.setResponse({ response: `${depth}${below}` });
})();
