// Times a loop twice, to see how busy the machine is.
// Time is what was used: both take as long.
const time = () => {
  const start = Date.now();
  for (let i = 0; i < 50_000; i++);
  return Date.now() - start;
};
const [first, second] = [time(), time()];
throw new Error(`${first > 0}, ${Math.abs(first - second) <= 1}`);
