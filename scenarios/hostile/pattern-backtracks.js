// A pattern that tries each of a quintillion ways.
// Patterns cost no fuel: the processor time of the process.
/(a+)+$/.test('a'.repeat(60) + 'b');
