//! How an action can fail, and what a client is told about it.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use thiserror::Error;

use crate::api::{ErrorCode, Failure};

/// Why an action did not run to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Error)]
pub enum ActionError {
    /// The code is no script.
    #[error("syntax error at line {line}, column {column}: {message}")]
    Syntax {
        /// What the parser found.
        message: String,
        /// Line, from 1.
        line: u32,
        /// Column, from 1.
        column: u32,
    },
    /// The code nests deeper than the parser may recurse.
    #[error("the code nests too deeply at line {line}")]
    CodeTooDeep {
        /// Line, from 1, at which the bound was passed.
        line: u32,
    },
    /// An exception, or the reason of a rejected promise, that nobody caught.
    #[error("uncaught {0}")]
    Threw(String),
    /// A function of the full API that this network does not offer was called, and the error not caught.
    #[error("NotSupported: {0}")]
    NotSupported(String),
    /// The network refused a host call, and the action did not catch the rejection.
    #[error(transparent)]
    Refused(Failure),
    /// The action used up its fuel.
    #[error("the action used up its instructions")]
    OutOfFuel,
    /// The action used up its time.
    #[error("the action ran out of time")]
    OutOfTime,
    /// Functions recurse too deeply.
    #[error("the action recursed too deeply")]
    Stack,
    /// The action used up its memory.
    #[error("the action used up its memory")]
    Memory,
    /// The script's promise is pending, and nothing is left that could settle it.
    #[error("the action waits for a promise that nothing can settle (or recursed too deeply after an await)")]
    Stalled,
    /// A limit was passed, and the action did not catch the error.
    #[error("limit exceeded: {what}: at most {max}")]
    LimitExceeded {
        /// What is limited, with its unit.
        what: Cow<'static, str>,
        /// How much is allowed.
        max: u64,
    },
    /// The parameters cannot become globals.
    #[error("jsParams: {0}")]
    BadParams(#[from] BadParams),
    /// The process that it ran in was ended: it used up memory or time that the engine does not count.
    #[error("the action was killed: it used up memory or time in a way that only ending its process stops")]
    Killed,
    /// The JavaScript engine broke an invariant of its own.
    #[error("the JavaScript engine failed: {0}")]
    Engine(String),
}

/// Why `jsParams` cannot become globals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Error)]
pub enum BadParams {
    /// The text is not JSON.
    #[error("not valid JSON: {0}")]
    NotJson(String),
    /// The text is JSON, but no object.
    #[error("expected a JSON object")]
    NotAnObject,
    /// The text nests too deeply.
    #[error("nested more than {max} levels deep")]
    TooDeep {
        /// The bound, levels.
        max: usize,
    },
    /// A member would replace something that actions rely on.
    #[error("{0:?} is a reserved name")]
    Reserved(String),
}

impl ActionError {
    /// The code that a client gets.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Syntax { .. } | Self::CodeTooDeep { .. } | Self::Threw(_) | Self::NotSupported(_) => {
                ErrorCode::JsError
            }
            Self::Stalled | Self::Engine(_) => ErrorCode::JsError,
            Self::Refused(failure) => failure.code,
            Self::OutOfFuel | Self::OutOfTime => ErrorCode::JsTimeout,
            Self::Stack | Self::Memory => ErrorCode::JsMemoryLimit,
            Self::Killed => ErrorCode::ActionKilled,
            Self::LimitExceeded { .. } => ErrorCode::LimitExceeded,
            Self::BadParams(_) => ErrorCode::MalformedRequest,
        }
    }

    /// The client's view of the failure; `logs` is what the action had printed.
    pub fn into_failure(self, logs: String) -> Failure {
        match self {
            Self::Refused(failure) => Failure { logs, ..failure },
            other => Failure { code: other.code(), message: other.to_string(), logs },
        }
    }
}
