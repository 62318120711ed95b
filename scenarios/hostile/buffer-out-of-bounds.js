// Reads behind the end of a Buffer.
// The bounds are checked.
Buffer.alloc(8).readBigUInt64LE(4);
