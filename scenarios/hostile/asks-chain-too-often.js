// Asks the chain without waiting for answers, and catches every error.
// Who goes on and on over a limit is ended.
for (;;) Lit.Actions.getPermittedActions({ tokenId }).catch(() => {});
