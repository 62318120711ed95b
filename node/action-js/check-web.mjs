// Runs the hand-written parts of web/ under node.js against node's own classes.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const HERE = dirname(fileURLToPath(import.meta.url));
const own = { URL, URLSearchParams, Buffer, DOMException, Event, EventTarget, AbortController, AbortSignal };
const NAMES = ["href", "origin", "protocol", "username", "password", "host", "hostname", "port", "pathname", "search", "hash"];
const parts = (url) => NAMES.map((name) => url[name]);
const bytes = (text, encoding) => new Uint8Array(own.Buffer.from(text, encoding));
const text = (bytes, encoding) => own.Buffer.from(bytes).toString(encoding);
/** What the simulator's host offers, on node's classes. */
const host = {
    parseUrl: (href, base) => (own.URL.canParse(href, base) ? parts(new own.URL(href, base)) : null),
    setUrl: (href, part, value) => {
        const url = new own.URL(href);
        try {
            url[part] = value;
        } catch {
            return null;
        }
        return parts(url);
    },
    parseForm: (query) => [...new own.URLSearchParams("?" + query)].flat(),
    formText: (part) => new own.URLSearchParams([[part, ""]]).toString().slice(0, -1),
    fromHex: (hex) => bytes(hex, "hex"),
    toHex: (bytes) => "0x" + text(bytes, "hex"),
    fromBase64: (digits) => bytes(digits, "base64"),
    toBase64: (bytes) => text(bytes, "base64"),
    fromLatin1: (text) => bytes(text, "latin1"),
    toLatin1: (bytes) => text(bytes, "latin1"),
    fromUtf8: (text) => bytes(text, "utf8"),
    toUtf8: (bytes) => text(bytes, "utf8"),
};
const ours = {};
for (const part of ["abort", "url", "buffer"]) {
    Object.assign(ours, (0, eval)(readFileSync(join(HERE, "web", part + ".js"), "utf8"))(host).globals);
}

