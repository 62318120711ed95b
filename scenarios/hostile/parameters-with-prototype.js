// Is given parameters that would change the prototype of the global object.
// That name is refused.
Lit.Actions.setResponse({ response: "mine" });
