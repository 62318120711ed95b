// Binds a function that is bound already, thousands of times, and calls the last one.
// A function is bound a few times only.
let f = () => 0;
for (let i = 0; i < 10_000; i++) f = f.bind(null);
f();
