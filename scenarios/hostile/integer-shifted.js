// Shifts an integer to ten billion bits.
// The engine refuses it.
1n << 10_000_000_000n;
