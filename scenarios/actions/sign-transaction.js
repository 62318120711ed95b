// Signs the digest of an Ethereum transaction, which the client built for the PKP's own address.
//
// jsParams: toSign (32 bytes: keccak256 of the unsigned transaction), publicKey (0x-hex, uncompressed).
(async () => {
  await Lit.Actions.signEcdsa({ toSign, publicKey, sigName: "sig" });
})();
