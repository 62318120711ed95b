// Keeps object after object, made by literals.
// Literals are not counted: the address space of the process.
const pile = [];
for (;;) pile[pile.length] = { a: [1, 2, 3, 4, 5, 6, 7, 8] };
