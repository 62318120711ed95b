// Doubles a text by a template.
// As above.
let s = 'x';
for (;;) s = `${s}${s}`;
