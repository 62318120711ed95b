// Calls an action with a parameter that would replace its Lit.
// Names that exist are refused.
Lit.Actions.call({ ipfsId: self, params: { Lit: {} } });
