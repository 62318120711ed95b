// Sets more headers than a request may have.
// How many headers there may be.
new Headers(Array.from({ length: 100_000 }, (_, i) => [`h${i}`, 'x']));
