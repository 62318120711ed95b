// Traps that are natives of the proxy itself.
// The bound on natives inside each other.
const handler = {};
const p = new Proxy({}, handler);
handler.has = Reflect.has.bind(null, p);
'x' in p;
