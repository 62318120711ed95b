//! Random conditions against a second, naive judge that knows nothing of the first: it looks at what a condition was made
//! from, and takes what cannot be read for false, and once more for true.

use super::*;
use crate::io::ChainError;
use alloy_primitives::U256;
use proptest::prelude::*;

/// A condition as it was made.
#[derive(Clone, Debug)]
enum Made {
    Caller { same: bool, who: u8 },
    Balance { chain: u8, who: Option<u8>, order: usize, number: u64 },
    Token { chain: u8, who: Option<u8>, order: usize, number: u64 },
    Owner { chain: u8, id: u8, same: bool, who: Option<u8> },
    Time { chain: u8, order: usize, number: u64 },
    Probe { chain: u8, argument: u8, order: usize, number: i64 },
    Program { same: bool, value: u8 },
    All(Vec<Made>),
    Any(Vec<Made>),
}

const ORDERS: [&str; 6] = ["=", "!=", ">", "<", ">=", "<="];

fn compare<T: Ord>(order: usize, found: T, expected: T) -> bool {
    match ORDERS[order] {
        "=" => found == expected,
        "!=" => found != expected,
        ">" => found > expected,
        "<" => found < expected,
        ">=" => found >= expected,
        _ => found <= expected,
    }
}

/// What is true of the world. Of three chains, one has no endpoint.
#[derive(Clone, Debug)]
struct Facts {
    caller: Option<u8>,
    balances: [u64; 4],
    tokens: [u64; 4],
    owners: [u8; 4],
    time: u64,
    offset: i64,
    returned: u8,
}

const DOWN: u8 = 2;

fn address(who: u8) -> [u8; 20] {
    [who + 0xa0; 20]
}

fn account(who: Option<u8>) -> String {
    who.map_or(":userAddress".to_owned(), |who| format!("0x{}", hex::encode(address(who))))
}

impl Facts {
    fn asker(&self) -> Asker {
        Asker { address: self.caller.map(address), ..Asker::default() }
    }

    /// Whether a condition is met; `unknown` is taken for what cannot be read.
    fn met(&self, made: &Made, unknown: bool) -> bool {
        let whose = |who: &Option<u8>| who.or(self.caller).map(usize::from);
        let read = |chain: &u8, is_met: bool| if *chain == DOWN { unknown } else { is_met };
        match made {
            Made::All(parts) => parts.iter().all(|part| self.met(part, unknown)),
            Made::Any(parts) => parts.iter().any(|part| self.met(part, unknown)),
            Made::Caller { same, who } => self.caller.is_some_and(|caller| (caller == *who) == *same),
            Made::Balance { chain, who, order, number } => {
                whose(who).is_some_and(|who| read(chain, compare(*order, self.balances[who], *number)))
            }
            Made::Token { chain, who, order, number } => {
                whose(who).is_some_and(|who| read(chain, compare(*order, self.tokens[who], *number)))
            }
            Made::Owner { chain, id, same, who } => {
                let owner = usize::from(self.owners[usize::from(*id)]);
                whose(who).is_some_and(|who| read(chain, (owner == who) == *same))
            }
            Made::Time { chain, order, number } => read(chain, compare(*order, self.time, *number)),
            Made::Probe { chain, argument, order, number } => {
                read(chain, compare(*order, self.offset - i64::from(*argument), *number))
            }
            Made::Program { same, value } => (self.returned == *value) == *same,
        }
    }

