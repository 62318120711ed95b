// Signs a number if it is prime. With a key that nothing else may use, the signature proves that the number is.
//
// jsParams: publicKey (0x-hex, uncompressed), number (an integer from 0 to 2^32 - 1).
const isPrime = (n) => {
  if (n < 2) return false;
  for (let divisor = 2; divisor * divisor <= n; divisor++) {
    if (n % divisor === 0) return false;
  }
  return true;
};

(async () => {
  if (!Number.isInteger(number) || number < 0 || number >= 2 ** 32) throw new RangeError("expected a number below 2^32");
  if (!isPrime(number)) return Lit.Actions.setResponse({ response: `${number} is not prime` });
  const toSign = ethers.utils.arrayify(ethers.utils.id(`${number} is prime`));
  await Lit.Actions.signEcdsa({ toSign, publicKey, sigName: "prime" });
  Lit.Actions.setResponse({ response: `${number} is prime` });
})();
