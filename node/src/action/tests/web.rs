//! The rest of the web surface: console, URLs, events, cryptography, copies and Node's `Buffer`.

use super::*;
use std::borrow::Cow;

fn large(code: &str) -> ActionSpec {
    ActionSpec { limits: Limits { fuel: 50_000_000, ..Limits::default() }, ..spec(code) }
}

/// What a script prints that may use more than a little.
fn printed(code: &str) -> String {
    let (result, logs, _) = ending_of(large(code));
    result.unwrap_or_else(|error| panic!("{error} after {logs}"));
    logs
}

#[track_caller]
fn each_throws(name: &str, scripts: &[&str]) {
    for code in scripts {
        let (result, ..) = ending_of(large(code));
        let Err(ActionError::Threw(text)) = result else { panic!("{code}: {result:?}") };
        assert!(text.starts_with(name), "{code}: {text}");
    }
}

#[test]
fn console_prints_formats_counts_times_and_groups() {
    let code = "console.log('%s is %d of %i%%', 'x', 1.5, 2.7, 'more', { a: 1 }); console.log('100%', 1); console.log('%s');
        console.info('%j', [1]); console.warn('%c styled', 'css'); console.error('%f', 'x'); console.debug('%x', 1);
        console.group('in'); console.log('deeper'); console.groupCollapsed(); console.log('deepest');
        console.groupEnd(); console.groupEnd(); console.groupEnd(); console.dir({ b: 1 }); console.dirxml(1); console.table([1]);
        console.count(); console.count(); console.countReset(); console.count(); console.count('n');
        console.assert(true, 'no'); console.assert(false, 'yes', 1); console.assert(false); console.trace('t'); console.clear();
        console.time('t'); setTimeout(() => { console.timeLog('t', 'on'); console.timeEnd('t'); console.timeEnd('t') }, 25);
        console.timeStamp()";
    assert_eq!(
        logs_of(code),
        "x is 1.5 of 2% more { a: 1 }\n100% 1\n%s\n[ 1 ]\n styled\nNaN\n%x 1\nin\n  deeper\n    deepest\n{ b: 1 }\n1\n[ 1 ]\n\
         default: 1\ndefault: 2\ndefault: 1\nn: 1\nAssertion failed: yes 1\nAssertion failed\nt\nt: 25ms on\nt: 25ms\n\
         Timer 't' does not exist\n"
    );
}

#[test]
fn console_is_bounded_by_the_limit_of_logs() {
    let limit = ActionError::LimitExceeded { what: Cow::Borrowed("bytes of logs"), max: 102_400 };
    for code in [
        "console.log('%s', 'x'.repeat(102401))",
        "console.log('%s'.repeat(1e5), 1)",
        "console.count('x'.repeat(102401))",
        "console.time('x'.repeat(102401))",
        "for (let i = 0; i < 40; i++) console.group(); for (;;) console.log('')",
        "for(;;) console.timeEnd('x')",
        "for(;;) console.trace('%o', new Array(1000).fill('x'))",
    ] {
        assert_eq!(ending_of(large(code)).0, Err(limit.clone()), "{code}");
    }
    let many =
        "for (let i = 0; i < 1e5; i++) { console.time('x' + i) } console.timeLog('x5'); console.timeLog('x5000')";
    assert_eq!(printed(many).lines().last(), Some("Timer 'x5000' does not exist"));
}

#[test]
fn urls_are_parsed_changed_and_joined() {
    let code = "const u = new URL('https://u:p@A.example:8080/x/../y?q=1#h');
        console.log(u.href, u.origin, u.protocol, u.username, u.password, u.host, u.hostname, u.port, u.pathname, u.search, u.hash);
        u.searchParams.append('b c', '&'); console.log(u.search, JSON.stringify(u), `${u}`, u.searchParams === u.searchParams);
        u.search = '?z=9'; console.log(u.searchParams.get('z'), [...u.searchParams].length); u.port = '443'; u.hash = ''; console.log(u.href);
        console.log(new URL('../b', 'http://h/a/c/d').href, URL.canParse('x'), URL.parse('x'), URL.parse('b', 'http://h').href);
        console.log(new URL('http://bücher.example').host)";
    assert_eq!(
        printed(code),
        "https://u:p@a.example:8080/y?q=1#h https://a.example:8080 https: u p a.example:8080 a.example 8080 /y ?q=1 #h\n\
         ?q=1&b+c=%26 \"https://u:p@a.example:8080/y?q=1&b+c=%26#h\" https://u:p@a.example:8080/y?q=1&b+c=%26#h true\n\
         9 1\nhttps://u:p@a.example/y?z=9\nhttp://h/a/b false null http://h/b\nxn--bcher-kva.example\n"
    );
    each_throws(
        "TypeError",
        &[
            "new URL('x')",
            "new URL()",
            "new URL(Symbol())",
            "URL('http://h')",
            "new URL('http://h').href = 'x'",
            "new URL('x', 'data:,')",
            "Object.getOwnPropertyDescriptor(URL.prototype, 'href').get.call({})",
            "new URL('http://h/' + 'x'.repeat(1 << 20))",
        ],
    );
}