    /// What a chain or an action answers.
    fn answer(&self, read: &Read) -> Result<Answer, ReadError> {
        if read.chain() == Some("chain-2") {
            return Err(ReadError::Chain(ChainError::Unreachable));
        }
        let place = |address: &[u8]| usize::from(address[0] - 0xa0);
        let number_word = |number: u64| Answer::Returned(word(number));
        Ok(match read {
            Read::Balance { account, .. } => Answer::Number(U256::from(self.balances[place(account)])),
            Read::Timestamp { .. } => Answer::Number(U256::from(self.time)),
            Read::Action { function, parameters, .. } => {
                assert_eq!((function.as_str(), parameters.len()), ("go", 0));
                Answer::Text(self.returned.to_string())
            }
            Read::Call { data, .. } => match hex::encode(&data[..4]).as_str() {
                "70a08231" => number_word(self.tokens[place(&data[16..])]),
                "6352211e" => {
                    let owner = address(self.owners[usize::from(data[35])]);
                    Answer::Returned([vec![0; 12], owner.to_vec()].concat())
                }
                _ => {
                    let found = self.offset - i64::from(data[35]);
                    let sign = if found < 0 { 0xff } else { 0 };
                    Answer::Returned([vec![sign; 24], found.to_be_bytes().to_vec()].concat())
                }
            },
        })
    }
}

impl Made {
    fn leaves(&self) -> usize {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().map(Self::leaves).sum(),
            _ => 1,
        }
    }

    /// As JSON, plain or with things that say nothing.
    fn json(&self, noisy: bool) -> Value {
        let in_chain = |chain: u8, mut condition: Value| {
            condition["chain"] = format!("chain-{chain}").into();
            condition
        };
        let equal = |same: bool| if same { "=" } else { "!=" };
        let mut condition = match self {
            Self::All(parts) => return list(parts, "and", noisy),
            Self::Any(parts) => return list(parts, "or", noisy),
            Self::Caller { same, who } => {
                let value = format!("0x{}", hex::encode(address(*who)));
                let value = if noisy { value.to_uppercase().replace("0X", "0x") } else { value };
                basic(("", "", ""), &[":userAddress"], (equal(*same), &value))
            }
            Self::Balance { chain, who, order, number } => {
                let test = (ORDERS[*order], &*number.to_string());
                in_chain(*chain, basic(("", "", "eth_getBalance"), &[&account(*who), "latest"], test))
            }
            Self::Token { chain, who, order, number } => {
                let test = (ORDERS[*order], &*number.to_string());
                in_chain(*chain, basic(("ERC20", TOKEN, "balanceOf"), &[&account(*who)], test))
            }
            Self::Owner { chain, id, same, who } => {
                let test = (equal(*same), &*account(*who));
                in_chain(*chain, basic(("ERC721", TOKEN, "ownerOf"), &[&id.to_string()], test))
            }
            Self::Time { chain, order, number } => {
                let test = (ORDERS[*order], &*number.to_string());
                in_chain(*chain, basic(("timestamp", "", "eth_getBlockByNumber"), &["latest"], test))
            }
            Self::Probe { chain, argument, order, number } => {
                let test = ("", ORDERS[*order], &*number.to_string());
                in_chain(*chain, contract(&[("uint8", &argument.to_string())], &[("", "int64")], test))
            }
            Self::Program { same, value } => {
                let program = format!("ipfs://{}", cid::of_digest(&[3; 32]));
                basic(("LitAction", &program, "go"), &[], (equal(*same), &value.to_string()))
            }
        };
        if noisy {
            condition["comment"] = json!({ "operator": ["and"] });
            condition
                .as_object_mut()
                .expect("an object")
                .retain(|name, value| name != "conditionType" || value != "evmBasic");
            condition = json!([condition]);
        }
        condition
    }

    /// The whole text.
    fn text(&self, noisy: bool) -> String {
        let whole = match self {
            Self::All(_) | Self::Any(_) => self.json(noisy),
            one => json!([one.json(noisy)]),
        };
        if noisy { format!("{whole:#}") } else { whole.to_string() }
    }
}

fn list(parts: &[Made], operator: &str, noisy: bool) -> Value {
    let mut elements = Vec::new();
    for part in parts {
        if !elements.is_empty() {
            elements.push(json!({ "operator": operator }));
        }
        elements.push(part.json(noisy));
    }
    elements.into()
}

