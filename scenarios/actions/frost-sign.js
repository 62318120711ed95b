// Makes a Schnorr signature by FROST(secp256k1, SHA-256), RFC 9591.
//
// jsParams: toSign (32 bytes), publicKey (0x-hex, uncompressed).
(async () => {
  await Lit.Actions.sign({ toSign, publicKey, sigName: "frost", signingScheme: "SchnorrK256Sha256" });
})();
