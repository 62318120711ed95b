//! Single conditions: what they read, and by which answers they are met.

use super::*;
use crate::io::ChainError;

fn number(number: u64) -> Answer {
    Answer::Number(alloy_primitives::U256::from(number))
}

#[test]
fn callers_and_actions_are_judged_without_a_chain() {
    let (mine, other) = (cid::cid_v0(b"mine"), cid::cid_v0(b"other"));
    let digest = cid::digest_of(&mine).expect("a CIDv0 has a SHA-256");
    let by = |address: Option<u8>, action| Asker { address: address.map(|byte| [byte; 20]), action, signed: None };
    let unmet = Err(ConditionError::Unmet(0));
    let judge = |conditions: &Conditions, asker: &Asker| {
        assert_eq!(conditions.reads(asker), []);
        conditions.evaluate(asker, &Answers::new())
    };
    let alice = Conditions::caller([0xab; 20]);
    assert_eq!(judge(&alice, &by(Some(0xab), None)), Ok(()));
    assert_eq!(judge(&alice, &by(Some(1), Some(mine))), unmet);
    assert_eq!(judge(&alice, &by(None, Some(mine))), unmet);
    let action = Conditions::action(digest);
    assert_eq!(judge(&action, &by(Some(0xab), Some(mine))), Ok(()));
    assert_eq!(judge(&action, &by(Some(0xab), Some(other))), unmet);
    assert_eq!(judge(&action, &by(Some(0xab), None)), unmet);
    // Who has not signed in is nobody else either, and who is no action no other action.
    let not_alice = parsed(&json!([basic(("", "", ""), &[":userAddress"], ("!=", ALICE))]));
    assert_eq!(judge(&not_alice, &by(Some(1), None)), Ok(()));
    assert_eq!(judge(&not_alice, &by(Some(0xab), None)), unmet);
    assert_eq!(judge(&not_alice, &by(None, None)), unmet);
    let not_mine = parsed(&json!([basic(("", "", ""), &[":currentActionIpfsId"], ("!=", &mine.to_string()))]));
    assert_eq!(judge(&not_mine, &by(None, Some(other))), Ok(()));
    assert_eq!(judge(&not_mine, &by(None, None)), unmet);
}

#[test]
fn what_was_signed_to_sign_in_is_judged_by_domain_and_resources() {
    let signed = SignedText { domain: "example.com".into(), resources: vec!["urn:a".into(), "urn:b".into()] };
    let asker = Asker { signed: Some(signed), ..alice() };
    for (parameter, comparator, value, is_met) in [
        (":domain", "=", "example.com", true),
        (":domain", "=", "example.org", false),
        (":domain", "!=", "example.org", true),
        (":domain", "contains", "ample", true),
        (":domain", "!contains", "ample", false),
        (":resources", "contains", "urn:b", true),
        (":resources", "contains", "urn", false),
        (":resources", "!contains", "urn", true),
        (":resources", "!contains", "urn:a", false),
    ] {
        let conditions = parsed(&json!([basic(("SIWE", "", ""), &[parameter], (comparator, value))]));
        assert_eq!(conditions.reads(&asker), []);
        assert_eq!(conditions.evaluate(&asker, &Answers::new()).is_ok(), is_met, "{parameter} {comparator} {value}");
        assert!(conditions.evaluate(&alice(), &Answers::new()).is_err(), "nothing was signed");
    }
}

