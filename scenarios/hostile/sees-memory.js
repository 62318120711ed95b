// Reads memory before anybody has written to it.
// It is zero.
const bytes = [Buffer.allocUnsafe(1 << 16), Buffer.allocUnsafeSlow(1 << 16), new Uint8Array(1 << 16)];
throw new Error(bytes.map((buffer) => buffer.reduce((sum, byte) => sum + byte, 0)).join());
