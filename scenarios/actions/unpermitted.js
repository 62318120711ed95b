// Signs whatever it is told to. No key permits it.
//
// jsParams: toSign (32 bytes), publicKey (0x-hex, uncompressed).
Lit.Actions.signEcdsa({ toSign, publicKey, sigName: "unpermitted" });
