// A function that holds the function before it, without end.
// As above.
let f = () => 0;
for (;;) {
  const before = f;
  f = () => before;
}
