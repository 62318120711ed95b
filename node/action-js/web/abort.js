// DOMException, Event, EventTarget, AbortController and AbortSignal (https://dom.spec.whatwg.org), without a tree of
// nodes: an event has one target and neither captures nor bubbles.
(function () {
    "use strict";
    const { setTimeout, queueMicrotask } = globalThis;
    const hidden = (object, name, value) =>
        Object.defineProperty(object, name, { value, writable: true, enumerable: false, configurable: true });

    const CODES = Object.assign(Object.create(null), {
        InvalidCharacterError: 5,
        NotSupportedError: 9,
        InvalidStateError: 11,
        SyntaxError: 12,
        TypeMismatchError: 17,
        AbortError: 20,
        QuotaExceededError: 22,
        TimeoutError: 23,
        DataCloneError: 25,
    });

    class DOMException extends Error {
        constructor(message = "", name = "Error") {
            super(`${message}`);
            hidden(this, "name", `${name}`);
        }
        get code() {
            return CODES[this.name] ?? 0;
        }
    }

    class Event {
        #stopped = false;
        #prevented = false;
        #target = null;
        #type;
        #cancelable;
        constructor(type, init = {}) {
            if (arguments.length === 0) {
                throw new TypeError("Event: type: expected a string, got nothing");
            }
            this.#type = `${type}`;
            this.#cancelable = Boolean(init?.cancelable);
        }
        get type() {
            return this.#type;
        }
        get target() {
            return this.#target;
        }
        get currentTarget() {
            return this.#target;
        }
        get cancelable() {
            return this.#cancelable;
        }
        get defaultPrevented() {
            return this.#prevented;
        }
        preventDefault() {
            this.#prevented = this.#cancelable;
        }
        stopImmediatePropagation() {
            this.#stopped = true;
        }
        static stopped(event) {
            return event.#stopped;
        }
        static isEvent(value) {
            return typeof value === "object" && value !== null && #stopped in value;
        }
        static aim(event, target) {
            event.#target = target;
        }
    }
    const { stopped, isEvent, aim } = Event;
    delete Event.stopped;
    delete Event.isEvent;
    delete Event.aim;

    class EventTarget {
        #listeners = [];
        addEventListener(type, callback, options) {
            if (callback === null || callback === undefined) {
                return;
            }
            if (typeof callback !== "function" && typeof callback !== "object") {
                throw new TypeError("EventTarget.addEventListener: callback: expected a function or an object");
            }
            const name = `${type}`;
            const { once = false, signal } = typeof options === "object" && options !== null ? options : {};
            const known = this.#listeners.some((it) => it.type === name && it.callback === callback);
            if (known || (signal !== undefined && signal.aborted)) {
                return;
            }
            this.#listeners.push({ type: name, callback, once });
            if (signal !== undefined) {
                onAbort(signal, () => this.removeEventListener(name, callback));
            }
        }
        removeEventListener(type, callback) {
            const name = `${type}`;
            this.#listeners = this.#listeners.filter((it) => it.type !== name || it.callback !== callback);
        }
        dispatchEvent(event) {
            if (!isEvent(event)) {
                throw new TypeError("EventTarget.dispatchEvent: event: expected an Event");
            }
            aim(event, this);
            const { type } = event;
            const own = this["on" + type];
            const listeners = this.#listeners.filter((it) => it.type === type);
            if (typeof own === "function") {
                listeners.unshift({ callback: own });
            }
            for (const listener of listeners) {
                if (stopped(event)) {
                    break;
                }
                if (listener.once) {
                    this.removeEventListener(type, listener.callback);
                }
                try {
                    const { callback } = listener;
                    if (typeof callback === "function") {
                        callback.call(this, event);
                    } else {
                        callback.handleEvent(event);
                    }
                } catch (error) {
                    // Nobody can catch it, and the other listeners still hear of the event.
                    queueMicrotask(() => {
                        throw error;
                    });
                }
            }
            return !event.defaultPrevented;
        }
    }

    const KEY = {};

    class AbortSignal extends EventTarget {
        #aborted = false;
        #reason = undefined;
        #followers = [];
        onabort = null;
        constructor(key) {
            if (key !== KEY) {
                throw new TypeError("AbortSignal: only AbortController and its own functions make signals");
            }
            super();
        }
        get aborted() {
            return this.#aborted;
        }
        get reason() {
            return this.#reason;
        }
        throwIfAborted() {
            if (this.#aborted) {
                throw this.#reason;
            }
        }
        static abort(reason = new DOMException("The signal has been aborted", "AbortError")) {
            const signal = new AbortSignal(KEY);
            end(signal, reason);
            return signal;
        }
        static timeout(milliseconds) {
            const delay = Number(milliseconds);
            if (!(delay >= 0 && delay <= Number.MAX_SAFE_INTEGER)) {
                throw new TypeError("AbortSignal.timeout: milliseconds: expected a number from 0");
            }
            const signal = new AbortSignal(KEY);
            setTimeout(() => end(signal, new DOMException("Signal timed out.", "TimeoutError")), delay);
            return signal;
        }
        static any(signals) {
            const all = [...signals];
            if (!all.every(isSignal)) {
                throw new TypeError("AbortSignal.any: signals: expected signals");
            }
            const signal = new AbortSignal(KEY);
            for (const source of all) {
                onAbort(source, (reason) => end(signal, reason));
            }
            return signal;
        }
        static isSignal(value) {
            return typeof value === "object" && value !== null && #followers in value;
        }
        static onAbort(signal, follow) {
            if (signal.#aborted) {
                follow(signal.#reason);
            } else {
                signal.#followers.push(follow);
            }
        }
        static end(signal, reason) {
            if (signal.#aborted) {
                return;
            }
            signal.#aborted = true;
            signal.#reason = reason;
            const followers = signal.#followers;
            signal.#followers = [];
            for (const follow of followers) {
                follow(reason);
            }
            signal.dispatchEvent(new Event("abort"));
        }
    }
    const { isSignal, onAbort, end } = AbortSignal;
    delete AbortSignal.isSignal;
    delete AbortSignal.onAbort;
    delete AbortSignal.end;

    class AbortController {
        #signal = new AbortSignal(KEY);
        get signal() {
            return this.#signal;
        }
        abort(reason = new DOMException("The signal has been aborted", "AbortError")) {
            end(this.#signal, reason);
        }
    }

    for (const made of [DOMException, Event, EventTarget, AbortSignal, AbortController]) {
        Object.defineProperty(made.prototype, Symbol.toStringTag, { value: made.name, configurable: true });
    }
    return {
        globals: { DOMException, Event, EventTarget, AbortController, AbortSignal },
        isSignal,
        onAbort,
        exception: (message, name) => new DOMException(message, name),
        newSignal: () => new AbortController().signal,
    };
})
