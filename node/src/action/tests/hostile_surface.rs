//! Hostile scripts against the web surface and ethers: each ends as it should, the same way twice, in bounded fuel.

use super::*;

const FUEL: u64 = 4_000_000;

fn limited(code: &str) -> ActionSpec {
    ActionSpec { limits: Limits { fuel: FUEL, memory_bytes: 64 << 20, ..Limits::default() }, ..spec(code) }
}

fn ended(code: &str) -> Result<ActionResult, ActionError> {
    let (result, _, fuel) = ending_of(limited(code));
    // A native that runs out is charged in one go, for at most what its longest argument costs.
    assert!(fuel < 3 * FUEL, "{code}: {fuel}");
    result
}

#[track_caller]
fn all_end(scripts: &[&str], expected: impl Fn(&ActionError) -> bool) {
    for code in scripts {
        let result = ended(code);
        assert!(result.as_ref().is_err_and(&expected), "{code}: {result:?}");
    }
}

fn runs_out(error: &ActionError) -> bool {
    matches!(error, ActionError::OutOfFuel | ActionError::Memory | ActionError::OutOfTime)
}

fn throws(name: &'static str) -> impl Fn(&ActionError) -> bool {
    move |error| matches!(error, ActionError::Threw(text) if text.starts_with(name))
}

fn recurses(error: &ActionError) -> bool {
    matches!(error, ActionError::Stack) || throws("RangeError")(error) || throws("DataCloneError")(error)
}

#[test]
fn what_the_surface_walks_and_makes_is_charged() {
    all_end(
        &[
            "for(;;) new URL('http://h/' + 'x'.repeat(1e5))",
            "const u = new URL('http://h'); for(;;) u.searchParams.append('a', 'b'.repeat(1000))",
            "const p = new URLSearchParams('a&'.repeat(1e5)); for(;;) p.toString()",
            "const b = Buffer.alloc(1 << 24); for(;;) b.toString('hex')",
            "const b = Buffer.alloc(1 << 20, 1); for(;;) b.indexOf(2)",
            "for(;;) Buffer.alloc(1 << 20, 'ab')",
            "const l = new Array(1e5).fill(Buffer.alloc(100)); for(;;) Buffer.concat(l)",
            "const b = Buffer.alloc(1 << 20); for(;;) b.equals(b)",
            "for(;;) structuredClone(new Array(1e5).fill(0))",
            "for(;;) structuredClone({ b: new ArrayBuffer(1 << 20) })",
            "for(;;) crypto.getRandomValues(new Uint8Array(65536))",
            "const b = new Uint8Array(1 << 20); (async () => { for(;;) await crypto.subtle.digest('SHA-512', b) })()",
            "const r = new Response('x'.repeat(1e6)); (async () => { for(;;) await r.clone().text() })()",
            "const h = new Headers([['a', 'x'.repeat(16000)]]); for(;;) new Headers(h)",
            "const t = new EventTarget(); for(;;) t.addEventListener('x', () => {})",
            "const e = new Event('x'), t = new EventTarget(); t.addEventListener('x', () => { for(;;); }); t.dispatchEvent(e)",
            "for(;;) console.count(String(Math.random()).repeat(50).slice(0, 0) + 'x'); ",
        ],
        |error| runs_out(error) || matches!(error, ActionError::LimitExceeded { .. }),
    );
}

