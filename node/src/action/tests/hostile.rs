//! Scripts that try to hang, crash or escape. Each must end in the right error, the same one twice.

use super::*;
use crate::action::BadParams;
use crate::api::ErrorCode;
use std::borrow::Cow;

#[test]
fn endless_loops_run_out_of_fuel() {
    for code in [
        "for(;;){}",
        "(async () => { await null; for(;;){} })()",
        "function* g() { for(;;) yield 1 } for (const x of g()) {}",
        "(function f() { try { for(;;){} } finally { f() } })()",
        "Array.from({ [Symbol.iterator]() { return { next() { return { done: false } } } } })",
        "new Set(new Array(4e9))",
        "JSON.stringify({ toJSON() { for(;;){} } })",
    ] {
        assert_eq!(error_of(code), ActionError::OutOfFuel, "{code}");
    }
    assert_eq!(ActionError::OutOfFuel.code(), ErrorCode::JsTimeout);
}

#[test]
fn endless_recursion_ends_in_a_stack_error() {
    for code in [
        "(function f() { f() })()",
        "const o = { get x() { return this.x } }; o.x",
        "function F() {} F.prototype.toString = () => '' + new F(); '' + new F()",
        "(function f() { new f() })()",
        "class A { constructor() { new this.constructor() } } new A()",
        "const p = new Proxy({}, { get(t, k, r) { return r[k] } }); p.x",
    ] {
        assert_eq!(ending_of(spec(code)).0, Err(ActionError::Stack), "{code}");
    }
    assert_eq!(ActionError::Stack.code(), ErrorCode::JsMemoryLimit);
}

#[test]
fn recursion_through_natives_is_bounded_by_an_exception_or_a_stack_error() {
    for code in [
        "(function f() { [1].map(f) })()",
        "(function f() { [1, 2].sort(f) })()",
        "(function f() { f.apply() })()",
        "(function f() { 'a'.replace('a', f) })()",
        "(function f() { JSON.stringify({ toJSON: f }) })()",
        "let a = []; for (let i = 0; i < 5000; i++) a = [a]; String(a)",
        "let a = []; for (let i = 0; i < 5000; i++) a = [a]; a.flat(Infinity)",
    ] {
        match error_of(code) {
            ActionError::Stack | ActionError::OutOfFuel => {}
            ActionError::Threw(text) => assert!(text.starts_with("RangeError"), "{code}: {text}"),
            other => panic!("{code}: {other:?}"),
        }
    }
}

#[test]
fn recursion_after_an_await_does_not_pass_as_success() {
    assert_eq!(error_of("(async () => { await null; (function f() { f() })() })()"), ActionError::Stalled);
}

#[test]
fn giant_lengths_are_range_errors() {
    for code in [
        "'a'.repeat(2**30)",
        "'a'.padStart(2**31)",
        "'a'.padEnd(2**31)",
        "new Array(1e9).fill(0)",
        "new Array(4e9).join('ab')",
        "new Array(4e9).forEach(() => {})",
        "Array.prototype.slice.call({ length: 2**53 - 1 })",
        "Array.from({ length: 1e9 })",
        "Math.max.apply(null, { length: 1e9 })",
        "Reflect.apply(Math.max, null, new Array(1e9))",
        "const a = new Array(1e5).fill('x'.repeat(1000)); a.join('')",
        "'a'.repeat(1e6).replaceAll('a', 'b'.repeat(1e6))",
        "new Uint8Array(2**31)",
        "1n << 10000000000n",
    ] {
        let text = threw(code);
        assert!(text.starts_with("RangeError"), "{code}: {text}");
    }
}

#[test]
fn lengths_that_lie_are_refused() {
    for code in [
        "let n = 0; Array.prototype.fill.call({ get length() { return n++ ? 2**52 : 1 } }, 0)",
        "Array.prototype.fill.call(new Proxy({}, { get: () => 2**52 }), 0)",
        "'a'.repeat({ valueOf: () => 2**30 })",
    ] {
        assert!(threw(code).starts_with("TypeError"), "{code}");
    }
}

#[test]
fn natives_that_pile_up_bytes_use_up_the_memory() {
    for code in [
        "const a = []; for(;;) a.push('ab'.repeat(1e5))",
        "(async () => { await null; const a = []; for(;;) a.push('ab'.repeat(1e5)) })()",
        "for(;;) { try { [1, 2, 3].concat(new Array(1e5)) } catch {} }",
    ] {
        let limits = Limits { memory_bytes: 4 << 20, ..small_limits() };
        assert_eq!(ending_of(ActionSpec { limits, ..spec(code) }).0, Err(ActionError::Memory), "{code}");
    }
}

