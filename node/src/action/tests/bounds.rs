//! What natives do is counted: scripts that let them work, or make them keep things, end by a counted limit. The bound
//! is on fuel and not on time, so that it holds on any machine.

use super::*;
use std::borrow::Cow;

const FUEL: u64 = 4_000_000;
const JOBS: ActionError = ActionError::LimitExceeded { what: Cow::Borrowed("jobs"), max: 12_000 };

fn limits() -> Limits {
    Limits { fuel: FUEL, jobs: 12_000, ..Limits::default() }
}

fn ended(code: &str) -> Result<ActionResult, ActionError> {
    ended_within(limits(), code)
}

fn ended_within(limits: Limits, code: &str) -> Result<ActionResult, ActionError> {
    let (result, _, fuel) = on_big_stack(|| run_to_end(ActionSpec { limits, ..spec(code) }, ""));
    // A native that runs out is charged in one go, for at most what its longest argument costs.
    assert!(fuel < 10 * FUEL, "{code}: {fuel}");
    result
}

#[track_caller]
fn all_end_in(expected: ActionError, scripts: &[&str]) {
    for code in scripts {
        assert_eq!(ended(code), Err(expected.clone()), "{code}");
    }
}

#[test]
fn arrays_are_charged_by_element() {
    all_end_in(
        ActionError::OutOfFuel,
        &[
            "const a = new Array(1e5).fill(1); for(;;) a.sort()",
            "const a = new Array(1e5).fill(1); for(;;) a.indexOf(2)",
            "const a = new Array(1e5).fill(1); for(;;) a.reverse()",
            "const a = new Array(1e5).fill(1); for(;;) a.forEach(Number.isInteger)",
            "const a = [...Array(1e4).keys()]; for(;;) a.shift(), a.push(1)",
            "const a = new Array(1e5); for(;;) a.includes(1)",
            "const a = new Array(1e5).fill(''); for(;;) a.join('')",
            "const u = new Uint8Array(1 << 20); for(;;) u.fill(1)",
            "const u = new Uint8Array(1 << 20); for(;;) u.indexOf(7)",
            "const u = new Uint8Array(1 << 20); for(;;) u.sort()",
            "const u = new Float64Array(1 << 17); for(;;) u.set(u)",
            "const u = new Uint8Array(1 << 20); for(;;) u.every(Number.isInteger)",
        ],
    );
}

#[test]
fn texts_are_charged_by_character() {
    all_end_in(
        ActionError::OutOfFuel,
        &[
            "const s = 'ab'.repeat(1e5); for(;;) /c/.test(s)",
            "const s = 'ab'.repeat(1e5); for(;;) s.match(/c/g)",
            "const s = 'ab'.repeat(1e5); for(;;) s.search('c')",
            "const s = 'ab'.repeat(1e5); for(;;) s.indexOf('c')",
            "const s = 'a'.repeat(1e5), t = 'a'.repeat(5e4) + 'b'; for(;;) s.lastIndexOf(t)",
            "const s = 'ab'.repeat(1e5); for(;;) s.localeCompare(s)",
            "const s = ' '.repeat(1e5); for(;;) s.trim()",
            "const s = '9'.repeat(1e5); for(;;) parseInt(s)",
            "const s = '9'.repeat(1e5); for(;;) Number(s)",
            "const s = '9'.repeat(1e5); for(;;) BigInt(s)",
            "const b = 1n << 100000n; for(;;) b.toString()",
            "String.raw({ raw: { length: 2**40 } })",
        ],
    );
}

