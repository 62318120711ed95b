// Gives fetch options that throw whatever is read of them.
// It is the script's own exception.
(async () => {
  const options = new Proxy({}, { get(_, key) { throw new RangeError(`read ${String(key)}`); } });
  await fetch('https://prices.example/', options);
})();
