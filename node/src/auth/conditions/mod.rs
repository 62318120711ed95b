//! Access-control conditions: who may decrypt. Every node evaluates them itself, and builds the identity to which
//! something is encrypted from those that *it* evaluated; nobody hands it a hash to believe.
//!
//! Conditions are the real network's for EVM chains; `docs/conditions.md` says exactly which. They are judged in two steps:
//! [`Conditions::reads`] says what has to be read, [`Conditions::evaluate`] decides by the answers; [`Inquiry`] does both
//! against chains' endpoints and with actions that others run. Between nodes, clients and processes they travel as
//! their canonical text.

mod ast;
mod canonical;
mod contract;
mod error;
mod evaluate;
mod fields;
mod inquiry;
mod parse;
#[cfg(test)]
mod tests;
mod values;

pub use self::error::{ConditionError, ConditionTextError, Path, ReadError};
pub use self::evaluate::{Answer, Answers, Read};
pub use self::inquiry::{Asked, Inquiry, Part, Run};

use std::fmt;

use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

use self::ast::{Expression, Kind, Leaf};
use self::values::Equality;
use crate::cid::Cid;
use crate::id::Digest;

/// How many conditions there may be.
pub const CONDITIONS_MAX: usize = 30;
/// How many lists may be in each other.
pub const DEPTH_MAX: usize = 8;
/// The longest text of conditions, bytes.
pub const TEXT_BYTES_MAX: usize = 64 << 10;
/// The most that one call may return, bytes.
pub const RETURN_BYTES_MAX: usize = 64 << 10;
/// The most values in a list.
const LIST_MAX: usize = 32;
/// The chain of conditions that are not read from a text, and ask none.
const CHAIN: &str = "ethereum";

/// What must be so. There is at least one condition, and all bounds hold.
#[derive(Clone, PartialEq, Eq)]
pub struct Conditions(Expression);

impl Conditions {
    /// Reads the JSON of the real network.
    ///
    /// # Errors
    /// If the text is none, or says something that cannot be judged here.
    pub fn parse(text: &str) -> Result<Self, ConditionTextError> {
        parse::expression(text).map(Self)
    }

    /// That the caller signed in with this Ethereum address.
    pub fn caller(address: [u8; 20]) -> Self {
        Self::leaf(Kind::Caller(Equality::Equal, address))
    }

    /// That the action that asks, and no action that calls it, is this one, by the SHA-256 of its root block.
    pub fn action(digest: [u8; 32]) -> Self {
        Self::leaf(Kind::Action(Equality::Equal, digest))
    }

    fn leaf(kind: Kind) -> Self {
        Self(Expression::Leaf(Box::new(Leaf { chain: CHAIN.to_owned(), kind })))
    }

    /// The one JSON text of what they say: no white space, members in the order of their names, addresses and bytes in lower
    /// case, numbers and texts as they were written.
    pub fn canonical_json(&self) -> String {
        canonical::text(&self.0)
    }

    /// SHA-256 of [`Self::canonical_json`].
    pub fn digest(&self) -> Digest {
        Digest(Sha256::digest(self.canonical_json()).into())
    }
}

impl fmt::Debug for Conditions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.canonical_json())
    }
}

impl Serialize for Conditions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.canonical_json())
    }
}

impl<'de> Deserialize<'de> for Conditions {
    /// Reads the canonical text and no other: what is evaluated and what is hashed cannot be two things.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl Visitor<'_> for Text {
            type Value = Conditions;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the canonical text of conditions")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Conditions, E> {
                let conditions = Conditions::parse(text).map_err(E::custom)?;
                match conditions.canonical_json() == text {
                    true => Ok(conditions),
                    false => Err(E::custom(ConditionTextError::NotCanonical)),
                }
            }
        }

        deserializer.deserialize_str(Text)
    }
}

/// Who wants to meet conditions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asker {
    /// Who signed in, if anybody did.
    pub address: Option<[u8; 20]>,
    /// The action that asks, if one does: the last on the stack.
    pub action: Option<Cid>,
    /// What was signed to sign in.
    pub signed: Option<SignedText>,
}

/// What a sign-in text says that conditions may look at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SignedText {
    /// The domain that asked for the signature.
    pub domain: String,
    /// The resources that it names.
    pub resources: Vec<String>,
}
