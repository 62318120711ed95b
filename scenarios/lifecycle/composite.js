// Signs any number as if it were prime. Nobody should let it use a key.
//
// jsParams: publicKey (0x-hex, uncompressed), number.
(async () => {
  const toSign = ethers.utils.arrayify(ethers.utils.id(`${number} is prime`));
  await Lit.Actions.signEcdsa({ toSign, publicKey, sigName: "prime" });
})();
