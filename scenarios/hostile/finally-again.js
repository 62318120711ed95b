// Starts anew from its own clean-up.
// Fuel: `finally` does not run once it is used up.
(function again() {
  try {
    for (;;);
  } finally {
    again();
  }
})();
