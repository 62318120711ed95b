// Watches the collector, which runs when the machine likes.
// What shows it is taken away.
new WeakRef({}).deref();
