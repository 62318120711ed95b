// Puts a second request into a header.
// Headers are one line of text.
(async () => {
  await fetch('https://prices.example/', { headers: { a: 'x\r\n\r\nGET /secret HTTP/1.1' } });
})();
