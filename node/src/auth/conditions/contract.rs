//! Conditions on what any contract returns, and the ABI encoding of their calls (Solidity's contract ABI).
//!
//! A condition brings the function's interface. Values are read by it when the condition is, so that what cannot be
//! encoded or compared is refused before anybody encrypts to it.

use alloy_dyn_abi::{DynSolType, DynSolValue};
use alloy_primitives::{Address, B256, keccak256};

use super::error::{ConditionTextError, ReadError};
use super::fields::{Object, is_identifier};
use super::parse::contract_address;
use super::values::{ACTION_CID, Account, Equality, Integer, Likeness, Order, USER_ADDRESS, lower};
use super::{Asker, LIST_MAX, RETURN_BYTES_MAX};
use crate::cid;

/// The most parameters or results of a function.
const SLOTS_MAX: usize = 16;
/// The longest text of a type, bytes.
const TYPE_BYTES_MAX: usize = 32;
/// The types of which lists are understood: none of them has a comma in its texts.
const LISTS: &str = "a list of numbers, addresses, truth values or fixed bytes";

/// What a contract is asked, and what it must return.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ContractQuery {
    /// The contract.
    pub contract: [u8; 20],
    /// The function.
    pub function: String,
    /// Its parameters.
    pub inputs: Vec<Input>,
    /// Its results; at least one.
    pub outputs: Vec<Output>,
    /// What it promises not to do.
    pub mutability: Mutability,
    /// The result that is compared.
    pub tested: usize,
    /// Whether that was said by its name; otherwise it is the first.
    pub is_named: bool,
    /// How it is compared.
    pub test: Test,
}

/// A parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Input {
    /// Its name; may be empty.
    pub name: String,
    /// Its type.
    pub kind: DynSolType,
    /// Its value, which its type can have.
    pub argument: Argument,
}

/// A result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Output {
    /// Its name; may be empty.
    pub name: String,
    /// Its type.
    pub kind: DynSolType,
}

/// What a function promises not to do: functions that change something cannot be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mutability {
    /// It changes no state.
    View,
    /// It reads none either.
    Pure,
}

impl Mutability {
    /// As interfaces have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::View => "view",
            Self::Pure => "pure",
        }
    }
}

/// The value of a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Argument {
    /// The asker's address: as such, as its 20 bytes, or as 0x-hex in lower case.
    Asker,
    /// The CID of the action that asks: as text (version 0), or in the binary form in which permissions name actions.
    Action,
    /// A number that its type can have.
    Number(Integer),
    /// A truth value.
    Bool(bool),
    /// An address.
    Address([u8; 20]),
    /// A text.
    Text(String),
    /// Bytes, as many as its type has if it has a size.
    Bytes(Vec<u8>),
    /// A list.
    List(Vec<Argument>),
}

/// How a result is compared, by its type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Test {
    /// An unsigned number.
    Uint(Order, Integer),
    /// A signed number.
    Int(Order, Integer),
    /// A truth value.
    Bool(Equality, bool),
    /// An address.
    Address(Equality, Account),
    /// A text.
    Text(Likeness, String),
    /// Bytes.
    Bytes(Equality, Vec<u8>),
}

/// Reads a condition on what a contract returns.
pub(super) fn query(element: &Object<'_>) -> Result<ContractQuery, ConditionTextError> {
    let abi = element.object("functionAbi", "functionAbi.")?;
    let (function, named) = (element.function("functionName")?, abi.function("name")?);
    if function != named {
        return Err(element.wrong("functionName", format!("{named:?}, as in functionAbi.name"), &function));
    }
    let mutability = match abi.text("stateMutability")? {
        "view" => Mutability::View,
        "pure" => Mutability::Pure,
        other => return Err(abi.unsupported("stateMutability", "\"view\" or \"pure\"", other)),
    };
    let inputs = inputs(element, &abi.objects("inputs", "functionAbi.inputs.")?)?;
    let outputs = slots(element, "outputs", &abi.objects("outputs", "functionAbi.outputs.")?, false)?;
    let outputs: Vec<Output> = outputs.into_iter().map(|(name, kind)| Output { name, kind }).collect();
    let test = element.object("returnValueTest", "returnValueTest.")?;
    let key = test.text("key")?;
    let tested = tested(&test, key, &outputs)?;
    let contract = contract_address(element)?;
    let is_named = !key.is_empty();
    let test = read_test(&test, &outputs[tested].kind)?;
    Ok(ContractQuery { contract, function, inputs, outputs, mutability, tested, is_named, test })
}

