//! Conditions from the JSON of the real network: lists with operators between conditions or lists, and the basic kinds of
//! conditions.
//!
//! All members that the real network's schema has must be there; others are not looked at. Whatever could be read in more
//! than one way is refused: a list with both operators, an element that is a condition and an operator at once.

use serde_json::Value;

use super::ast::{Expression, Kind, Leaf, Parameter, Program, Standard, TokenQuery};
use super::contract;
use super::error::{ConditionTextError, Path};
use super::fields::{self, Object};
use super::values::{ACTION_CID, Account, Equality, Integer, Likeness, Membership, NumberTest, Order, USER_ADDRESS};
use super::{CONDITIONS_MAX, DEPTH_MAX, LIST_MAX, TEXT_BYTES_MAX};
use crate::chain::addresses::parse_address;
use crate::cid;

/// What a text says.
pub(super) fn expression(text: &str) -> Result<Expression, ConditionTextError> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(ConditionTextError::TooLong(text.len()));
    }
    let value: Value = serde_json::from_str(text)?;
    let Value::Array(elements) = &value else { return Err(ConditionTextError::NoArray(fields::kind(&value))) };
    if elements.is_empty() {
        return Err(ConditionTextError::Empty);
    }
    match count(elements, &Path::default())? {
        many if many > CONDITIONS_MAX => Err(ConditionTextError::TooMany(many)),
        _ => list(elements, &Path::default()),
    }
}

/// How many conditions there are, in lists that are not too deep.
fn count(elements: &[Value], within: &Path) -> Result<usize, ConditionTextError> {
    if within.0.len() >= DEPTH_MAX {
        return Err(ConditionTextError::TooDeep(within.clone()));
    }
    let parts = elements.iter().enumerate().map(|(at, element)| match element {
        Value::Array(elements) => count(elements, &within.at(at)),
        Value::Object(members) if members.contains_key("operator") => Ok(0),
        _ => Ok(1),
    });
    parts.sum()
}

/// An operator.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Operator {
    And,
    Or,
}

fn list(elements: &[Value], within: &Path) -> Result<Expression, ConditionTextError> {
    let (mut parts, mut operator) = (Vec::new(), None);
    for (index, element) in elements.iter().enumerate() {
        let at = within.at(index);
        let found = match element {
            Value::Object(members) if members.contains_key("operator") => {
                Some(read_operator(&Object::element(&at, members))?)
            }
            _ => None,
        };
        match (found, index.is_multiple_of(2)) {
            (Some(_), true) => return Err(ConditionTextError::Order(at, "a condition")),
            (Some(found), false) if operator.is_some_and(|operator| operator != found) => {
                return Err(ConditionTextError::Mixed(at));
            }
            (Some(found), false) => operator = Some(found),
            (None, true) => parts.push(part(element, &at)?),
            (None, false) => return Err(ConditionTextError::Order(at, "an operator")),
        }
    }
    if elements.len().is_multiple_of(2) {
        return Err(ConditionTextError::Order(within.at(elements.len()), "a condition"));
    }
    match operator {
        None => parts.pop().ok_or(ConditionTextError::Empty),
        Some(Operator::And) => Ok(Expression::All(parts)),
        Some(Operator::Or) => Ok(Expression::Any(parts)),
    }
}

fn part(element: &Value, at: &Path) -> Result<Expression, ConditionTextError> {
    match element {
        Value::Array(elements) => list(elements, at),
        Value::Object(members) => Ok(Expression::Leaf(Box::new(leaf(&Object::element(at, members))?))),
        _ => Err(ConditionTextError::Order(at.clone(), "a condition")),
    }
}

fn read_operator(element: &Object<'_>) -> Result<Operator, ConditionTextError> {
    if element.has("returnValueTest") {
        return Err(element.wrong("returnValueTest", "nothing beside an operator", "something"));
    }
    match element.text("operator")? {
        "and" => Ok(Operator::And),
        "or" => Ok(Operator::Or),
        other => Err(element.wrong("operator", "\"and\" or \"or\"", other)),
    }
}

fn leaf(element: &Object<'_>) -> Result<Leaf, ConditionTextError> {
    let kind = match element.optional_text("conditionType")? {
        None | Some("evmBasic") => basic(element)?,
        Some("evmContract") => Kind::Contract(Box::new(contract::query(element)?)),
        Some(other) => {
            return Err(element.unsupported("conditionType", "\"evmBasic\" or \"evmContract\"", other));
        }
    };
    Ok(Leaf { chain: element.chain()?, kind })
}