#[test]
fn objects_are_charged_by_member() {
    let big = "const o = {}; for (let i = 0; i < 1e4; i++) o['k' + i] = i;";
    for code in [
        "for(;;) Object.isFrozen(Object.preventExtensions(o))",
        "Object.freeze(o); for(;;) Object.isFrozen(o)",
        "for(;;) Object.freeze(new Array(1e5).fill(1))",
        "const s = new Set(Object.keys(o)); for(;;) s.isSubsetOf(s)",
        "const m = new Map(Object.entries(o)); for(;;) m.forEach(Number.isInteger)",
    ] {
        let error = ended(&format!("{big} {code}")).expect_err("it ends");
        assert!(matches!(error, ActionError::OutOfFuel | ActionError::Memory), "{code}: {error:?}");
    }
    let lists = ["Object.keys(o)", "Object.entries(o)", "Object.assign({}, o)", "Reflect.ownKeys(o)"];
    for list in lists {
        let code = format!("{big} for(;;) {list}");
        let error = ended(&code).expect_err("it ends");
        assert!(matches!(error, ActionError::OutOfFuel | ActionError::Memory), "{code}: {error:?}");
    }
}

#[test]
fn natives_that_feed_on_natives_run_out_of_fuel() {
    all_end_in(
        ActionError::OutOfFuel,
        &[
            "Array.from({ [Symbol.iterator]: () => ({ next: Object }) })",
            "Iterator.from({ next: Error }).toArray()",
            "Iterator.from({ next: Array }).drop(Infinity).next()",
            "const it = { __proto__: Iterator.prototype, next: eval.bind(null, {}) }; it.drop(Infinity).next()",
            "const next = Object.getOwnPropertyDescriptor(Array, Symbol.species).get;
             const it = { __proto__: Iterator.prototype, next }; it.drop(Infinity).next()",
            "const it = { __proto__: Iterator.prototype, next: Function.prototype.call.bind(Object) }; it.drop(1e9).next()",
            "const o = {}, p = new Proxy(o, {}); Object.setPrototypeOf(o, p); o instanceof Array",
        ],
    );
}

#[test]
fn what_natives_make_is_counted() {
    let scripts = [
        "for(;;) new Uint8Array(31 << 17)",
        "for(;;) new ArrayBuffer(0, { maxByteLength: 31 << 17 })",
        "const u = new Float64Array(1 << 16); for(;;) u.slice()",
        "const m = new Map(); for (let i = 0;; i++) m.set(i, i)",
        "const s = new Set(); for (let i = 0;; i++) s.add(i)",
        "new Set({ [Symbol.iterator]: () => ({ next: Object }) })",
        "const w = new WeakMap(), l = []; for(;;) { const k = {}; l.push(k); w.set(k, 1) }",
        "const s = 'x'.repeat(1 << 17), a = []; for(;;) a.push(s.slice(1))",
        "const s = 'x'.repeat(1 << 16), a = []; for(;;) a.push(encodeURIComponent(s))",
        "const s = 'x'.repeat(1 << 16), a = []; for(;;) a.push(btoa(s))",
        "const s = 'x'.repeat(1 << 16); for(;;) new TextEncoder().encode(s)",
        "const s = 'a'.repeat(1 << 16); for(;;) s.replaceAll('a', 'b')",
        "const s = 'a'.repeat(1 << 16); for(;;) s.split('')",
        "const a = new Array(1e5).fill(1); for(;;) a.concat(a)",
        "const a = new Array(1e5).fill(1); for(;;) Array.from(a)",
        "const a = new Array(1e5).fill(1); for(;;) [a, a].flat()",
        "const a = new Array(1e4).fill('é'.repeat(100)); for(;;) a.join()",
        "const a = new Array(1e3).fill({ x: 'y'.repeat(100) }); for(;;) JSON.stringify(a)",
        "const s = JSON.stringify(new Array(1e3).fill([])); for(;;) JSON.parse(s)",
    ];
    // These take so long for a byte that their fuel may be used up first.
    let slow = [
        "const s = 'x'.repeat(1 << 16); for(;;) s.toUpperCase()",
        "const s = 'x'.repeat(1 << 16); for(;;) s.normalize('NFKD')",
        "const s = 'a'.repeat(1 << 16); for(;;) s.replace(/a/g, 'b')",
        "const s = 'a'.repeat(1 << 16); for(;;) s.split(/(?:)/)",
        "const s = 'a'.repeat(1 << 16); for(;;) s.match(/a/g)",
        "const s = 'a'.repeat(1 << 16); for(;;) [...s.matchAll(/a/g)]",
    ];
    let small = Limits { memory_bytes: 4 << 20, ..limits() };
    let endings = scripts.map(|code| (code, ended_within(small, code)));
    let others: Vec<_> = endings.iter().filter(|(_, ending)| *ending != Err(ActionError::Memory)).collect();
    assert!(others.is_empty(), "{others:?}");
    for code in slow {
        let ending = ended_within(small, code);
        assert!(matches!(ending, Err(ActionError::Memory | ActionError::OutOfFuel)), "{code}: {ending:?}");
    }
    assert_eq!(ended_within(Limits::default(), "for(;;) new Uint8Array(32 << 20)"), Err(ActionError::Memory));
}

