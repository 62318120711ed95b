// Decodes by a type of two thousand tuples inside each other.
// The bound on calls inside each other.
const type = 'tuple('.repeat(2_000) + 'uint256' + ')'.repeat(2_000);
ethers.utils.defaultAbiCoder.decode([type], '0x' + '00'.repeat(64));
