// Puts its own hash in the place of keccak256 and signs with it.
// It deceives itself only, and has no permission.
(async () => {
  ethers.utils.keccak256 = () => '0x' + '00'.repeat(32);
  await Lit.Actions.signEcdsa({ toSign: ethers.utils.arrayify(ethers.utils.keccak256('0x')), publicKey, sigName: 'sig' });
})();