#[test]
fn balances_and_times_are_read_by_chain_and_compared_as_numbers() {
    let balance = |account: &str, test| basic(("", "", "eth_getBalance"), &[account, "latest"], test);
    let time = |test| basic(("timestamp", "", "eth_getBlockByNumber"), &["latest"], test);
    let reads = parsed(&json!([balance(":userAddress", ("=", "1"))])).reads(&alice());
    assert_eq!(reads, [Read::Balance { chain: "ethereum".into(), account: [0xab; 20] }]);
    let reads = parsed(&json!([balance(TOKEN, ("=", "1"))])).reads(&Asker::default());
    assert_eq!(reads, [Read::Balance { chain: "ethereum".into(), account: [0x10; 20] }]);
    let nobody = parsed(&json!([balance(":userAddress", ("!=", "1"))]));
    assert_eq!(
        (nobody.reads(&Asker::default()), nobody.evaluate(&Asker::default(), &Answers::new())),
        (vec![], Err(ConditionError::Unmet(0)))
    );
    let reads = parsed(&json!([time(("=", "1"))])).reads(&Asker::default());
    assert_eq!(reads, [Read::Timestamp { chain: "ethereum".into() }]);
    // Nine is more than ten as a text only.
    for (comparator, at_9, at_10, at_11) in [
        ("=", false, true, false),
        ("!=", true, false, true),
        (">", false, false, true),
        ("<", true, false, false),
        (">=", false, true, true),
        ("<=", true, true, false),
    ] {
        for condition in [balance(ALICE, (comparator, "10")), time((comparator, "0xa"))] {
            let met = [9, 10, 11].map(|found| judged(&condition, &alice(), number(found)).is_ok());
            assert_eq!(met, [at_9, at_10, at_11], "{condition}");
        }
    }
    let most = balance(ALICE, (">=", &format!("0x{}", "ff".repeat(32))));
    assert_eq!(judged(&most, &alice(), number(u64::MAX)), Err(ConditionError::Unmet(0)));
    assert_eq!(judged(&most, &alice(), Answer::Number(alloy_primitives::U256::MAX)), Ok(()));
    let other = ConditionError::ReadFailed { leaf: 0, reason: ReadError::OtherReply };
    assert_eq!(judged(&most, &alice(), Answer::Text("5".into())), Err(other));
}

/// Selectors as the standards' documents list them (EIP-20, EIP-721, EIP-1155).
#[test]
fn tokens_are_asked_as_their_standards_say() {
    let token = |standard, method, parameters: &[&str], test| basic((standard, TOKEN, method), parameters, test);
    let one = ("=", "1");
    let holder = [vec![0; 12], vec![0xab; 20]].concat();
    let data = |selector: [u8; 4], words: &[Vec<u8>]| [selector.to_vec(), words.concat()].concat();
    for standard in ["ERC20", "ERC721"] {
        let call = call_of(token(standard, "balanceOf", &[":userAddress"], one), &alice());
        assert_eq!(call, data([0x70, 0xa0, 0x82, 0x31], std::slice::from_ref(&holder)));
    }
    let call = call_of(token("ERC721", "ownerOf", &["0x0102"], ("=", ALICE)), &Asker::default());
    assert_eq!(call, data([0x63, 0x52, 0x21, 0x1e], &[word(0x102)]));
    let call = call_of(token("ERC1155", "balanceOf", &[ALICE, "7"], one), &Asker::default());
    assert_eq!(call, data([0x00, 0xfd, 0xd5, 0x8e], &[holder.clone(), word(7)]));
    let accounts = format!("{ALICE},:userAddress");
    let call = call_of(token("ERC1155", "balanceOfBatch", &[&accounts, "7,8"], one), &alice());
    let lists = [word(64), word(160), word(2), holder.clone(), holder, word(2), word(7), word(8)];
    assert_eq!(call, data([0x4e, 0x12, 0x73, 0xf4], &lists));
    let to = |condition| parsed(&json!([condition])).reads(&alice());
    let asked = to(token("ERC20", "balanceOf", &[":userAddress"], one));
    assert!(matches!(&asked[..], [Read::Call { chain, to, .. }] if chain == "ethereum" && *to == [0x10; 20]));
    for condition in [
        token("ERC20", "balanceOf", &[":userAddress"], ("!=", "1")),
        token("ERC721", "ownerOf", &["1"], ("!=", ":userAddress")),
        token("ERC1155", "balanceOf", &[":userAddress", "1"], ("!=", "1")),
        token("ERC1155", "balanceOfBatch", &[&accounts, "1,2"], ("!=", "1")),
    ] {
        let conditions = parsed(&json!([condition]));
        assert_eq!(conditions.reads(&Asker::default()), [], "{condition}: nobody has signed in");
        let nothing = conditions.evaluate(&Asker::default(), &Answers::new());
        assert_eq!(nothing, Err(ConditionError::Unmet(0)), "{condition}");
    }
}

