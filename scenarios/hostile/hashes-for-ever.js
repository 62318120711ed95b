// Hashes a megabyte for ever.
// Fuel, by the length of what is hashed.
(async () => {
  const bytes = new Uint8Array(1 << 20);
  for (;;) await crypto.subtle.digest('SHA-512', bytes);
})();
