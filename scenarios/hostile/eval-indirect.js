// Evaluates a text by another name of `eval`.
// Code from texts is refused.
const another = eval;
another('1');
