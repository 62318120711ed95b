// Gives a signature a name of a million characters.
// The longest name.
Lit.Actions.signEcdsa({ toSign: new Uint8Array(32), publicKey, sigName: 'x'.repeat(1e6) });
