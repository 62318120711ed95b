// Says what is in the stream that a PKP owns: how many commits there are, and how many likes each post has.
//
// jsParams: url (of the service), publicKey (0x-hex, uncompressed).
(async () => {
  const read = async (path) => (await fetch(`${url}${path}`)).json();
  const { streams } = await read(`/streams?owner=${publicKey}`);
  const { log, state } = await read(`/streams/${streams[0].id}`);
  const posts = Object.keys(state.posts ?? {}).sort();
  const likes = posts.map((name) => `${name} ${Object.keys(state.likes?.[name] ?? {}).length}`);
  Lit.Actions.setResponse({ response: [`${streams.length} stream`, `${log.length - 1} commits`, ...likes].join(", ") });
})();