#[test]
fn deep_json_is_refused_before_anything_recurses() {
    let parse = threw("JSON.parse('['.repeat(100000))");
    assert!(parse.starts_with("RangeError: JSON: nested"), "{parse}");
    let build = "let o = {}; for (let i = 0; i < 100000; i++) o = { o };";
    assert!(threw(&format!("{build} JSON.stringify(o)")).starts_with("RangeError"));
    assert!(threw("JSON.stringify({ toJSON() { return [this] } })").starts_with("RangeError"));
    assert!(threw("const o = {}; o.o = o; JSON.stringify(o)").starts_with("TypeError"));
    // Printing looks a few levels deep only.
    assert!(!logs_of(&format!("{build} console.log(o)")).is_empty());
}

#[test]
fn deep_code_is_refused_before_it_is_parsed() {
    let n = 50_000;
    for code in [
        "(".repeat(n),
        "[".repeat(n),
        "!".repeat(n) + "1",
        "a=".repeat(n) + "1",
        "1?".repeat(n) + "1",
        "x=>".repeat(n) + "1",
        "if(1)".repeat(n) + ";",
        "if(1)\n".repeat(n) + ";",
        "`${".repeat(n),
        "1+".repeat(n) + "1",
        "a".to_owned() + &".a".repeat(n),
        "if(1){}else ".repeat(n) + "{}",
        "a:\n".repeat(n) + ";",
        "typeof\n".repeat(n) + "1",
        "(1,".to_owned() + &"1,".repeat(n) + "1)",
        "/".to_owned() + &"(".repeat(n) + &")".repeat(n) + "/",
    ] {
        let error = error_of(&code);
        assert!(matches!(error, ActionError::CodeTooDeep { .. }), "{}…: {error:?}", &code[..10]);
    }
}

#[test]
fn code_just_below_the_nesting_bound_does_not_exhaust_the_stack() {
    for code in [
        "(".repeat(500) + "1" + &")".repeat(500),
        "[".repeat(500) + &"]".repeat(500),
        "a={b:".repeat(300) + "1" + &"}".repeat(300),
        "!".repeat(900) + "1",
        "a=".repeat(900) + "1",
        "x=>".repeat(400) + "1",
        "1?1:".repeat(400) + "1",
        "1+".repeat(15_000) + "1",
        "if(1)".repeat(400) + ";",
        "if(1){}else ".repeat(400) + "{}",
        "function f(){".repeat(300) + &"}".repeat(300),
        "'a'".to_owned() + &".x".repeat(3) + &"?.x".repeat(900),
    ] {
        let (result, ..) = ending_of(spec(&code));
        assert!(!matches!(result, Err(ActionError::CodeTooDeep { .. })), "{}…: {result:?}", &code[..10]);
    }
}

#[test]
fn long_but_flat_code_is_accepted() {
    let unterminated = "var s = 0\nfunction foo(x) { return x }\n".to_owned()
        + &(0..3000).map(|i| format!("var x{i} = foo(foo([{i}, {{ a: 3 }}]))\nif (s) foo()\n")).collect::<String>();
    assert_eq!(ending_of(spec(&unterminated)).0, Ok(ActionResult::default()));
    let table = format!("const t = [{}]; const o = {{ {} }}", "1, 'a(', /[(]/, ".repeat(5000), "a: 1, ".repeat(5000));
    assert_eq!(ending_of(spec(&table)).0, Ok(ActionResult::default()));
}

#[test]
fn code_cannot_be_made_from_strings() {
    for code in [
        "eval('1')",
        "new Function('return 1')()",
        "(() => {}).constructor('return 1')()",
        "(async () => {}).constructor('return 1')()",
        "(function* () {}).constructor('yield 1')()",
        "setTimeout('1', 0)",
    ] {
        let text = threw(code);
        assert!(text.starts_with("EvalError") || text.starts_with("TypeError"), "{code}: {text}");
    }
    assert!(threw("(async () => { await import('./x.js') })()").starts_with("TypeError"));
}

#[test]
fn weird_thenables_and_throwing_getters_are_exceptions() {
    assert_eq!(threw("Lit.Actions.signEcdsa({ get toSign() { throw new Error('mine') } })"), "Error: mine");
    assert_eq!(threw("(async () => { await { then(_, reject) { reject(42) } } })()"), "42");
    assert_eq!(threw("(async () => { await { get then() { throw null } } })()"), "null");
    assert_eq!(logs_of("(async () => { console.log(await { then(f) { f(1); f(2); throw 3 } }) })()"), "1\n");
    let proxied = "Lit.Actions.signEcdsa(new Proxy({}, { get(t, k) { throw new RangeError(String(k)) } }))";
    assert_eq!(threw(proxied), "RangeError: toSign");
    let revoked = "const r = Proxy.revocable({}, {}); r.revoke(); Lit.Actions.setResponse(r.proxy)";
    assert!(threw(revoked).starts_with("TypeError"));
}

