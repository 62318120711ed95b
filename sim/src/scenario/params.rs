//! Parameters of an action: JSON whose strings may refer to what exists only during the run.

use alloy_primitives::keccak256;
use serde_json::{Map, Value};

/// Something that a parameter stands for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reference {
    /// `${pkp.NAME.public_key}`: the uncompressed key, 0x-hex.
    PkpPublicKey(String),
    /// `${pkp.NAME.token_id}`: 0x-hex, 32 bytes.
    PkpTokenId(String),
    /// `${pkp.NAME.eth_address}`: 0x-hex with checksum or without, as the engine likes.
    PkpAddress(String),
    /// `${user.NAME.address}`: 0x-hex.
    UserAddress(String),
    /// `${user.NAME.auth_sig}`: what the user's wallet signs to sign in when the step begins, as an object; its JSON text
    /// inside other text.
    UserAuthSig(String),
    /// `${secret.NAME.ciphertext}`: what a client has encrypted, as actions take it.
    SecretCiphertext(String),
    /// `${secret.NAME.hash}`: the SHA-256 of its plaintext, hex.
    SecretHash(String),
    /// `${cid:FILE}`: the CIDv0 of an action's file, which the gateway then serves.
    Cid(String),
    /// `${keccak256:TEXT}`: the 32 bytes of the digest, as an array of numbers.
    Keccak(String),
}

impl Reference {
    fn parse(text: &str) -> Result<Self, BadReference> {
        if let Some(text) = text.strip_prefix("keccak256:") {
            return Ok(Self::Keccak(text.to_owned()));
        }
        if let Some(file) = text.strip_prefix("cid:") {
            return Ok(Self::Cid(file.to_owned()));
        }
        let parts: Vec<&str> = text.split('.').collect();
        match parts.as_slice() {
            ["pkp", name, "public_key"] => Ok(Self::PkpPublicKey((*name).to_owned())),
            ["pkp", name, "token_id"] => Ok(Self::PkpTokenId((*name).to_owned())),
            ["pkp", name, "eth_address"] => Ok(Self::PkpAddress((*name).to_owned())),
            ["secret", name, "ciphertext"] => Ok(Self::SecretCiphertext((*name).to_owned())),
            ["secret", name, "hash"] => Ok(Self::SecretHash((*name).to_owned())),
            ["user", name, "auth_sig"] => Ok(Self::UserAuthSig((*name).to_owned())),
            ["user", name, "address"] => Ok(Self::UserAddress((*name).to_owned())),
            _ => Err(BadReference(text.to_owned())),
        }
    }
}

/// A `${...}` that refers to nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`${{{0}}}` refers to nothing")]
pub struct BadReference(pub String);

/// The members that become globals of an action.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Params(Map<String, Value>);

impl Params {
    /// Takes a TOML table. Dates become strings.
    pub fn from_toml(table: toml::Table) -> Self {
        Self(table.into_iter().map(|(name, value)| (name, json(value))).collect())
    }

    /// Every reference, in order.
    ///
    /// # Errors
    /// If a `${...}` refers to nothing.
    pub fn references(&self) -> Result<Vec<Reference>, BadReference> {
        let mut found = Vec::new();
        for value in self.0.values() {
            collect(value, &mut found)?;
        }
        Ok(found)
    }

    /// The JSON object with every reference replaced by what `lookup` knows; unknown ones become empty strings. A string that
    /// is one reference becomes the value itself, inside other text a value that is no string is its JSON text.
    /// [`Reference::Keccak`] is answered here.
    pub fn resolve(&self, lookup: &dyn Fn(&Reference) -> Option<Value>) -> Value {
        Value::Object(self.0.iter().map(|(name, value)| (name.clone(), replace(value, lookup))).collect())
    }
}

/// The JSON counterpart of a TOML value.
pub(super) fn json(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => Value::String(text),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) => number.into(),
        toml::Value::Boolean(truth) => truth.into(),
        toml::Value::Datetime(date) => Value::String(date.to_string()),
        toml::Value::Array(items) => items.into_iter().map(json).collect(),
        toml::Value::Table(table) => Value::Object(table.into_iter().map(|(k, v)| (k, json(v))).collect()),
    }
}

