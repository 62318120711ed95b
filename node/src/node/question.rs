//! What a node has asked its surroundings, so that an answer finds the part that waits for it.

use super::frame::{CallRef, FrameId};
use crate::auth::conditions::Part;
use crate::id::RequestId;

/// An open question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Question {
    /// The contracts' logs up to this block.
    Logs { to_block: u64 },
    /// The next nonce of this node's account.
    Nonce,
    /// The transaction in flight.
    Submission,
    /// An action's code.
    Code { request: RequestId, frame: FrameId },
    /// Something that an action asked for directly.
    Host { request: RequestId, at: CallRef },
    /// What an action fetches.
    Fetch { request: RequestId, at: CallRef, url: String },
    /// What an identity provider knows about a proof, by its place in the request.
    Identity { request: RequestId, proof: usize },
    /// A part of a permission check.
    Permission { request: RequestId, at: CallRef, part: PermissionPart },
    /// A part of what conditions are about: those of an action's call, or of a client's request for decryption.
    Condition { request: RequestId, at: Option<CallRef>, part: Part },
}

impl Question {
    /// What it is about, in a word.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Logs { .. } => "logs",
            Self::Nonce => "nonce",
            Self::Submission => "submission",
            Self::Code { .. } => "code",
            Self::Host { .. } => "action",
            Self::Fetch { .. } => "fetch",
            Self::Identity { .. } => "identity",
            Self::Permission { .. } => "permission",
            Self::Condition { .. } => "condition",
        }
    }
}

/// What a permission check reads from the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum PermissionPart {
    /// Is the action permitted?
    Action,
    /// Is the caller's address permitted?
    Address,
    /// Who owns the token?
    Owner,
    /// May the caller's auth method of this place use it?
    Method(usize),
    /// Which auth methods may, with users' public keys?
    Methods,
}
