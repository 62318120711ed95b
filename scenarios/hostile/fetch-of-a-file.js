// Fetches a file of the machine that it runs on.
// Only http and https are fetched.
(async () => {
  await fetch('file:///etc/passwd');
})();