#[test]
fn functions_are_bound_a_few_times_only() {
    let text = match ended("let f = () => 0; for (let i = 0; i < 2000; i++) f = f.bind(null)") {
        Err(ActionError::Threw(text)) => text,
        other => panic!("{other:?}"),
    };
    assert_eq!(text, "RangeError: a function is bound at most 64 times");
}

#[test]
fn chains_of_proxies_are_bounded() {
    let code = "let p = {}; for (let i = 0; i < 1e4; i++) p = new Proxy(p, {}); p.x";
    assert_eq!(ended(code), Err(ActionError::LimitExceeded { what: Cow::Borrowed("proxies"), max: 1_000 }));
    let chain = |length| format!("let p = {{}}; for (let i = 0; i < {length}; i++) p = new Proxy(p, {{}});");
    assert_eq!(logs_of(&format!("{} console.log(p.x, 'x' in p)", chain(60))), "undefined false\n");
    for deed in
        ["p.x", "'x' in p", "p.x = 1", "Object.keys(p)", "Object.isExtensible(p)", "({}) instanceof p", "p + ''"]
    {
        let error = ended(&format!("{} {deed}; for(;;);", chain(1000))).expect_err("it ends");
        assert!(matches!(error, ActionError::Threw(_) | ActionError::OutOfFuel), "{deed}: {error:?}");
    }
}

/// The engine's bound on recursion counts frames of scripts only; each of these has none, or few.
#[test]
fn natives_that_call_natives_end_in_an_exception() {
    let text = "RangeError: built-in functions are nested too deeply";
    for code in [
        "const o = {}; Object.defineProperty(o, 'x', { get: Reflect.get.bind(null, o, 'x') }); o.x",
        "const o = {}; o.toString = Object.prototype.toLocaleString; o.toString()",
        "const o = { valueOf: () => 1 }; o.toISOString = Date.prototype.toJSON; o.toISOString()",
        "let it = [1].values(); for (let i = 0; i < 1e4; i++) it = it.drop(0); it.next()",
        "const a = [1]; a.join = Array.prototype.toString; a.join()",
        "const get = Object.getOwnPropertyDescriptor(RegExp.prototype, 'flags').get, re = /a/;
         Object.defineProperty(re, 'global', { get }); re.flags",
        "const o = {}; Object.defineProperty(o, Symbol.toStringTag, { get: Object.prototype.toString }); o + ''",
        "const o = {}; o[Symbol.toPrimitive] = Math.max.bind(null, o); Math.max(o)",
        "const h = {}, p = new Proxy({}, h); h.has = Reflect.has.bind(null, p); 'x' in p",
        "const h = {}, p = new Proxy({}, h); h.getPrototypeOf = Reflect.getPrototypeOf.bind(null, p);
         Object.getPrototypeOf(p)",
        "const h = {}, p = new Proxy({}, h); h.getOwnPropertyDescriptor = Object.hasOwn.bind(null, p);
         Object.hasOwn(p, 'x')",
        "const h = {}, p = new Proxy(function () {}, h); h.apply = p; p()",
        "const get = Object.getOwnPropertyDescriptor(Object.prototype, '__proto__').get, h = {}, p = new Proxy({}, h);
         h.getPrototypeOf = get.bind(p); p.__proto__",
        "const o = {}, p = new Proxy(o, {}); Object.setPrototypeOf(o, p); o.x",
        "let o = {}, r = () => 0;
         for (let i = 0; i < 1e4; i++) {
           const t = {}; Object.defineProperty(t, 'then', { get: r.bind(null, o) }); o = t; new Promise(f => r = f)
         }
         r(o)",
        "const o = {}; Object.defineProperty(o, 'publicKey', { get: Lit.Actions.pubkeyToTokenId.bind(null, o) });
         Lit.Actions.pubkeyToTokenId(o)",
        "let v = 0; for (let i = 0; i < 250; i++) v = [v];
         let w = v; while (w[0]) w = w[0]; w[0] = { toJSON: JSON.stringify.bind(null, v) }; JSON.stringify(v)",
    ] {
        assert_eq!(ended(code), Err(ActionError::Threw(text.into())), "{code}");
    }
}