#[test]
fn search_parameters_are_a_list_of_pairs() {
    let code = "const p = new URLSearchParams('?a=1&b=2&a=%20+x&c&=&%FF=é');
        console.log(p.toString(), p.get('a'), p.getAll('a').length, p.has('c'), p.has('a', '9'), p.get('zz'), p.size);
        p.set('a', 'n'); p.append('A', 7); p.delete('b'); p.sort(); p.forEach((v, k) => console.log(k, v));
        console.log([...p.keys()].join('|'), [...p.values()].length, new URLSearchParams([['a', 1]]) + '', new URLSearchParams({ x: 'y' }) + '')";
    assert_eq!(
        printed(code),
        "a=1&b=2&a=++x&c=&=&%EF%BF%BD=%C3%A9 1 2 true false null 6\n \nA 7\na n\nc \n\u{fffd} é\n\
         |A|a|c|\u{fffd} 5 a=1 x=y\n"
    );
    each_throws(
        "TypeError",
        &[
            "new URLSearchParams([['a']])",
            "new URLSearchParams([['a', 1, 2]])",
            "new URLSearchParams().append('a')",
            "new URLSearchParams().get()",
            "new URLSearchParams().forEach(1)",
            "URLSearchParams.prototype.get.call({}, 'a')",
        ],
    );
}

#[test]
fn events_and_signals_reach_their_listeners() {
    let code = "const c = new AbortController(), seen = [];
        c.signal.addEventListener('abort', e => seen.push(e.type, e.target === c.signal), { once: true });
        c.signal.onabort = () => seen.push('on');
        const any = AbortSignal.any([c.signal, new AbortController().signal]);
        c.abort(); c.abort('again');
        console.log(seen.join(), c.signal.aborted, c.signal.reason.name, c.signal.reason instanceof DOMException, any.aborted);
        try { c.signal.throwIfAborted() } catch (e) { console.log(e.code, e instanceof Error, `${e}`) }
        const t = new EventTarget(), f = e => console.log(e.type, e.defaultPrevented); t.addEventListener('x', f); t.addEventListener('x', f);
        console.log(t.dispatchEvent(new Event('x'))); t.removeEventListener('x', f); t.dispatchEvent(new Event('x'));
        AbortSignal.timeout(20).onabort = e => console.log(e.type, e.target.reason.name);
        console.log(AbortSignal.abort(5).reason, new DOMException('m', 'DataCloneError').code)";
    assert_eq!(
        printed(code),
        "on,abort,true true AbortError true true\n20 true AbortError: The signal has been aborted\nx false\ntrue\n5 25\n\
         abort TimeoutError\n"
    );
    each_throws(
        "TypeError",
        &[
            "new AbortSignal()",
            "AbortSignal.timeout(-1)",
            "AbortSignal.any([{}])",
            "new EventTarget().dispatchEvent({})",
            "new EventTarget().addEventListener('x', 5)",
            "new Event()",
            "AbortController.prototype.abort.call({})",
        ],
    );
    // Nobody catches what a listener throws.
    let code = "const t = new EventTarget(); t.addEventListener('x', () => { throw new RangeError('mine') });
        t.addEventListener('x', () => console.log('still')); t.dispatchEvent(new Event('x'))";
    let (result, logs, _) = ending_of(large(code));
    assert_eq!((result, logs.as_str()), (Err(ActionError::Threw("RangeError: mine".into())), "still\n"));
}

