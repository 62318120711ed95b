//! Who asks a node for something, as far as it has been shown.

use super::core::Core;
use super::execution::failure;
use super::proved::Proved;
use crate::api::{Credential, ErrorCode, Failure, node_address};
use crate::auth::conditions::SignedText;
use crate::auth::recap::{Ability, Resource, ResourceKind};
use crate::auth::session::{self, NotDelegated, Session};
use crate::auth::siwe;
use crate::chain::addresses::parse_address;
use crate::cid::Cid;
use crate::id::KeyId;
use crate::io::Outputs;

/// The caller of a request.
#[derive(Clone, Debug, Default)]
pub(super) struct Caller {
    /// Whom the request names, whether or not it is true: whose share of this node it uses up.
    pub claimed: Option<[u8; 20]>,
    /// Who signed in, or on whose behalf the session runs the action.
    pub address: Option<[u8; 20]>,
    /// Who the caller has proved to be besides.
    pub proved: Proved,
    /// What the caller signed, if conditions are to be judged by it.
    pub signed: Option<SignedText>,
    /// The session that asks, if one does.
    session: Option<Box<Session>>,
}

/// Whom a credential names, without a look at whether it is so.
pub(super) fn claimed(credential: &Credential) -> Option<[u8; 20]> {
    match credential {
        Credential::Nobody => None,
        Credential::AuthSig(auth_sig) => parse_address(&auth_sig.address),
        Credential::Session(session) => session::claimed(session),
    }
}

impl Caller {
    /// Verifies a credential at the node's own clock.
    ///
    /// # Errors
    /// If it does not verify, has expired, or is for another node.
    pub fn identify(credential: &Credential, core: &Core, out: &mut Outputs) -> Result<Self, Failure> {
        let invalid = |message| failure(ErrorCode::InvalidAuthSig, message);
        let mut caller = Self { claimed: claimed(credential), ..Self::default() };
        match credential {
            Credential::Nobody => {}
            Credential::AuthSig(auth_sig) => {
                let address = siwe::verify(auth_sig, core.clock, &core.config.sign_in, &mut out.meter);
                caller.address = Some(address.map_err(|error| invalid(error.to_string()))?);
                caller.signed = Some(siwe::said(auth_sig)?);
            }
            Credential::Session(signature) => {
                let (me, policy) = (node_address(core.me), &core.config.sessions);
                let session = session::verify(signature, core.clock, &me, policy, &mut out.meter)
                    .map_err(|error| invalid(error.to_string()))?;
                caller.session = Some(Box::new(session));
            }
        }
        Ok(caller)
    }

    /// Checks that a session may run an action; whoever handed that on to it is the caller. Without a session anybody may
    /// run anything.
    ///
    /// # Errors
    /// If the session may not.
    pub fn may_run(&mut self, action: &Cid) -> Result<(), NotDelegated> {
        if let Some(session) = &self.session {
            let resource = Resource::new(ResourceKind::Action, action.to_string()).expect("a CID names a resource");
            self.address = Some(session.may(&resource, Ability::Execution)?);
        }
        Ok(())
    }

    /// On whose behalf a key would be used: of a session, whoever handed on to it the use of that key.
    ///
    /// # Errors
    /// If a session asks, and nobody has.
    pub fn for_key(&self, key: KeyId) -> Result<Option<[u8; 20]>, NotDelegated> {
        let Some(session) = &self.session else { return Ok(self.address) };
        let resource = Resource::new(ResourceKind::Pkp, hex::encode(key.0)).expect("hex digits name a resource");
        session.may(&resource, Ability::Signing).map(Some)
    }

    /// Checks that the caller may have a PKP hand on what it may to a session. A session may not: it would prolong itself, and
    /// have more than it was handed.
    ///
    /// # Errors
    /// If a session asks.
    pub fn may_certify(&self) -> Result<(), Failure> {
        if self.session.is_none() {
            return Ok(());
        }
        let message =
            "a session may not have a PKP sign for a session's key: expected an AuthSig, or proofs of who asks";
        Err(failure(ErrorCode::AuthSigScopeTooLimited, message))
    }

    /// What the session asks for, as actions see it.
    pub fn resources(&self) -> Vec<String> {
        let wishes = self.session.iter().flat_map(|session| &session.wishes);
        wishes.map(|wish| wish.resource.to_string()).collect()
    }
}