#[test]
fn proxies_behave_as_the_specification_says() {
    let code = r"
        const log = [], target = function (a, b) { return [this, a, b] };
        const handler = new Proxy({}, { get(_, trap) { log.push(trap); return Reflect[trap] } });
        const p = new Proxy(target, handler);
        p.x = 1; p.x; 'x' in p; delete p.x; Object.keys(p); Object.getPrototypeOf(p); Object.setPrototypeOf(p, null);
        Object.isExtensible(p); Object.defineProperty(p, 'y', { value: 1, configurable: true }); p(1); new p();
        Object.getOwnPropertyDescriptor(p, 'y'); Object.preventExtensions(p);
        console.log([...new Set(log)].sort().join());
        const mine = { v: 7, get(t, k, r) { return [this === mine, t === raw, k, r === q].join() } }, raw = {}, q = new Proxy(raw, mine);
        console.log(q.k, Object.create(new Proxy({ z: 3 }, {})).z);
        const plain = new Proxy([1, 2], {}); plain.push(3); plain.length = 2;
        console.log(Array.isArray(plain), JSON.stringify(plain), plain instanceof Array);
        const later = {}, l = new Proxy({}, later); later.get = () => 'late'; console.log(l.any); delete later.get; console.log(l.any);
        const C = new Proxy(class A { constructor(x) { this.x = x; this.n = new.target === C } }, {});
        console.log(new C(4).x, new C(4).n, typeof C, typeof new Proxy({}, {}));
        const { proxy, revoke } = Proxy.revocable({ a: 1 }, {}); console.log(proxy.a); revoke();
        for (const f of [() => proxy.a, () => new Proxy(1, {}), () => new Proxy({}, null), () => Proxy({}, {}),
            () => new Proxy({}, { get: 1 }).x, () => new Proxy(Object.freeze({ a: 1 }), { get: () => 2 }).a,
            () => { 'use strict'; new Proxy({}, { set: () => false }).x = 1 }]) {
            try { f(); console.log('no error') } catch (e) { console.log(e.name) }
        }
        let deep = {}; for (let i = 0; i < 50; i++) deep = new Proxy(deep, {}); deep.x = 1; console.log(deep.x, Object.keys(deep).join())";
    let expected = "apply,construct,defineProperty,deleteProperty,get,getOwnPropertyDescriptor,getPrototypeOf,has,\
        isExtensible,ownKeys,preventExtensions,set,setPrototypeOf\ntrue,true,k,true 3\n\
        true [1,2] true\nlate\nundefined\n4 true function object\n1\n"
        .to_owned()
        + &"TypeError\n".repeat(7)
        + "1 x\n";
    assert_eq!(logs_of(code), expected);
}

#[test]
fn bound_natives_stay_what_they_are() {
    let code = "const max = Math.max.bind(null, 5); console.log(max(3), max(9), max.name, max.length);
        const push = Array.prototype.push, a = []; push.bind(a, 1)(2); console.log(a.join());
        const D = Date.bind(null, 0); console.log(new D().getTime(), new D() instanceof Date, ({}) instanceof D, new Date() instanceof D);
        function F(x) { this.x = x } const B = F.bind(null, 3); console.log(new B().x, new B() instanceof F, new F() instanceof B);
        console.log(Function.prototype.call.bind(Array.prototype.slice)([1, 2, 3], 1).join());
        let ok; new Promise(r => ok = r.bind(null, 'v')).then(console.log); ok()";
    assert_eq!(logs_of(code), "5 9 bound max 1\n1,2\n0 true false true\n3 true true\n2,3\nv\n");
}