/// A condition of the basic type: its standard and its method say what is compared.
fn basic(element: &Object<'_>) -> Result<Kind, ConditionTextError> {
    let (standard, method) = (element.text("standardContractType")?, element.text("method")?);
    let parameters = element.texts("parameters")?;
    let test = element.object("returnValueTest", "returnValueTest.")?;
    parameters.iter().try_for_each(|text| litparam(element, text))?;
    match (standard, method) {
        ("" | "timestamp" | "SIWE", _) => element.empty("contractAddress")?,
        ("LitAction", _) => return program(element, &parameters, &test),
        _ => {}
    }
    let kind = match (standard, method) {
        ("", "") => asker(element, &parameters, &test)?,
        ("", "eth_getBalance") => Kind::Balance(balance_account(element, &parameters)?, number_test(&test)?),
        ("timestamp", "eth_getBlockByNumber") => {
            only(element, &parameters, &["latest"], "[\"latest\"]")?;
            Kind::Timestamp(number_test(&test)?)
        }
        ("SIWE", "") => signed_text(element, &parameters, &test)?,
        ("ERC20" | "ERC721" | "ERC1155", _) => token(element, (standard, method), &parameters, &test)?,
        ("" | "timestamp" | "SIWE", other) => {
            let expected = match standard {
                "" => "\"\" or \"eth_getBalance\"",
                "SIWE" => "\"\"",
                _ => "\"eth_getBlockByNumber\"",
            };
            return Err(element.unsupported("method", expected, other));
        }
        (other, _) => {
            let expected = "one of \"\", ERC20, ERC721, ERC1155, timestamp, SIWE, LitAction";
            return Err(element.unsupported("standardContractType", expected, other));
        }
    };
    Ok(kind)
}

/// Parameters that the real network takes from the sign-in text are nowhere taken from it here.
fn litparam(element: &Object<'_>, text: &str) -> Result<(), ConditionTextError> {
    match text.starts_with(":litParam") {
        true => Err(element.unsupported("parameters", "no parameter from the text of a sign-in", text)),
        false => Ok(()),
    }
}

fn only(
    element: &Object<'_>,
    parameters: &[&str],
    expected: &[&str],
    shown: &'static str,
) -> Result<(), ConditionTextError> {
    match parameters == expected {
        true => Ok(()),
        false => Err(element.unsupported("parameters", shown, &format!("{parameters:?}"))),
    }
}

/// Who asks, by address or as an action.
fn asker(element: &Object<'_>, parameters: &[&str], test: &Object<'_>) -> Result<Kind, ConditionTextError> {
    match parameters {
        [USER_ADDRESS] => {
            let address = test.parsed("value", "an address, 0x and 40 hex digits", parse_address)?;
            Ok(Kind::Caller(equality(test)?, address))
        }
        [ACTION_CID] => Ok(Kind::Action(equality(test)?, test.parsed("value", "a CIDv0", cid_digest)?)),
        others => Err(element.unsupported(
            "parameters",
            "[\":userAddress\"] or [\":currentActionIpfsId\"]",
            &format!("{others:?}"),
        )),
    }
}

fn cid_digest(text: &str) -> Option<[u8; 32]> {
    cid::parse(text).ok().and_then(|cid| cid::digest_of(&cid))
}

fn signed_text(element: &Object<'_>, parameters: &[&str], test: &Object<'_>) -> Result<Kind, ConditionTextError> {
    match parameters {
        [":domain"] => Ok(Kind::Domain(likeness(test)?, test.literal("value")?)),
        [":resources"] => {
            let how = test.comparator(Membership::EXPECTED, Membership::parse)?;
            Ok(Kind::Resources(how, test.literal("value")?))
        }
        others => Err(element.unsupported("parameters", "[\":domain\"] or [\":resources\"]", &format!("{others:?}"))),
    }
}

fn balance_account(element: &Object<'_>, parameters: &[&str]) -> Result<Account, ConditionTextError> {
    match parameters {
        [account, "latest"] => account_of(element, account),
        others => Err(element.unsupported("parameters", "an address and \"latest\"", &format!("{others:?}"))),
    }
}

fn account_of(element: &Object<'_>, text: &str) -> Result<Account, ConditionTextError> {
    element.known_parameter("parameters", text)?;
    Account::parse(text).ok_or_else(|| element.wrong("parameters", Account::EXPECTED, text))
}

/// A token's number, or another number that a contract is asked about.
fn number_of(element: &Object<'_>, text: &str) -> Result<Integer, ConditionTextError> {
    let number = Integer::parse(text).filter(|number| number.unsigned(256).is_some());
    number.ok_or_else(|| element.wrong("parameters", "a whole number from 0, decimal or 0x-hex, of 256 bits", text))
}

