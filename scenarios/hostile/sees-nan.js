// Looks at the bits of numbers that are none, which processors make differently.
// They are made alike before they are shown.
const zero = Number('0');
const numbers = new Float64Array([zero / zero, -(zero / zero), Math.sqrt(-1), Infinity - Infinity, Infinity * zero]);
throw new Error(Array.from({ length: 5 }, (_, i) => new Uint8Array(numbers.buffer)[8 * i + 7]).join());
