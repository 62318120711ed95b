// The action of starter.toml. Every node runs it, and a threshold of them must come to the same.
(async () => {
  const { price } = await (await fetch("https://prices.example/eth-usd")).json();
  if (price < least) throw new Error(`price ${price} is below ${least}, not signing`);
  await Lit.Actions.signEcdsa({ toSign, publicKey, sigName: "sig" });
  Lit.Actions.setResponse({ response: JSON.stringify({ price, signed: true }) });
})();
