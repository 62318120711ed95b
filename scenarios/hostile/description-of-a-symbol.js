// Asks for the description of a symbol with a long one: the text is copied, for nothing.
const s = Symbol('x'.repeat(1e6));
for (;;) s.description;
