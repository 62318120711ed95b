//! Reads a node's response to an execution: what an honest node could not have sent is a fault, not an answer.

use std::collections::BTreeSet;
use thiserror::Error;

use super::shares::Subject;
use crate::api::{Executed, Failure, RESPONSE_BYTES_MAX, Response, SignaturePart};
use crate::curve;
use crate::id::{Digest, RequestId};
use crate::wire::{self, DecodeError};

/// The most signatures in one response. Actions may sign 10 times.
pub const SIGNATURES_MAX: usize = 64;
/// The most shares of one node in one signature. It answers one proposal an attempt.
pub const SHARES_MAX: usize = 64;

/// Why a response is none. No honest node sends such a thing for long.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ResponseFault {
    /// The bytes are no response.
    #[error("the response cannot be decoded: {0}")]
    Undecodable(#[from] DecodeError),
    /// It answers another request.
    #[error("the response is to request {0}")]
    WrongRequest(RequestId),
    /// It answers another kind of request.
    #[error("the response is of another kind")]
    WrongKind,
    /// It has more than [`SIGNATURES_MAX`] signatures.
    #[error("{0} signatures in one response")]
    TooManySignatures(usize),
    /// Two signatures have one name.
    #[error("two signatures are named {0:?}")]
    DuplicateName(String),
    /// A signature has no part, or parts that are not of one signature.
    #[error("the parts of signature {0:?} do not belong together")]
    Parts(String),
    /// A signature is by a key that the caller has not read from the chain.
    #[error("signature {name:?} is by another key than those expected: 0x{}", hex::encode(.public_key))]
    UnexpectedKey {
        /// The signature's name.
        name: String,
        /// The key, compressed.
        public_key: [u8; 33],
    },
    /// A signature is over another digest than the caller expects, or lacks.
    #[error("signature {name:?} is {}: expected one over {expected}", found.map_or("missing".into(), |d| format!("over {d}")))]
    UnexpectedDigest {
        /// The signature's name.
        name: String,
        /// What the node signed, if it did.
        found: Option<Digest>,
        /// What the caller expects.
        expected: Digest,
    },
}

/// The answer in a response.
pub(super) fn read(bytes: &[u8], request: RequestId) -> Result<Result<Executed, Failure>, ResponseFault> {
    match wire::decode(bytes, RESPONSE_BYTES_MAX)? {
        Response::Execute { request: id, result } if id == request => Ok(result),
        Response::Execute { request: id, .. } => Err(ResponseFault::WrongRequest(id)),
        Response::Rejected(failure) => Ok(Err(failure)),
        Response::Handshake(_) | Response::Decrypt { .. } => Err(ResponseFault::WrongKind),
    }
}

/// Whether all shares of a part are of one signature.
fn is_one(part: &SignaturePart) -> bool {
    part.shares.windows(2).all(|pair| Subject::of(&part.name, &pair[0]) == Subject::of(&part.name, &pair[1]))
}

/// What the node says that it signed, ascending by name.
pub(super) fn subjects(executed: &Executed, expected: &super::Expected) -> Result<Vec<Subject>, ResponseFault> {
    let signatures = &executed.signatures;
    if signatures.len() > SIGNATURES_MAX {
        return Err(ResponseFault::TooManySignatures(signatures.len()));
    }
    let mut names = BTreeSet::new();
    for part in signatures {
        let name = &part.name;
        if !names.insert(name) {
            return Err(ResponseFault::DuplicateName(name.clone()));
        }
        let Some(share) = part.shares.first().filter(|_| part.shares.len() <= SHARES_MAX && is_one(part)) else {
            return Err(ResponseFault::Parts(name.clone()));
        };
        if !expected.keys.contains(&share.public_key) {
            let public_key = curve::point_bytes(&share.public_key);
            return Err(ResponseFault::UnexpectedKey { name: name.clone(), public_key });
        }
    }
    for (name, &digest) in &expected.digests {
        let found = signatures
            .iter()
            .find(|part| part.name == *name)
            .and_then(|part| part.shares.first())
            .map(|share| share.digest);
        if found != Some(digest) {
            return Err(ResponseFault::UnexpectedDigest { name: name.clone(), found, expected: digest });
        }
    }
    let mut subjects: Vec<_> =
        signatures.iter().filter_map(|part| Some(Subject::of(&part.name, part.shares.first()?))).collect();
    subjects.sort_unstable();
    Ok(subjects)
}
