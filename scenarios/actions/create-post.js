// Publishes a post: appends it to the stream that the PKP owns, and makes that stream if there is none yet.
//
// The PKP signs for whoever has signed in, and for one name only once. Which commit is the newest is asked by one node for all,
// or nodes would sign different things; that is the leader's word, and a wrong one is refused by the stream. Whether to sign,
// and what came of it, each node sees for itself.
//
// State of the stream: { posts: { NAME: { author, text } }, likes: { NAME: { ADDRESS: true } } }.
//
// jsParams: url (of the service), name (of the post: lower-case letters, digits and dashes), text, publicKey (0x-hex,
// uncompressed).
(async () => {
  const refuse = (why) => {
    throw new Error(`create-post: ${why}`);
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
  // The text that is signed: members in order, no white space.
  const canonical = (value) =>
    value !== null && typeof value === "object"
      ? `{${Object.keys(value).sort().map((member) => `${JSON.stringify(member)}:${canonical(value[member])}`).join()}}`
      : JSON.stringify(value);
  const sign = async (sigName, document) => {
    const toSign = ethers.utils.arrayify(ethers.utils.id(canonical(document)));
    const { r, s, v } = JSON.parse(await Lit.Actions.signAndCombineEcdsa({ toSign, publicKey, sigName }));
    return ethers.utils.joinSignature({ r: `0x${r.slice(2)}`, s: `0x${s}`, v });
  };

  const author = (Lit.Auth.authSigAddress ?? refuse("nobody has signed in")).toLowerCase();
  if (!/^[a-z0-9-]{1,64}$/.test(name)) refuse("a name has 1 to 64 lower-case letters, digits and dashes");
  if (typeof text !== "string" || text.length > 1000) refuse("a text has at most 1000 characters");

  const find = async () => (await read(`/streams?owner=${publicKey}`)).streams[0]?.id ?? "";
  let stream = await once("find", find);
  if (stream === "") {
    const signature = await sign("genesis", { data: {}, owner: publicKey });
    await once("genesis", () => write("/streams", { owner: publicKey, data: {}, signature }));
    stream = await find();
  }

  const data = { posts: { [name]: { author, text } } };
  for (let attempt = 1; attempt <= 4; attempt++) {
    const prev = await once(`tip ${attempt}`, async () => (await read(`/streams/${stream}`)).tip);
    if ((await read(`/streams/${stream}`)).state.posts?.[name]) refuse(`there is a post ${name} already`);
    const signature = await sign(`commit ${attempt}`, { data, prev, stream });
    const status = await once(`append ${attempt}`, () => write(`/streams/${stream}/commits`, { prev, data, signature }));
    // Somebody else was first: look again.
    if (status === "409") continue;
    const post = (await read(`/streams/${stream}`)).state.posts?.[name];
    if (status !== "201" || post?.author !== author) refuse(`${name} was not published: ${status}`);
    return Lit.Actions.setResponse({ response: `published ${name}` });
  }
  refuse("others were always first");
})();
