// Ticks without a pause, so that virtual time might stand still.
// An interval is at least a millisecond: the time that an action may take.
setInterval(() => {}, 0);
