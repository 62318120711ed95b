// A comparator that sorts.
// The bound on calls inside each other.
(function compare() {
  [2, 1].sort(compare);
})();
