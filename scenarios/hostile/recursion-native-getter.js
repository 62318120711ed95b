// A getter that is a bound native: the engine counts no call of the script.
// The bound on natives inside each other.
const o = {};
Object.defineProperty(o, 'x', { get: Reflect.get.bind(null, o, 'x') });
o.x;
