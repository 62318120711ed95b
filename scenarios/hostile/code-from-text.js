// Makes code from a text by the constructor of a function.
// Code from texts is refused.
(async () => {}).constructor('return Lit')();
