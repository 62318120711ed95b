// Appends to the query of a URL for ever, which is written anew each time.
// Fuel, by the length of the query.
const url = new URL('https://prices.example');
for (;;) url.searchParams.append('a', 'b'.repeat(1_000));
