// Puts many names into objects, maps and sets, removes some, and looks at their order.
// It is the order of insertion, numbers first.
const o = { b: 1, 2: 1, a: 1, 1: 1 };
for (let i = 0; i < 2_000; i++) o[`k${(i * 7_919) % 2_003}`] = 1;
for (let i = 0; i < 2_000; i += 3) delete o[`k${i}`];
delete o.b;
o.b = 1;
const keys = Object.keys(o);
const order = [new Map(Object.entries(o)).keys(), new Set(keys)].map((it) => [...it].join() === keys.join());
throw new Error([keys.slice(0, 5), keys.at(-1), order].join());
