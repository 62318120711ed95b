// Doubles a text with each instruction.
// Operators are not counted: the address space of the process.
let s = 'x';
for (;;) s += s;
