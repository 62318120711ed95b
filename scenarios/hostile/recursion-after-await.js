// Recurses inside a job, where the engine keeps the error to itself.
// The promise stays pending, and nothing is left that could settle it: that is not taken for success.
(async () => {
  await null;
  (function again() {
    again();
  })();
})();
