// Joins a hundred thousand references to one text.
// The longest text that a native makes.
new Array(100_000).fill('x'.repeat(1_000)).join();
