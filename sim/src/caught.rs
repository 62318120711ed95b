//! Panics of simulated nodes: findings about them, with text and place, and nothing on the terminal.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook, take_hook};
use std::sync::Once;

thread_local! {
    /// Whether a panic of this thread is somebody's finding.
    static EXPECTED: Cell<bool> = const { Cell::new(false) };
    /// What the last such panic said, and where.
    static SAID: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Does the work; a panic in it becomes its message and place in the sources.
///
/// # Errors
/// If the work panics.
pub fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let usual = take_hook();
        set_hook(Box::new(move |info| if EXPECTED.get() { SAID.set(text(info)) } else { usual(info) }));
    });
    let outer = EXPECTED.replace(true);
    let result = catch_unwind(AssertUnwindSafe(work));
    EXPECTED.set(outer);
    result.map_err(|_| SAID.take())
}

fn text(info: &PanicHookInfo<'_>) -> String {
    let said = info.payload_as_str().unwrap_or("a panic without a message");
    match info.location() {
        Some(place) => format!("{said} ({}:{})", short(place.file()), place.line()),
        None => said.to_owned(),
    }
}

/// A path as it is on every machine: of one outside this repository the end only.
fn short(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').collect();
    if path.starts_with('/') { parts[parts.len().saturating_sub(3)..].join("/") } else { path.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_its_message_and_place_and_the_next_work_is_not_touched_by_it() {
        let message = caught(|| -> () { panic!("index {} out of bounds", 7) }).unwrap_err();
        assert!(message.starts_with("index 7 out of bounds (") && message.contains("caught.rs:"), "{message}");
        assert_eq!(caught(|| 5), Ok(5));
        assert!(!EXPECTED.get());
    }

    #[test]
    fn the_place_does_not_depend_on_where_crates_are_kept() {
        assert_eq!(short("node/src/wire.rs"), "node/src/wire.rs");
        assert_eq!(short("/home/me/registry/some-1.2.3/src/lib.rs"), "some-1.2.3/src/lib.rs");
    }

    #[test]
    fn a_panic_inside_a_caught_one_is_the_inner_ones_finding() {
        let outer = caught(|| {
            let inner = caught(|| -> () { panic!("inner") }).unwrap_err();
            assert!(EXPECTED.get());
            inner
        });
        assert!(outer.is_ok_and(|inner| inner.starts_with("inner (")));
    }
}
