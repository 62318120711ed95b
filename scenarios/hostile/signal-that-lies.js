// Makes all signals say that they were aborted.
// It loses its own fetch and nothing else.
(async () => {
  Object.defineProperty(AbortSignal.prototype, 'aborted', { get: () => true });
  await fetch('https://prices.example/', { signal: new AbortController().signal });
})();