#[test]
fn random_values_come_from_the_executions_seed() {
    let code = "const a = crypto.getRandomValues(new Uint8Array(16)), b = crypto.getRandomValues(new Uint32Array(2));
        console.log(a.join(), b.join(), crypto.randomUUID(), a.some(x => x !== 0))";
    let with = |seed| ending_of(ActionSpec { seed, ..spec(code) }).1;
    assert_eq!(with([1; 32]), with([1; 32]));
    assert_ne!(with([1; 32]), with([2; 32]));
    let uuid = "console.log(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(crypto.randomUUID()))";
    assert_eq!(logs_of(uuid), "true\n");
    let part =
        "const u = new Uint8Array(8); crypto.getRandomValues(u.subarray(2, 4)); console.log(u[0] + u[1] + u[4] + u[7])";
    assert_eq!(logs_of(part), "0\n");
    each_throws("QuotaExceededError", &["crypto.getRandomValues(new Uint8Array(65537))"]);
    each_throws(
        "TypeMismatchError",
        &["crypto.getRandomValues(new Float64Array(1))", "crypto.getRandomValues([1])", "crypto.getRandomValues()"],
    );
}

#[test]
fn digests_are_those_of_the_standards() {
    // FIPS 180-4, "abc".
    let known = [
        ("SHA-1", "a9993e364706816aba3e25717850c26c9cd0d89d"),
        ("sha-256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        ("SHA-384", "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"),
        (
            "SHA-512",
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd\
             454d4423643ce80e2a9ac94fa54ca49f",
        ),
    ];
    for (name, digest) in known {
        for name in [format!("'{name}'"), format!("{{ name: '{name}' }}")] {
            let code = format!(
                "console.log(Buffer.from(await crypto.subtle.digest({name}, new TextEncoder().encode('abc'))).toString('hex'))"
            );
            assert_eq!(printed(&code), format!("{digest}\n"), "{name}");
        }
    }
    each_throws("NotSupportedError", &["await crypto.subtle.digest('MD5', new Uint8Array())"]);
    each_throws("TypeError", &["await crypto.subtle.digest('SHA-1', 'text')", "await crypto.subtle.digest('SHA-1')"]);
}

#[test]
fn structured_clones_keep_cycles_kinds_and_shared_parts() {
    let code = "const shared = { n: 1 }, o = { a: [1, , shared], d: new Date(5), r: /x/gi, m: new Map([[shared, 'v']]), s: new Set([2n]),
          e: new RangeError('bad'), u: new Uint16Array([1, 2]), b: Object(true), t: undefined, shared };
        o.self = o; o.v = new DataView(o.u.buffer, 2); class P { constructor() { this.x = 1 } get y() { return 2 } } o.p = new P();
        const c = structuredClone(o);
        console.log(c !== o, c.self === c, c.a.length, 1 in c.a, c.a[2] === c.shared, c.shared !== shared, c.d.getTime(), `${c.r}`);
        console.log([...c.m.keys()][0] === c.shared, c.s.has(2n), c.e instanceof RangeError, c.e.message, c.u.join(), c.v.buffer === c.u.buffer, c.v.byteLength);
        console.log(typeof c.b, 't' in c, c.p instanceof P, c.p.x, c.p.y, structuredClone('x'), structuredClone(null));
        const given = new Uint8Array([1, 2, 3]), got = structuredClone(given, { transfer: [given.buffer] });
        console.log(given.length, given.buffer.byteLength, got.join())";
    assert_eq!(
        printed(code),
        "true true 3 false true true 5 /x/gi\ntrue true true bad 1,2 true 2\nobject true false 1 undefined x null\n0 0 1,2,3\n"
    );
    each_throws(
        "DataCloneError",
        &[
            "structuredClone(() => {})",
            "structuredClone({ f() {} })",
            "structuredClone(Symbol())",
            "structuredClone(new WeakMap())",
            "structuredClone(Promise.resolve())",
            "structuredClone(new Proxy({}, {}))",
            "structuredClone(new Headers())",
            "structuredClone(1, { transfer: [{}] })",
            "const b = new ArrayBuffer(1); structuredClone(1, { transfer: [b, b] })",
            "let o = {}; for (let i = 0; i < 1000; i++) o = { o }; structuredClone(o)",
        ],
    );
}

