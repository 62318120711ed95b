// Gives a timer a text to run.
// Code from texts is refused.
setTimeout('Lit.Actions.setResponse({ response: 1 })', 0);
