// An action's own secret: one node encrypts something to the action itself, all of them read it again.
(async () => {
  const accessControlConditions = [
    {
      contractAddress: "",
      standardContractType: "",
      chain: "ethereum",
      method: "",
      parameters: [":currentActionIpfsId"],
      returnValueTest: { comparator: "=", value: Lit.Auth.actionIpfsIdStack.at(-1) },
    },
  ];
  if (!(await Lit.Actions.checkConditions({ conditions: accessControlConditions, authSig: null, chain: "ethereum" }))) {
    throw new Error("own-secret: not the action that it is");
  }
  const made = await Lit.Actions.runOnce({ waitForResponse: true, name: "make" }, async () => {
    const secret = crypto.getRandomValues(new Uint8Array(16));
    const to_encrypt = new TextEncoder().encode(uint8ArrayToHex(secret));
    return JSON.stringify(await Lit.Actions.encrypt({ accessControlConditions, to_encrypt }));
  });
  const { ciphertext, dataToEncryptHash } = JSON.parse(made);
  const secret = await Lit.Actions.decryptAndCombine({
    accessControlConditions,
    ciphertext,
    dataToEncryptHash,
    authSig: null,
    chain: "ethereum",
  });
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(secret));
  const same = uint8ArrayToHex(new Uint8Array(hash)) === dataToEncryptHash;
  Lit.Actions.setResponse({ response: same ? "read" : "something else" });
})();

function uint8ArrayToHex(bytes) {
  return Lit.Actions.uint8arrayToString(bytes, "base16");
}
