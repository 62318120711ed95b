//! Access-control conditions as actions and clients of the real network write them: a JSON array of conditions with an
//! operator between each two.
//!
//! A condition names what is compared by its `parameters`, with nothing in `method`: `:userAddress` is the address that
//! signed in, `:currentActionIpfsId` the action that asks. `returnValueTest` holds what it must be equal to.

use serde::Deserialize;
use thiserror::Error;

use super::conditions::{CONDITIONS_MAX, Condition};
use crate::chain::addresses::parse_address;
use crate::cid;

/// Why a text is no list of conditions that can be judged here.
#[derive(Debug, Error)]
pub enum ConditionTextError {
    /// It is no such JSON.
    #[error("expected an array of conditions with operators between them: {0}")]
    Json(#[from] serde_json::Error),
    /// There are too many.
    #[error("{0} conditions: at most {CONDITIONS_MAX} are accepted")]
    TooMany(usize),
    /// Conditions and operators do not take turns.
    #[error("element {0}: expected {1}")]
    Order(usize, &'static str),
    /// A field has a value that cannot be right.
    #[error("element {at}: {field}: expected {expected}, got {got:?}")]
    Field {
        /// The element's position.
        at: usize,
        /// The field.
        field: &'static str,
        /// What it may be.
        expected: &'static str,
        /// What it is.
        got: String,
    },
    /// A field has a value that the real network understands and this one does not.
    #[error("element {at}: {field}: {got:?} is not supported here: expected {expected}")]
    Unsupported {
        /// The element's position.
        at: usize,
        /// The field.
        field: &'static str,
        /// What is supported.
        expected: &'static str,
        /// What it is.
        got: String,
    },
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Element {
    Operator { operator: String },
    Condition(Box<Written>),
}

/// A condition as it is written. Members that say nothing here are not looked at.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    #[serde(default)]
    contract_address: String,
    #[serde(default)]
    standard_contract_type: String,
    #[serde(default)]
    method: String,
    parameters: Vec<String>,
    return_value_test: Test,
}

#[derive(Deserialize)]
struct Test {
    comparator: String,
    value: String,
}

/// Reads a list of conditions, all of which must be met.
///
/// # Errors
/// If the text is no such list, or says something that cannot be judged here.
pub fn parse(text: &str) -> Result<Vec<Condition>, ConditionTextError> {
    let elements: Vec<Element> = serde_json::from_str(text)?;
    let count = elements.len().div_ceil(2);
    if count > CONDITIONS_MAX {
        return Err(ConditionTextError::TooMany(count));
    }
    let mut conditions = Vec::with_capacity(count);
    for (at, element) in elements.into_iter().enumerate() {
        match (element, at % 2) {
            (Element::Condition(written), 0) => conditions.push(condition(at, &written)?),
            (Element::Operator { operator }, 1) if operator == "and" => {}
            (Element::Operator { operator: got }, 1) => {
                return Err(ConditionTextError::Unsupported { at, field: "operator", expected: "\"and\"", got });
            }
            (Element::Condition(_), _) => return Err(ConditionTextError::Order(at, "an operator")),
            (Element::Operator { .. }, _) => return Err(ConditionTextError::Order(at, "a condition")),
        }
    }
    Ok(conditions)
}

fn condition(at: usize, written: &Written) -> Result<Condition, ConditionTextError> {
    let unsupported =
        |field, expected, got: &str| Err(ConditionTextError::Unsupported { at, field, expected, got: got.to_owned() });
    for (field, value) in [
        ("contractAddress", &written.contract_address),
        ("standardContractType", &written.standard_contract_type),
        ("method", &written.method),
    ] {
        if !value.is_empty() {
            return unsupported(field, "an empty text", value);
        }
    }
    let Test { comparator, value } = &written.return_value_test;
    if comparator != "=" {
        return unsupported("returnValueTest.comparator", "\"=\"", comparator);
    }
    let wrong = |expected| {
        let field = "returnValueTest.value";
        ConditionTextError::Field { at, field, expected, got: value.clone() }
    };
    match written.parameters.as_slice() {
        [what] if what == ":userAddress" => {
            let address = parse_address(value).ok_or_else(|| wrong("an address, 0x and 40 hex digits"))?;
            Ok(Condition::Caller { address })
        }
        [what] if what == ":currentActionIpfsId" => {
            let digest = cid::parse(value).ok().and_then(|cid| cid::digest_of(&cid));
            Ok(Condition::Action { digest: digest.ok_or_else(|| wrong("a CIDv0"))? })
        }
        others => unsupported("parameters", "[\":userAddress\"] or [\":currentActionIpfsId\"]", &format!("{others:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: &str = "0xabababababababababababababababababababab";

    fn written(parameter: &str, value: &str) -> String {
        format!(
            r#"{{"contractAddress":"","standardContractType":"","chain":"ethereum","method":"",
                "parameters":["{parameter}"],"returnValueTest":{{"comparator":"=","value":"{value}"}}}}"#
        )
    }

    #[test]
    fn addresses_and_actions_are_compared() {
        let cid = cid::of_digest(&[3; 32]).to_string();
        let text = format!(
            r#"[{},{{"operator":"and"}},{}]"#,
            written(":userAddress", ALICE),
            written(":currentActionIpfsId", &cid)
        );
        let expected = [Condition::Caller { address: [0xab; 20] }, Condition::Action { digest: [3; 32] }];
        assert_eq!(parse(&text).expect("conditions"), expected);
        assert_eq!(parse("[]").expect("a list"), []);
    }

    #[test]
    fn what_cannot_be_judged_is_refused_by_element_and_field() {
        let one = written(":userAddress", ALICE);
        let refused = [
            ("{}".to_owned(), "expected an array"),
            ("[{}]".to_owned(), "expected an array"),
            (format!("[{one},{one}]"), "element 1: expected an operator"),
            (r#"[{"operator":"and"}]"#.to_owned(), "element 0: expected a condition"),
            (format!(r#"[{one},{{"operator":"or"}},{one}]"#), "element 1: operator: \"or\" is not supported"),
            (format!("[{}]", one.replace("\"=\"", "\">=\"")), "returnValueTest.comparator: \">=\" is not supported"),
            (
                format!("[{}]", one.replace("\"method\":\"\"", "\"method\":\"balanceOf\"")),
                "element 0: method: \"balanceOf\" is not supported",
            ),
            (format!("[{}]", written(":litParam:x", "1")), "parameters"),
            (format!("[{}]", written(":userAddress", "0x12")), "returnValueTest.value: expected an address"),
            (format!("[{}]", written(":currentActionIpfsId", "bafy")), "returnValueTest.value: expected a CIDv0"),
            (format!("[{}]", vec![one.as_str(); 61].join(",")), "31 conditions: at most 30"),
        ];
        for (text, expected) in refused {
            let error = parse(&text).expect_err(&text).to_string();
            assert!(error.contains(expected), "{error}: {expected}");
        }
    }
}
