// A getter in the arguments that never returns.
// Fuel.
Lit.Actions.setResponse({
  get response() {
    for (;;);
  },
});