#[test]
fn what_tokens_answer_is_judged_and_anything_malformed_cannot_be() {
    let token = |standard, method, parameters: &[&str], test| basic((standard, TOKEN, method), parameters, test);
    let holder = |byte| [vec![0; 12], vec![byte; 20]].concat();
    let owner = token("ERC721", "ownerOf", &["1"], ("=", ":userAddress"));
    let balance = token("ERC20", "balanceOf", &[":userAddress"], (">=", "2"));
    let batch = token("ERC1155", "balanceOfBatch", &[&format!("{ALICE},{ALICE}"), "1,2"], (">=", "2"));
    let list = |words: &[u64]| {
        let head = [word(32), word(words.len() as u64)].concat();
        [head, words.iter().flat_map(|number| word(*number)).collect()].concat()
    };
    let unmet = Err(ConditionError::Unmet(0));
    let malformed = Err(ConditionError::ReadFailed { leaf: 0, reason: ReadError::Malformed });
    let odd_owner = [vec![1; 12], vec![0xab; 20]].concat();
    for (condition, data, expected) in [
        (&owner, holder(0xab), Ok(())),
        (&owner, holder(1), unmet.clone()),
        (&owner, odd_owner, malformed.clone()),
        (&balance, word(2), Ok(())),
        (&balance, word(1), unmet.clone()),
        (&balance, Vec::new(), malformed.clone()),
        (&balance, word(2)[1..].to_vec(), malformed.clone()),
        (&balance, [word(2), word(0)].concat(), malformed.clone()),
        (&batch, list(&[0, 2]), Ok(())),
        (&batch, list(&[1, 1]), unmet),
        (&batch, list(&[2]), malformed.clone()),
        (&batch, list(&[2; 3]), malformed),
    ] {
        let found = judged(condition, &alice(), Answer::Returned(data.clone()));
        assert_eq!(found, expected, "{condition}: {}", hex::encode(data));
    }
}

/// The examples of Solidity's documents ("Contract ABI Specification", Examples and Use of Dynamic Types).
#[test]
fn calls_are_encoded_as_soliditys_documents_show() {
    let named = |name: &str, inputs: &[(&str, &str)]| {
        let mut condition = contract(inputs, &[("", "bool")], ("", "=", "true"));
        condition["functionName"] = name.into();
        condition["functionAbi"]["name"] = name.into();
        hex::encode(call_of(condition, &Asker::default()))
    };
    let words = |selector: &str, words: &[&str]| {
        let padded = words.iter().map(|word| match word.strip_prefix('<') {
            Some(left) => format!("{left:0<64}"),
            None => format!("{word:0>64}"),
        });
        selector.to_owned() + &padded.collect::<String>()
    };
    assert_eq!(named("baz", &[("uint32", "69"), ("bool", "true")]), words("cdcd77c0", &["45", "1"]));
    assert_eq!(named("bar", &[("bytes3[2]", "[0x616263,0x646566]")]), words("fce353f6", &["<616263", "<646566"]));
    assert_eq!(
        named("sam", &[("bytes", "0x64617665"), ("bool", "true"), ("uint[]", "[1,2,3]")]),
        words("a5643bf2", &["60", "1", "a0", "4", "<64617665", "3", "1", "2", "3"])
    );
    let f = [
        ("uint", "0x123"),
        ("uint32[]", "[0x456,0x789]"),
        ("bytes10", "0x31323334353637383930"),
        ("bytes", "0x48656c6c6f2c20776f726c6421"),
    ];
    let expected = ["123", "80", "<31323334353637383930", "e0", "2", "456", "789", "d", "<48656c6c6f2c20776f726c6421"];
    assert_eq!(named("f", &f), words("8be65246", &expected));
}

