//! Lit actions: JavaScript programs, run by Boa as a pumped state machine.
//!
//! An [`Execution`] is started, and from then on fed with answers to its host calls and with the passing of time; it
//! never waits. A host function makes a pending promise, keeps its resolvers under a [`HostCallId`] and reports a
//! [`HostCall`]; the answer settles the promise and the job queue runs until nothing is left to do. The action is
//! done when no job, host call or timer is left.
//!
//! The same specification and the same answers at the same times give the same calls, result and logs, on every host:
//! the clock is the node's plus the used fuel, randomness is a seeded stream, and whatever would show the machine
//! underneath is removed (see `realm`).
//!
//! The thread needs a stack of at least 64 MB: the engine recurses on it, within the bounds set here.

mod clone;
mod console;
mod crypto;
mod error;
mod executor;
mod fetch;
mod host;
mod inspect;
mod json;
mod limits;
mod math;
mod modules;
mod natives;
mod nesting;
mod params;
mod parse;
mod parts;
mod program;
mod pump;
mod realm;
#[cfg(test)]
mod tests;

pub use error::{ActionError, BadParams};
pub use host::call::{HostAnswer, HostCall, HostCallId, Reader, SignPurpose, Signature, Usage};
pub use limits::{Limits, NANOS_PER_INSTRUCTION};
pub use program::{Executor, InProcess, Program};
pub use pump::Execution;

use serde::{Deserialize, Serialize};

use crate::io::Time;

/// What to run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionSpec {
    /// The script, or a module that imports nothing.
    pub code: String,
    /// A JSON object whose members become globals; empty text counts as `{}`.
    pub js_params: String,
    /// What the script sees as `Lit.Auth`.
    pub auth: AuthContext,
    /// What the script may use up.
    pub limits: Limits,
    /// Seeds `Math.random`; each node has its own.
    pub seed: [u8; 32],
    /// The node's clock at the start.
    pub started: Time,
}

/// Who runs the action, as the action sees it. It holds no timestamps, which would differ between nodes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthContext {
    /// CIDs of all actions of this request.
    pub action_ipfs_ids: Vec<String>,
    /// CIDs on the call stack; the last is the running action.
    pub action_ipfs_id_stack: Vec<String>,
    /// The address that a valid AuthSig proves, 0x-hex.
    pub auth_sig_address: Option<String>,
    /// Verified authentication methods.
    pub auth_method_contexts: Vec<AuthMethodContext>,
    /// Resources of the caller's session.
    pub resources: Vec<String>,
    /// The caller's own resource string.
    pub custom_auth_resource: Option<String>,
}

/// A verified authentication method.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthMethodContext {
    /// The user, as the method names them.
    pub user_id: String,
    /// The application that the user authenticated to.
    pub app_id: String,
    /// The method's type number (1 is a wallet).
    pub auth_method_type: u32,
}

/// How far an execution got.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Progress {
    /// It waits for answers or timers; these calls are new, and there may be none.
    Pending(Vec<(HostCallId, HostCall)>),
    /// It is over; calls without an answer no longer matter.
    Finished(Result<ActionResult, ActionError>),
}

/// What an action that ran to its end produced.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionResult {
    /// What it last passed to `setResponse`; empty if it did not.
    pub response: String,
    /// What it printed, a line each.
    pub logs: String,
}
