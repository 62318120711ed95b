// Does something sensible first, fetches, and brings the engine down only then.
// It is over at its time limit like the others, and the answer to its fetch reaches nobody.
(async () => {
  await fetch('https://prices.example/');
  let s = 'x';
  for (;;) s += s;
})();
