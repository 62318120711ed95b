// Pays on one chain who holds enough on another: `valueWei` from the PKP's own address to `to`, which must have nothing there.
//
// Whoever signs in must hold `minWei` on the chain `holdsOn`. That is looked up here and by each node for itself, so nothing
// has to be believed of a bridge. The transaction (EIP-1559, for the chain `paysOn`) is the same at every node; it is signed
// by all together and sent by one of them. Sent again it would be refused, for its nonce is used.
//
// jsParams: holdsOn, paysOn (names of chains), minWei, valueWei (decimal texts), to (0x-hex), publicKey (0x-hex, uncompressed).
(async () => {
  const provider = async (chain) =>
    new ethers.providers.StaticJsonRpcProvider(await Lit.Actions.getRpcUrl({ chain }));
  const [source, target] = [await provider(holdsOn), await provider(paysOn)];

  const holder = Lit.Auth.authSigAddress;
  if (!holder) {
    throw new Error("cross-chain: nobody has signed in");
  }
  const held = await source.getBalance(holder);
  if (held.lt(minWei)) {
    throw new Error(`cross-chain: ${held} wei on ${holdsOn}, ${minWei} are needed, not paying`);
  }
  const has = await target.getBalance(to);
  if (!has.isZero()) {
    throw new Error(`cross-chain: the recipient has ${has} wei on ${paysOn} already, not paying`);
  }

  const transaction = {
    type: 2,
    chainId: (await target.getNetwork()).chainId,
    nonce: await target.getTransactionCount(ethers.utils.computeAddress(publicKey)),
    maxPriorityFeePerGas: 1,
    maxFeePerGas: 1000, // a bound, so that nodes need not agree on today's fee
    gasLimit: 21000,
    to,
    value: ethers.BigNumber.from(valueWei),
    data: "0x",
  };
  const toSign = ethers.utils.arrayify(ethers.utils.keccak256(ethers.utils.serializeTransaction(transaction)));
  const { r, s, v } = JSON.parse(await Lit.Actions.signAndCombineEcdsa({ toSign, publicKey, sigName: "payment" }));
  // `r` comes as a compressed point: what says which of two it is goes, `v` says so too.
  const raw = ethers.utils.serializeTransaction(transaction, { r: `0x${r.slice(2)}`, s: `0x${s}`, v });

  const paid = await Lit.Actions.runOnce({ waitForResponse: true, name: "send" }, async () => {
    const { hash } = await target.sendTransaction(raw);
    target.pollingInterval = 500;
    const { status } = await target.waitForTransaction(hash);
    return String(status === 1);
  });
  Lit.Actions.setResponse({ response: JSON.stringify({ nonce: transaction.nonce, paid: paid === "true" }) });
})();
