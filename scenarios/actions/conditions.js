// Encrypts to whoever holds enough on a chain, and reads it in its caller's name, or in that of whoever signed in with
// `authSig`.
//
// jsParams: chain (its name), minWei (decimal text), authSig (an AuthSig; need not be there).
(async () => {
  const signedBy = typeof authSig === "undefined" ? null : authSig;
  const basic = (standardContractType, method, parameters, comparator, value) => ({
    conditionType: "evmBasic",
    contractAddress: "",
    standardContractType,
    chain,
    method,
    parameters,
    returnValueTest: { comparator, value },
  });
  const accessControlConditions = [
    basic("", "eth_getBalance", [":userAddress", "latest"], ">=", minWei),
    { operator: "and" },
    [
      basic("timestamp", "eth_getBlockByNumber", ["latest"], ">", "0"),
      { operator: "or" },
      basic("", "", [":userAddress"], "=", "0x0000000000000000000000000000000000000000"),
    ],
  ];
  const met = await Lit.Actions.checkConditions({ conditions: accessControlConditions, authSig: signedBy, chain });
  const made = await Lit.Actions.runOnce({ waitForResponse: true, name: "make" }, async () => {
    const to_encrypt = new TextEncoder().encode("for those who hold enough");
    return JSON.stringify(await Lit.Actions.encrypt({ accessControlConditions, to_encrypt }));
  });
  const { ciphertext, dataToEncryptHash } = JSON.parse(made);
  const sealed = { accessControlConditions, ciphertext, dataToEncryptHash, authSig: signedBy, chain };
  const text = await Lit.Actions.decryptAndCombine(sealed);
  Lit.Actions.setResponse({ response: `${met}: ${text}` });
})();
