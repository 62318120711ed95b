// Feeds natives with an iterator that is itself native, so that no instruction runs.
// Fuel: a native pays for each call.
Array.from({ [Symbol.iterator]: () => ({ next: Object }) });
