// Signs `toSign` by both schemes, or by the one that `scheme` names.
//
// jsParams: toSign (32 bytes), publicKey (0x-hex, uncompressed), scheme ("ecdsa" or "frost").
(async () => {
  if (scheme === "ecdsa") {
    await Lit.Actions.signEcdsa({ toSign, publicKey, sigName: "ecdsa" });
  } else {
    await Lit.Actions.sign({ toSign, publicKey, sigName: "frost", signingScheme: "SchnorrK256Sha256" });
  }
})();