#[test]
fn what_ethers_walks_and_makes_is_charged() {
    all_end(
        &[
            "const d = '0x' + '00'.repeat(1 << 20); for(;;) ethers.utils.keccak256(d)",
            "for(;;) ethers.utils.computeAddress('0x' + '11'.repeat(32))",
            "const w = new ethers.Wallet('0x' + '11'.repeat(32)); (async () => { for(;;) await w.signMessage('x') })()",
            "for(;;) ethers.utils.recoverAddress('0x' + '11'.repeat(32), '0x' + '11'.repeat(64) + '1b')",
            "new ethers.utils.Interface(new Array(1e5).fill('function f(uint256 x)'))",
            "ethers.utils.defaultAbiCoder.encode(['bytes'], ['0x' + '00'.repeat(1 << 24)])",
            "ethers.utils.defaultAbiCoder.encode(['uint256[]'], [new Array(1e6).fill(1)])",
            "ethers.utils.RLP.encode(new Array(1e6).fill('0x01'))",
            "ethers.utils.RLP.decode('0xfb7fffff' + '01'.repeat(0x7fffff))",
            "let n = ethers.BigNumber.from(3); for(;;) n = n.mul(n).mask(4096).add(3)",
            "for(;;) ethers.utils.randomBytes(1024)",
            "ethers.utils.toUtf8Bytes('x'.repeat(1 << 24))",
            "ethers.utils.base58.encode('0x' + '11'.repeat(1 << 16))",
            "for(;;) ethers.utils.namehash('x'.repeat(1000) + '.eth')",
            "ethers.utils.poll(async () => undefined, { interval: 0 })",
            "const p = new ethers.providers.JsonRpcProvider('http://a.example', 1); p.on('block', () => {})",
        ],
        |error| runs_out(error) || matches!(error, ActionError::LimitExceeded { .. }) || throws("Error")(error),
    );
}

#[test]
fn inputs_that_are_too_big_are_refused() {
    all_end(
        &[
            "Buffer.alloc(2 ** 31)",
            "new Buffer(2 ** 33)",
            "new Response(new ArrayBuffer(1 << 30))",
            "new URL('http://h/' + 'x'.repeat(1 << 21))",
        ],
        throws("RangeError"),
    );
    all_end(
        &[
            "fetch('http://a.example/' + 'x'.repeat(1 << 17))",
            "fetch('http://a.example', { method: 'POST', body: 'x'.repeat((1 << 24) + 1) })",
            "new Headers(new Array(257).fill(0).map((_, i) => ['h' + i, 'x']))",
            "new Headers([['a', 'x'.repeat(1 << 15)]])",
            "new Response('', { statusText: 'x'.repeat(1 << 20) })",
        ],
        throws("TypeError"),
    );
}

#[test]
fn recursion_through_the_surface_is_bounded() {
    all_end(
        &[
            "const t = new EventTarget(); t.addEventListener('x', function f() { t.dispatchEvent(new Event('x')); t.dispatchEvent(new Event('x')) });
             function g() { t.dispatchEvent(new Event('x')); g() } g()",
            "function f() { new URLSearchParams({ get a() { return f() } }) } f()",
            "class O { toString() { return new URL(new O()).href } } new URL(new O())",
            "function f() { return structuredClone({ get a() { return f() } }) } f()",
            "let o = []; for (let i = 0; i < 1e4; i++) o = [o]; structuredClone(o)",
            "let o = new Map(); for (let i = 0; i < 1e4; i++) o = new Map([[o, o]]); structuredClone(o)",
            "function f() { new Headers({ get a() { return f() } }) } f()",
            "function f() { new Request('http://h', { get method() { return f() } }) } f()",
            "const b = { valueOf() { return { valueOf() { return Buffer.from(b) } } } }; Buffer.from(b)",
            "let a = []; for (let i = 0; i < 1e4; i++) a = [a]; ethers.utils.RLP.encode(a)",
            "ethers.utils.defaultAbiCoder.encode(['uint256' + '[]'.repeat(1e4)], [[]])",
            "(function f() { try { f() } finally { ethers.utils.id('x') } })()",
            "(function f() { URL; f() })()",
        ],
        |error| recurses(error) || runs_out(error),
    );
    // A listener that dispatches its own event goes round in the queue of errors, not on the stack.
    let own =
        "const t = new EventTarget(); t.onx = () => t.dispatchEvent(new Event('x')); t.dispatchEvent(new Event('x'))";
    let error = ended(own).expect_err("it never ends");
    assert!(recurses(&error) || runs_out(&error), "{error:?}");
}

