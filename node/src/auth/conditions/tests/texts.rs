//! One text for each meaning, and what travels.

use super::*;
use crate::wire::{decode, encode};

#[test]
fn conditions_without_a_chain_have_one_text_and_those_that_differ_have_different_digests() {
    let expected = concat!(
        r#"[{"chain":"ethereum","conditionType":"evmBasic","contractAddress":"","method":"","parameters":[":userAddress"],"#,
        r#""returnValueTest":{"comparator":"=","value":"0xabababababababababababababababababababab"},"#,
        r#""standardContractType":""}]"#,
    );
    let mine = Conditions::caller([0xab; 20]);
    assert_eq!(mine.canonical_json(), expected);
    assert_eq!(mine, parsed(&json!([caller(ALICE)])));
    let cid = cid::of_digest(&[3; 32]).to_string();
    let action = Conditions::action([3; 32]);
    assert_eq!(action, parsed(&json!([basic(("", "", ""), &[":currentActionIpfsId"], ("=", &cid))])));
    let both = parsed(&json!([caller(ALICE), operator("and"), caller(ALICE)]));
    let either = parsed(&json!([caller(ALICE), operator("or"), caller(ALICE)]));
    let not = parsed(&json!([basic(("", "", ""), &[":userAddress"], ("!=", ALICE))]));
    let mut elsewhere = caller(ALICE);
    elsewhere["chain"] = "polygon".into();
    let all = [mine, Conditions::caller([1; 20]), action, both, either, not, parsed(&json!([elsewhere]))];
    let digests: std::collections::BTreeSet<Digest> = all.iter().map(Conditions::digest).collect();
    assert_eq!(digests.len(), all.len());
}

#[test]
fn the_digest_is_the_sha_256_of_the_canonical_text() {
    // `sha256sum` of the text above.
    let conditions = Conditions::caller([0xab; 20]);
    assert_eq!(hex::encode(conditions.digest().0), DIGEST);
}

/// By another program.
const DIGEST: &str = "e5284de82325da6e8f0c1b93404c23dac4919def242f9d2e63b049aa43353a0f";

#[test]
fn spelling_that_says_nothing_is_gone_from_the_canonical_text_and_values_stay_as_they_are_written() {
    let token = TOKEN.replace("0x1010", "0xAB10").to_uppercase().replace("0X", "0x");
    let written = json!([[[basic(
        ("ERC1155", &token, "balanceOf"),
        &[&ALICE.to_uppercase().replace("0X", "0x"), "0x0F"],
        (">=", "007")
    )]]]);
    let mut long = written.to_string().replace("\"method\"", "\n\t\"comment\": [1, {}], \"method\"");
    long = long.replace("\"conditionType\":\"evmBasic\",", "");
    let text = Conditions::parse(&long).expect("conditions").canonical_json();
    let expected = format!(
        r#"[{{"chain":"ethereum","conditionType":"evmBasic","contractAddress":"{}","method":"balanceOf","parameters":["{ALICE}","0x0F"],"#,
        token.to_lowercase(),
    ) + r#""returnValueTest":{"comparator":">=","value":"007"},"standardContractType":"ERC1155"}]"#;
    assert_eq!(text, expected);
}

#[test]
fn the_canonical_text_of_a_contracts_condition_has_its_whole_interface() {
    let loud = ALICE.to_uppercase().replace("0X", "0x");
    let condition = contract(
        &[("uint", "5"), ("address[2]", &format!("[{loud},:userAddress]")), ("bytes", "0xAbCd")],
        &[("a", "string"), ("b", "int64")],
        ("b", "<", "-3"),
    );
    let text = parsed(&json!([condition])).canonical_json();
    let expected = format!(
        concat!(
            r#"[{{"chain":"polygon","conditionType":"evmContract","contractAddress":"{token}","functionAbi":{{"inputs":["#,
            r#"{{"name":"","type":"uint256"}},{{"name":"","type":"address[2]"}},{{"name":"","type":"bytes"}}],"#,
            r#""name":"probe","outputs":[{{"name":"a","type":"string"}},{{"name":"b","type":"int64"}}],"#,
            r#""stateMutability":"view"}},"functionName":"probe","functionParams":["5","[{alice},:userAddress]","0xabcd"],"#,
            r#""returnValueTest":{{"comparator":"<","key":"b","value":"-3"}}}}]"#,
        ),
        token = TOKEN,
        alice = ALICE,
    );
    assert_eq!(text, expected);
}

#[test]
fn members_are_in_the_order_of_their_names() {
    fn check(value: &Value) {
        match value {
            Value::Array(items) => items.iter().for_each(check),
            Value::Object(members) => {
                assert!(members.keys().is_sorted(), "{value}");
                members.values().for_each(check);
            }
            _ => {}
        }
    }
    let probe = contract(&[("bool", "true")], &[("a", "string")], ("a", "=", "x"));
    let conditions = parsed(&json!([caller(ALICE), operator("and"), probe]));
    check(&serde_json::from_str(&conditions.canonical_json()).expect("JSON"));
}

#[test]
fn only_the_canonical_text_travels() {
    let conditions = parsed(&json!([caller(ALICE), operator("or"), [caller(ALICE), operator("and"), caller(ALICE)]]));
    let bytes = encode(&conditions);
    assert_eq!(bytes, encode(&conditions.canonical_json()));
    assert_eq!(decode::<Conditions>(&bytes, usize::MAX).expect("the canonical text"), conditions);
    let spaced = conditions.canonical_json().replace(",{", ", {");
    assert_eq!(Conditions::parse(&spaced).expect("the same"), conditions);
    for text in [spaced, "[]".into(), "[".repeat(100_000), "nonsense".into()] {
        assert!(postcard::from_bytes::<Conditions>(&encode(&text)).is_err(), "{text:.40}");
    }
}
