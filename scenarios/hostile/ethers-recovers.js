// Computes addresses for ever by native code.
// Fuel: each has its price.
for (;;) ethers.utils.computeAddress('0x' + '11'.repeat(32));
