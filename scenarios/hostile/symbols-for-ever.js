// Registers symbols: they are never counted and, the registry being the process's, never given back.
const s = 'x'.repeat(1 << 16);
for (let i = 0; ; i++) Symbol.for(s + i + Math.random());
