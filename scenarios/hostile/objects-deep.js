// A hundred thousand objects inside each other, copied.
// The depth of copies.
let o = {};
for (let i = 0; i < 100_000; i++) o = { o };
structuredClone(o);