#[test]
fn codecs_refuse_what_they_cannot_say() {
    assert_eq!(printed("console.log(atob(btoa('abc')), btoa('\\xff'), atob(' YQ = = '))"), "abc /w== a\n");
    for code in ["btoa('é€')", "atob('a')", "atob('€')", "new TextDecoder('x-no')", "queueMicrotask(5)"] {
        let (result, ..) = ending_of(large(code));
        assert!(matches!(result, Err(ActionError::Threw(_))), "{code}: {result:?}");
    }
}

#[test]
fn buffers_are_bytes_with_encodings() {
    let code = "const b = Buffer.from('hé', 'utf8');
        console.log(b.toString('hex'), b.toString('base64'), b.toString('base64url'), b.toString('latin1').length, b.length, b instanceof Uint8Array);
        console.log(Buffer.from('00ff', 'hex').join(), Buffer.from('AP8', 'base64').join(), Buffer.byteLength('hé'), Buffer.isBuffer(b), Buffer.isBuffer(new Uint8Array()));
        console.log(Buffer.concat([b, Buffer.alloc(2, 1)]).toString('hex'), b.equals(Buffer.from([104, 195, 169])), Buffer.compare(b, Buffer.from('i')));
        const w = Buffer.alloc(16); w.writeUInt32BE(0xdeadbeef, 0); w.writeInt16LE(-2, 4); w.writeBigUInt64LE(5n, 8);
        console.log(w.toString('hex'), w.readUInt32BE(0), w.readInt16LE(4), w.readBigUInt64LE(8), w.readUIntBE(0, 3));
        const s = b.slice(1); s[0] = 0; console.log(b[1], Buffer.isBuffer(s), Buffer.isBuffer(b.map(x => x)), JSON.stringify(s), b.indexOf('h'));
        console.log(typeof Buffer.poolSize, b.subarray(0, 1).toString('ascii'), new Buffer(2).length, Buffer.from(b.buffer, 0, 1).length)";
    assert_eq!(
        printed(code),
        "68c3a9 aMOp aMOp 3 3 true\n0,255 0,255 3 true false\n68c3a90101 true -1\n\
         deadbeeffeff00000500000000000000 3735928559 -2 5n 14593470\n0 true true {\"type\":\"Buffer\",\"data\":[0,169]} 0\n\
         number h 2 1\n"
    );
    each_throws(
        "RangeError",
        &[
            "Buffer.alloc(1).readUInt16LE(0)",
            "Buffer.alloc(1).writeUInt8(256)",
            "Buffer.alloc(-1)",
            "Buffer.alloc(2 ** 31)",
            "Buffer.alloc(8).readUIntBE(0, 7)",
        ],
    );
    each_throws(
        "TypeError",
        &[
            "Buffer.from(5)",
            "Buffer.from('a', 'rot13')",
            "Buffer.concat(['a'])",
            "Buffer.alloc('1')",
            "Buffer.alloc(1).equals('a')",
            "Buffer.prototype.toString.call({}, 'hex')",
        ],
    );
}

#[test]
fn lazy_globals_can_be_shadowed_and_replaced_like_others() {
    assert_eq!(printed("const URL = 5; console.log(URL)"), "5\n");
    assert_eq!(printed("var Buffer = 6; console.log(Buffer, globalThis.Buffer)"), "6 6\n");
    assert_eq!(printed("function ethers() { return 7 } console.log(ethers())"), "7\n");
    assert_eq!(printed("globalThis.URL = 8; console.log(URL)"), "8\n");
    assert_eq!(printed("console.log(delete globalThis.URL, typeof URL)"), "true undefined\n");
    assert_eq!(
        printed(
            "console.log('URL' in globalThis, typeof URL, URL === globalThis.URL, Object.keys(globalThis).includes('URL'))"
        ),
        "true function true false\n"
    );
    // One place that reads a name again and again, as loops do.
    let again = "const read = () => [URL, Buffer, DOMException, ethers].map(it => typeof it).join(); read(); read(); console.log(read())";
    assert_eq!(printed(again), "function,function,function,object\n");
    assert_eq!(
        printed("Object.freeze(globalThis); console.log(new URL('http://h').href, URL === URL)"),
        "http://h/ true\n"
    );
}
