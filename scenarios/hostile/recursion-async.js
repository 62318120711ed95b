// An async function that awaits itself: nothing has been awaited yet, so it is plain recursion.
// The bound on calls inside each other.
(async function again() {
  await again();
})();
