// Prints without end.
// The size of all that is printed.
for (;;) console.log('x'.repeat(10_000));
