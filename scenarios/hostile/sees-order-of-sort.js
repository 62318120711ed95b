// Sorts by a comparator that contradicts itself, and things that compare equal.
// Sorting is written down, and stable.
const cyclic = [...Array(12).keys()].sort((a, b) => ((b - a + 12) % 3) - 1);
const stable = Array.from({ length: 1_000 }, (_, i) => i).sort((a, b) => (a % 2) - (b % 2));
throw new Error([cyclic.length, new Set(cyclic).size, stable.slice(0, 3), stable.slice(-2)].join());
