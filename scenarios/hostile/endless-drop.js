// Lets an iterator helper skip for ever.
// Fuel: a native pays for each call.
Iterator.from({ next: Array }).drop(Infinity).next();
