// The syntax error is in line 3, column 9.
const a = 1;
const b const;
