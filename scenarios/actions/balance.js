// Says what an address holds on a chain, and how many transactions it has sent there.
//
// jsParams: chain (its name), address (0x-hex).
(async () => {
  const provider = new ethers.providers.StaticJsonRpcProvider(await Lit.Actions.getRpcUrl({ chain }));
  const [wei, sent] = [await provider.getBalance(address), await provider.getTransactionCount(address)];
  Lit.Actions.setResponse({ response: `${wei} wei, ${sent} sent` });
})();