#[test]
fn the_asker_is_put_into_calls_in_the_form_that_the_type_has() {
    let action = cid::cid_v0(b"mine");
    let asker = Asker { action: Some(action), ..alice() };
    let call = |kind, value| call_of(contract(&[(kind, value)], &[("", "bool")], ("", "=", "true")), &asker);
    let holds = |data: Vec<u8>, part: &[u8]| data.windows(part.len()).any(|window| window == part);
    assert_eq!(call("address", ":userAddress")[4..], [vec![0; 12], vec![0xab; 20]].concat());
    assert_eq!(call("bytes20", ":userAddress")[4..], [vec![0xab; 20], vec![0; 12]].concat());
    assert_eq!(call("bytes", ":userAddress")[4..68], [word(32), word(20)].concat());
    assert!(holds(call("string", ":userAddress"), ALICE.as_bytes()));
    assert!(holds(call("string", ":currentActionIpfsId"), action.to_string().as_bytes()));
    assert!(holds(call("bytes", ":currentActionIpfsId"), &cid::permission_bytes(&action)));
    assert_eq!(call("address[]", "[:userAddress]")[4..68], [word(32), word(1)].concat());
    for (kind, value) in
        [("address", ":userAddress"), ("string", ":currentActionIpfsId"), ("address[1]", "[:userAddress]")]
    {
        let conditions = parsed(&json!([contract(&[(kind, value)], &[("", "bool")], ("", "!=", "true"))]));
        assert_eq!(conditions.reads(&Asker::default()), []);
        assert_eq!(conditions.evaluate(&Asker::default(), &Answers::new()), Err(ConditionError::Unmet(0)));
    }
    let is_asker = parsed(&json!([contract(&[], &[("", "address")], ("", "!=", ":userAddress"))]));
    assert_eq!(is_asker.reads(&Asker::default()), []);
}

/// A permission of a key, as its contract has it: the call is the one that nodes themselves make.
#[test]
fn a_keys_permission_for_the_action_that_asks_is_a_condition() {
    use alloy_sol_types::{SolCall, sol};
    sol! { function isPermittedAction(uint256 tokenId, bytes memory ipfsCID) external view returns (bool); }
    let action = cid::cid_v0(b"mine");
    let mut condition =
        contract(&[("uint256", "0xff"), ("bytes", ":currentActionIpfsId")], &[("", "bool")], ("", "=", "true"));
    condition["functionName"] = "isPermittedAction".into();
    condition["functionAbi"]["name"] = "isPermittedAction".into();
    let asker = Asker { action: Some(action), ..Asker::default() };
    let call = isPermittedActionCall {
        tokenId: alloy_primitives::U256::from(0xff),
        ipfsCID: cid::permission_bytes(&action).into(),
    };
    assert_eq!(call_of(condition.clone(), &asker), call.abi_encode());
    assert_eq!(judged(&condition, &asker, Answer::Returned(word(1))), Ok(()));
    assert_eq!(judged(&condition, &asker, Answer::Returned(word(0))), Err(ConditionError::Unmet(0)));
}

fn text(text: &str) -> Vec<u8> {
    let mut padded = text.as_bytes().to_vec();
    padded.resize(text.len().next_multiple_of(32), 0);
    [word(32), word(text.len() as u64), padded].concat()
}