fn token(
    element: &Object<'_>,
    (standard, method): (&str, &str),
    parameters: &[&str],
    test: &Object<'_>,
) -> Result<Kind, ConditionTextError> {
    let contract = contract_address(element)?;
    let query = match (standard, method, parameters) {
        ("ERC20", "balanceOf", [account]) => {
            TokenQuery::Balance(Standard::Erc20, account_of(element, account)?, number_test(test)?)
        }
        ("ERC721", "balanceOf", [account]) => {
            TokenQuery::Balance(Standard::Erc721, account_of(element, account)?, number_test(test)?)
        }
        ("ERC721", "ownerOf", [id]) => {
            let owner = test.parsed("value", Account::EXPECTED, Account::parse)?;
            TokenQuery::Owner(number_of(element, id)?, equality(test)?, owner)
        }
        ("ERC1155", "balanceOf", [account, id]) => {
            TokenQuery::BalanceOfId(account_of(element, account)?, number_of(element, id)?, number_test(test)?)
        }
        ("ERC1155", "balanceOfBatch", [accounts, ids]) => {
            TokenQuery::BalanceOfBatch(batch(element, accounts, ids)?, number_test(test)?)
        }
        ("ERC20", "balanceOf", others) | ("ERC721", "balanceOf" | "ownerOf", others) => {
            return Err(element.wrong("parameters", "one parameter", &format!("{others:?}")));
        }
        ("ERC1155", "balanceOf" | "balanceOfBatch", others) => {
            return Err(element.wrong("parameters", "two parameters", &format!("{others:?}")));
        }
        ("ERC20", other, _) => return Err(element.unsupported("method", "\"balanceOf\"", other)),
        ("ERC721", other, _) => return Err(element.unsupported("method", "\"balanceOf\" or \"ownerOf\"", other)),
        (_, other, _) => {
            return Err(element.unsupported("method", "\"balanceOf\" or \"balanceOfBatch\"", other));
        }
    };
    Ok(Kind::Token { contract, query })
}

/// Accounts and tokens' numbers, each with commas between them.
fn batch(element: &Object<'_>, accounts: &str, ids: &str) -> Result<Vec<(Account, Integer)>, ConditionTextError> {
    let (accounts, ids): (Vec<&str>, Vec<&str>) = (accounts.split(',').collect(), ids.split(',').collect());
    if accounts.len() != ids.len() || accounts.len() > LIST_MAX {
        let expected = format!("as many addresses as numbers, and at most {LIST_MAX}");
        return Err(element.wrong("parameters", expected, &format!("{} and {}", accounts.len(), ids.len())));
    }
    let pairs = accounts.into_iter().zip(ids);
    pairs.map(|(account, id)| Ok((account_of(element, account)?, number_of(element, id)?))).collect()
}

/// What a function of an action returns.
fn program(element: &Object<'_>, parameters: &[&str], test: &Object<'_>) -> Result<Kind, ConditionTextError> {
    let digest = element
        .parsed("contractAddress", "ipfs:// and a CIDv0", |text| text.strip_prefix("ipfs://").and_then(cid_digest))?;
    if parameters.len() > LIST_MAX {
        return Err(element.wrong("parameters", format!("at most {LIST_MAX} texts"), &parameters.len().to_string()));
    }
    let parameter = |text: &&str| {
        element.known_parameter("parameters", text)?;
        Ok(match *text {
            USER_ADDRESS => Parameter::Asker,
            ACTION_CID => Parameter::Action,
            text => Parameter::Text(text.to_owned()),
        })
    };
    Ok(Kind::Program(Program {
        digest,
        function: element.function("method")?,
        parameters: parameters.iter().map(parameter).collect::<Result<_, ConditionTextError>>()?,
        how: likeness(test)?,
        value: test.literal("value")?,
    }))
}

/// The address of a contract.
pub(super) fn contract_address(element: &Object<'_>) -> Result<[u8; 20], ConditionTextError> {
    element.parsed("contractAddress", "an address, 0x and 40 hex digits", parse_address)
}

fn number_test(test: &Object<'_>) -> Result<NumberTest, ConditionTextError> {
    let order = test.comparator(Order::EXPECTED, Order::parse)?;
    let unsigned = |text: &str| Integer::parse(text).filter(|number| number.unsigned(256).is_some());
    let number = test.parsed("value", "a whole number from 0, decimal or 0x-hex, of 256 bits", unsigned)?;
    Ok(NumberTest { order, number })
}

fn equality(test: &Object<'_>) -> Result<Equality, ConditionTextError> {
    test.comparator(Equality::EXPECTED, Equality::parse)
}

fn likeness(test: &Object<'_>) -> Result<Likeness, ConditionTextError> {
    test.comparator(Likeness::EXPECTED, Likeness::parse)
}

impl Object<'_> {
    /// The comparator of a test.
    pub(super) fn comparator<T>(
        &self,
        expected: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, ConditionTextError> {
        let symbol = self.text("comparator")?;
        parse(symbol).ok_or_else(|| self.unsupported("comparator", expected, symbol))
    }
}
