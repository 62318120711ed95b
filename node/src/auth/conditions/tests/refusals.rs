//! What is refused, by element and field.

use super::*;

fn refusal(value: &Value) -> String {
    match Conditions::parse(&value.to_string()) {
        Ok(conditions) => panic!("{conditions:?}"),
        Err(error) => error.to_string(),
    }
}

fn assert_refused(cases: impl IntoIterator<Item = (Value, &'static str)>) {
    for (value, expected) in cases {
        let error = refusal(&value);
        assert!(error.contains(expected), "{value}: {error}: expected {expected}");
    }
}

#[test]
fn lists_take_turns_and_have_one_operator() {
    let (one, and, or) = (caller(ALICE), operator("and"), operator("or"));
    assert_refused([
        (json!({}), "expected an array of conditions with operators between them, got an object"),
        (json!([]), "no conditions"),
        (json!([[]]), "element 0.0: expected a condition"),
        (json!([{}]), "element 0: standardContractType: expected a text, got \"nothing\""),
        (json!([one, one]), "element 1: expected an operator"),
        (json!([and]), "element 0: expected a condition"),
        (json!([one, and]), "element 2: expected a condition"),
        (json!([one, and, [one, or]]), "element 2.2: expected a condition"),
        (json!([one, and, and, one]), "element 2: expected a condition"),
        (json!([one, and, 5]), "element 2: expected a condition"),
        (json!([one, and, one, or, one]), "element 3: `and` and `or` in one list"),
        (json!([one, or, [one, or, one, and, one]]), "element 2.3: `and` and `or` in one list"),
        (json!([one, operator("xor"), one]), "element 1: operator: expected \"and\" or \"or\", got \"xor\""),
    ]);
    let mut two_in_one = one.clone();
    two_in_one["operator"] = "and".into();
    let expected = "element 1: returnValueTest: expected nothing beside an operator";
    assert_refused([(json!([one, two_in_one, one]), expected)]);
    let nested = parsed(&json!([[one, and, one], or, [[one, or, one], and, one]]));
    assert_eq!(nested.0.leaves(), 5);
    assert!(Conditions::parse("[{\"operator\":").expect_err("no JSON").to_string().contains("expected an array"));
}

#[test]
fn thirty_conditions_in_eight_lists_are_accepted_and_no_more() {
    let list = |count: usize| -> Value {
        let elements = (0..2 * count - 1).map(|at| if at % 2 == 0 { caller(ALICE) } else { operator("or") });
        elements.collect::<Vec<_>>().into()
    };
    let nested = |depth: usize| (1..depth).fold(list(1), |inner, _| json!([inner]));
    assert_eq!(parsed(&list(30)).0.leaves(), 30);
    assert_refused([
        (list(31), "31 conditions: at most 30 are accepted"),
        (json!([list(16), operator("and"), list(15)]), "31 conditions: at most 30 are accepted"),
        (nested(9), "element 0.0.0.0.0.0.0.0: lists in each other: at most 8 are accepted"),
    ]);
    assert_eq!(parsed(&nested(8)), Conditions::caller([0xab; 20]));
    let long = json!([basic(("LitAction", &program(), "go"), &[&"x".repeat(TEXT_BYTES_MAX)], ("=", "true"))]);
    assert_refused([(long, "bytes: at most 65536 are accepted")]);
    assert!(Conditions::parse(&"[".repeat(60_000)).is_err(), "the parser does not recurse without end");
}

fn program() -> String {
    format!("ipfs://{}", cid::of_digest(&[3; 32]))
}

#[test]
fn basic_conditions_that_cannot_be_judged_are_refused() {
    let me = [":userAddress"];
    let one = |condition| json!([condition]);
    let none = ("", "", "");
    assert_refused([
        (one(basic(none, &me, (">=", ALICE))), "returnValueTest.comparator: \">=\" is not supported here"),
        (one(basic(none, &me, ("==", ALICE))), "expected one of =, !="),
        (one(basic(none, &me, ("=", "0x12"))), "returnValueTest.value: expected an address"),
        (
            one(basic(none, &me, ("=", &format!("0xAb{}", "ab".repeat(19))))),
            "returnValueTest.value: expected an address",
        ),
        (one(basic(none, &[":currentActionIpfsId"], ("=", "bafy"))), "returnValueTest.value: expected a CIDv0"),
        (one(basic(none, &[":litParam:x"], ("=", "1"))), "parameters: \":litParam:x\" is not supported here"),
        (one(basic(none, &["x"], ("=", "1"))), "expected [\":userAddress\"] or [\":currentActionIpfsId\"]"),
        (one(basic(none, &[], ("=", "1"))), "expected [\":userAddress\"] or [\":currentActionIpfsId\"]"),
        (one(basic(none, &[":userAddress", "x"], ("=", ALICE))), "parameters: "),
        (one(basic(("", TOKEN, ""), &me, ("=", ALICE))), "contractAddress: "),
        (one(basic(("", "", "balanceOf"), &me, ("=", "1"))), "method: \"balanceOf\" is not supported here"),
        (one(basic(("", "", "eth_getBalance"), &me, ("=", "1"))), "parameters: "),
        (
            one(basic(("", "", "eth_getBalance"), &["x", "latest"], ("=", "1"))),
            "parameters: expected \":userAddress\" or",
        ),
        (
            one(basic(("", "", "eth_getBalance"), &[":userAddress", "latest"], ("=", "-1"))),
            "expected a whole number from 0",
        ),
        (
            one(basic(("", "", "eth_getBalance"), &[":userAddress", "latest"], ("contains", "1"))),
            "returnValueTest.comparator",
        ),
        (one(basic(("timestamp", "", "eth_getBlockByNumber"), &["5"], (">", "1"))), "expected [\"latest\"]"),
        (one(basic(("timestamp", "", ""), &["latest"], (">", "1"))), "expected \"eth_getBlockByNumber\""),
        (one(basic(("SIWE", "", ""), &[":uri"], ("=", "x"))), "expected [\":domain\"] or [\":resources\"]"),
        (one(basic(("SIWE", "", ""), &[":resources"], ("=", "x"))), "expected one of contains, !contains"),
        (one(basic(("SIWE", "", "x"), &[":domain"], ("=", "x"))), "method: \"x\" is not supported here"),
        (
            one(basic(("POAP", TOKEN, "eventId"), &[], ("=", "1"))),
            "standardContractType: \"POAP\" is not supported here",
        ),
        (one(basic(("", &program(), "go"), &[], ("=", "true"))), "contractAddress: "),
    ]);
    let mut other_kind = caller(ALICE);
    other_kind["conditionType"] = "solRpc".into();
    let mut no_text = caller(ALICE);
    no_text["returnValueTest"]["value"] = 5.into();
    let in_chain = |name: &str| {
        let mut condition = caller(ALICE);
        condition["chain"] = name.into();
        one(condition)
    };
    assert!(Conditions::parse(&in_chain(&"x".repeat(64)).to_string()).is_ok());
    assert_refused([
        (in_chain("no chain"), "chain: expected a name"),
        (in_chain(""), "chain: expected a name"),
        (in_chain(&"x".repeat(65)), "chain: expected a name"),
        (one(other_kind), "conditionType: \"solRpc\" is not supported here"),
        (one(no_text), "returnValueTest.value: expected a text, got \"a number\""),
    ]);
    for member in ["contractAddress", "standardContractType", "chain", "method", "parameters", "returnValueTest"] {
        let mut without = caller(ALICE);
        without.as_object_mut().expect("an object").remove(member);
        let error = refusal(&json!([caller(ALICE), operator("and"), without]));
        assert!(error.starts_with(&format!("element 2: {member}: expected")), "{error}");
    }
}

#[test]
fn conditions_on_tokens_that_no_standard_has_are_refused() {
    let token =
        |standard, method, parameters: &[&str], test| json!([basic((standard, TOKEN, method), parameters, test)]);
    let many = vec!["1"; 33].join(",");
    let accounts = vec![ALICE; 33].join(",");
    assert_refused([
        (token("ERC20", "ownerOf", &["1"], ("=", ALICE)), "method: \"ownerOf\" is not supported here"),
        (token("ERC721", "approve", &["1"], ("=", ALICE)), "method: \"approve\" is not supported here"),
        (token("ERC1155", "ownerOf", &["1"], ("=", ALICE)), "method: \"ownerOf\" is not supported here"),
        (token("ERC20", "balanceOf", &[":userAddress", "1"], ("=", "1")), "parameters: expected one parameter"),
        (token("ERC1155", "balanceOf", &[":userAddress"], ("=", "1")), "parameters: expected two parameters"),
        (token("ERC721", "ownerOf", &["-1"], ("=", ALICE)), "parameters: expected a whole number from 0"),
        (token("ERC721", "ownerOf", &["-0"], ("=", ALICE)), "parameters: expected a whole number from 0"),
        (token("ERC721", "ownerOf", &["1_0"], ("=", ALICE)), "parameters: expected a whole number from 0"),
        (token("ERC721", "ownerOf", &["0x"], ("=", ALICE)), "parameters: expected a whole number from 0"),
        (token("ERC721", "ownerOf", &["+1"], ("=", ALICE)), "parameters: expected a whole number from 0"),
        (token("ERC721", "ownerOf", &[&"0".repeat(81)], ("=", ALICE)), "parameters: expected a whole number from 0"),
        (token("ERC721", "ownerOf", &["1"], ("=", "1")), "returnValueTest.value: expected \":userAddress\" or"),
        (
            token("ERC721", "balanceOf", &[":currentActionIpfsId"], ("=", "1")),
            "parameters: expected \":userAddress\" or",
        ),
        (token("ERC721", "balanceOf", &[":foo"], ("=", "1")), "parameters: \":foo\" is not supported here"),
        (token("ERC1155", "balanceOfBatch", &[ALICE, "1,2"], ("=", "1")), "as many addresses as numbers"),
        (token("ERC1155", "balanceOfBatch", &[&accounts, &many], ("=", "1")), "and at most 32, got \"33 and 33\""),
        (json!([basic(("ERC20", "", "balanceOf"), &[ALICE], ("=", "1"))]), "contractAddress: expected an address"),
    ]);
}

#[test]
fn conditions_on_functions_of_actions_that_cannot_run_are_refused() {
    let program = program();
    let action = |contract: &str, function: &str, parameters: &[&str], test| {
        json!([basic(("LitAction", contract, function), parameters, test)])
    };
    assert_refused([
        (action("ipfs://bafy", "go", &[], ("=", "true")), "contractAddress: expected ipfs:// and a CIDv0"),
        (action(TOKEN, "go", &[], ("=", "true")), "contractAddress: expected ipfs:// and a CIDv0"),
        (action(&program, "go()", &[], ("=", "true")), "method: expected the name of a function"),
        (action(&program, "", &[], ("=", "true")), "method: expected the name of a function"),
        (action(&program, &"x".repeat(65), &[], ("=", "true")), "method: expected the name of a function"),
        (action(&program, "go", &[":litParam:a"], ("=", "true")), "parameters: \":litParam:a\" is not supported here"),
        (action(&program, "go", &[":block"], ("=", "true")), "parameters: \":block\" is not supported here"),
        (action(&program, "go", &["x"; 33], ("=", "true")), "parameters: expected at most 32 texts"),
        (action(&program, "go", &[], (">", "true")), "returnValueTest.comparator: \">\" is not supported here"),
        (
            action(&program, "go", &[], ("=", ":userAddress")),
            "returnValueTest.value: \":userAddress\" is not supported",
        ),
    ]);
}

#[test]
fn contracts_conditions_are_refused_by_their_interface() {
    let uint = [("count", "uint8")];
    let one = |inputs: &[(&str, &str)], outputs: &[(&str, &str)], test| json!([contract(inputs, outputs, test)]);
    let result = |kind, comparator, value| one(&[], &[("", kind)], ("", comparator, value));
    let input = |kind, value| one(&[(kind, value)], &uint, ("", "=", "1"));
    assert_refused([
        (result("uint8", "=", "256"), "returnValueTest.value: expected a number, decimal or 0x-hex for uint8"),
        (result("uint256", "=", "-1"), "returnValueTest.value: expected a number"),
        (result("int8", "=", "128"), "returnValueTest.value: expected a number"),
        (result("int8", "=", "-129"), "returnValueTest.value: expected a number"),
        (result("int8", "contains", "1"), "returnValueTest.comparator: \"contains\" is not supported here"),
        (result("bool", "=", "1"), "returnValueTest.value: expected true or false for bool"),
        (result("bool", ">", "true"), "returnValueTest.comparator"),
        (result("address", "=", "0x12"), "returnValueTest.value: expected \":userAddress\" or an address"),
        (result("address", "<", ALICE), "returnValueTest.comparator"),
        (result("string", "<", "a"), "returnValueTest.comparator"),
        (result("string", "=", ":userAddress"), "returnValueTest.value: \":userAddress\" is not supported here"),
        (result("bytes4", "=", "0x123456"), "returnValueTest.value: expected 0x-hex for bytes4"),
        (result("bytes", "=", "12"), "returnValueTest.value: expected 0x-hex for bytes"),
        (result("uint256[]", "=", "1"), "type: \"uint256[]\" is not supported here: expected a type without parts"),
        (result("(uint256,bool)", "=", "1"), "type: \"(uint256,bool)\" is not supported here"),
        (result("function", "=", "1"), "type: \"function\" is not supported here"),
        (result("uint257", "=", "1"), "functionAbi.outputs.type: expected a Solidity type"),
        (result("bytes33", "=", "1"), "functionAbi.outputs.type: expected a Solidity type"),
        (result(&"[".repeat(1000), "=", "1"), "functionAbi.outputs.type: expected a Solidity type"),
        (
            result(&format!("uint8{}", "[]".repeat(10_000)), "=", "1"),
            "functionAbi.outputs.type: expected a Solidity type",
        ),
        (result("int8", "=", "-0"), "returnValueTest.value: expected a number"),
        (one(&[], &[("a b", "bool")], ("", "=", "true")), "functionAbi.outputs.name: expected a name"),
        (one(&[], &[], ("", "=", "1")), "returnValueTest.key: expected \"\" or the name of one of functionAbi.outputs"),
        (one(&[], &uint, ("other", "=", "1")), "returnValueTest.key: expected \"\" or the name of one"),
        (
            one(&[], &[("a", "bool"), ("a", "bool")], ("a", "=", "true")),
            "returnValueTest.key: expected the name of one result",
        ),
        (one(&[], &[("", "bool"); 17], ("", "=", "true")), "functionAbi.outputs: expected at most 16"),
        (input("uint8", "256"), "functionParams: expected a number, decimal or 0x-hex for uint8"),
        (input("uint8", ":userAddress"), "functionParams: expected a number"),
        (input("bytes32", ":currentActionIpfsId"), "functionParams: expected 0x-hex for bytes32"),
        (input("address", ":litParam:a"), "functionParams: \":litParam:a\" is not supported here"),
        (input("string", ":anything"), "functionParams: \":anything\" is not supported here"),
        (input("string[]", "[a]"), "type: \"string[]\" is not supported here"),
        (input("uint256[][]", "[[1]]"), "type: \"uint256[][]\" is not supported here"),
        (input("uint256[33]", "[1]"), "type: \"uint256[33]\" is not supported here"),
        (input("uint256[0]", "[]"), "functionAbi.inputs.type"),
        (
            input("uint256[2]", "[1]"),
            "functionParams: expected [...] with commas between at most 32 values for uint256[2]",
        ),
        (input("uint256[]", "1,2"), "functionParams: expected [...]"),
        (input("uint256[]", "[1, 2]"), "functionParams: expected [...]"),
        (input("uint256[]", &format!("[{}]", vec!["1"; 33].join(","))), "functionParams: expected [...]"),
    ]);
    let with = |change: &dyn Fn(&mut Value)| {
        let mut condition = contract(&[], &uint, ("", "=", "1"));
        change(&mut condition);
        json!([condition])
    };
    assert_refused([
        (with(&|c| c["functionName"] = "other".into()), "functionName: expected \"probe\", as in functionAbi.name"),
        (with(&|c| c["functionAbi"]["name"] = "a(b)".into()), "functionAbi.name: expected the name of a function"),
        (
            with(&|c| c["functionAbi"]["stateMutability"] = "payable".into()),
            "functionAbi.stateMutability: \"payable\" is not supp",
        ),
        (with(&|c| c["functionAbi"]["outputs"] = json!([5])), "functionAbi.outputs: expected an array of objects"),
        (
            with(&|c| c["functionParams"] = json!(["1"])),
            "functionParams: expected 0 texts, one for each of functionAbi.inputs",
        ),
        (with(&|c| c["functionParams"] = json!([1])), "functionParams: expected an array of texts, got \"a number\""),
        (with(&|c| c["contractAddress"] = "".into()), "contractAddress: expected an address"),
        (
            with(&|c| c["returnValueTest"] = json!({ "comparator": "=", "value": "1" })),
            "returnValueTest.key: expected a text",
        ),
    ]);
}

#[test]
fn an_error_shows_no_more_than_the_beginning_of_a_value() {
    let error = refusal(&json!([caller(&"x".repeat(10_000))]));
    assert!(error.len() < 300, "{error}");
}
