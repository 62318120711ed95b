// Writes a large Buffer as hex for ever.
// Fuel, by the length of what is written.
const bytes = Buffer.alloc(1 << 22);
for (;;) bytes.toString('hex');
