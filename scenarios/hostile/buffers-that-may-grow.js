// Makes empty buffers that may become large.
// What a buffer may become counts as made.
const buffers = [];
for (;;) buffers.push(new ArrayBuffer(0, { maxByteLength: 32 << 20 }));
