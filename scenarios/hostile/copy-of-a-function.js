// Copies a function.
// Functions have no copies.
structuredClone({ run: () => {} });
