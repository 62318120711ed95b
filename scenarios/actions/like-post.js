// Likes a post in the stream that the PKP owns, for whoever has signed in; nobody likes a post twice.
//
// Each node looks itself whether this user has liked the post, and the PKP signs only where a threshold of them has seen that
// not. Of two requests at once both may have seen so: their commits name the same one before them, and the stream takes one.
// The other looks again. See create-post.js for the state, and for what is one node's word.
//
// jsParams: url (of the service), name (of the post), publicKey (0x-hex, uncompressed).
(async () => {
  const refuse = (why) => {
    throw new Error(`like-post: ${why}`);
  };
  const once = (name, work) => Lit.Actions.runOnce({ waitForResponse: true, name }, work);
  const read = async (path) => {
    const answer = await fetch(`${url}${path}`);
    return answer.ok ? answer.json() : refuse(`${path}: ${answer.status} ${await answer.text()}`);
  };
  const write = async (path, body) => {
    const answer = await fetch(`${url}${path}`, { method: "POST", body: JSON.stringify(body) });
    return String(answer.status);
  };
  const canonical = (value) =>
    value !== null && typeof value === "object"
      ? `{${Object.keys(value).sort().map((member) => `${JSON.stringify(member)}:${canonical(value[member])}`).join()}}`
      : JSON.stringify(value);
  const sign = async (sigName, document) => {
    const toSign = ethers.utils.arrayify(ethers.utils.id(canonical(document)));
    const { r, s, v } = JSON.parse(await Lit.Actions.signAndCombineEcdsa({ toSign, publicKey, sigName }));
    return ethers.utils.joinSignature({ r: `0x${r.slice(2)}`, s: `0x${s}`, v });
  };

  const user = (Lit.Auth.authSigAddress ?? refuse("nobody has signed in")).toLowerCase();
  const stream = (await read(`/streams?owner=${publicKey}`)).streams[0]?.id ?? refuse("there are no posts");
  const state = async () => (await read(`/streams/${stream}`)).state;
  const data = { likes: { [name]: { [user]: true } } };
  for (let attempt = 1; attempt <= 4; attempt++) {
    const prev = await once(`tip ${attempt}`, async () => (await read(`/streams/${stream}`)).tip);
    const { posts, likes } = await state();
    if (!Object.hasOwn(posts ?? {}, name)) refuse(`there is no post ${name}`);
    if (likes?.[name]?.[user]) refuse(`${name} is liked already`);
    const signature = await sign(`commit ${attempt}`, { data, prev, stream });
    const status = await once(`append ${attempt}`, () => write(`/streams/${stream}/commits`, { prev, data, signature }));
    // Another commit was first, perhaps this user's: look again.
    if (status === "409") continue;
    if (status !== "201" || !(await state()).likes?.[name]?.[user]) refuse(`${name} was not liked: ${status}`);
    return Lit.Actions.setResponse({ response: `liked ${name}` });
  }
  refuse("others were always first");
})();
