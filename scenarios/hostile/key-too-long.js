// Gives a public key of two million digits.
// It is no key.
Lit.Actions.signEcdsa({ toSign: new Uint8Array(32), publicKey: '0x' + '04'.repeat(1 << 20), sigName: 'sig' });
