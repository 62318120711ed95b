(async () => {
  const { price } = await (await fetch("https://prices.example/eth-usd")).json();
  if (price < 3000) throw new Error(`price ${price} is too low`);
  await Lit.Actions.signEcdsa({ toSign, publicKey, sigName: "sig" });
})();