fn leaf() -> impl Strategy<Value = Made> {
    let who = || proptest::option::of(0..4u8);
    prop_oneof![
        (any::<bool>(), 0..4u8).prop_map(|(same, who)| Made::Caller { same, who }),
        (0..3u8, who(), 0..6usize, 0..3u64).prop_map(|(chain, who, order, number)| Made::Balance {
            chain,
            who,
            order,
            number
        }),
        (0..3u8, who(), 0..6usize, 0..3u64).prop_map(|(chain, who, order, number)| Made::Token {
            chain,
            who,
            order,
            number
        }),
        (0..3u8, 0..4u8, any::<bool>(), who()).prop_map(|(chain, id, same, who)| Made::Owner { chain, id, same, who }),
        (0..3u8, 0..6usize, 0..3u64).prop_map(|(chain, order, number)| Made::Time { chain, order, number }),
        (0..3u8, 0..3u8, 0..6usize, -3..3i64).prop_map(|(chain, argument, order, number)| Made::Probe {
            chain,
            argument,
            order,
            number
        }),
        (any::<bool>(), 0..2u8).prop_map(|(same, value)| Made::Program { same, value }),
    ]
}

fn made() -> impl Strategy<Value = Made> {
    let nested = leaf().prop_recursive(3, 24, 4, |inner| {
        let parts = || proptest::collection::vec(inner.clone(), 2..4);
        prop_oneof![parts().prop_map(Made::All), parts().prop_map(Made::Any)]
    });
    nested.prop_filter("too many conditions", |made| made.leaves() <= CONDITIONS_MAX)
}

