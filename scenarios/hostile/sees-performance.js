// Asks for a clock of microseconds.
// There is none.
performance.now();