#[test]
fn nested_types_of_contracts_and_data_do_not_exhaust_the_stack() {
    let tuples = "'tuple('.repeat(2000) + 'uint256' + ')'.repeat(2000)";
    for code in [
        format!("new ethers.utils.Interface(['function f(' + {tuples} + ')'])"),
        format!("ethers.utils.defaultAbiCoder.decode([{tuples}], '0x' + '00'.repeat(64))"),
        "const t = {}; for (let i = 0; i < 2000; i++) t['T' + i] = [{ name: 'x', type: 'T' + (i + 1) }]; t.T2000 = [{ name: 'x', type: 'uint256' }];
         ethers.utils._TypedDataEncoder.from(t)".to_owned(),
        "const d = []; for (let i = 0; i < 2000; i++) d.push('f9ffff'); ethers.utils.RLP.decode('0x' + d.join(''))".to_owned(),
    ] {
        let result = ended(&code);
        assert!(!matches!(result, Err(ActionError::Engine(_))), "{result:?}");
    }
}

#[test]
fn getters_and_proxies_in_arguments_throw_what_they_throw() {
    let thrower =
        "new Proxy({}, { get(_, k) { throw new RangeError(String(k)) }, ownKeys() { throw new RangeError('keys') } })";
    for call in [
        "fetch('http://h', @)",
        "new Request('http://h', @)",
        "new Response('', @)",
        "new Headers(@)",
        "new URL(@)",
        "new URLSearchParams(@)",
        "structuredClone(1, @)",
        "structuredClone({ x: Object.defineProperty({}, 'a', { enumerable: true, get() { throw new RangeError('a') } }) })",
        "crypto.subtle.digest(@)",
        "Buffer.from(@)",
        "AbortSignal.any(@)",
        "new Event('x', @)",
        "console.log('%s', String(@))",
        "ethers.utils.arrayify(@)",
        "ethers.utils.serializeTransaction(@)",
    ] {
        let code = call.replace('@', thrower);
        let result = ended(&code);
        assert!(
            matches!(&result, Err(ActionError::Threw(text)) if text.starts_with("RangeError")),
            "{call}: {result:?}"
        );
    }
}

#[test]
fn detached_and_shrunk_buffers_are_errors_and_not_memory() {
    let detach = "const u = new Uint8Array(8), b = u.buffer, v = new DataView(b), n = Buffer.from(b);
        structuredClone(0, { transfer: [b] });";
    for call in [
        "fetch('http://h', { method: 'POST', body: u })",
        "fetch('http://h', { method: 'POST', body: v })",
        "fetch('http://h', { method: 'POST', body: b })",
        "new Response(b)",
        "new TextDecoder().decode(v)",
        "crypto.subtle.digest('SHA-1', b)",
        "structuredClone(b)",
        "structuredClone(u)",
        "structuredClone(0, { transfer: [b] })",
        "n.readUInt8(0)",
        "n.writeUInt8(1, 0)",
        "ethers.utils.keccak256(v)",
        "Lit.Actions.signEcdsa({ toSign: u })",
        "Lit.Actions.uint8arrayToString(b)",
    ] {
        let result = ended(&format!("{detach} {call}"));
        assert!(matches!(result, Err(ActionError::Threw(_))), "{call}: {result:?}");
    }
    let harmless = "console.log(u.length, n.length, n.toString('hex') === '', b.byteLength)";
    assert_eq!(ending_of(limited(&format!("{detach} {harmless}"))).1, "0 0 true 0\n");
    let shrunk = "const b = new ArrayBuffer(8, { maxByteLength: 16 }), u = new Uint8Array(b, 4, 4); b.resize(2);
        for (const f of [() => new Response(u), () => structuredClone(u), () => crypto.getRandomValues(u), () => Buffer.from(b, 4)])
          try { f(); console.log('fine') } catch (e) { console.log(e.name) }";
    let logs = ending_of(limited(shrunk)).1;
    assert_eq!(logs.lines().count(), 4, "{logs}");
}