#[test]
fn unhandled_rejections_fail_and_handled_ones_do_not() {
    assert_eq!(threw("Promise.reject(new TypeError('x'))"), "TypeError: x");
    assert_eq!(threw("(async () => { throw new Error('late') })()"), "Error: late");
    assert_eq!(threw("setTimeout(() => { throw 'timer' }, 5)"), "timer");
    assert_eq!(threw("queueMicrotask(() => { throw 'micro' })"), "micro");
    assert_eq!(logs_of("Promise.reject(1).catch(e => console.log('caught', e))"), "caught 1\n");
    assert_eq!(logs_of("const p = Promise.reject(1); Promise.resolve().then(() => p.catch(console.log))"), "1\n");
}

#[test]
fn piles_of_unhandled_rejections_are_bounded() {
    let error = error_of("for (let i = 0; i < 1e5; i++) Promise.reject(i)");
    assert_eq!(error, ActionError::LimitExceeded { what: Cow::Borrowed("unhandled rejections"), max: 10_000 });
}

#[test]
fn what_was_printed_before_a_failure_is_kept() {
    let (result, logs, _) = ending_of(spec("console.log('one', { a: [1, 'x'] }); throw new Error('two')"));
    assert_eq!(result, Err(ActionError::Threw("Error: two".into())));
    assert_eq!(logs, "one { a: [ 1, \"x\" ] }\n");
}

#[test]
fn an_action_that_can_never_settle_stalls() {
    assert_eq!(error_of("(async () => { await new Promise(() => {}) })()"), ActionError::Stalled);
}

#[test]
fn time_runs_out_by_the_nodes_clock() {
    assert_eq!(error_of("setInterval(() => {}, 1000)"), ActionError::OutOfTime);
    assert_eq!(error_of("setTimeout(() => {}, 60000)"), ActionError::OutOfTime);
}

#[test]
fn each_counted_limit_has_its_own_error_which_scripts_can_catch() {
    let fetches = "(async () => { for (let i = 0; i < 51; i++) await fetch('https://a.example/' + i) })()";
    assert_eq!(error_of(fetches), ActionError::LimitExceeded { what: Cow::Borrowed("fetch calls"), max: 50 });
    let signs = format!(
        "(async () => {{ for (let i = 0; i < 11; i++) \
         await Lit.Actions.signEcdsa({{ toSign: new Uint8Array(32), publicKey: '{KEY}', sigName: 's' }}) }})()"
    );
    assert_eq!(error_of(&signs), ActionError::LimitExceeded { what: Cow::Borrowed("signing requests"), max: 10 });
    let calls =
        "(async () => { for (let i = 0; i < 31; i++) await Lit.Actions.getPermittedActions({ tokenId: '1' }) })()";
    assert_eq!(error_of(calls), ActionError::LimitExceeded { what: Cow::Borrowed("contract calls"), max: 30 });
    let response = "Lit.Actions.setResponse({ response: 'x'.repeat(102401) })";
    assert_eq!(
        error_of(response),
        ActionError::LimitExceeded { what: Cow::Borrowed("bytes of response"), max: 102_400 }
    );
    let logs = "for (let i = 0; i < 11; i++) console.log('x'.repeat(10000))";
    assert_eq!(error_of(logs), ActionError::LimitExceeded { what: Cow::Borrowed("bytes of logs"), max: 102_400 });
    assert_eq!(logs_of(&format!("try {{ {response} }} catch (e) {{ console.log(e.message) }}")).lines().count(), 1);
    let code = ActionSpec { limits: Limits { code_bytes: 3, ..small_limits() }, ..spec("1234") };
    assert_eq!(ending_of(code).0, Err(ActionError::LimitExceeded { what: Cow::Borrowed("bytes of code"), max: 3 }));
}

#[test]
fn a_script_that_goes_on_and_on_over_a_limit_is_ended() {
    let calls = "for(;;) Lit.Actions.getPermittedActions({ tokenId: '1' }).catch(() => 0)";
    assert_eq!(error_of(calls), ActionError::LimitExceeded { what: Cow::Borrowed("contract calls"), max: 30 });
}

