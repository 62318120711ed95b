// Throws a text of four million characters.
// Errors are cut before they are copied.
throw new Error('x'.repeat(1 << 22));
