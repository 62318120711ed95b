// Prints by a format of a hundred thousand placeholders.
// The size of all that is printed.
console.log('%s'.repeat(50_000), ...new Array(60_000).fill('x'.repeat(100)));
