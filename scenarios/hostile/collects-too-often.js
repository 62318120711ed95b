// Collects values again and again.
// How often nodes may do something together.
(async () => {
  for (let i = 0; ; i++) await Lit.Actions.broadcastAndCollect({ name: `n${i}`, value: 'x' });
})();
