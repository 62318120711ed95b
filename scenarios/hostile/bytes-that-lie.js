// Signs an array with an element that changes whenever it is read.
// It is read once; and nothing permits this action to sign.
let n = 0;
const toSign = new Array(32).fill(0);
Object.defineProperty(toSign, 0, { get: () => n++ });
Lit.Actions.signEcdsa({ toSign, publicKey, sigName: 'sig' });
