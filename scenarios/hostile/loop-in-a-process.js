// An endless loop, as a measure: fuel is the same in a process of its own.
// Fuel.
for (;;);
