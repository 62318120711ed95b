//! Conditions as users write them: texts, refusals, decisions.

mod asking;
mod judging;
mod model;
mod refusals;
mod texts;

use serde_json::{Value, json};

use super::*;
use crate::cid;

const ALICE: &str = "0xabababababababababababababababababababab";
const TOKEN: &str = "0x1010101010101010101010101010101010101010";

fn alice() -> Asker {
    Asker { address: Some([0xab; 20]), ..Asker::default() }
}

/// A condition of the basic type.
fn basic(
    (standard, contract, method): (&str, &str, &str),
    parameters: &[&str],
    (comparator, value): (&str, &str),
) -> Value {
    json!({
        "conditionType": "evmBasic", "contractAddress": contract, "standardContractType": standard, "chain": "ethereum",
        "method": method, "parameters": parameters, "returnValueTest": { "comparator": comparator, "value": value },
    })
}

fn caller(address: &str) -> Value {
    basic(("", "", ""), &[":userAddress"], ("=", address))
}

/// A condition on what `probe` returns. Inputs are types and values, outputs names and types.
fn contract(inputs: &[(&str, &str)], outputs: &[(&str, &str)], (key, comparator, value): (&str, &str, &str)) -> Value {
    let slot = |name: &str, kind: &str| json!({ "name": name, "type": kind, "internalType": kind });
    json!({
        "conditionType": "evmContract", "contractAddress": TOKEN, "functionName": "probe", "chain": "polygon",
        "functionParams": inputs.iter().map(|(_, value)| *value).collect::<Vec<_>>(),
        "functionAbi": {
            "name": "probe", "type": "function", "stateMutability": "view",
            "inputs": inputs.iter().map(|(kind, _)| slot("", kind)).collect::<Vec<_>>(),
            "outputs": outputs.iter().map(|(name, kind)| slot(name, kind)).collect::<Vec<_>>(),
        },
        "returnValueTest": { "key": key, "comparator": comparator, "value": value },
    })
}

fn operator(operator: &str) -> Value {
    json!({ "operator": operator })
}

fn parsed(value: &Value) -> Conditions {
    Conditions::parse(&value.to_string()).unwrap_or_else(|error| panic!("{value}: {error}"))
}

/// The data of the one call that one condition makes.
fn call_of(condition: Value, asker: &Asker) -> Vec<u8> {
    let reads = parsed(&json!([condition])).reads(asker);
    match reads.as_slice() {
        [Read::Call { data, .. }] => data.clone(),
        other => panic!("{other:?}"),
    }
}

/// Whether one condition is met by what was read for it.
fn judged(condition: &Value, asker: &Asker, answer: Answer) -> Result<(), ConditionError> {
    let conditions = parsed(&json!([condition]));
    let answers = conditions.reads(asker).into_iter().map(|read| (read, Ok(answer.clone()))).collect();
    conditions.evaluate(asker, &answers)
}

fn word(number: u64) -> Vec<u8> {
    alloy_primitives::U256::from(number).to_be_bytes::<32>().to_vec()
}
