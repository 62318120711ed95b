// Asks for signatures until somebody stops it.
// How many signatures an action may order.
(async () => {
  for (let i = 0; ; i++) {
    await Lit.Actions.signEcdsa({ toSign: new Uint8Array(32).fill(i), publicKey, sigName: `s${i}` }).catch((error) => {
      if (!error.message.startsWith('NotAuthorized')) throw error;
    });
  }
})();
