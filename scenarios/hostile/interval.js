// Ticks for ever, doing nothing in between.
// The time that an action may take.
setInterval(() => {}, 1_000);