#[test]
fn what_contracts_return_is_compared_by_its_type() {
    let minus = |number: u8| [vec![0xff; 31], vec![0u8.wrapping_sub(number)]].concat();
    let holder = [vec![0; 12], vec![0xab; 20]].concat();
    let left = |bytes: &[u8]| [bytes, &vec![0; 32 - bytes.len()]].concat();
    for (kind, data, comparator, value, is_met) in [
        ("uint8", word(255), "=", "0xff", true),
        ("uint8", word(9), "<", "10", true),
        ("int8", minus(1), "<", "0", true),
        ("int8", minus(128), "=", "-128", true),
        ("int8", minus(2), ">=", "-1", false),
        ("int256", minus(5), ">", "-6", true),
        ("bool", word(1), "=", "true", true),
        ("bool", word(1), "!=", "true", false),
        ("address", holder.clone(), "=", ALICE, true),
        ("address", holder.clone(), "=", ":userAddress", true),
        ("address", holder.clone(), "!=", TOKEN, true),
        ("string", text("gold"), "=", "gold", true),
        ("string", text("gold"), "contains", "old", true),
        ("string", text("gold"), "!contains", "old", false),
        ("bytes", text("ab"), "=", "0x6162", true),
        ("bytes", text("ab"), "!=", "0x6162", false),
        ("bytes4", left(b"abcd"), "=", "0x61626364", true),
        ("bytes4", left(b"abce"), "=", "0x61626364", false),
    ] {
        let condition = contract(&[], &[("", kind)], ("", comparator, value));
        let found = judged(&condition, &alice(), Answer::Returned(data));
        assert_eq!(found.is_ok(), is_met, "{kind} {comparator} {value}: {found:?}");
        assert!(is_met || found == Err(ConditionError::Unmet(0)), "{found:?}");
    }
}

#[test]
fn the_named_result_is_compared_or_else_the_first() {
    let outputs = [("name", "string"), ("count", "uint256"), ("count2", "uint256")];
    let data = [word(96), word(5), word(6), word(1), text("x")[64..].to_vec()].concat();
    for (key, value, is_met) in [("count", "5", true), ("count2", "5", false), ("count2", "6", true), ("", "x", true)] {
        let condition = contract(&[], &outputs, (key, "=", value));
        let found = judged(&condition, &alice(), Answer::Returned(data.clone()));
        assert_eq!(found.is_ok(), is_met, "{key} = {value}: {found:?}");
    }
}

#[test]
fn encodings_that_no_contract_makes_cannot_be_judged() {
    let malformed = Err(ConditionError::ReadFailed { leaf: 0, reason: ReadError::Malformed });
    let mut not_utf8 = text("gold");
    not_utf8[64] = 0xff;
    let mut padded = text("gold");
    padded[95] = 1;
    let far = [word(64), word(0), word(4), text("gold")[64..].to_vec()].concat();
    let long = [word(32), word(RETURN_BYTES_MAX as u64), vec![b'x'; RETURN_BYTES_MAX]].concat();
    for (kind, data) in [
        ("bool", word(2)),
        ("uint8", word(256)),
        ("int8", word(255)),
        ("address", vec![0xab; 32]),
        ("bytes4", vec![0x61; 32]),
        ("uint256", [word(1), word(1)].concat()),
        ("uint256", vec![]),
        ("string", not_utf8),
        ("string", padded),
        ("string", far),
        ("string", long),
        ("string", [word(32), vec![0xff; 32]].concat()),
    ] {
        let value = match kind {
            "bool" => "true",
            "address" => ALICE,
            "bytes4" => "0x61616161",
            _ => "1",
        };
        let condition = contract(&[], &[("", kind)], ("", "!=", value));
        let found = judged(&condition, &alice(), Answer::Returned(data.clone()));
        assert_eq!(found, malformed, "{kind}: {}", hex::encode(&data[..data.len().min(96)]));
    }
}