fn facts() -> impl Strategy<Value = Facts> {
    let four = || proptest::array::uniform4(0..3u64);
    let people = (proptest::option::of(0..4u8), proptest::array::uniform4(0..4u8));
    (people, four(), four(), 0..3u64, -2..2i64, 0..2u8).prop_map(
        |((caller, owners), balances, tokens, time, offset, returned)| Facts {
            caller,
            balances,
            tokens,
            owners,
            time,
            offset,
            returned,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_canonical_text_says_the_same_whatever_the_text_was(made in made()) {
        let conditions = Conditions::parse(&made.text(false)).expect("conditions");
        let canonical = conditions.canonical_json();
        prop_assert_eq!(&Conditions::parse(&canonical).expect("the canonical text"), &conditions);
        let noisy = Conditions::parse(&made.text(true)).expect("conditions");
        prop_assert_eq!(noisy.canonical_json(), canonical);
        prop_assert_eq!(&noisy, &conditions);
        prop_assert_eq!(crate::wire::decode::<Conditions>(&crate::wire::encode(&noisy), usize::MAX).ok(), Some(conditions));
    }

    #[test]
    fn two_judges_agree(made in made(), facts in facts()) {
        let conditions = Conditions::parse(&made.text(false)).expect("conditions");
        let asker = facts.asker();
        let reads = conditions.reads(&asker);
        prop_assert!(reads.len() <= made.leaves());
        prop_assert!(reads.is_sorted_by(|a, b| a < b));
        let answers: Answers = reads.iter().map(|read| (read.clone(), facts.answer(read))).collect();
        let found = conditions.evaluate(&asker, &answers);
        match (facts.met(&made, false), facts.met(&made, true)) {
            (true, _) => prop_assert_eq!(found, Ok(())),
            (false, false) => prop_assert!(matches!(found, Err(ConditionError::Unmet(_))), "{:?}", found),
            (false, true) => prop_assert!(matches!(found, Err(ConditionError::ReadFailed { .. })), "{:?}", found),
        }
        // What is not among the answers may be missing and no more.
        let none = conditions.evaluate(&asker, &Answers::new());
        prop_assert!(none != Ok(()) || reads.is_empty());
    }

    #[test]
    fn an_inquiry_decides_as_the_answers_do_in_whatever_order_they_come(made in made(), facts in facts(), seed: u64) {
        let conditions = Conditions::parse(&made.text(false)).expect("conditions");
        let asker = facts.asker();
        let answers: Answers =
            conditions.reads(&asker).into_iter().map(|read| (read.clone(), facts.answer(&read))).collect();
        let (mut inquiry, mut open) = Inquiry::begin(conditions.clone(), asker.clone());
        let mut runs: Vec<Part> = inquiry.runs().into_iter().map(|(part, _)| part).collect();
        let mut seed = seed;
        while inquiry.verdict().is_none() {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let pick = (seed >> 33) as usize % (open.len() + runs.len());
            match pick.checked_sub(open.len()) {
                Some(run) => inquiry.take_run(runs.swap_remove(run), Ok(facts.returned.to_string())),
                None => {
                    let asked = open.swap_remove(pick);
                    open.extend(inquiry.take(asked.part, facts.reply(&asked)));
                }
            }
        }
        let (found, expected) = (inquiry.verdict().expect("it is decided"), conditions.evaluate(&asker, &answers));
        prop_assert_eq!(found.is_ok(), expected.is_ok());
        if open.is_empty() && runs.is_empty() {
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn no_text_makes_parsing_panic(made in made(), noise in "\\PC{0,40}", at in 0..2_000usize, length in 0..40usize) {
        let _ = Conditions::parse(&noise);
        let mut text: Vec<char> = made.text(false).chars().collect();
        let at = at % text.len();
        let end = (at + length).min(text.len());
        text.splice(at..end, noise.chars());
        if let Ok(conditions) = Conditions::parse(&text.into_iter().collect::<String>()) {
            prop_assert_eq!(&Conditions::parse(&conditions.canonical_json()).expect("the canonical text"), &conditions);
            let _ = conditions.reads(&alice());
        }
    }

    #[test]
    fn no_value_and_no_return_data_makes_judging_panic(
        kind in 0..12usize, value in "(:userAddress|:currentActionIpfsId|-?[0-9]{1,3}|0x[0-9a-f]{0,66}|\\[[0-9,]{0,9}\\]|true|\\PC{0,9})",
        data in proptest::collection::vec(prop_oneof![Just(0), Just(0x20), any::<u8>()], 0..200),
    ) {
        const KINDS: [&str; 12] = [
            "uint8", "int8", "uint256", "int256", "bool", "address", "string", "bytes", "bytes4", "bytes20", "uint8[]",
            "address[2]",
        ];
        let kind = KINDS[kind];
        for condition in [
            contract(&[(kind, &value)], &[("", "bytes"), ("", "string")], ("", "=", "0x")),
            contract(&[], &[("a", kind), ("b", "bytes")], ("a", "=", &value)),
            basic(("ERC1155", TOKEN, "balanceOfBatch"), &[&format!("{ALICE},{value}"), &value], ("=", "1")),
        ] {
            let Ok(conditions) = Conditions::parse(&json!([condition]).to_string()) else { continue };
            prop_assert_eq!(&Conditions::parse(&conditions.canonical_json()).expect("the canonical text"), &conditions);
            let asker = Asker { action: Some(cid::cid_v0(b"mine")), ..alice() };
            let answer = Ok(Answer::Returned(data.clone()));
            let answers = conditions.reads(&asker).into_iter().map(|read| (read, answer.clone())).collect();
            let _ = conditions.evaluate(&asker, &answers);
        }
    }
}

impl Facts {
    /// What an endpoint replies.
    fn reply(&self, asked: &Asked) -> Result<crate::io::ChainReply, ChainError> {
        use crate::io::{BlockTag, ChainRef, ChainReply, ChainRequest};
        let ChainRef::Named(chain) = &asked.chain else { panic!("{asked:?}") };
        if chain == "chain-2" {
            return Err(ChainError::Unreachable);
        }
        let read = match asked.request.clone() {
            ChainRequest::Block => return Ok(ChainReply::Block { number: 7, timestamp_s: self.time }),
            ChainRequest::Call { to, data, block: BlockTag::Number(7) } => {
                Read::Call { chain: chain.clone(), to, data }
            }
            ChainRequest::Balance { account, block: BlockTag::Number(7) } => {
                Read::Balance { chain: chain.clone(), account }
            }
            other => panic!("{other:?}"),
        };
        match self.answer(&read) {
            Ok(Answer::Returned(data)) => Ok(ChainReply::Returned(data)),
            Ok(Answer::Number(number)) => Ok(ChainReply::Balance(number.to_be_bytes())),
            other => panic!("{other:?}"),
        }
    }
}
