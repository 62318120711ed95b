// Waits an hour by looking at the clock.
// Fuel: the clock moves by what the script uses, and fuel is over long before.
const start = Date.now();
while (Date.now() < start + 3_600_000);
