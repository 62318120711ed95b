// Reads a letter for whom it was encrypted, and says only how long it is.
//
// jsParams: reader (0x-hex address), ciphertext (base64), hash (hex), one (whether one node reads it and the others do not).
(async () => {
  const accessControlConditions = [
    {
      contractAddress: "",
      standardContractType: "",
      chain: "ethereum",
      method: "",
      parameters: [":userAddress"],
      returnValueTest: { comparator: "=", value: reader },
    },
  ];
  const sealed = { accessControlConditions, ciphertext, dataToEncryptHash: hash, authSig: null, chain: "ethereum" };
  const letter = one ? await Lit.Actions.decryptToSingleNode(sealed) : await Lit.Actions.decryptAndCombine(sealed);
  Lit.Actions.setResponse({ response: letter === "" ? "not here" : `${letter.length} letters` });
})();
