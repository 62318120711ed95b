//! The one JSON text of conditions: no white space, members in the order of their names, addresses and bytes in lower case,
//! numbers and texts as they were written. A list of one is what is in it, and the text is a list.

use serde_json::{Value, json};

use super::ast::{Expression, Kind, Leaf, Parameter, Program, TokenQuery};
use super::contract::{ContractQuery, Test};
use super::values::{ACTION_CID, Equality, Integer, NumberTest, USER_ADDRESS, lower};
use crate::cid;

/// An object; members are given in the order of their names.
fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    Value::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// The text.
pub(super) fn text(expression: &Expression) -> String {
    match expression {
        Expression::Leaf(leaf) => Value::Array(vec![leaf_value(leaf)]),
        lists => value(lists),
    }
    .to_string()
}

fn value(expression: &Expression) -> Value {
    let (parts, operator) = match expression {
        Expression::Leaf(leaf) => return leaf_value(leaf),
        Expression::All(parts) => (parts, "and"),
        Expression::Any(parts) => (parts, "or"),
    };
    let mut elements = Vec::with_capacity(2 * parts.len());
    for part in parts {
        if !elements.is_empty() {
            elements.push(json!({ "operator": operator }));
        }
        elements.push(value(part));
    }
    Value::Array(elements)
}

fn leaf_value(leaf: &Leaf) -> Value {
    match &leaf.kind {
        Kind::Contract(query) => contract(&leaf.chain, query),
        kind => basic(&leaf.chain, &Basic::of(kind)),
    }
}

/// The members of a basic condition that depend on its kind.
#[derive(Default)]
struct Basic {
    contract: String,
    standard: &'static str,
    method: String,
    parameters: Vec<String>,
    comparator: &'static str,
    value: String,
}

impl Basic {
    fn of(kind: &Kind) -> Self {
        match kind {
            Kind::Caller(how, address) => Self::asker(USER_ADDRESS, *how, lower(address)),
            Kind::Action(how, digest) => Self::asker(ACTION_CID, *how, cid::of_digest(digest).to_string()),
            Kind::Domain(how, value) => Self::signed(":domain", how.symbol(), value),
            Kind::Resources(how, value) => Self::signed(":resources", how.symbol(), value),
            Kind::Balance(account, test) => Self {
                method: "eth_getBalance".into(),
                parameters: vec![account.written(), "latest".into()],
                ..Self::number(test)
            },
            Kind::Timestamp(test) => Self {
                standard: "timestamp",
                method: "eth_getBlockByNumber".into(),
                parameters: vec!["latest".into()],
                ..Self::number(test)
            },
            Kind::Token { contract, query } => Self { contract: lower(contract), ..Self::token(query) },
            Kind::Program(program) => Self::program(program),
            // Written by another function.
            Kind::Contract(_) => Self::default(),
        }
    }

    fn asker(what: &str, how: Equality, value: String) -> Self {
        Self { parameters: vec![what.into()], comparator: how.symbol(), value, ..Self::default() }
    }

    fn signed(what: &str, comparator: &'static str, value: &str) -> Self {
        Self { standard: "SIWE", parameters: vec![what.into()], comparator, value: value.into(), ..Self::default() }
    }

    fn number(test: &NumberTest) -> Self {
        Self { comparator: test.order.symbol(), value: test.number.written().into(), ..Self::default() }
    }

    fn token(query: &TokenQuery) -> Self {
        let joined = |texts: Vec<String>| texts.join(",");
        match query {
            TokenQuery::Balance(standard, account, test) => Self {
                standard: standard.name(),
                method: "balanceOf".into(),
                parameters: vec![account.written()],
                ..Self::number(test)
            },
            TokenQuery::Owner(id, how, owner) => Self {
                standard: "ERC721",
                method: "ownerOf".into(),
                parameters: vec![id.written().into()],
                comparator: how.symbol(),
                value: owner.written(),
                ..Self::default()
            },
            TokenQuery::BalanceOfId(account, id, test) => Self {
                standard: "ERC1155",
                method: "balanceOf".into(),
                parameters: vec![account.written(), id.written().into()],
                ..Self::number(test)
            },
            TokenQuery::BalanceOfBatch(pairs, test) => Self {
                standard: "ERC1155",
                method: "balanceOfBatch".into(),
                parameters: vec![
                    joined(pairs.iter().map(|(account, _)| account.written()).collect()),
                    joined(pairs.iter().map(|(_, id)| Integer::written(id).into()).collect()),
                ],
                ..Self::number(test)
            },
        }
    }

    fn program(program: &Program) -> Self {
        let parameter = |parameter: &Parameter| match parameter {
            Parameter::Asker => USER_ADDRESS.to_owned(),
            Parameter::Action => ACTION_CID.to_owned(),
            Parameter::Text(text) => text.clone(),
        };
        Self {
            contract: format!("ipfs://{}", cid::of_digest(&program.digest)),
            standard: "LitAction",
            method: program.function.clone(),
            parameters: program.parameters.iter().map(parameter).collect(),
            comparator: program.how.symbol(),
            value: program.value.clone(),
        }
    }
}

fn basic(chain: &str, basic: &Basic) -> Value {
    object([
        ("chain", chain.into()),
        ("conditionType", "evmBasic".into()),
        ("contractAddress", basic.contract.as_str().into()),
        ("method", basic.method.as_str().into()),
        ("parameters", basic.parameters.clone().into()),
        ("returnValueTest", object([("comparator", basic.comparator.into()), ("value", basic.value.as_str().into())])),
        ("standardContractType", basic.standard.into()),
    ])
}

fn contract(chain: &str, query: &ContractQuery) -> Value {
    let slot = |name: &str, kind: String| object([("name", name.into()), ("type", kind.into())]);
    let inputs = query.inputs.iter().map(|input| slot(&input.name, input.kind.to_string()));
    let outputs = query.outputs.iter().map(|output| slot(&output.name, output.kind.to_string()));
    let abi = object([
        ("inputs", inputs.collect::<Vec<_>>().into()),
        ("name", query.function.as_str().into()),
        ("outputs", outputs.collect::<Vec<_>>().into()),
        ("stateMutability", query.mutability.name().into()),
    ]);
    let key = query.outputs.get(query.tested).filter(|_| query.is_named).map_or("", |output| output.name.as_str());
    let (comparator, value) = tested(&query.test);
    let test = object([("comparator", comparator.into()), ("key", key.into()), ("value", value.into())]);
    let params: Vec<String> = query.inputs.iter().map(|input| input.argument.written()).collect();
    object([
        ("chain", chain.into()),
        ("conditionType", "evmContract".into()),
        ("contractAddress", lower(&query.contract).into()),
        ("functionAbi", abi),
        ("functionName", query.function.as_str().into()),
        ("functionParams", params.into()),
        ("returnValueTest", test),
    ])
}

fn tested(test: &Test) -> (&'static str, String) {
    match test {
        Test::Uint(order, number) | Test::Int(order, number) => (order.symbol(), number.written().into()),
        Test::Bool(how, truth) => (how.symbol(), truth.to_string()),
        Test::Address(how, account) => (how.symbol(), account.written()),
        Test::Text(how, text) => (how.symbol(), text.clone()),
        Test::Bytes(how, bytes) => (how.symbol(), lower(bytes)),
    }
}
