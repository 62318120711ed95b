//! What streams hold: canonical texts, merge patches, and signatures over them.

use alloy_primitives::keccak256;
use k256::ecdsa::{self, RecoveryId, VerifyingKey};
use serde_json::{Map, Value};

use super::Refusal;
use super::body::shown;

/// The largest number that JavaScript tells from its neighbours: `Number.MAX_SAFE_INTEGER`.
const EXACT_MAX: i64 = (1 << 53) - 1;

/// The one text of a document: no white space, members in the order of their names' code points. For documents whose
/// numbers are [exact](is_exact) it is what RFC 8785 makes, but for names beyond the basic plane.
pub fn canonical(document: &Value) -> String {
    let mut sorted = document.clone();
    sorted.sort_all_objects();
    sorted.to_string()
}

/// Whether all numbers are integers that every reader reads alike.
pub(super) fn is_exact(document: &Value) -> bool {
    match document {
        Value::Number(number) => number.as_i64().is_some_and(|number| (-EXACT_MAX..=EXACT_MAX).contains(&number)),
        Value::Array(items) => items.iter().all(is_exact),
        Value::Object(members) => members.values().all(is_exact),
        Value::Null | Value::Bool(_) | Value::String(_) => true,
    }
}

/// A document after a merge patch (RFC 7396, section 2): members replace members, null removes them.
pub(super) fn patched(document: Value, patch: &Value) -> Value {
    let Value::Object(patch) = patch else { return patch.clone() };
    let mut members = match document {
        Value::Object(members) => members,
        _ => Map::new(),
    };
    for (name, change) in patch {
        if change.is_null() {
            members.shift_remove(name);
        } else {
            let before = members.get_mut(name).map_or(Value::Null, Value::take);
            members.insert(name.clone(), patched(before, change));
        }
    }
    Value::Object(members)
}

/// A signature in its one form.
pub(super) struct Signature {
    scalars: ecdsa::Signature,
    recovery: RecoveryId,
    /// Its text.
    pub text: String,
}

impl Signature {
    /// Reads r, s and v; `None` if s is high, or one of them is none.
    pub fn read(bytes: &[u8; 65], text: String) -> Option<Self> {
        let scalars = ecdsa::Signature::from_slice(&bytes[..64]).ok()?;
        let recovery = RecoveryId::from_byte(bytes[64].checked_sub(27)?).filter(|id| !id.is_x_reduced())?;
        scalars.normalize_s().is_none().then_some(Self { scalars, recovery, text })
    }
}

/// Checks that a signature over a text is by a key.
pub(super) fn verify(owner: &VerifyingKey, signed: &str, signature: &Signature) -> Result<(), Refusal> {
    let digest = keccak256(signed);
    let signer = VerifyingKey::recover_from_prehash(digest.as_slice(), &signature.scalars, signature.recovery);
    match signer {
        Ok(signer) if signer == *owner => Ok(()),
        _ => Err(Refusal::NotByOwner { signed: shown(signed) }),
    }
}
