// Sends a body of more than sixteen megabytes.
// The largest body.
(async () => {
  await fetch('https://prices.example/', { method: 'POST', body: 'x'.repeat((1 << 24) + 1) });
})();
