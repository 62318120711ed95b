// Writes to a web server once, whatever the number of nodes, and says what the server answered.
//
// jsParams: url, text.
(async () => {
  const status = await Lit.Actions.runOnce({ waitForResponse: true, name: "post" }, async () => {
    const answer = await fetch(url, { method: "POST", body: JSON.stringify({ text }) });
    return String(answer.status);
  });
  Lit.Actions.setResponse({ response: status });
})();
