// Writes to a web server: every node does.
//
// jsParams: url, text.
(async () => {
  const answer = await fetch(url, { method: "POST", body: JSON.stringify({ text }) });
  Lit.Actions.setResponse({ response: String(answer.status) });
})();
