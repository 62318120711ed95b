// Looks for paths and addresses in the stack of an error and in the texts of functions.
// They hold lines and columns only.
const [error] = ['x'].map((text) => new Error(text));
const seen = [error.stack, String(Math.max), String(Symbol()), `${globalThis}`].join();
throw new Error(seen.match(/0x|[/\\]\w+|\.rs|\.js|\d{5}/) ?? 'nothing of the machine');