#[test]
fn a_script_that_pollutes_prototypes_harms_only_itself() {
    let pollute = "Object.prototype.get = () => 'evil'; Object.prototype.then = undefined; Object.prototype.globals = {};
        Array.prototype.map = () => ['evil']; Array.prototype.push = () => 0; Array.prototype.forEach = () => {};
        Uint8Array.prototype.slice = () => new Uint8Array(1); Function.prototype.call = () => 'evil'; Map.prototype.get = () => 'evil';
        String.prototype.substring = () => 'ff'; String.prototype.match = () => ['evil']; JSON.stringify = () => 'evil';
        Object.defineProperty = () => {}; Object.keys = () => []; Object.assign = () => ({}); BigInt.asIntN = () => 0n;
        globalThis.parseInt = () => 255; Number.prototype.toString = () => 'evil'; Promise.resolve = () => 'evil';";
    let touch = "try { console.log(ethers.utils.id('x')) } catch (e) {} try { new URL('http://h').searchParams.get('a') } catch (e) {}
        try { Buffer.from('aa', 'hex').toString('hex') } catch (e) {} try { new AbortController().abort() } catch (e) {}";
    let honest = "console.log(ethers.utils.id('x'), ethers.utils.defaultAbiCoder.encode(['uint8'], [7]), new URL('http://h/?a=1').searchParams.get('a'),
        Buffer.from('aa', 'hex').toString('hex'), ethers.Wallet.createRandom().address.length)";
    let alone = ending_of(limited(honest));
    assert!(alone.0.is_ok(), "{:?}", alone.0);
    on_big_stack(|| {
        // One thread, one collector: the honest script runs before, between and after.
        for script in [format!("{pollute} {touch}"), format!("{touch} {pollute} {touch}")] {
            let (result, ..) = run_to_end(limited(&script), "");
            assert!(!matches!(result, Err(ActionError::Engine(_))), "{result:?}");
            assert_eq!(run_to_end(limited(honest), ""), alone);
        }
    });
}

#[test]
fn natives_of_the_host_are_not_reachable_through_its_parts() {
    let code = "const seen = new Set(), names = [];
        const walk = (value, path) => {
          if ((typeof value !== 'object' || value === null) && typeof value !== 'function' || seen.has(value)) return;
          seen.add(value);
          if (typeof value === 'function' && Function.prototype.toString.call(value).includes('[native code]')) names.push(path);
          for (const key of Reflect.ownKeys(value)) {
            const found = Reflect.getOwnPropertyDescriptor(value, key);
            for (const half of ['value', 'get', 'set']) walk(found[half], path + '.' + String(key));
          }
        };
        walk(globalThis, '');
        names.length = 0;
        for (const name of ['URL', 'URLSearchParams', 'Buffer', 'AbortController', 'AbortSignal', 'Event', 'EventTarget', 'DOMException']) walk(globalThis[name], name);
        for (const name of Object.keys(ethers)) ethers[name];
        for (const name of Object.keys(ethers.utils)) ethers.utils[name];
        walk(ethers, 'ethers');
        console.log(names.join())";
    let limits = Limits { fuel: 1_000_000_000, ..Limits::default() };
    let (result, logs, _) = ending_of(ActionSpec { limits, ..spec(code) });
    assert_eq!(result.map(drop), Ok(()), "{logs}");
    // The engine calls classes native.
    assert_eq!(logs, "URL,URLSearchParams,AbortController,AbortSignal,Event,EventTarget,DOMException\n");
}

#[test]
fn signals_that_lie_change_nothing_but_their_own_fetch() {
    for code in [
        "Object.defineProperty(AbortSignal.prototype, 'aborted', { get() { throw new RangeError('x') } });
         await fetch('http://h', { signal: new AbortController().signal })",
        "Object.defineProperty(AbortSignal.prototype, 'aborted', { get: () => true });
         await fetch('http://h', { signal: new AbortController().signal })",
        "await fetch('http://h', { signal: Object.create(AbortSignal.prototype) })",
        "const c = new AbortController(); const f = fetch('http://h', { signal: c.signal }); c.abort(); c.abort(); await f",
    ] {
        assert!(matches!(ended(code), Err(ActionError::Threw(_))), "{code}");
    }
    let many = "const c = new AbortController();
        for (let i = 0; i < 50; i++) fetch('http://h', { signal: c.signal }).catch(() => {}); c.abort(); console.log('done')";
    assert_eq!(ending_of(limited(many)).1, "done\n");
}
