// Fails in a timer, after the response was given.
// What is not caught fails the action, whenever it comes.
Lit.Actions.setResponse({ response: 'all is well' });
setTimeout(() => {
  throw new Error('late');
}, 1_000);
