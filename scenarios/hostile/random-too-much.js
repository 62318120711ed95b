// Asks for ten megabytes of randomness at once.
// The most that is given at a time.
crypto.getRandomValues(new Uint8Array(10 << 20));
