//! Whether a key may sign for a request: the decision alone, made from what the chain answered.
//!
//! Authorities are tried in a fixed order: auth methods, then the action, then the signer of the AuthSig. Of a stack
//! of actions that called each other only the *last* counts: it is the one that signs. The key's owner needs no
//! permission entry. A burned key has no owner, and its permitted actions sign all the same.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use thiserror::Error;

use crate::api::{ErrorCode, Failure};
use crate::cid::Cid;
use crate::id::KeyId;

/// An authenticated auth method: its type (1 wallet, 2 action, 3 WebAuthn, ...) and the user's id there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AuthMethod {
    /// The type's number on chain.
    pub kind: u64,
    /// keccak256("userId:appId"), or the raw bytes of an address or CID.
    pub id: Vec<u8>,
}

impl fmt::Display for AuthMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "auth method {} 0x{}", self.kind, hex::encode(&self.id))
    }
}

/// Who stands behind a request: everything here has been authenticated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claimant {
    /// Auth methods, in the order of the request.
    pub auth_methods: Vec<AuthMethod>,
    /// CIDs (version 0) of the running actions: each was called by the one before it.
    pub actions: Vec<Cid>,
    /// The signer of the request's AuthSig.
    pub address: Option<[u8; 20]>,
}

impl Claimant {
    /// The action whose permission counts: the last on the stack.
    pub fn acting(&self) -> Option<&Cid> {
        self.actions.last()
    }
}

/// What the chain says of one key, at one block.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChainAnswers {
    /// The auth methods that may have the key sign.
    pub permitted_auth_methods: BTreeSet<AuthMethod>,
    /// The actions that may.
    pub permitted_actions: BTreeSet<Cid>,
    /// The addresses that may.
    pub permitted_addresses: BTreeSet<[u8; 20]>,
    /// The owner of the token; `None` once it is burned.
    pub owner: Option<[u8; 20]>,
}

/// What gave the permission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authority {
    /// A permitted auth method.
    AuthMethod(AuthMethod),
    /// The permitted action that signs.
    Action(Cid),
    /// The owner of the key.
    Owner([u8; 20]),
    /// A permitted address.
    Address([u8; 20]),
}

/// Nothing that stands behind the request may have the key sign.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub struct NotAuthorized {
    /// The key.
    pub key: KeyId,
    /// Who asked.
    pub claimant: Box<Claimant>,
    /// The owner at that block.
    pub owner: Option<[u8; 20]>,
}

impl fmt::Display for NotAuthorized {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "nothing permits key {} to sign. Tried: ", self.key)?;
        for method in &self.claimant.auth_methods {
            write!(f, "{method} (not permitted); ")?;
        }
        match self.claimant.acting() {
            Some(cid) if self.claimant.actions.len() > 1 => {
                write!(f, "action {cid}, the last of {} on the stack (not permitted); ", self.claimant.actions.len())?;
            }
            Some(cid) => write!(f, "action {cid} (not permitted); ")?,
            None => f.write_str("no action; ")?,
        }
        match self.claimant.address {
            Some(address) => write!(f, "address {} (not permitted, ", ::siwe::eip55(&address))?,
            None => f.write_str("no address (")?,
        }
        match self.owner {
            Some(owner) => write!(f, "the owner is {})", ::siwe::eip55(&owner)),
            None => f.write_str("the key has no owner)"),
        }
    }
}

impl From<NotAuthorized> for Failure {
    fn from(refusal: NotAuthorized) -> Self {
        Self { code: ErrorCode::NotAuthorized, message: refusal.to_string(), logs: String::new() }
    }
}

/// Decides whether `key` may sign for `claimant`, and by what authority.
///
/// # Errors
/// If no authority holds; the error says what was tried.
pub fn decide(key: KeyId, claimant: &Claimant, chain: &ChainAnswers) -> Result<Authority, NotAuthorized> {
    let method = claimant.auth_methods.iter().find(|method| chain.permitted_auth_methods.contains(*method));
    if let Some(method) = method {
        return Ok(Authority::AuthMethod(method.clone()));
    }
    if let Some(cid) = claimant.acting()
        && chain.permitted_actions.contains(cid)
    {
        return Ok(Authority::Action(*cid));
    }
    match claimant.address {
        Some(address) if chain.owner == Some(address) => Ok(Authority::Owner(address)),
        Some(address) if chain.permitted_addresses.contains(&address) => Ok(Authority::Address(address)),
        _ => Err(NotAuthorized { key, claimant: claimant.clone().into(), owner: chain.owner }),
    }
}

/// A key, the action that would use it and the caller.
type Asked = (KeyId, Option<Cid>, Option<[u8; 20]>);

/// Decisions that are never made again: for [`crate::bugs::Bug::PermissionCached`].
#[derive(Debug, Default)]
pub struct Remembered {
    granted: BTreeMap<Asked, Authority>,
}

