// Asks for a text of a billion characters.
// The longest text that a native makes.
'a'.repeat(2 ** 30);
