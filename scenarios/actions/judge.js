// Functions that conditions are about: `returnValueTest` compares what they return. They may read, and nothing else.
function isEven(text) {
  const number = Number(text);
  if (!Number.isInteger(number)) throw new Error(`${text} is not a number`);
  return number % 2 === 0;
}

async function signs() {
  const toSign = new Uint8Array(32);
  const publicKey = ethers.utils.computePublicKey(`0x${"11".repeat(32)}`); // any key: who asks is refused before it is looked at
  await Lit.Actions.signEcdsa({ toSign, publicKey, sigName: "sig" });
}

async function judges() {
  const condition = {
    conditionType: "evmBasic",
    contractAddress: "",
    standardContractType: "timestamp",
    chain: "ledger",
    method: "eth_getBlockByNumber",
    parameters: ["latest"],
    returnValueTest: { comparator: ">", value: "0" },
  };
  return Lit.Actions.checkConditions({ conditions: [condition], authSig: null, chain: "ledger" });
}

function spins() {
  for (;;);
}
