// Joins a large array with itself until it is too long.
// The longest array that natives walk.
let a = new Array(3 << 20).fill(1);
for (;;) a = a.concat(a);
