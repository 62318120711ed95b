// Fetches from an address of a hundred thousand characters.
// The longest URL.
(async () => {
  await fetch('https://prices.example/' + 'x'.repeat(1 << 17));
})();
