// Rejects with nothing at all.
// Even that is an error.
Promise.reject();
