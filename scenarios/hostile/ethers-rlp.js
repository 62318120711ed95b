// Encodes ten thousand lists inside each other.
// The bound on calls inside each other.
let list = [];
for (let i = 0; i < 10_000; i++) list = [list];
ethers.utils.RLP.encode(list);
