// Copies headers for ever.
// Fuel, by the length of what is copied.
const headers = new Headers([['a', 'x'.repeat(16_000)]]);
for (;;) new Headers(headers);
