// Rejects a hundred thousand promises that nobody handles.
// How many may wait for a handler is bounded.
for (let i = 0; i < 100_000; i++) Promise.reject(i);
