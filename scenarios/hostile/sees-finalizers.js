// Waits to be told that something was collected.
// What shows the collector is taken away.
new FinalizationRegistry(() => {});
