// Is given parameters that would replace Lit.
// Names that exist are refused.
Lit.Actions.setResponse({ response: "mine" });
