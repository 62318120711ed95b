// The same, and catches the error for ever.
// Fuel.
for (;;) {
  try {
    setInterval(() => {}, 1_000);
  } catch {
    continue;
  }
}
