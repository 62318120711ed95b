// Hands over a proxy that is revoked.
// The engine throws, the host function passes it on.
const { proxy, revoke } = Proxy.revocable({}, {});
revoke();
Lit.Actions.setResponse(proxy);
