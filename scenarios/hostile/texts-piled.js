// Keeps one long text after the other.
// What natives make is counted.
const half = 'x'.repeat(1 << 22);
const texts = [];
for (;;) texts[texts.length] = half.concat(half);
