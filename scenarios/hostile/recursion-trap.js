// A trap of a proxy that springs itself.
// The bound on calls inside each other.
const p = new Proxy({}, { get: (_, key, receiver) => receiver[key] });
p.x;
