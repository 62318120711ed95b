// The same, flattened.
// Fuel: each element that is copied costs some.
let a = ['x'];
for (let i = 0; i < 40; i++) a = [a, a];
a.flat(60);
