// Fetches without end.
// How often an action may fetch.
(async () => {
  for (let i = 0; ; i++) await fetch(`https://prices.example/?${i}`);
})();