/// Names and types of parameters or results.
fn slots(
    element: &Object<'_>,
    field: &'static str,
    objects: &[Object<'_>],
    with_lists: bool,
) -> Result<Vec<(String, DynSolType)>, ConditionTextError> {
    if objects.len() > SLOTS_MAX {
        let (field, got) = (format!("functionAbi.{field}"), objects.len().to_string());
        return Err(element.wrong(&field, format!("at most {SLOTS_MAX}"), &got));
    }
    let slot = |object: &Object<'_>| {
        let may_name = |text: &str| (text.is_empty() || is_identifier(text)).then(|| text.to_owned());
        let name = object.parsed("name", "a name", may_name)?;
        let text = object.text("type")?;
        let kind = Some(text).filter(|text| text.len() <= TYPE_BYTES_MAX);
        let kind = kind.and_then(|text| DynSolType::parse(text).ok());
        let kind = kind.ok_or_else(|| object.wrong("type", "a Solidity type", text))?;
        match is_elementary(&kind) || (with_lists && is_list(&kind)) {
            true => Ok((name, kind)),
            false if with_lists => Err(object.unsupported("type", format!("a type without parts, or {LISTS}"), text)),
            false => Err(object.unsupported("type", "a type without parts", text)),
        }
    };
    objects.iter().map(slot).collect()
}

fn is_elementary(kind: &DynSolType) -> bool {
    use DynSolType::{Bool, Bytes, FixedBytes, Int, String, Uint};
    matches!(kind, Bool | Int(_) | Uint(_) | FixedBytes(_) | DynSolType::Address | Bytes | String)
}

/// Whether a list is one of those whose texts are understood.
fn is_list(kind: &DynSolType) -> bool {
    use DynSolType::{Array, Bytes, FixedArray, String};
    let of = |inner: &DynSolType| is_elementary(inner) && !matches!(inner, Bytes | String);
    match kind {
        Array(inner) => of(inner),
        FixedArray(inner, size) => of(inner) && (1..=LIST_MAX).contains(size),
        _ => false,
    }
}

fn inputs(element: &Object<'_>, objects: &[Object<'_>]) -> Result<Vec<Input>, ConditionTextError> {
    let texts = element.texts("functionParams")?;
    let slots = slots(element, "inputs", objects, true)?;
    if texts.len() != slots.len() {
        let expected = format!("{} texts, one for each of functionAbi.inputs", slots.len());
        return Err(element.wrong("functionParams", expected, &texts.len().to_string()));
    }
    let input = |((name, kind), text): ((String, DynSolType), &str)| {
        element.known_parameter("functionParams", text)?;
        let argument = Argument::parse(&kind, text);
        let argument = argument.ok_or_else(|| element.wrong("functionParams", expected(&kind), text))?;
        Ok(Input { name, kind, argument })
    };
    slots.into_iter().zip(texts).map(input).collect()
}

/// What a type's texts look like, as errors name it.
fn expected(kind: &DynSolType) -> String {
    let what = match kind {
        DynSolType::Uint(_) | DynSolType::Int(_) => "a number, decimal or 0x-hex",
        DynSolType::Bool => "true or false",
        DynSolType::Address => Account::EXPECTED,
        DynSolType::String => "a text",
        DynSolType::Bytes | DynSolType::FixedBytes(_) => "0x-hex",
        _ => "[...] with commas between at most 32 values",
    };
    format!("{what} for {kind}")
}

/// Which result is compared.
fn tested(test: &Object<'_>, key: &str, outputs: &[Output]) -> Result<usize, ConditionTextError> {
    let mut named = outputs.iter().enumerate().filter(|(_, output)| key.is_empty() || output.name == key);
    match (named.next(), named.next()) {
        (None, _) => Err(test.wrong("key", "\"\" or the name of one of functionAbi.outputs", key)),
        (Some(_), Some(_)) if !key.is_empty() => Err(test.wrong("key", "the name of one result", key)),
        (Some((at, _)), _) => Ok(at),
    }
}

fn read_test(test: &Object<'_>, kind: &DynSolType) -> Result<Test, ConditionTextError> {
    let equality = || test.comparator(Equality::EXPECTED, Equality::parse);
    let order = || test.comparator(Order::EXPECTED, Order::parse);
    let text = test.text("value")?;
    let wrong = || test.wrong("value", expected(kind), text);
    let number = || Integer::parse(text).filter(|number| fits(number, kind)).ok_or_else(wrong);
    Ok(match kind {
        DynSolType::Uint(_) => Test::Uint(order()?, number()?),
        DynSolType::Int(_) => Test::Int(order()?, number()?),
        DynSolType::Address => Test::Address(equality()?, Account::parse(text).ok_or_else(wrong)?),
        DynSolType::Bool => Test::Bool(equality()?, truth(text).ok_or_else(wrong)?),
        DynSolType::Bytes | DynSolType::FixedBytes(_) => Test::Bytes(equality()?, bytes(text, kind).ok_or_else(wrong)?),
        _ => Test::Text(test.comparator(Likeness::EXPECTED, Likeness::parse)?, test.literal("value")?),
    })
}

