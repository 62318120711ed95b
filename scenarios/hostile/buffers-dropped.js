// Makes the largest buffers and drops each at once.
// What natives make is counted, and not given back.
for (;;) new Uint8Array(32 << 20);
