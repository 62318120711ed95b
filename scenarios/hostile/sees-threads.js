// Counts in shared memory, as a clock finer than the one that is given.
// There is one thread and nothing to share.
Atomics.add(new Int32Array(new SharedArrayBuffer(4)), 0, 1);