#[test]
fn too_many_timers_or_jobs_end_the_action() {
    let timers = ActionError::LimitExceeded { what: Cow::Borrowed("timers"), max: 1000 };
    assert_eq!(error_of("for(;;) setTimeout(() => {}, 1000)"), timers);
    assert_eq!(error_of("for(;;) { try { setInterval(() => {}, 1000) } catch {} }"), ActionError::OutOfFuel);
    let few =
        ActionSpec { limits: Limits { jobs: 10, ..small_limits() }, ..spec("(async () => { for(;;) await 0 })()") };
    assert_eq!(ending_of(few).0, Err(ActionError::LimitExceeded { what: Cow::Borrowed("jobs"), max: 10 }));
}

#[test]
fn the_lit_globals_cannot_be_overwritten() {
    for name in ["Lit", "LitActions", "LitAuth"] {
        assert!(threw(&format!("'use strict'; {name} = 1")).starts_with("TypeError"), "{name}");
        assert!(threw(&format!("'use strict'; delete globalThis.{name}")).starts_with("TypeError"), "{name}");
        assert_eq!(logs_of(&format!("{name} = 1; console.log(typeof {name})")), "object\n");
        assert!(threw(&format!("let {name} = 1")).starts_with("SyntaxError"), "{name}");
    }
    assert!(threw("'use strict'; Lit.Actions.signEcdsa = 1").starts_with("TypeError"));
    assert!(threw("'use strict'; Lit.Auth.actionIpfsIds.push(1)").starts_with("TypeError"));
    assert!(threw("'use strict'; Lit.Actions.setResponse.x = 1").starts_with("TypeError"));
}

#[test]
fn polluted_prototypes_do_not_reach_host_functions() {
    let code = format!(
        "Object.prototype.sigName = 'evil'; Object.prototype.get = () => {{ throw 1 }};
         Array.prototype[Symbol.iterator] = null; Array.prototype.map = null; Promise.prototype.then = null;
         Promise.resolve = null; Uint8Array.prototype.slice = null; globalThis.Promise = null;
         globalThis.Uint8Array.prototype.constructor = null; globalThis.Array = null; JSON.parse = null;
         const bytes = new Uint8Array(32);
         (async () => {{
            console.log(await Lit.Actions.signEcdsa({{ toSign: bytes, publicKey: '{KEY}', sigName: 's' }}));
            console.log((await (await fetch('http://a.example')).json()).a);
            Lit.Actions.setResponse({{ response: 'ok' }});
         }})()"
    );
    let (result, logs, _) = ending_of(spec(&code));
    assert_eq!(result.map(|result| result.response), Ok("ok".into()), "{logs}");
    assert_eq!(logs, "success\n2\n");
}

#[test]
fn parameters_become_globals_but_never_replace_any() {
    let with = |params: &str, code: &str| ending_of(ActionSpec { js_params: params.into(), ..spec(code) });
    let (result, logs, _) = with(r#"{"name":"x","n":[1,{"a":2}]}"#, "console.log(name, n[1].a, globalThis.name)");
    assert_eq!((result.is_ok(), logs.as_str()), (true, "x 2 x\n"));
    for name in ["Lit", "LitActions", "LitAuth", "__proto__", "Object", "fetch", "toString", "undefined", "ethers"] {
        let (result, ..) = with(&format!("{{\"{name}\":1}}"), "1");
        assert_eq!(result, Err(ActionError::BadParams(BadParams::Reserved(name.into()))), "{name}");
    }
    assert!(matches!(with("{", "1").0, Err(ActionError::BadParams(BadParams::NotJson(_)))));
    assert_eq!(with("[1]", "1").0, Err(ActionError::BadParams(BadParams::NotAnObject)));
    let deep = format!("{{\"a\":{}}}", "[".repeat(100_000));
    assert_eq!(with(&deep, "1").0, Err(ActionError::BadParams(BadParams::TooDeep { max: 256 })));
    let (_, logs, _) = with(r#"{"o":{"__proto__":{"x":1}}}"#, "console.log(o.x, Object.keys(o).length, ({}).x)");
    assert_eq!(logs, "undefined 1 undefined\n");
}

#[test]
fn syntax_errors_name_line_and_column() {
    let error = error_of("const a = 1;\nconst b = ;\n");
    assert!(matches!(error, ActionError::Syntax { line: 2, column: 11, .. }), "{error:?}");
    let error = error_of("const a = 1;\nwith (a) { await a }\n");
    assert!(matches!(error, ActionError::Syntax { line: 2, .. }), "{error:?}");
    let error = error_of("const a = 1;\nfunction f() {");
    assert!(matches!(error, ActionError::Syntax { line: 2, .. }), "{error:?}");
}
