// Fills a weak map with keys that it holds on to.
// Fuel: an entry costs some; what it takes is counted, too, but is less.
const keys = [];
const weak = new WeakMap();
for (;;) {
  const key = {};
  keys.push(key);
  weak.set(key, keys);
}
