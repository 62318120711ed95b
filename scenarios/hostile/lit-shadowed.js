// Declares a variable of the same name.
// A name that cannot be changed cannot be declared again.
let Lit = { Auth: {} };
