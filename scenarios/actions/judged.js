// Encrypts to whoever a function of another action lets in, and reads it in its caller's name.
//
// jsParams: judge (the other action's CID), method (its function), parameters (texts).
(async () => {
  const accessControlConditions = [
    {
      conditionType: "evmBasic",
      contractAddress: `ipfs://${judge}`,
      standardContractType: "LitAction",
      chain: "ledger",
      method,
      parameters,
      returnValueTest: { comparator: "=", value: "true" },
    },
  ];
  const asked = { conditions: accessControlConditions, authSig: null, chain: "ledger" };
  const made = await Lit.Actions.runOnce({ waitForResponse: true, name: "make" }, async () => {
    const to_encrypt = new TextEncoder().encode("for whom the action lets in");
    return JSON.stringify(await Lit.Actions.encrypt({ accessControlConditions, to_encrypt }));
  });
  const { ciphertext, dataToEncryptHash } = JSON.parse(made);
  const sealed = { accessControlConditions, ciphertext, dataToEncryptHash, authSig: null, chain: "ledger" };
  const text = await Lit.Actions.decryptAndCombine(sealed);
  Lit.Actions.setResponse({ response: `${await Lit.Actions.checkConditions(asked)}: ${text}` });
})();
