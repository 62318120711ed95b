// Shifts an integer to nearly a billion bits, and drops it, again and again.
// As above.
const b = 1n << 1_000_000n;
for (;;) b << 900_000_000n > b;
