// Sends a body of more than 16 MiB as bytes instead of a text.
(async () => {
  await fetch('https://prices.example/', { method: 'POST', body: new Uint8Array((1 << 24) + 1) });
})();
