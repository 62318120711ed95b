// A getter in the arguments that throws.
// It is the script's own exception.
Lit.Actions.signEcdsa({
  get toSign() {
    throw new Error('mine');
  },
});
