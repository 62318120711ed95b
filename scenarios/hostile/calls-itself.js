// Calls itself without end.
// How many actions may be inside each other.
Lit.Actions.call({ ipfsId: self, params: { self } });
