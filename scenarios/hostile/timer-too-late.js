// Sleeps for a day.
// The time that an action may take.
setTimeout(() => {}, 86_400_000);
