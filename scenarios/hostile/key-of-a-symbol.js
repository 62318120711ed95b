// Asks for the key of a symbol with a long one: the text is copied, for nothing.
const s = Symbol.for('x'.repeat(1e6));
for (;;) Symbol.keyFor(s);
