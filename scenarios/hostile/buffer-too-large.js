// A buffer of four gigabytes.
// The largest buffer.
new Float64Array(2 ** 29);
