//! Reading members of JSON objects, with errors that name element, field, what was expected and what is there.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::error::{ConditionTextError, Path, cut};
use super::values::{ACTION_CID, USER_ADDRESS};

/// The longest name of a chain or of something in a contract, bytes.
const NAME_BYTES_MAX: usize = 64;

/// An object in an element.
#[derive(Clone, Copy)]
pub(super) struct Object<'a> {
    at: &'a Path,
    /// What its members' names begin with in errors: where it stands in the element, with a dot.
    within: &'a str,
    members: &'a Map<String, Value>,
}

impl<'a> Object<'a> {
    /// An element.
    pub fn element(at: &'a Path, members: &'a Map<String, Value>) -> Self {
        Self { at, within: "", members }
    }

    fn name(&self, field: &str) -> String {
        format!("{}{field}", self.within)
    }

    /// That a field has a value that cannot be right.
    pub fn wrong(&self, field: &str, expected: impl Into<Cow<'static, str>>, got: &str) -> ConditionTextError {
        let field = self.name(field).into();
        ConditionTextError::Field { at: self.at.clone(), field, expected: expected.into(), got: cut(got) }
    }

    /// That a field has a value that is understood elsewhere.
    pub fn unsupported(&self, field: &str, expected: impl Into<Cow<'static, str>>, got: &str) -> ConditionTextError {
        let field = self.name(field).into();
        ConditionTextError::Unsupported { at: self.at.clone(), field, expected: expected.into(), got: cut(got) }
    }

    fn value(&self, field: &str, expected: &'static str) -> Result<&'a Value, ConditionTextError> {
        self.members.get(field).ok_or_else(|| self.wrong(field, expected, "nothing"))
    }

    /// Whether there is such a member.
    pub fn has(&self, field: &str) -> bool {
        self.members.contains_key(field)
    }

    /// A text.
    pub fn text(&self, field: &str) -> Result<&'a str, ConditionTextError> {
        let value = self.value(field, "a text")?;
        value.as_str().ok_or_else(|| self.wrong(field, "a text", kind(value)))
    }

    /// A text that may be left out.
    pub fn optional_text(&self, field: &str) -> Result<Option<&'a str>, ConditionTextError> {
        if self.has(field) { self.text(field).map(Some) } else { Ok(None) }
    }

    /// A text that `parse` understands.
    pub fn parsed<T>(
        &self,
        field: &str,
        expected: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, ConditionTextError> {
        let text = self.text(field)?;
        parse(text).ok_or_else(|| self.wrong(field, expected, text))
    }

    /// Texts.
    pub fn texts(&self, field: &str) -> Result<Vec<&'a str>, ConditionTextError> {
        const EXPECTED: &str = "an array of texts";
        let value = self.value(field, EXPECTED)?;
        let items = value.as_array().ok_or_else(|| self.wrong(field, EXPECTED, kind(value)))?;
        items.iter().map(|item| item.as_str().ok_or_else(|| self.wrong(field, EXPECTED, kind(item)))).collect()
    }

    /// Objects, of which errors speak by `within`.
    pub fn objects(&self, field: &str, within: &'a str) -> Result<Vec<Self>, ConditionTextError> {
        const EXPECTED: &str = "an array of objects";
        let value = self.value(field, EXPECTED)?;
        let items = value.as_array().ok_or_else(|| self.wrong(field, EXPECTED, kind(value)))?;
        let object = |item: &'a Value| match item.as_object() {
            Some(members) => Ok(Self { at: self.at, within, members }),
            None => Err(self.wrong(field, EXPECTED, kind(item))),
        };
        items.iter().map(object).collect()
    }

    /// An object, of which errors speak by `within`.
    pub fn object(&self, field: &str, within: &'a str) -> Result<Self, ConditionTextError> {
        let value = self.value(field, "an object")?;
        match value.as_object() {
            Some(members) => Ok(Self { at: self.at, within, members }),
            None => Err(self.wrong(field, "an object", kind(value))),
        }
    }

    /// That a field is empty, as it is where it says nothing.
    pub fn empty(&self, field: &str) -> Result<(), ConditionTextError> {
        match self.text(field)? {
            "" => Ok(()),
            other => Err(self.unsupported(field, "an empty text", other)),
        }
    }

    /// The name of a chain.
    pub fn chain(&self) -> Result<String, ConditionTextError> {
        let is_part = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        self.parsed("chain", "a name of up to 64 letters, digits, -, _ and .", |text| {
            let is_name = !text.is_empty() && text.len() <= NAME_BYTES_MAX && text.chars().all(is_part);
            is_name.then(|| text.to_owned())
        })
    }

    /// The name of a function.
    pub fn function(&self, field: &str) -> Result<String, ConditionTextError> {
        self.parsed(field, "the name of a function", |text| is_identifier(text).then(|| text.to_owned()))
    }

    /// A text to compare with, in which nothing is replaced: what looks as if it should be is refused.
    pub fn literal(&self, field: &str) -> Result<String, ConditionTextError> {
        let text = self.text(field)?;
        match text.starts_with(':') {
            true => Err(self.unsupported(field, "a text that does not begin with \":\"", text)),
            false => Ok(text.to_owned()),
        }
    }

    /// That a parameter is not one of those that are replaced elsewhere.
    pub fn known_parameter(&self, field: &str, text: &str) -> Result<(), ConditionTextError> {
        match text.starts_with(':') && text != USER_ADDRESS && text != ACTION_CID {
            true => {
                Err(self.unsupported(field, "\":userAddress\", \":currentActionIpfsId\" or what it stands for", text))
            }
            false => Ok(()),
        }
    }
}

/// Whether a text can name something in Solidity or JavaScript.
pub(super) fn is_identifier(text: &str) -> bool {
    let is_start = |c: char| c.is_ascii_alphabetic() || c == '_' || c == '$';
    let is_part = |c: char| is_start(c) || c.is_ascii_digit();
    text.len() <= NAME_BYTES_MAX && text.starts_with(is_start) && text.chars().all(is_part)
}

/// What a JSON value is, in a word.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}
