// Times a native that the machine does faster or slower.
// It has its price, too: both take as long.
const numbers = Array.from({ length: 10_000 }, (_, i) => (i * 7_919) % 10_007);
const time = () => {
  const copy = numbers.slice();
  const start = Date.now();
  copy.sort((a, b) => a - b);
  return Date.now() - start;
};
const [first, second] = [time(), time()];
throw new Error(`${first > 0}, ${Math.abs(first - second) <= 1}`);