#[test]
fn a_function_of_an_action_is_named_with_its_parameters_and_what_it_returns_is_a_text() {
    let action = cid::cid_v0(b"mine");
    let asker = Asker { action: Some(action), ..alice() };
    let program = format!("ipfs://{}", cid::of_digest(&[3; 32]));
    let parameters = ["40", ":userAddress", ":currentActionIpfsId", "a\"b"];
    let condition = |comparator, value| basic(("LitAction", &program, "go"), &parameters, (comparator, value));
    let parameters = ["40", ALICE, &action.to_string(), "a\"b"].map(str::to_owned).to_vec();
    let read = Read::Action { digest: [3; 32], function: "go".into(), parameters };
    assert_eq!(parsed(&json!([condition("=", "true")])).reads(&asker), [read]);
    assert_eq!(judged(&condition("=", "true"), &asker, Answer::Text("true".into())), Ok(()));
    assert_eq!(judged(&condition("=", "true"), &asker, Answer::Text("True".into())), Err(ConditionError::Unmet(0)));
    assert_eq!(judged(&condition("contains", "war"), &asker, Answer::Text("a warm day".into())), Ok(()));
    assert_eq!(parsed(&json!([condition("!=", "true")])).reads(&alice()), [], "no action asks");
}

#[test]
fn what_cannot_be_read_lets_nobody_in_and_keeps_nobody_out_whom_others_let_in() {
    let balance = |chain: &str, comparator| {
        let mut condition = basic(("", "", "eth_getBalance"), &[":userAddress", "latest"], (comparator, "5"));
        condition["chain"] = chain.into();
        condition
    };
    let (mine, other) = (caller(ALICE), caller(TOKEN));
    let down = balance("down", "!=");
    let (and, or) = (operator("and"), operator("or"));
    let failed = |leaf| Err(ConditionError::ReadFailed { leaf, reason: ReadError::Chain(ChainError::Unreachable) });
    let read = Read::Balance { chain: "down".into(), account: [0xab; 20] };
    for (conditions, expected) in [
        (json!([down]), failed(0)),
        (json!([mine, and, down]), failed(1)),
        (json!([other, or, down]), failed(1)),
        (json!([mine, or, down]), Ok(())),
        (json!([down, or, mine]), Ok(())),
        (json!([other, and, down]), Err(ConditionError::Unmet(0))),
        (json!([down, and, other]), Err(ConditionError::Unmet(1))),
        (json!([[down, or, other], and, [mine, or, down]]), failed(0)),
        (json!([[down, and, other], or, mine]), Ok(())),
    ] {
        let conditions = parsed(&conditions);
        let unreachable = Answers::from([(read.clone(), Err(ReadError::Chain(ChainError::Unreachable)))]);
        assert_eq!(conditions.evaluate(&alice(), &unreachable), expected, "{conditions:?}");
        let missing = conditions.evaluate(&alice(), &Answers::new());
        let expected = match expected {
            Err(ConditionError::ReadFailed { leaf, .. }) => {
                Err(ConditionError::ReadFailed { leaf, reason: ReadError::Unanswered })
            }
            decided => decided,
        };
        assert_eq!(missing, expected, "{conditions:?}");
    }
}

#[test]
fn each_thing_is_read_once_in_order_and_nothing_that_decides_nothing() {
    let balance = |chain: &str, account: &str, value: &str| {
        let mut condition = basic(("", "", "eth_getBalance"), &[account, "latest"], (">", value));
        condition["chain"] = chain.into();
        condition
    };
    let (or, and) = (operator("or"), operator("and"));
    let read = |chain: &str, byte| Read::Balance { chain: chain.into(), account: [byte; 20] };
    let twice =
        parsed(&json!([balance("b", ALICE, "1"), or, balance("b", ":userAddress", "2"), or, balance("a", TOKEN, "1")]));
    assert_eq!(twice.reads(&alice()), [read("a", 0x10), read("b", 0xab)]);
    let decided = parsed(&json!([caller(ALICE), or, balance("a", ALICE, "1")]));
    assert_eq!(decided.reads(&alice()), []);
    assert_eq!(decided.reads(&Asker::default()), [read("a", 0xab)]);
    let hopeless = parsed(&json!([[caller(TOKEN), and, balance("a", ALICE, "1")], or, balance("b", ALICE, "1")]));
    assert_eq!(hopeless.reads(&alice()), [read("b", 0xab)]);
}
