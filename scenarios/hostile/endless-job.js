// Spins after an await, inside a job of the queue.
// Fuel: jobs use the same as the script itself.
(async () => {
  await null;
  for (;;);
})();
