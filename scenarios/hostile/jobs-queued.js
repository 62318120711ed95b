// Queues microtasks for ever.
// Jobs are counted when they are queued.
for (;;) queueMicrotask(() => {});
