// Piles up buffers: memory that is counted should be the same in a process of its own.
for (;;) new Uint8Array(32 << 20);
