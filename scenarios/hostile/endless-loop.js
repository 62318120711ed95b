// Spins for ever and catches whatever might stop it.
// Fuel stops it, and no script catches that.
for (;;) {
  try {
    for (;;);
  } catch {
    continue;
  }
}
