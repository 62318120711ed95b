// Asks for a Buffer of two gigabytes.
// The largest buffer.
Buffer.alloc(2 ** 31);