const U = (f) => (w) => ["https://u:p@a.example:8080/x/../y?q=1&q=2#h", "http://\u00e9.example", "data:text/plain,x"].map((href) => f(new w.URL(href), w));
const B = (...args) => (w) => {
    const [f, ...list] = args;
    return f(w.Buffer.from([1, 2, 250, 251, 252, 253, 254, 255, 104, 195, 169]), w.Buffer, ...list);
};
const CASES = {
    parts: U((u) => parts(u)),
    set: U((u) => ["protocol", "username", "password", "host", "hostname", "port", "pathname", "search", "hash"].map((name) => ((u[name] = "ftp"), (u[name] = "90"), u.href))),
    href: U((u) => ((u.href = "http://b"), u.href)),
    href_wrong: U((u) => (u.href = "nope")),
    live: U((u) => [u.searchParams.append("a b", "&"), u.search, (u.search = "?z=1"), [...u.searchParams], u.searchParams.delete("z"), u.href, u.searchParams === u.searchParams]),
    json: U((u) => [JSON.stringify(u), `${u}`, Object.prototype.toString.call(u)]),
    base: (w) => [new w.URL("../b?x", "http://h/a/c/d").href, w.URL.canParse("x"), w.URL.canParse("x", "http://h"), w.URL.parse("x"), w.URL.parse("http://h").href],
    url_wrong: (w) => new w.URL("x"),
    url_none: (w) => new w.URL(),
    url_symbol: (w) => new w.URL(Symbol()),
    params: (w) => {
        const p = new w.URLSearchParams("?a=1&b=2&a=%20+x&c&=&%FF=\u00e9");
        const all = [[...p], p.toString(), p.get("a"), p.getAll("a"), p.has("c"), p.has("a", "1"), p.has("a", "9"), p.get("zz"), p.size];
        p.set("a", "n");
        p.append("A", 7);
        p.delete("b", "x");
        p.sort();
        p.forEach((value, name) => all.push(name + value));
        return [...all, p.toString(), [...p.keys()], [...p.values()], Object.prototype.toString.call(p)];
    },
    params_from: (w) => [[["a", 1], ["b", "\ud800"]], { x: "1", y: null }, new Map([["k", "v"]]), new w.URLSearchParams("q=1"), undefined, 5].map((i) => new w.URLSearchParams(i).toString()),
    params_wrong: (w) => new w.URLSearchParams([["a"]]),
    params_few: (w) => new w.URLSearchParams().append("a"),
    params_live: (w) => {
        const p = new w.URLSearchParams("a=1&b=2&c=3");
        const seen = [];
        for (const [name] of p) {
            seen.push(name);
            p.delete(name);
        }
        return [seen, p.toString()];
    },
    buffer_texts: (w) => ["utf8", "hex", "base64", "base64url", "latin1", "binary", "ascii", "utf16le", "UCS2"].flatMap((e) => {
        const b = w.Buffer.from(e.startsWith("base64") ? "hello /+ 68c3a9zz9==" : "h\u00e9llo \u{1f600} 68c3a9zz9", e);
        return [[...b], b.toString("hex"), w.Buffer.from([1, 104, 195, 169, 255, 254]).toString(e), w.Buffer.byteLength("h\u00e9", e), w.Buffer.isEncoding(e)];
    }),
    buffer_hex: (w) => ["abc", "0x12", "12zz", "", "12 34"].map((t) => [...w.Buffer.from(t, "hex")]),
    buffer_base64: (w) => ["AQID", "AQI", "AQ==", "A", "AQ=ID", "-_-_", " A Q I D "].map((t) => [...w.Buffer.from(t, "base64")]),
    buffer_from: (w) => [w.Buffer.from([256, -1, "3"]), w.Buffer.from(new Uint16Array([1, 258])), w.Buffer.from(new Uint8Array([1, 2, 3]).buffer, 1, 1), w.Buffer.from({ type: "Buffer", data: [1] }), w.Buffer.from(new String("s")), w.Buffer.from({ length: 2, 0: 7 })].map((b) => [...b]),
    buffer_from_wrong: (w) => w.Buffer.from(5),
    buffer_encoding_wrong: (w) => w.Buffer.from("a", "rot13"),
    buffer_alloc: (w) => [w.Buffer.alloc(3), w.Buffer.alloc(5, "ab"), w.Buffer.alloc(3, 7), w.Buffer.alloc(4, "0102", "hex"), w.Buffer.allocUnsafe(2).fill(0), w.Buffer.alloc(2).fill("")].map((b) => [...b]),
    buffer_alloc_wrong: (w) => w.Buffer.alloc(-1),
    buffer_new: (w) => [[...new w.Buffer(2)], [...new w.Buffer("ab")], [...w.Buffer("ab")], new w.Buffer("a") instanceof Uint8Array],
    buffer_concat: (w) => [w.Buffer.concat([w.Buffer.from("ab"), new Uint8Array([1])]), w.Buffer.concat([w.Buffer.from("abc")], 2), w.Buffer.concat([w.Buffer.from("abc")], 5), w.Buffer.concat([])].map((b) => [...b]),
    buffer_concat_wrong: (w) => w.Buffer.concat(["a"]),
    buffer_same: B((b, Buffer) => [b.equals(Buffer.from(b)), b.compare(Buffer.from([1, 3])), Buffer.compare(b, Buffer.from([1])), b.compare(Buffer.from([9, 1, 2]), 1, 3, 0, 2), Buffer.isBuffer(b), Buffer.isBuffer(new Uint8Array(1)), b.equals(new Uint8Array(11))]),
    buffer_views: B((b, Buffer) => {
        const s = b.slice(2, -2);
        s[0] = 99;
        return [[...s], b[2], Buffer.isBuffer(s), Buffer.isBuffer(b.subarray(1)), [...b.subarray(-3)], Buffer.isBuffer(b.map((x) => x)), [...b.filter((x) => x > 200)]];
    }),
    buffer_text: B((b) => [b.toString(), b.toString("utf8", 8), b.toString("hex", 2, 5), b.toString("latin1", -5, 99), b.toString("hex", 5, 2), JSON.stringify(b)]),
    buffer_write: B((b) => [b.write("xyz", 9), b.write("ff00", 1, "hex"), b.write("abcdef", 0, 2), b.write("a", "latin1"), [...b]]),
    buffer_copy: B((b, Buffer) => {
        const t = Buffer.alloc(4);
        return [b.copy(t, 1), [...t], b.copy(t, 0, 9, 10), [...t], b.copy(t, 4)];
    }),
    buffer_find: B((b) => [b.indexOf(250), b.indexOf("h"), b.indexOf("\u00e9"), b.indexOf("c3a9", "hex"), b.indexOf(1, 1), b.lastIndexOf(255), b.includes("zz"), b.indexOf(new Uint8Array([251, 252])), b.indexOf("h", -3), b.lastIndexOf(1, -1), b.indexOf(250, 99)]),
    buffer_swap: (w) => [w.Buffer.from([1, 2, 3, 4, 5, 6, 7, 8]).swap16(), w.Buffer.from([1, 2, 3, 4]).swap32(), w.Buffer.from([1, 2, 3, 4, 5, 6, 7, 8]).swap64()].map((b) => [...b]),
    buffer_read: B((b) => Object.getOwnPropertyNames(Object.getPrototypeOf(b)).filter((n) => /^read.*(8|LE|BE)$/.test(n)).sort().map((n) => n + String(/U?[iI]nt[LB]E$/.test(n) && !/\d/.test(n) ? b[n](2, 3) : b[n](2)))),
    buffer_put: (w) => {
        const names = Object.getOwnPropertyNames(w.Buffer.prototype).filter((n) => /^write.*(8|LE|BE)$/.test(n)).sort();
        return names.map((n) => {
            const b = w.Buffer.alloc(10);
            const value = n.includes("Big") ? 77n : /Float|Double/.test(n) ? 1.5 : 77;
            const end = /U?[iI]nt[LB]E$/.test(n) && !/\d/.test(n) ? b[n](value, 1, 5) : b[n](value, 1);
            return [n, end, [...b]];
        });
    },
    ...Object.fromEntries(
        [["readUInt32LE", 8], ["readUInt8", -1], ["readUInt8", 1.5], ["readInt16BE", "1"], ["writeUInt8", 256, 0], ["writeInt8", -129, 0], ["writeUInt32BE", 1, 8], ["readUIntBE", 0, 7], ["writeIntLE", 2 ** 40, 0, 5], ["writeBigUInt64LE", -1n, 0]].map(([name, ...args]) => [
            `buffer_range_${name}_${args[0]}`, B((b) => b[name](...args)),
        ]),
    ),
    abort: (w) => {
        const c = new w.AbortController();
        const seen = [];
        c.signal.addEventListener("abort", (e) => seen.push(e.type, e.target === c.signal), { once: true });
        c.signal.onabort = () => seen.push("on");
        c.signal.addEventListener("abort", { handleEvent: () => seen.push("handled") });
        const any = w.AbortSignal.any([c.signal, new w.AbortController().signal]);
        c.abort();
        c.abort("again");
        return [seen.sort(), c.signal.aborted, c.signal.reason.name, c.signal.reason.code, c.signal.reason instanceof w.DOMException, any.aborted, any.reason === c.signal.reason, w.AbortSignal.abort(5).reason];
    },
    abort_throw: (w) => w.AbortSignal.abort(new RangeError("mine")).throwIfAborted(),
    abort_new: (w) => new w.AbortSignal(),
    timeout: async (w) => {
        const signal = w.AbortSignal.timeout(5);
        // node.js ends while only such a timer is left.
        const kept = setTimeout(() => {}, 10000);
        await new Promise((done) => (signal.onabort = done));
        clearTimeout(kept);
        return [signal.reason.name, signal.aborted];
    },
    events: (w) => {
        const t = new w.EventTarget();
        const seen = [];
        const f = (e) => seen.push(e.type);
        t.addEventListener("a", f);
        t.addEventListener("a", f);
        t.addEventListener("a", (e) => e.stopImmediatePropagation());
        t.addEventListener("a", () => seen.push("never"));
        t.addEventListener("b", (e) => e.preventDefault());
        const c = new w.AbortController();
        t.addEventListener("c", () => seen.push("gone"), { signal: c.signal });
        c.abort();
        const results = [t.dispatchEvent(new w.Event("a")), t.dispatchEvent(new w.Event("b", { cancelable: true })), t.dispatchEvent(new w.Event("c"))];
        t.removeEventListener("a", f);
        t.dispatchEvent(new w.Event("a"));
        return [seen, results];
    },
    event_wrong: (w) => new w.EventTarget().dispatchEvent({}),
    exception: (w) => {
        const e = new w.DOMException("m", "DataCloneError");
        return [e.message, e.name, e.code, e instanceof Error, `${e}`, new w.DOMException().name, new w.DOMException("x", "toString").code];
    },
};

const shown = (value) => JSON.stringify(value, (_, v) => (typeof v === "bigint" ? `${v}n` : v === undefined ? "undefined" : Number.isNaN(v) ? "NaN" : v));
const outcome = async (run, world) => {
    try {
        return shown(await run(world));
    } catch (error) {
        // Messages differ; the kinds must not.
        return `throws ${error.name}`;
    }
};
let failed = 0;
for (const [name, run] of Object.entries(CASES)) {
    const [mine, theirs] = [await outcome(run, ours), await outcome(run, own)];
    if (mine !== theirs) {
        failed += 1;
        console.error(`${name} differs:\n  ours:  ${mine}\n  node:  ${theirs}`);
    }
}
console.log(`${Object.keys(CASES).length} cases, ${failed} differ`);
process.exit(failed === 0 ? 0 : 1);
