// Puts ten thousand proxies inside each other, and asks the last one.
// An action makes a bounded number of proxies.
let p = {};
for (let i = 0; i < 10_000; i++) p = new Proxy(p, {});
p.x;
