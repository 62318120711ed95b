// Has one node run a function that never returns.
// Fuel at the node that leads, and for the others the time that an action may take.
Lit.Actions.runOnce({ waitForResponse: true, name: "once" }, () => {
  for (;;);
});
