// An object whose length is small when it is checked and huge when it is used.
// Lengths that are computed are refused.
let asked = 0;
Array.prototype.fill.call({ get length() { return asked++ ? 2 ** 52 : 1; } }, 0);
