// Copies a body again and again.
// Fuel, by the length of what is copied.
(async () => {
  const response = new Response('x'.repeat(1 << 22));
  for (;;) await response.clone().text();
})();
