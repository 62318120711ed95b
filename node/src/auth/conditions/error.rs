//! Why a text is no list of conditions, and why conditions let nobody in.

use std::borrow::Cow;
use std::fmt;

use thiserror::Error;

use super::{CONDITIONS_MAX, DEPTH_MAX, TEXT_BYTES_MAX};
use crate::api::{ErrorCode, Failure};
use crate::io::ChainError;

/// How much of a wrong value an error shows, characters.
const SHOWN_MAX: usize = 96;

/// Where something stands in a list: its position, and its position in each list around that, outermost first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Path(pub Vec<usize>);

impl Path {
    /// The element at `at` in the list that this names.
    pub(super) fn at(&self, at: usize) -> Self {
        Self(self.0.iter().copied().chain([at]).collect())
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().enumerate().try_for_each(|(depth, at)| match depth {
            0 => write!(f, "{at}"),
            _ => write!(f, ".{at}"),
        })
    }
}

/// Why a text is no list of conditions that can be judged here.
#[derive(Debug, Error)]
pub enum ConditionTextError {
    /// It is longer than anybody needs.
    #[error("{0} bytes: at most {TEXT_BYTES_MAX} are accepted")]
    TooLong(usize),
    /// It is no JSON.
    #[error("expected an array of conditions with operators between them: {0}")]
    Json(#[from] serde_json::Error),
    /// It is JSON of something else.
    #[error("expected an array of conditions with operators between them, got {0}")]
    NoArray(&'static str),
    /// There is no condition: an empty list would let everybody in.
    #[error("no conditions")]
    Empty,
    /// There are too many.
    #[error("{0} conditions: at most {CONDITIONS_MAX} are accepted")]
    TooMany(usize),
    /// Lists stand in lists too deep.
    #[error("element {0}: lists in each other: at most {DEPTH_MAX} are accepted")]
    TooDeep(Path),
    /// Conditions and operators do not take turns.
    #[error("element {0}: expected {1}")]
    Order(Path, &'static str),
    /// One list has both operators, and which of them binds stronger would be a guess.
    #[error("element {0}: `and` and `or` in one list: put what belongs together in a list of its own")]
    Mixed(Path),
    /// Something has a value that cannot be right.
    #[error("element {at}: {field}: expected {expected}, got {got:?}")]
    Field {
        /// The element.
        at: Path,
        /// The field.
        field: Cow<'static, str>,
        /// What it may be.
        expected: Cow<'static, str>,
        /// What it is, cut.
        got: String,
    },
    /// Something has a value that the real network understands, or its documents mention, and this one does not.
    #[error("element {at}: {field}: {got:?} is not supported here: expected {expected}")]
    Unsupported {
        /// The element.
        at: Path,
        /// The field.
        field: Cow<'static, str>,
        /// What is supported.
        expected: Cow<'static, str>,
        /// What it is, cut.
        got: String,
    },
    /// The text is right, but not the one that stands for what it says.
    #[error("not the canonical text")]
    NotCanonical,
}

/// The beginning of a value, as errors show it.
pub(super) fn cut(text: &str) -> String {
    text.chars().take(SHOWN_MAX).collect()
}

/// Why conditions let nobody in. Conditions are counted from 0, in the order in which they are written.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ConditionError {
    /// One is not met.
    #[error("condition {0} is not met")]
    Unmet(usize),
    /// Whether one is met could not be found out, and all depends on it.
    #[error("condition {leaf} cannot be judged: {reason}")]
    ReadFailed {
        /// Which.
        leaf: usize,
        /// Why.
        reason: ReadError,
    },
}

impl From<ConditionError> for Failure {
    fn from(error: ConditionError) -> Self {
        let code = match error {
            ConditionError::Unmet(_) => ErrorCode::NotAuthorized,
            ConditionError::ReadFailed { reason: ReadError::Action(ref failure), .. } => failure.code,
            ConditionError::ReadFailed { .. } => ErrorCode::RpcError,
        };
        Self { code, message: error.to_string(), logs: String::new() }
    }
}

/// Why something that a condition compares could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ReadError {
    /// Nobody has answered.
    #[error("no answer")]
    Unanswered,
    /// The chain's endpoint gave none.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The call reverted.
    #[error("the call reverted")]
    Reverted,
    /// The answer is one to another question.
    #[error("an answer to another question")]
    OtherReply,
    /// What came back is no encoding of what the function returns. An address without code returns nothing.
    #[error("malformed result")]
    Malformed,
    /// The action did not come to an end, or could not begin.
    #[error("the action failed: {0}")]
    Action(Box<Failure>),
}
