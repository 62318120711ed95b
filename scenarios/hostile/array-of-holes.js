// Fills an array of a billion holes.
// The longest array that natives walk.
new Array(1e9).fill(0);
