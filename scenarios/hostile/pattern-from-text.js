// The same from a text, at run time.
// The longest pattern.
new RegExp('('.repeat(1e5) + ')'.repeat(1e5));
