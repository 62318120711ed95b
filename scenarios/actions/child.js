// Signs what it is told to, for one other action only.
//
// A key permits this action by its CID, not those that call it, so it looks for itself who called it: the CIDs on the stack
// are those of code that really runs, checked by each node. A parameter that named the caller would prove nothing.
//
// jsParams: toSign (32 bytes), publicKey (0x-hex, uncompressed).
const PARENT = "QmXTh7wVMXHtKqj5UGxQWjFvMYnASvgGGDvpM8d5MceYx1"; // parent.js
(async () => {
  const callers = Lit.Auth.actionIpfsIdStack.slice(0, -1);
  if (callers.length !== 1 || callers[0] !== PARENT) {
    throw new Error(`child: called by ${callers.join(" > ") || "nobody"}, expected ${PARENT}`);
  }
  await Lit.Actions.signEcdsa({ toSign, publicKey, sigName: "child" });
  Lit.Actions.setResponse({ response: `signed ${toSign.length} bytes` });
})();
