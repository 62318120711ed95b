// Gives functions names of eight million bytes, and drops them.
// The collector does not see the size of texts: the address space of the process.
const name = Symbol('x'.repeat(1 << 22));
for (;;) ({ [name]() {} });
