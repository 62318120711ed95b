// Awaits something that settles twice and throws in the end; what comes first counts.
// The exception that comes after it.
(async () => {
  const first = await {
    then(settle) {
      settle(1);
      settle(2);
      throw new Error("too late");
    },
  };
  throw new Error(`settled with ${first}`);
})();