#[test]
fn an_execution_that_is_over_stops_without_natives() {
    // None of these calls a native, so only the hook of the reaction can stop them.
    let code = "const p = new Promise(() => 0); for(;;) (async () => { await p })()";
    let (result, _, fuel) = ending_of(ActionSpec { limits: limits(), ..spec(code) });
    assert_eq!(result, Err(JOBS));
    assert!(fuel < 200_000, "{fuel}");
}

#[test]
fn texts_that_are_too_long_for_a_number_or_a_date_are_charged_or_refused() {
    all_end_in(
        ActionError::OutOfFuel,
        &[
            "const s = '2'.repeat(1 << 20); for(;;) Math.abs(s)",
            "const s = '2'.repeat(1 << 20); for(;;) 'abc'.charCodeAt(s)",
            "const s = '2'.repeat(1 << 20); for(;;) try { (1).toFixed(s) } catch {}",
            "const s = '2'.repeat(1 << 20); for(;;) new Date(s)",
        ],
    );
    let dates = "const s = '2'.repeat(1 << 20), day = new Date('2026-01-02');
        console.log(+new Date(s), Date.parse(s), +new Date({ toString: () => s }), +new Date(day) === +day);
        console.log(new Date({ valueOf: () => 5 }).getTime(), new Date('x') + '', new Date(2026, 0, 2, 3).toISOString())";
    assert_eq!(logs_of(dates), "NaN NaN NaN true\n5 Invalid Date 2026-01-02T03:00:00.000Z\n");
}

#[test]
fn entries_that_move_up_are_charged() {
    all_end_in(
        ActionError::OutOfFuel,
        &[
            "const m = new Map(); for (let i = 0; i < 2e4; i++) m.set(i, i);
             for (let i = 0;; i++) { m.delete(i); m.set(i + 2e4) }",
            "const s = new Set(); for (let i = 0; i < 2e4; i++) s.add(i);
             for (let i = 0;; i++) { s.delete(i); s.add(i + 2e4) }",
        ],
    );
}

#[test]
fn queued_reactions_and_jobs_are_counted_before_they_run() {
    all_end_in(
        JOBS,
        &[
            "for(;;) queueMicrotask(() => 0)",
            "for(;;) Promise.resolve().then(() => 0)",
            "const p = new Promise(() => 0); for(;;) p.then(() => 0)",
            "const p = new Promise(() => 0); for(;;) p.then()",
            "const p = new Promise(() => 0); for(;;) p.finally(() => 0)",
            "const p = new Promise(() => 0); for(;;) (async () => { await p })()",
            "for(;;) (async () => { await 0 })()",
            "(async () => { for(;;) await 0 })()",
            "async function* g() { await new Promise(() => 0) } const i = g(); for(;;) i.next()",
            "const a = new Array(3e4).fill(0); Promise.all(a)",
            "for(;;) new Promise(r => r({ then() {} }))",
            "for(;;) Promise.reject().catch(() => 0)",
            "new Promise(r => r({ then(f) { f(this) } }))",
            "function f() { Promise.resolve().then(f) } f()",
        ],
    );
}

#[test]
fn handling_one_rejection_does_not_search_the_others() {
    let code = "for (let i = 0; i < 9998; i++) Promise.reject(i); for(;;) Promise.reject().catch(() => 0)";
    assert_eq!(ended(code), Err(JOBS));
}

