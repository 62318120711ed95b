//! Every native that a script can reach has a class in the table of costs.

use super::*;
use crate::action::natives::census;
use std::collections::BTreeSet;

/// Prints the path of every native function that is reachable from the global object, or from values that syntax
/// makes; each once, by the first path found.
const WALK: &str = r#"
(() => {
  const seen = new Set(), order = [];
  const push = (path, value) => {
    if ((typeof value !== 'object' || value === null) && typeof value !== 'function' || seen.has(value)) return;
    seen.add(value);
    order.push([path, value]);
  };
  const proto = Object.getPrototypeOf;
  push('', globalThis);
  for (const name of ['Object', 'Function', 'Iterator']) push(name + '.prototype', globalThis[name].prototype);
  push('%TypedArray%', proto(Uint8Array));
  push('%ArrayIteratorPrototype%', proto([][Symbol.iterator]()));
  push('%StringIteratorPrototype%', proto(''[Symbol.iterator]()));
  push('%MapIteratorPrototype%', proto(new Map()[Symbol.iterator]()));
  push('%SetIteratorPrototype%', proto(new Set()[Symbol.iterator]()));
  push('%RegExpStringIteratorPrototype%', proto(/a/g[Symbol.matchAll]('')));
  push('%GeneratorFunction%', (function* () {}).constructor);
  push('%AsyncFunction%', (async () => {}).constructor);
  push('%AsyncGeneratorFunction%', (async function* () {}).constructor);
  const generator = proto(proto((function* () {})())), asyncGenerator = proto(proto((async function* () {})()));
  push('%GeneratorPrototype%', generator);
  push('%AsyncGeneratorPrototype%', asyncGenerator);
  push('%AsyncIteratorPrototype%', proto(asyncGenerator));
  push('%WrapForValidIteratorPrototype%', proto(Iterator.from({ next() {} })));
  push('%IteratorHelperPrototype%', proto([].values().map(x => x)));
  push('%ThrowTypeError%', Object.getOwnPropertyDescriptor((function () { 'use strict'; return arguments })(), 'callee').get);
  push('%arguments%', (function () { return arguments })());
  push('%bound%', (() => {}).bind());
  push('%revocable%', Proxy.revocable({}, {}));
  push('%resolvers%', Promise.withResolvers());
  for (let i = 0; i < order.length; i++) {
    const [path, value] = order[i];
    if (typeof value === 'function' && Function.prototype.toString.call(value).includes('[native code]')) console.log(path);
    const dotted = path === '' ? '' : path + '.';
    push(dotted + '__proto__', proto(value));
    for (const key of Reflect.ownKeys(value)) {
      const found = Reflect.getOwnPropertyDescriptor(value, key);
      const name = typeof key === 'symbol' ? `[${key.description}]` : key;
      push(dotted + name, found.value);
      push(`${dotted}get ${name}`, found.get);
      push(`${dotted}set ${name}`, found.set);
    }
  }
})()
"#;

#[test]
fn every_reachable_native_has_a_class() {
    let limits = Limits { log_bytes: 1 << 20, ..Limits::default() };
    let (result, logs, _) = ending_of(ActionSpec { limits, ..spec(WALK) });
    result.expect("the walk ends");
    let found: BTreeSet<String> = logs.lines().map(str::to_owned).collect();
    let known = census();
    let missing: Vec<_> = found.difference(&known).collect();
    assert!(missing.is_empty(), "natives without a class: {missing:?}");
    assert!(found.len() > 500, "the walk found only {} natives", found.len());
}

#[test]
fn the_table_names_nothing_that_is_not_there() {
    let limits = Limits { log_bytes: 1 << 20, ..Limits::default() };
    let (_, logs, _) = ending_of(ActionSpec { limits, ..spec(WALK) });
    let found: BTreeSet<String> = logs.lines().map(str::to_owned).collect();
    // Reached by the engine only, or under the name of another property that holds the same function.
    let hidden = |name: &&String| {
        let aliases = [
            "parseFloat",
            "parseInt",
            "[Symbol.iterator]",
            "toString",
            "values",
            "keys",
            "trimStart",
            "trimEnd",
            "trimLeft",
            "trimRight",
            "toGMTString",
            "toUTCString",
        ];
        name.starts_with("%AsyncFromSyncIteratorPrototype%") || aliases.iter().any(|alias| name.ends_with(alias))
    };
    let known = census();
    let gone: Vec<_> = known.difference(&found).filter(|name| !hidden(name)).collect();
    assert!(gone.is_empty(), "no longer there: {gone:?}");
}

#[test]
fn wrapped_constructors_keep_their_place() {
    let code = "class List extends Array {} class Fault extends TypeError {} class Bytes extends Uint8Array {}
        const list = new List(1, 2, 3), fault = new Fault('x'), bytes = new Bytes(4);
        console.log(list.map(x => x) instanceof List, list.length, fault instanceof Fault, fault instanceof Error);
        console.log(fault.message, bytes.slice(1) instanceof Bytes, bytes.length, Object.getPrototypeOf(TypeError) === Error);
        console.log([].constructor === Array, ({}).constructor === Object, /a/.constructor === RegExp, (1n).constructor === BigInt);
        console.log(Array.length, Map.name, typeof Object(1), Number('12'), String(null), new Date(0) instanceof Date);
        try { null.x } catch (e) { console.log(e instanceof TypeError, e.constructor === TypeError) }
        try { Map() } catch (e) { console.log(e.name) }
        console.log(Object.getPrototypeOf(Uint8Array) === Object.getPrototypeOf(Int8Array), Uint8Array.BYTES_PER_ELEMENT);
        console.log([][Symbol.iterator] === [].values, new Set().keys === new Set().values, Number.parseInt === parseInt)";
    assert_eq!(
        logs_of(code),
        "true 3 true true\nx true 4 true\ntrue true true true\n1 Map object 12 null true\ntrue true\nTypeError\n\
         true 1\ntrue true true\n"
    );
}
