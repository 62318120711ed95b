//! The web surface that actions see.

use super::*;

#[test]
fn json_keeps_the_order_of_keys_and_round_trips() {
    assert_eq!(
        logs_of("(async () => console.log(await (await fetch('http://a.example')).text()))()"),
        "{\"b\":1,\"a\":2}\n"
    );
    let order = "(async () => console.log(JSON.stringify(await (await fetch('http://a.example')).json())))()";
    assert_eq!(logs_of(order), "{\"b\":1,\"a\":2}\n");
    let cases = [
        ("{ a: undefined, b: () => 1, c: Symbol(), d: NaN, e: -0, f: 1e21, g: 'é\\n\\u2028\"' }", None),
        ("[undefined, null, true, new Date(0), Object('s'), Object(2), Object(false)]", None),
        ("undefined", None),
        ("{ a: [1, { b: [] }], c: {} }", Some("null, 2")),
        ("{ b: 1, a: { b: 2, c: 3 } }", Some("['b', 'a'], '--'")),
        ("{ a: 1, b: 'x' }", Some("(k, v) => typeof v === 'number' ? v + 1 : v")),
        ("'\\ud800'", None),
        ("new Proxy([1, 2], {})", None),
    ];
    let expected = [
        "{\"d\":null,\"e\":0,\"f\":1e+21,\"g\":\"é\\n\u{2028}\\\"\"}",
        "[null,null,true,\"1970-01-01T00:00:00.000Z\",\"s\",2,false]",
        "undefined",
        "{\n  \"a\": [\n    1,\n    {\n      \"b\": []\n    }\n  ],\n  \"c\": {}\n}",
        "{\n--\"b\": 1,\n--\"a\": {\n----\"b\": 2\n--}\n}",
        "{\"a\":2,\"b\":\"x\"}",
        "\"\\ud800\"",
        "[1,2]",
    ];
    for ((value, options), expected) in cases.into_iter().zip(expected) {
        let options = options.map_or(String::new(), |options| format!(", {options}"));
        let code = format!("console.log(JSON.stringify({value}{options}))");
        assert_eq!(logs_of(&code), format!("{expected}\n"), "{value}");
    }
    assert!(threw("JSON.stringify(1n)").starts_with("TypeError"));
    let revived =
        "console.log(JSON.stringify(JSON.parse('{\"a\":[1,2],\"b\":3}', (k, v) => k === 'b' ? undefined : v)))";
    assert_eq!(logs_of(revived), "{\"a\":[1,2]}\n");
    assert!(threw("JSON.parse('{')").starts_with("SyntaxError"));
}

#[test]
fn text_base64_microtasks_and_dates_work() {
    let code = "console.log(new TextDecoder().decode(new TextEncoder().encode('hé')), atob(btoa('abc')));
        queueMicrotask(() => console.log('micro'));
        console.log(new Date(2020, 0, 1).toISOString(), Date.UTC(1970, 0, 2), new Date() instanceof Date,
          new (class extends Date {})(5).getTime(), typeof Date(), new Date().constructor === Date)";
    assert_eq!(logs_of(code), "hé abc\n2020-01-01T00:00:00.000Z 86400000 true 5 string true\nmicro\n");
}

#[test]
fn wrapped_natives_behave_as_before() {
    let code = "console.log([3,1,2].sort().concat([4], 5).map(x => x * 2).join('-'), 'ab'.repeat(2).padStart(6, '.'));
        console.log('a-b-c'.replaceAll('-', '+'), 'abc'.replace(/(b)/, '[$1]'), 'a,b'.split(',').length);
        console.log(Math.max.apply(null, [1, 3, 2]), Array.from('abc').reverse().join(''), [[1,[2]]].flat(2).length);
        console.log(Array.from({ length: 2 }, (_, i) => i).join(), Array.from(new Set([1, 1])).length, [..'xy'].length);
        console.log([].concat.name, [].concat.length, Reflect.construct(Date, [7]).getTime(), `${[1, [2, 3]]}`);
        (function () { console.log(Array.prototype.slice.call(arguments, 1).join()) })(1, 2, 3)"
        .replace("[..'xy']", "[...'xy']");
    assert_eq!(logs_of(&code), "2-4-6-8-10 ..abab\na+b+c a[b]c 2\n3 cba 2\n0,1 1 2\nconcat 1 7 1,2,3\n2,3\n");
}
