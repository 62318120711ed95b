// Replaces each of a million characters by a million others.
// The longest text that a native makes.
'a'.repeat(1e6).replaceAll('a', 'b'.repeat(1e6));