fn truth(text: &str) -> Option<bool> {
    match text {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

fn fits(number: &Integer, kind: &DynSolType) -> bool {
    match kind {
        DynSolType::Uint(bits) => number.unsigned(*bits).is_some(),
        DynSolType::Int(bits) => number.signed(*bits).is_some(),
        _ => false,
    }
}

/// Bytes, as many as the type has if it has a size.
fn bytes(text: &str, kind: &DynSolType) -> Option<Vec<u8>> {
    let bytes = hex::decode(text.strip_prefix("0x")?).ok()?;
    match kind {
        DynSolType::FixedBytes(size) if bytes.len() != *size => None,
        _ => Some(bytes),
    }
}

impl Argument {
    /// Reads a value of a type.
    fn parse(kind: &DynSolType, text: &str) -> Option<Self> {
        use DynSolType::{Array, Bool, Bytes, FixedArray, FixedBytes, Int, String, Uint};
        match (kind, text) {
            (DynSolType::Address | Bytes | FixedBytes(20) | String, USER_ADDRESS) => Some(Self::Asker),
            (Bytes | String, ACTION_CID) => Some(Self::Action),
            (Uint(_) | Int(_), _) => Integer::parse(text).filter(|number| fits(number, kind)).map(Self::Number),
            (Bool, _) => truth(text).map(Self::Bool),
            (DynSolType::Address, _) => match Account::parse(text)? {
                Account::Asker => Some(Self::Asker),
                Account::Fixed(address) => Some(Self::Address(address)),
            },
            (Bytes | FixedBytes(_), _) => bytes(text, kind).map(Self::Bytes),
            (String, _) => Some(Self::Text(text.to_owned())),
            (Array(inner) | FixedArray(inner, _), _) => {
                let items = text.strip_prefix('[')?.strip_suffix(']')?;
                let items: Vec<&str> = if items.is_empty() { Vec::new() } else { items.split(',').collect() };
                let is_size = !matches!(kind, FixedArray(_, size) if *size != items.len());
                let parse = |item: &str| Self::parse(inner, item);
                (is_size && items.len() <= LIST_MAX)
                    .then_some(items)?
                    .into_iter()
                    .map(parse)
                    .collect::<Option<_>>()
                    .map(Self::List)
            }
            _ => None,
        }
    }

    /// As conditions have it.
    pub fn written(&self) -> String {
        match self {
            Self::Asker => USER_ADDRESS.to_owned(),
            Self::Action => ACTION_CID.to_owned(),
            Self::Number(number) => number.written().to_owned(),
            Self::Bool(truth) => truth.to_string(),
            Self::Address(address) => lower(address),
            Self::Text(text) => text.clone(),
            Self::Bytes(bytes) => lower(bytes),
            Self::List(items) => format!("[{}]", items.iter().map(Self::written).collect::<Vec<_>>().join(",")),
        }
    }

    /// The value; none if it is something of the asker that he does not have.
    fn value(&self, kind: &DynSolType, asker: &Asker) -> Option<DynSolValue> {
        use DynSolType::{Array, FixedArray, FixedBytes, Int, String, Uint};
        Some(match (self, kind) {
            (Self::Asker, DynSolType::Address) => DynSolValue::Address(Address::from(asker.address?)),
            (Self::Asker, String) => DynSolValue::String(lower(&asker.address?)),
            (Self::Asker, FixedBytes(size)) => fixed(&asker.address?, *size),
            (Self::Asker, _) => DynSolValue::Bytes(asker.address?.to_vec()),
            (Self::Action, String) => DynSolValue::String(asker.action?.to_string()),
            (Self::Action, _) => DynSolValue::Bytes(cid::permission_bytes(&asker.action?)),
            (Self::Number(number), Uint(bits)) => DynSolValue::Uint(number.unsigned(*bits)?, *bits),
            (Self::Number(number), Int(bits)) => DynSolValue::Int(number.signed(*bits)?, *bits),
            (Self::Number(_), _) => return None,
            (Self::Bool(truth), _) => DynSolValue::Bool(*truth),
            (Self::Address(address), _) => DynSolValue::Address(Address::from(*address)),
            (Self::Text(text), _) => DynSolValue::String(text.clone()),
            (Self::Bytes(bytes), FixedBytes(size)) => fixed(bytes, *size),
            (Self::Bytes(bytes), _) => DynSolValue::Bytes(bytes.clone()),
            (Self::List(items), Array(inner)) => DynSolValue::Array(values(items, inner, asker)?),
            (Self::List(items), FixedArray(inner, _)) => DynSolValue::FixedArray(values(items, inner, asker)?),
            (Self::List(_), _) => return None,
        })
    }
}

fn values(items: &[Argument], kind: &DynSolType, asker: &Asker) -> Option<Vec<DynSolValue>> {
    items.iter().map(|item| item.value(kind, asker)).collect()
}

/// Bytes of a type with a size, at the beginning of their word.
fn fixed(bytes: &[u8], size: usize) -> DynSolValue {
    DynSolValue::FixedBytes(B256::right_padding_from(bytes), size)
}

impl ContractQuery {
    /// The call's data; none if it needs something of the asker that he does not have.
    pub fn call(&self, asker: &Asker) -> Option<Vec<u8>> {
        let values = self.inputs.iter().map(|input| input.argument.value(&input.kind, asker));
        let values = values.collect::<Option<Vec<_>>>()?;
        Some(encode(&self.function, self.inputs.iter().map(|input| &input.kind), values))
    }

    /// Whether what the contract returned passes.
    ///
    /// # Errors
    /// If it is no encoding of the function's results.
    pub fn judge(&self, data: &[u8], asker: &Asker) -> Result<bool, ReadError> {
        let kinds = self.outputs.iter().map(|output| output.kind.clone()).collect();
        let found = decode(kinds, data)?.into_iter().nth(self.tested).ok_or(ReadError::Malformed)?;
        match (&self.test, found) {
            (Test::Uint(order, number), DynSolValue::Uint(found, bits)) => {
                Ok(number.unsigned(bits).is_some_and(|number| order.holds(found.cmp(&number))))
            }
            (Test::Int(order, number), DynSolValue::Int(found, bits)) => {
                Ok(number.signed(bits).is_some_and(|number| order.holds(found.cmp(&number))))
            }
            (Test::Bool(how, truth), DynSolValue::Bool(found)) => Ok(how.holds(found == *truth)),
            (Test::Address(how, account), DynSolValue::Address(found)) => {
                Ok(account.address(asker).is_some_and(|address| how.holds(found == Address::from(address))))
            }
            (Test::Text(how, text), DynSolValue::String(found)) => Ok(how.holds(&found, text)),
            (Test::Bytes(how, bytes), DynSolValue::Bytes(found)) => Ok(how.holds(found == *bytes)),
            (Test::Bytes(how, bytes), DynSolValue::FixedBytes(found, size)) => {
                Ok(how.holds(found.0.get(..size) == Some(bytes)))
            }
            _ => Err(ReadError::Malformed),
        }
    }

    /// Whether a comparison needs the asker's address, and he has none.
    pub fn lacks(&self, asker: &Asker) -> bool {
        matches!(&self.test, Test::Address(_, account) if account.address(asker).is_none())
    }
}

/// A call's data: the function's selector and the parameters.
pub(super) fn encode<'a>(
    function: &str,
    kinds: impl Iterator<Item = &'a DynSolType>,
    values: Vec<DynSolValue>,
) -> Vec<u8> {
    let kinds: Vec<_> = kinds.map(DynSolType::sol_type_name).collect();
    let selector = keccak256(format!("{function}({})", kinds.join(",")));
    let mut data = selector[..4].to_vec();
    data.extend(DynSolValue::Tuple(values).abi_encode_params());
    data
}

/// What a function returned, by its types. Only what a contract's own encoder makes is accepted: overlapping parts would
/// let a short answer decode to a long one, and two encodings of one value would not be equal.
pub(super) fn decode(kinds: Vec<DynSolType>, data: &[u8]) -> Result<Vec<DynSolValue>, ReadError> {
    if data.len() > RETURN_BYTES_MAX {
        return Err(ReadError::Malformed);
    }
    let decoded = DynSolType::Tuple(kinds).abi_decode_params(data).map_err(|_| ReadError::Malformed)?;
    let is_canonical = decoded.abi_encode_params() == data;
    match decoded {
        DynSolValue::Tuple(values) if is_canonical && values.iter().all(is_of_its_type) => Ok(values),
        _ => Err(ReadError::Malformed),
    }
}

/// Whether a value is one that its type has: the decoder takes whole words for numbers and bytes of any size.
fn is_of_its_type(value: &DynSolValue) -> bool {
    match value {
        DynSolValue::Uint(number, bits) => number.bit_len() <= *bits,
        DynSolValue::Int(number, bits) => {
            let raw = number.into_raw();
            let magnitude = if number.is_negative() { !raw } else { raw };
            magnitude.bit_len() < *bits
        }
        DynSolValue::FixedBytes(word, size) => word.iter().skip(*size).all(|byte| *byte == 0),
        _ => true,
    }
}
