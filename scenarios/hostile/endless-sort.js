// Sorts a large array again and again by a comparator that contradicts itself.
// Fuel: each comparison costs some.
const numbers = [...Array(10_000).keys()];
for (;;) numbers.sort(() => Math.random() - 0.5);
