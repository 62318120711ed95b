// Signs bytes whose buffer has been given away.
// They are 0 bytes and not 32.
const toSign = new Uint8Array(32);
structuredClone(0, { transfer: [toSign.buffer] });
Lit.Actions.signEcdsa({ toSign, publicKey, sigName: 'sig' });