#[test]
fn long_texts_are_cut_before_they_are_copied() {
    let long = |code: &str| match ended_within(Limits::default(), code) {
        Err(ActionError::Threw(text)) => assert!(text.len() <= 20_000 && text.ends_with('…'), "{code}: {}", text.len()),
        other => panic!("{code}: {other:?}"),
    };
    long("throw 'x'.repeat(1 << 25)");
    long("throw new Error('x'.repeat(1 << 25))");
    long("throw Object.assign(new Error(), { name: 'é'.repeat(1 << 24) })");
    long("Promise.reject('x'.repeat(1 << 25))");
    long("throw Symbol('x'.repeat(1 << 25))");
    long("throw { ['k'.repeat(1 << 25)]: 1 }");
    long("throw ['x'.repeat(1 << 25)]");
    for (what, code) in [
        ("bytes of logs", "console.log('x'.repeat(1 << 25))"),
        ("bytes of logs", "console.assert(false, 1, 'x'.repeat(1 << 25))"),
        ("bytes of response", "Lit.Actions.setResponse({ response: 'é'.repeat(1 << 25) })"),
    ] {
        let limit = ActionError::LimitExceeded { what: Cow::Borrowed(what), max: 102_400 };
        assert_eq!(ended_within(Limits::default(), code), Err(limit), "{code}");
    }
    let name = format!(
        "Lit.Actions.signEcdsa({{ toSign: new Uint8Array(32), publicKey: '{KEY}', sigName: 'x'.repeat(5000) }})"
    );
    assert!(threw(&name).starts_with("TypeError"));
}

#[test]
fn comparators_that_contradict_themselves_give_some_order() {
    let logs = logs_of(
        "const a = [...Array(3000).keys()].sort(() => Math.random() - .5);
         console.log(a.length, new Set(a).size, [3, 1, 2].toSorted(() => 1).length);
         console.log(new Uint8Array(300).map((_, i) => i).sort(() => Math.random() - .5).length);
         console.log([3, , 1, undefined, 2].sort().join(), [10, 9, 1].sort().join(), [10, 9, 1].sort((a, b) => a - b).join());
         console.log([[1, 'b'], [0, 'x'], [1, 'a']].sort((a, b) => a[0] - b[0]).join(), [2, 1].sort(() => NaN).join());
         console.log(new Float64Array([3, NaN, -0, 0, 1]).sort().join(), new Int8Array([1, 3, 2]).toSorted((a, b) => b - a).join());
         const s = { length: 3, 0: 'c', 2: 'a' }; Array.prototype.sort.call(s); console.log(JSON.stringify(s));
         const u = new Int8Array([2, 1]); console.log(u.toSorted((a, b) => a - b).join(), u.join())",
    );
    assert_eq!(
        logs,
        "3000 3000 3\n300\n1,2,3,,\n1,10,9 1,9,10\n0,x,1,b,1,a 2,1\n0,0,1,3,NaN 3,2,1\n{\"0\":\"a\",\"1\":\"c\",\"length\":3}\n1,2 2,1\n"
            .replace("1,2,3,,\n1,10,9", "1,2,3,, 1,10,9")
    );
    all_end_in(ActionError::OutOfFuel, &["const a = [...Array(1e4).keys()]; for(;;) a.sort(() => Math.random() - .5)"]);
    assert_eq!(threw("[2, 1].sort(() => { throw 'mine' })"), "mine");
    assert!(threw("[2, 1].sort(1)").starts_with("TypeError"));
}

#[test]
fn endless_async_recursion_is_a_stack_error() {
    for code in [
        "(async function f() { await f() })()",
        "(async function f() { return f() })()",
        "async function* g() { for await (const x of g()); } g().next()",
        "(function f() { [].concat(f()) })()",
    ] {
        let error = ended(code).expect_err("it ends");
        let native = |text: &str| text == "RangeError: built-in functions are nested too deeply";
        let bounded = match &error {
            ActionError::Stack | ActionError::Stalled => true,
            ActionError::Threw(text) => native(text),
            _ => false,
        };
        assert!(bounded, "{code}: {error:?}");
    }
    assert_eq!(ended("(async function f() { await f() })()"), Err(ActionError::Stack));
}

#[test]
fn json_nests_as_deep_as_it_says() {
    let nested = |depth: usize| format!("JSON.parse('['.repeat({depth}) + ']'.repeat({depth}))");
    assert_eq!(ended(&nested(256)), Ok(ActionResult::default()));
    assert!(threw(&nested(257)).starts_with("RangeError: JSON: nested more than 256 levels deep"));
    let round =
        "const t = '{\"a\":'.repeat(256) + '1' + '}'.repeat(256); console.log(JSON.stringify(JSON.parse(t)) === t)";
    assert_eq!(logs_of(round), "true\n");
    let params = format!("{{\"a\":{}{}}}", "[".repeat(255), "]".repeat(255));
    let with = ActionSpec { js_params: params, ..spec("console.log(a.length)") };
    assert_eq!(ending_of(with).1, "1\n");
}

