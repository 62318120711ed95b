// URL and URLSearchParams (https://url.spec.whatwg.org); what parses and writes texts is the host's.
(function (host) {
    "use strict";
    // The parts of a URL, in the host's order.
    const PARTS = [
        "href", "origin", "protocol", "username", "password", "host", "hostname", "port", "pathname", "search", "hash",
    ];
    const SEARCH = PARTS.indexOf("search");
    const text = (value) => `${value}`.toWellFormed();
    const needs = (count, args, name) => {
        if (args.length < count) {
            throw new TypeError(`${name}: expected ${count} argument${count > 1 ? "s" : ""}, got ${args.length}`);
        }
    };

    class URLSearchParams {
        #list = [];
        #changed = () => {};
        constructor(init = "") {
            if ((typeof init !== "object" && typeof init !== "function") || init === null) {
                this.#read(text(init));
                return;
            }
            if (typeof init[Symbol.iterator] === "function") {
                for (const pair of init) {
                    const [name, value, ...more] = [...pair];
                    if (value === undefined || more.length > 0) {
                        throw new TypeError("URLSearchParams: init: expected pairs of name and value");
                    }
                    this.#list.push([text(name), text(value)]);
                }
                return;
            }
            for (const name of Object.keys(init)) {
                this.#list.push([text(name), text(init[name])]);
            }
        }
        #read(query) {
            const flat = host.parseForm(query[0] === "?" ? query.slice(1) : query);
            this.#list = [];
            for (let i = 0; i < flat.length; i += 2) {
                this.#list.push([flat[i], flat[i + 1]]);
            }
        }
        get size() {
            return this.#list.length;
        }
        append(name, value) {
            needs(2, arguments, "URLSearchParams.append");
            this.#list.push([text(name), text(value)]);
            this.#changed();
        }
        delete(name, value) {
            needs(1, arguments, "URLSearchParams.delete");
            const [key, only] = [text(name), value === undefined ? undefined : text(value)];
            this.#list = this.#list.filter(([known, held]) => known !== key || (only !== undefined && held !== only));
            this.#changed();
        }
        get(name) {
            needs(1, arguments, "URLSearchParams.get");
            const key = text(name);
            return this.#list.find(([known]) => known === key)?.[1] ?? null;
        }
        getAll(name) {
            needs(1, arguments, "URLSearchParams.getAll");
            const key = text(name);
            return this.#list.filter(([known]) => known === key).map(([, value]) => value);
        }
        has(name, value) {
            needs(1, arguments, "URLSearchParams.has");
            const [key, only] = [text(name), value === undefined ? undefined : text(value)];
            return this.#list.some(([known, held]) => known === key && (only === undefined || held === only));
        }
        set(name, value) {
            needs(2, arguments, "URLSearchParams.set");
            const [key, one] = [text(name), text(value)];
            const first = this.#list.findIndex(([known]) => known === key);
            if (first < 0) {
                this.#list.push([key, one]);
            } else {
                this.#list[first] = [key, one];
                this.#list = this.#list.filter(([known], at) => at <= first || known !== key);
            }
            this.#changed();
        }
        sort() {
            this.#list.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
            this.#changed();
        }
        forEach(callback, receiver) {
            if (typeof callback !== "function") {
                throw new TypeError("URLSearchParams.forEach: callback: expected a function");
            }
            for (let at = 0; at < this.#list.length; at++) {
                const [name, value] = this.#list[at];
                callback.call(receiver, value, name, this);
            }
        }
        *entries() {
            for (let at = 0; at < this.#list.length; at++) {
                const [name, value] = this.#list[at];
                yield [name, value];
            }
        }
        *keys() {
            for (let at = 0; at < this.#list.length; at++) {
                yield this.#list[at][0];
            }
        }
        *values() {
            for (let at = 0; at < this.#list.length; at++) {
                yield this.#list[at][1];
            }
        }
        toString() {
            return this.#list.map(([name, value]) => `${host.formText(name)}=${host.formText(value)}`).join("&");
        }
        static isParams(value) {
            return typeof value === "object" && value !== null && #list in value;
        }
        static tie(params, changed) {
            params.#changed = changed;
        }
        static reread(params, query) {
            params.#read(query);
        }
    }
    const { isParams, tie, reread } = URLSearchParams;
    delete URLSearchParams.isParams;
    delete URLSearchParams.tie;
    delete URLSearchParams.reread;
    const { toString } = URLSearchParams.prototype;
    Object.defineProperty(URLSearchParams.prototype, Symbol.iterator, {
        value: URLSearchParams.prototype.entries,
        writable: true,
        configurable: true,
    });

    const parse = (url, base) => host.parseUrl(text(url), base === undefined ? undefined : text(base));

    class URL {
        #parts;
        #params;
        constructor(url, base) {
            needs(1, arguments, "URL");
            this.#parts = parse(url, base);
            if (this.#parts === null) {
                throw new TypeError(`URL: not a valid URL${base === undefined ? "" : " against this base"}`);
            }
        }
        get searchParams() {
            if (this.#params === undefined) {
                const params = (this.#params = new URLSearchParams(this.#parts[SEARCH]));
                tie(params, () => {
                    this.#parts = host.setUrl(this.#parts[0], "search", toString.call(params)) ?? this.#parts;
                });
            }
            return this.#params;
        }
        toString() {
            return this.#parts[0];
        }
        toJSON() {
            return this.#parts[0];
        }
        static canParse(url, base) {
            needs(1, arguments, "URL.canParse");
            return parse(url, base) !== null;
        }
        static parse(url, base) {
            needs(1, arguments, "URL.parse");
            return parse(url, base) === null ? null : new URL(url, base);
        }
        static {
            PARTS.forEach((name, at) => {
                const property = {
                    get() {
                        return this.#parts[at];
                    },
                    enumerable: true,
                    configurable: true,
                };
                if (name !== "origin") {
                    property.set = function (value) {
                        const parts = host.setUrl(this.#parts[0], name, text(value));
                        if (parts !== null) {
                            this.#parts = parts;
                        } else if (name === "href") {
                            throw new TypeError("URL.href: not a valid URL");
                        }
                        if (this.#params !== undefined && (name === "href" || name === "search")) {
                            reread(this.#params, this.#parts[SEARCH]);
                        }
                    };
                }
                Object.defineProperty(URL.prototype, name, property);
            });
        }
    }

    for (const made of [URL, URLSearchParams]) {
        Object.defineProperty(made.prototype, Symbol.toStringTag, { value: made.name, configurable: true });
    }
    return { globals: { URL, URLSearchParams }, isParams, paramsText: (params) => toString.call(params) };
})
