// Pads a text to two billion characters, with a length that is worked out later.
// Lengths are taken from numbers only.
'a'.padEnd({ valueOf: () => 2 ** 31 });
