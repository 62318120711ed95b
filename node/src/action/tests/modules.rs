//! Actions that are ES modules.

use super::*;

#[test]
fn a_module_may_await_at_its_top_level_and_export() {
    let code = "const answer = await fetch('http://a.example');
        export const price = (await answer.json()).a;
        export default async function go() { return price }
        console.log(await go(), typeof this, import.meta !== undefined);
        Lit.Actions.setResponse({ response: String(price) })";
    let (result, logs, _) = ending_of(spec(code));
    assert_eq!(result.map(|result| result.response), Ok("2".into()), "{logs}");
    assert_eq!(logs, "2 undefined true\n");
}

#[test]
fn a_module_that_throws_fails_like_a_script() {
    assert_eq!(threw("await null; throw new RangeError('late')"), "RangeError: late");
    assert_eq!(threw("export const a = 1; throw new RangeError('early')"), "RangeError: early");
    assert_eq!(error_of("await new Promise(() => {})"), ActionError::Stalled);
    assert_eq!(error_of("await null; for(;;){}"), ActionError::OutOfFuel);
    assert_eq!(error_of("export {}; for(;;){}"), ActionError::OutOfFuel);
}

#[test]
fn imports_are_refused_by_name() {
    let text = "TypeError: an action imports nothing: put \"./x.js\" into its code with a bundler";
    for code in ["import x from './x.js'", "export * from './x.js'", "await import('./x.js')", "import('./x.js')"] {
        assert_eq!(threw(code), text, "{code}");
    }
}

#[test]
fn code_that_is_neither_gets_the_error_that_is_farther_in() {
    let error = error_of("await null;\nexport const a = ;");
    assert!(matches!(error, ActionError::Syntax { line: 2, .. }), "{error:?}");
    let error = error_of("with ({}) {}\nlet a = ;");
    assert!(matches!(error, ActionError::Syntax { line: 2, .. }), "{error:?}");
}

#[test]
fn parameters_are_globals_of_modules_too() {
    let spec = ActionSpec { js_params: r#"{"n":3}"#.into(), ..spec("await null; console.log(n, globalThis.n)") };
    assert_eq!(ending_of(spec).1, "3 3\n");
}
