// Looks for what the action before it has left.
// Each action has a world of its own.
const places = [globalThis, Object.prototype, Math, JSON.parse, ethers, URL];
throw new Error(`${places.filter((place) => 'mark' in place).length}, ${Symbol.for('mark') in []}`);