/// A part of a string: text, or what is between `${` and `}`.
enum Part<'t> {
    Text(&'t str),
    Inner(&'t str),
}

fn parts(mut text: &str) -> Vec<Part<'_>> {
    let mut list = Vec::new();
    while let Some((before, rest)) = text.split_once("${") {
        let Some((inner, after)) = rest.split_once('}') else { break };
        list.push(Part::Text(before));
        list.push(Part::Inner(inner));
        text = after;
    }
    list.push(Part::Text(text));
    list
}

fn collect(value: &Value, found: &mut Vec<Reference>) -> Result<(), BadReference> {
    match value {
        Value::String(text) => {
            for part in parts(text) {
                if let Part::Inner(inner) = part {
                    found.push(Reference::parse(inner)?);
                }
            }
            Ok(())
        }
        Value::Array(items) => items.iter().try_for_each(|item| collect(item, found)),
        Value::Object(members) => members.values().try_for_each(|member| collect(member, found)),
        _ => Ok(()),
    }
}

fn replace(value: &Value, lookup: &dyn Fn(&Reference) -> Option<Value>) -> Value {
    match value {
        Value::String(text) => replace_text(text, lookup),
        Value::Array(items) => items.iter().map(|item| replace(item, lookup)).collect(),
        Value::Object(members) => {
            Value::Object(members.iter().map(|(name, member)| (name.clone(), replace(member, lookup))).collect())
        }
        other => other.clone(),
    }
}

fn replace_text(text: &str, lookup: &dyn Fn(&Reference) -> Option<Value>) -> Value {
    if let [Part::Text(""), Part::Inner(inner), Part::Text("")] = parts(text).as_slice()
        && let Ok(reference) = Reference::parse(inner)
    {
        return match reference {
            Reference::Keccak(message) => keccak256(message).iter().map(|byte| Value::from(*byte)).collect(),
            reference => lookup(&reference).unwrap_or_else(|| Value::String(String::new())),
        };
    }
    let resolved = parts(text).into_iter().map(|part| match part {
        Part::Text(text) => text.to_owned(),
        Part::Inner(inner) => match Reference::parse(inner) {
            Ok(Reference::Keccak(message)) => format!("0x{}", hex::encode(keccak256(message))),
            Ok(reference) => match lookup(&reference) {
                Some(Value::String(text)) => text,
                Some(value) => value.to_string(),
                None => String::new(),
            },
            Err(_) => String::new(),
        },
    });
    Value::String(resolved.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(text: &str) -> Params {
        Params::from_toml(toml::from_str(text).unwrap())
    }

    #[test]
    fn references_are_found_at_any_depth_and_replaced() {
        let params = params("a = 'key ${pkp.p.public_key}!'\nb = [{ c = '${user.bob.address}' }]\nn = 7");
        let found = params.references().unwrap();
        assert_eq!(found, [Reference::PkpPublicKey("p".into()), Reference::UserAddress("bob".into())]);
        let value = params.resolve(&|reference| Some(format!("<{reference:?}>").into()));
        assert_eq!(value["a"], "key <PkpPublicKey(\"p\")>!");
        assert_eq!(value["b"][0]["c"], "<UserAddress(\"bob\")>");
        assert_eq!(value["n"], 7);
    }

    #[test]
    fn a_digest_alone_becomes_bytes() {
        let value = params("toSign = '${keccak256:}'").resolve(&|_| None);
        let bytes: Vec<u8> = serde_json::from_value(value["toSign"].clone()).unwrap();
        assert_eq!(hex::encode(bytes), "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");
    }

    #[test]
    fn a_sign_in_alone_is_an_object_and_a_text_inside_text() {
        let params = params("authSig = '${user.bob.auth_sig}'\ntext = 'as ${user.bob.auth_sig}'");
        assert_eq!(params.references().unwrap(), vec![Reference::UserAuthSig("bob".into()); 2]);
        let value = params.resolve(&|_| Some(serde_json::json!({ "address": "0x1" })));
        assert_eq!(value["authSig"]["address"], "0x1");
        assert_eq!(value["text"], r#"as {"address":"0x1"}"#);
    }

    #[test]
    fn an_unknown_reference_is_an_error_that_names_it() {
        assert_eq!(params("a = '${pkp.p.colour}'").references(), Err(BadReference("pkp.p.colour".into())));
    }
}
