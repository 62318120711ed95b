// Answers with more than an answer may be, in characters of three bytes.
// The size of a response, in bytes.
Lit.Actions.setResponse({ response: '\u20ac'.repeat(40_000) });
