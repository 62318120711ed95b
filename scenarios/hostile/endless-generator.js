// Spreads a generator that never ends.
// Fuel: each element costs some.
function* ones() {
  for (;;) yield 1;
}
Math.max(...ones());