#[test]
fn views_of_views_do_not_exhaust_the_stack() {
    for code in [
        "let s = 'x'.repeat(60000); while (s.length > 1) s = s.slice(1)",
        "let s = 'x'.repeat(1 << 20); for (let i = 0; i < 60; i++) s = s.slice(1)",
        "let s = 'x'.repeat(3000); for (let i = 0; i < 3e4; i++) s = s.slice(0)",
        "let s = 'x'.repeat(3000); for (let i = 0; i < 3e3; i++) s = s.trim()",
        "let s = 'ab'; for (let i = 0; i < 3e4; i++) s = s.charAt(0)",
        "let s = 'ab'; for (let i = 0; i < 3e4; i++) [s] = s",
        "let s = 'x'.repeat(3000); for (let i = 0; i < 900; i++) s = /.(.*)/.exec(s)[1]",
    ] {
        assert_eq!(ended(code), Ok(ActionResult::default()), "{code}");
    }
}

#[test]
fn patterns_that_would_exhaust_the_compiler_are_refused() {
    for code in [
        "new RegExp('('.repeat(1e5) + ')'.repeat(1e5))",
        "'a'.match('('.repeat(1e5) + ')'.repeat(1e5))",
        "/a/.compile('['.repeat(1e5))",
        "new RegExp('a'.repeat(1e5))",
        "'a'.search({ toString: () => 'a'.repeat(1e5) })",
        "RegExp({ [Symbol.match]: 1, source: 'a'.repeat(1e5) })",
    ] {
        let text = threw(code);
        assert!(text.starts_with("RangeError"), "{code}: {text}");
    }
    all_end_in(ActionError::OutOfFuel, &["const re = /abc/g; for(;;) ''.split(re)", "for(;;) new RegExp('a')"]);
    let code = "const re = /a(b)/gi; console.log(RegExp(re) === re, new RegExp(re) === re, new RegExp(re, 'y').flags);
        console.log(RegExp().source, new RegExp(undefined).source, String(new RegExp('/')), new RegExp(re).flags);
        console.log('ab'.match('b').index, 'ab'.search({ toString: () => 'b' }), [...'aab'.matchAll('a')].length);
        console.log('x'.match({ [Symbol.match]: s => s + 1 }), 'ab'.match().index, String(RegExp({ [Symbol.match]: 1, source: 'q', flags: 'g' })));
        console.log('a-b'.replace({ [Symbol.replace]: (s, r) => s + r }, 'z'), 'ab'.search(/B/i))";
    assert_eq!(logs_of(code), "true false y\n(?:) (?:) /\\// gi\n1 1 2\nx1 0 /q/g\na-bz 1\n");
}

