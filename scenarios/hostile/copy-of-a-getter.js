// Copies an object whose getter throws.
// It is the script's own exception.
structuredClone({
  get a() {
    throw new RangeError('mine');
  },
});
