//! Bodies of requests, read field by field: whatever is wrong is refused with the field's name.

use k256::ecdsa::VerifyingKey;
use serde_json::{Map, Value};

use super::document::{Signature, is_exact};
use super::{BODY_BYTES_MAX, Refusal};

/// An object that has these fields and no others.
pub(super) struct Body(Map<String, Value>);

/// The most of a client's text that an answer repeats, characters.
const SHOWN_MAX: usize = 200;

/// What an answer repeats of a client's text.
pub(super) fn shown(text: &str) -> String {
    text.chars().take(SHOWN_MAX).collect()
}

/// The refusal of a field.
fn expected(field: &str, expected: &'static str) -> Refusal {
    Refusal::Field { field: field.to_owned(), expected }
}

impl Body {
    /// Reads a body that has no other fields than these.
    pub fn read(bytes: &[u8], fields: &[&str]) -> Result<Self, Refusal> {
        if bytes.len() > BODY_BYTES_MAX {
            return Err(Refusal::TooLarge);
        }
        let value: Value = serde_json::from_slice(bytes).map_err(|error| Refusal::NoJson(error.to_string()))?;
        let Value::Object(members) = value else { return Err(expected("body", "an object")) };
        match members.keys().find(|name| !fields.contains(&name.as_str())) {
            Some(unknown) => Err(expected(&shown(unknown), "no such field")),
            None => Ok(Self(members)),
        }
    }

    /// A text.
    pub fn text(&self, field: &str) -> Result<String, Refusal> {
        self.0.get(field).and_then(Value::as_str).map(str::to_owned).ok_or_else(|| expected(field, "a text"))
    }

    /// An object that has a canonical text.
    pub fn document(&self, field: &str) -> Result<Value, Refusal> {
        match self.0.get(field) {
            Some(value @ Value::Object(_)) if is_exact(value) => Ok(value.clone()),
            Some(Value::Object(_)) => Err(expected(field, "integers from -(2^53 - 1) to 2^53 - 1 as numbers")),
            _ => Err(expected(field, "an object")),
        }
    }

    /// A public key, and its text.
    pub fn key(&self, field: &str) -> Result<(VerifyingKey, String), Refusal> {
        let refused = || expected(field, "an uncompressed secp256k1 key: 0x04 and 128 lower-case hex digits");
        let text = self.text(field).map_err(|_| refused())?;
        let bytes = lower_hex::<65>(&text).ok_or_else(refused)?;
        Ok((VerifyingKey::from_sec1_bytes(&bytes).map_err(|_| refused())?, text))
    }

    /// A signature of the one form that is accepted.
    pub fn signature(&self, field: &str) -> Result<Signature, Refusal> {
        let refused = || expected(field, "r, low s and v (27 or 28): 0x and 130 lower-case hex digits");
        let text = self.text(field).map_err(|_| refused())?;
        let bytes = lower_hex::<65>(&text).ok_or_else(refused)?;
        Signature::read(&bytes, text).ok_or_else(refused)
    }
}

/// So many bytes, if the text is theirs in lower case: each value has one text.
fn lower_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let bytes: [u8; N] = hex::decode(text.strip_prefix("0x")?).ok()?.try_into().ok()?;
    (text[2..] == hex::encode(bytes)).then_some(bytes)
}
