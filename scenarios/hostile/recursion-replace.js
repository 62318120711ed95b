// A replacement that replaces.
// The bound on calls inside each other.
(function again() {
  return 'a'.replace('a', again);
})();
