// Sets timers without end.
// How many may be set at once is bounded.
for (;;) setTimeout(() => {}, 1_000);
