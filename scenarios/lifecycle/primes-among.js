// Signs each number of a range that is prime, one signature a number. With a key that nothing else may use, the signatures
// prove that the numbers are.
//
// jsParams: publicKey (0x-hex, uncompressed), from and to (integers below 2^32, at most 10 primes among them).
const isPrime = (n) => {
  if (n < 2) return false;
  for (let divisor = 2; divisor * divisor <= n; divisor++) {
    if (n % divisor === 0) return false;
  }
  return true;
};

(async () => {
  for (let number = from; number <= to; number++) {
    if (!isPrime(number)) continue;
    const toSign = ethers.utils.arrayify(ethers.utils.id(`${number} is prime`));
    await Lit.Actions.sign({ toSign, publicKey, sigName: `${number}`, signingScheme: "SchnorrK256Sha256" });
  }
  Lit.Actions.setResponse({ response: `all primes from ${from} to ${to}` });
})();
