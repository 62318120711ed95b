// Starts timers, jobs and promises together, and looks which comes first.
// The order is written down.
const order = [];
setTimeout(() => order.push('timer'), 0);
setTimeout(() => {
  throw new Error(order.join());
}, 1);
queueMicrotask(() => order.push('task'));
Promise.resolve().then(() => order.push('promise'));
(async () => {
  await 0;
  order.push('await');
})();
order.push('script');
