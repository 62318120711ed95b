// A timer without delay that sets itself again at once.
// Timers that have run count as jobs.
(function again() {
  setTimeout(again, 0);
})();
