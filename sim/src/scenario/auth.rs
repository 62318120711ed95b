//! What shows who asks, as checked scenarios have it.

use lit_node::id::NodeId;
use std::sync::Arc;

use super::model::Action;
use super::raw_act::Bound;
use crate::identity::Login;

/// What shows who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Auth {
    /// A wallet signs in.
    Wallet {
        /// Whose.
        user: String,
        /// Whom the signature is said to be of, if that is not who made it.
        claims: Option<String>,
        /// How long ago it was made, milliseconds.
        age_ms: u64,
    },
    /// A session asks.
    Session(Session),
}

/// Who has handed on to a session what it may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delegator {
    /// The wallet of this user.
    Wallet(String),
    /// A PKP, to the session that was kept under this name.
    Kept(String),
}

/// A session, and what has been handed on to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// By whom.
    pub by: Delegator,
    /// The PKPs; all if none.
    pub pkps: Option<Vec<String>>,
    /// The actions; all if none.
    pub actions: Option<Vec<Arc<Action>>>,
    /// The ciphertexts; all if none.
    pub secrets: Option<Vec<String>>,
    /// When it begins: so long ago, milliseconds; in the future if negative.
    pub age_ms: i64,
    /// How long it is good for, milliseconds.
    pub lasts_ms: u64,
    /// The node whose signature all nodes get.
    pub for_node: Option<NodeId>,
}

/// What a login shows of who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// Whom it is to prove.
    pub user: String,
    /// How.
    pub login: Login,
    /// The application or page that it was made for, if not the right one.
    pub audience: Option<String>,
    /// When it was made: so long ago, milliseconds; in the future if negative.
    pub age_ms: i64,
    /// What it is bound to, if not to the request.
    pub bound: Option<Bound>,
    /// Who made it, if not the user.
    pub by: Option<String>,
    /// The provider that signed it without the user.
    pub issuer: Option<Login>,
    /// The step that has shown it before.
    pub replay_of: Option<String>,
}

/// A session's key that a PKP is to certify.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certify {
    /// The PKP.
    pub pkp: String,
    /// The session's name from now on.
    pub session: String,
    /// How long the PKP's signature is good for, milliseconds.
    pub lasts_ms: u64,
    /// The user whose address the text names instead of the PKP's.
    pub names: Option<String>,
    /// Who asks, if anybody shows it.
    pub auth: Option<Auth>,
    /// What shows it besides.
    pub proof: Option<Proof>,
}