impl Remembered {
    /// What was decided when a claimant was first granted a key, or [`decide`]'s decision.
    ///
    /// # Errors
    /// As [`decide`].
    pub fn decide(
        &mut self,
        key: KeyId,
        claimant: &Claimant,
        chain: &ChainAnswers,
    ) -> Result<Authority, NotAuthorized> {
        let who = (key, claimant.acting().copied(), claimant.address);
        if let Some(authority) = self.granted.get(&who) {
            return Ok(authority.clone());
        }
        let authority = decide(key, claimant, chain)?;
        self.granted.insert(who, authority.clone());
        Ok(authority)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cid::cid_v0;
    use proptest::prelude::*;

    const KEY: KeyId = KeyId([7; 32]);
    const OWNER: [u8; 20] = [1; 20];
    const FRIEND: [u8; 20] = [2; 20];
    const STRANGER: [u8; 20] = [3; 20];

    fn good() -> Cid {
        cid_v0(b"good")
    }

    fn evil() -> Cid {
        cid_v0(b"evil")
    }

    fn method() -> AuthMethod {
        AuthMethod { kind: 5, id: vec![9; 32] }
    }

    fn chain() -> ChainAnswers {
        ChainAnswers {
            permitted_auth_methods: [method()].into(),
            permitted_actions: [good()].into(),
            permitted_addresses: [FRIEND].into(),
            owner: Some(OWNER),
        }
    }

    fn ask(actions: &[Cid], address: Option<[u8; 20]>) -> Result<Authority, NotAuthorized> {
        let claimant = Claimant { actions: actions.to_vec(), address, ..Claimant::default() };
        decide(KEY, &claimant, &chain())
    }

    #[test]
    fn the_owner_is_allowed_without_an_entry() {
        assert_eq!(ask(&[evil()], Some(OWNER)), Ok(Authority::Owner(OWNER)));
    }

    #[test]
    fn a_permitted_address_is_allowed() {
        assert_eq!(ask(&[evil()], Some(FRIEND)), Ok(Authority::Address(FRIEND)));
    }

    #[test]
    fn a_permitted_action_is_allowed_for_anybody() {
        assert_eq!(ask(&[good()], None), Ok(Authority::Action(good())));
        assert_eq!(ask(&[good()], Some(STRANGER)), Ok(Authority::Action(good())));
    }

    #[test]
    fn the_last_action_on_the_stack_counts() {
        assert_eq!(ask(&[evil(), good()], None), Ok(Authority::Action(good())));
        assert!(ask(&[good(), evil()], None).is_err());
    }

    #[test]
    fn authorities_are_tried_in_order() {
        let claimant = Claimant { auth_methods: vec![method()], actions: vec![good()], address: Some(OWNER) };
        assert_eq!(decide(KEY, &claimant, &chain()), Ok(Authority::AuthMethod(method())));
        let without = Claimant { auth_methods: vec![], ..claimant };
        assert_eq!(decide(KEY, &without, &chain()), Ok(Authority::Action(good())));
    }

    #[test]
    fn a_burned_key_signs_for_its_action_and_for_nobody_else() {
        let burned = ChainAnswers { owner: None, permitted_addresses: BTreeSet::new(), ..chain() };
        let by = |actions, address| decide(KEY, &Claimant { auth_methods: vec![], actions, address }, &burned);
        assert_eq!(by(vec![good()], None), Ok(Authority::Action(good())));
        assert!(by(vec![evil()], Some(OWNER)).is_err());
        assert!(by(vec![], None).is_err());
    }

    #[test]
    fn a_stranger_is_refused_and_told_what_was_tried() {
        let failure = Failure::from(ask(&[good(), evil()], Some(STRANGER)).expect_err("refused"));
        assert_eq!(failure.code, ErrorCode::NotAuthorized);
        for part in [
            KEY.to_string(),
            format!("action {}, the last of 2 on the stack (not permitted)", evil()),
            format!("address {} (not permitted, the owner is {})", siwe::eip55(&STRANGER), siwe::eip55(&OWNER)),
        ] {
            assert!(failure.message.contains(&part), "{:?} lacks {part:?}", failure.message);
        }
        let nobody = ask(&[], None).expect_err("refused").to_string();
        assert!(nobody.contains("no action; no address"), "{nobody}");
    }

    proptest! {
        #[test]
        fn nothing_is_allowed_by_a_chain_that_permits_nothing(actions in 0u8..3, address: Option<[u8; 20]>) {
            let actions = (0..actions).map(|i| cid_v0(&[i])).collect();
            let claimant = Claimant { auth_methods: vec![method()], actions, address };
            prop_assert!(decide(KEY, &claimant, &ChainAnswers::default()).is_err());
        }
    }
}
