// Writes into everything that the next action might share with it.
// It shares nothing; the exception is its own.
globalThis.mark = 1;
Object.prototype.mark = 1;
Array.prototype[Symbol.for('mark')] = 1;
Math.mark = 1;
JSON.parse.mark = 1;
/a/g.exec('a').mark = 1;
ethers.mark = 1;
URL.mark = 1;
throw new Error('marked');