#[test]
fn natives_that_were_written_anew_behave_as_before() {
    let code = r"
        console.log('abcabc'.indexOf('c'), 'abcabc'.indexOf('c', 3), 'abc'.indexOf(''), 'abc'.indexOf('', 9), 'abc'.indexOf('d'));
        console.log('abcabc'.lastIndexOf('c'), 'abcabc'.lastIndexOf('c', 4), 'abc'.lastIndexOf(''), 'aXbX'.lastIndexOf('X', -1));
        console.log('abc'.includes('bc'), 'abc'.includes('bc', 2), 'ab'.includes(''), 'häh'.includes('ä'), '€a'.indexOf('a'));
        console.log(JSON.stringify(['a,b,c'.split(','), 'abc'.split(''), ''.split(''), ''.split(','), 'abc'.split(), 'a,b,c'.split(',', 2)]));
        console.log(JSON.stringify(['a1b2c'.split(/\d/), 'a1b2c'.split(/(\d)/), 'abc'.split(/(?:)/), ''.split(/a/), ''.split(/(?:)/), 'aXbxc'.split(/x/i, 2)]));
        console.log('aXbX'.replace('X', '[$&]'), 'aXb'.replace('X', '$$'), 'aXb'.replace('X', '$`$\''), 'aXb'.replace('X', '$1$'));
        console.log('aXbX'.replaceAll('X', (m, i) => m + i), 'ab'.replaceAll('', '-'), 'aaa'.replaceAll('aa', 'b'));
        console.log('2026-01-02'.replace(/(\d+)-(\d+)/, '$2/$1'), 'ab'.replace(/(?<x>a)/, '<$<x>>'), 'aa'.replace(/a/g, '$&$&'));
        console.log('abc'.replace(/(z)?b/, '[$1]'), 'abc'.replace(/(?:)/g, '-'), 'x'.replace(/x/, () => '$&'), 'a.b'.replace(/\./g, ''));
        console.log([1, [2, [3, [4]]]].flat().length, [1, [2, [3, [4]]]].flat(Infinity > 9 ? 9 : 0).join(), [, 1].flat().length);
        console.log([1, 2].flatMap(x => [x, [x]]).length, [[1, 2], null, undefined, 'x'].join(';'), [1.5, 'a'].toLocaleString());
        console.log(String.raw`a\n${1}b${2}`, String.raw({ raw: 'abc' }, 1, 2, 3), new Uint8Array([1, 2]).join('-'));
        console.log(encodeURIComponent('ä €'), escape('ä'), 'abc'.at(-1), 'abcdef'.substr(1, 2), 'abc'.substring(2, 0), '😀b'.slice(0, 2));
        console.log([...'a😀b'].length, 'ß'.toUpperCase(), 'a'.link('\x22'), BigInt.asUintN(8, -1n), BigInt.asIntN(8, 255n));
        console.log(JSON.stringify(JSON.parse(' { \x22a\x22 : [ 1.5e2 , -0, true, null, \x22\\u00e9\\n\x22 ], \x22a b\x22: {}, \x221\x22: 2 } ')));
        console.log(Object.is(JSON.parse('-0'), -0), JSON.parse('1e400'), JSON.parse('{\x22__proto__\x22:1}').__proto__, JSON.parse('12345678901'));";
    let expected = "2 5 0 3 -1\n5 2 3 -1\ntrue false true true 1\n\
        [[\"a\",\"b\",\"c\"],[\"a\",\"b\",\"c\"],[],[\"\"],[\"abc\"],[\"a\",\"b\"]]\n\
        [[\"a\",\"b\",\"c\"],[\"a\",\"1\",\"b\",\"2\",\"c\"],[\"a\",\"b\",\"c\"],[\"\"],[],[\"a\",\"b\"]]\n\
        a[X]bX a$b aabb a$1$b\naX1bX3 -a-b- ba\n01/2026-02 <a>b aaaa\na[]c -a-b-c- $& ab\n\
        3 1,2,3,4 1\n4 1,2;;;x 1.5, a\na\\n1b2 a1b2c 1-2\n%C3%A4%20%E2%82%AC %E4 c bc ab 😀\n\
        3 SS <a href=\"&quot;\">a</a> 255n -1n\n{\"1\":2,\"a\":[150,0,true,null,\"é\\n\"],\"a b\":{}}\n\
        true Infinity 1 12345678901\n";
    assert_eq!(logs_of(code), expected);
    for bad in [
        "{",
        "[1,]",
        "01",
        "1.",
        "'a'",
        "\\x22\\\\x\\x22",
        "\\x22\\n\\x22",
        "nul",
        "1 2",
        "",
        "[1}",
        "{\\x22a\\x22}",
        "-",
    ] {
        assert!(threw(&format!("JSON.parse(\"{bad}\")")).starts_with("SyntaxError"), "{bad}");
    }
    assert!(threw("'a'.includes(/a/)").starts_with("TypeError"));
    assert!(threw("'a'.replaceAll(/a/, '')").starts_with("TypeError"));
    assert!(threw("String.prototype.indexOf.call(null)").starts_with("TypeError"));
}
