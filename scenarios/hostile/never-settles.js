// Waits for a promise that nobody settles.
// With no call, job or timer left, the action is over.
(async () => {
  await new Promise(() => {});
})();
