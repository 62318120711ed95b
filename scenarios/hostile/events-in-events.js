// A listener that dispatches its own event.
// It is recursion, bounded like any other.
const target = new EventTarget();
target.addEventListener('x', () => target.dispatchEvent(new Event('x')));
target.dispatchEvent(new Event('x'));
