// Draws random numbers in three ways.
// They are the node's own and come from its seed: a second run draws the same.
throw new Error(`drew ${[Math.random(), crypto.randomUUID(), crypto.getRandomValues(new Uint8Array(4))].join()}`);
