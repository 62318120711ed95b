//! Access-control conditions: who may decrypt. Every node evaluates them itself, and builds the identity to which
//! something is encrypted from those that *it* evaluated; nobody hands it a hash to believe.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use crate::cid::{self, Cid};
use crate::id::Digest;

/// How many conditions one list may have.
pub const CONDITIONS_MAX: usize = 30;

/// Something that must be so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Condition {
    /// The caller signed in with this Ethereum address.
    Caller {
        /// The address.
        address: [u8; 20],
    },
    /// The action that asks, and no action that calls it, is this one.
    Action {
        /// SHA-256 of the action's root block: what its CIDv0 says.
        digest: [u8; 32],
    },
}

/// Who wants to meet conditions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asker {
    /// Who signed in, if anybody did.
    pub address: Option<[u8; 20]>,
    /// The action that asks, if one does: the last on the stack.
    pub action: Option<Cid>,
}

/// Why conditions let nobody in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ConditionError {
    /// There is none: an empty list would let everybody in.
    #[error("no conditions")]
    Empty,
    /// There are too many.
    #[error("{0} conditions: at most {CONDITIONS_MAX} are accepted")]
    TooMany(usize),
    /// One is not met.
    #[error("condition {0} is not met")]
    Unmet(usize),
}

/// Whether the asker meets all conditions.
///
/// # Errors
/// If it does not, or the list cannot be used.
pub fn evaluate(conditions: &[Condition], asker: &Asker) -> Result<(), ConditionError> {
    match conditions.len() {
        0 => return Err(ConditionError::Empty),
        count if count > CONDITIONS_MAX => return Err(ConditionError::TooMany(count)),
        _ => {}
    }
    let is_unmet = |condition: &Condition| match condition {
        Condition::Caller { address } => asker.address != Some(*address),
        Condition::Action { digest } => asker.action != Some(cid::of_digest(digest)),
    };
    conditions.iter().position(is_unmet).map_or(Ok(()), |at| Err(ConditionError::Unmet(at)))
}

/// SHA-256 of the conditions' canonical JSON.
pub fn digest(conditions: &[Condition]) -> Digest {
    Digest(Sha256::digest(canonical_json(conditions)).into())
}

/// The one JSON text of conditions: no white space, members in the order of their names, addresses in lower case.
pub fn canonical_json(conditions: &[Condition]) -> String {
    let value = |condition: &Condition| match condition {
        Condition::Caller { address } => json!({ "address": format!("0x{}", hex::encode(address)), "kind": "caller" }),
        Condition::Action { digest } => json!({ "cid": cid::of_digest(digest).to_string(), "kind": "action" }),
    };
    Value::Array(conditions.iter().map(value).collect()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: [u8; 20] = [0xab; 20];

    fn asks(address: [u8; 20]) -> Asker {
        Asker { address: Some(address), action: None }
    }

    #[test]
    fn conditions_have_one_text_and_lists_that_differ_have_different_digests() {
        let conditions = [Condition::Caller { address: ALICE }];
        let text = format!(r#"[{{"address":"0x{}","kind":"caller"}}]"#, "ab".repeat(20));
        assert_eq!(canonical_json(&conditions), text);
        let action = Condition::Action { digest: [3; 32] };
        let text = format!(r#"[{{"cid":"{}","kind":"action"}}]"#, cid::of_digest(&[3; 32]));
        assert_eq!(canonical_json(&[action]), text);
        let others: [&[Condition]; 4] =
            [&[], &[Condition::Caller { address: [1; 20] }], &[conditions[0], conditions[0]], &[action]];
        assert!(others.iter().all(|other| digest(other) != digest(&conditions)));
    }

    #[test]
    fn every_condition_must_be_met_and_an_empty_or_endless_list_lets_nobody_in() {
        let alice = Condition::Caller { address: ALICE };
        let bob = Condition::Caller { address: [1; 20] };
        assert_eq!(evaluate(&[alice], &asks(ALICE)), Ok(()));
        assert_eq!(evaluate(&[alice], &Asker::default()), Err(ConditionError::Unmet(0)));
        assert_eq!(evaluate(&[alice, bob], &asks(ALICE)), Err(ConditionError::Unmet(1)));
        assert_eq!(evaluate(&[], &asks(ALICE)), Err(ConditionError::Empty));
        assert_eq!(evaluate(&[alice; 31], &asks(ALICE)), Err(ConditionError::TooMany(31)));
    }

    #[test]
    fn an_action_is_let_in_by_its_own_cid_only() {
        let mine = cid::cid_v0(b"mine");
        let digest = cid::digest_of(&mine).expect("a CIDv0 has a SHA-256");
        let conditions = [Condition::Action { digest }];
        let by = |action| evaluate(&conditions, &Asker { address: Some(ALICE), action });
        assert_eq!(by(Some(mine)), Ok(()));
        assert_eq!(by(Some(cid::cid_v0(b"other"))), Err(ConditionError::Unmet(0)));
        assert_eq!(by(None), Err(ConditionError::Unmet(0)));
    }
}
