// Spreads a billion arguments.
// The longest list of arguments.
Math.max.apply(null, { length: 1e9 });
