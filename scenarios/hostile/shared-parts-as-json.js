// Forty levels of arrays, each twice in the next: small to build, a trillion elements as JSON.
// Fuel: each element that is written costs some.
let a = ['x'];
for (let i = 0; i < 40; i++) a = [a, a];
JSON.stringify(a);
