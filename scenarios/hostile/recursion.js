// Calls itself without end, and catches whatever might stop it.
// The bound on calls inside each other, which no script catches.
(function again() {
  try {
    again();
  } catch {
    again();
  }
})();
