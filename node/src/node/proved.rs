//! Who a caller has proved to be besides the holder of a wallet.
//!
//! What a provider says of its users is checked before anything begins. A passkey is registered on chain for a key, with
//! its public key: whether its answer is right can be said only when it is known which key is to be used, so it counts
//! nowhere but in that check.

use std::collections::{BTreeMap, BTreeSet};

use super::core::Core;
use crate::action::AuthMethodContext;
use crate::auth::method::{Account, Identity, Method};
use crate::auth::permission::AuthMethod;
use crate::auth::providers::ProofError;
use crate::auth::webauthn::{self, Assertion, Credential, PublicKey};
use crate::chain::lists::PermittedMethod;
use crate::id::RequestId;
use crate::meter::Meter;

/// Of how many passkeys a node remembers how often they have signed. One that is forgotten can only have been copied
/// unnoticed: its answers are bound to requests all the same.
const COUNTERS_MAX: usize = 4_096;

/// The proofs of a request that have been checked as far as they could be.
#[derive(Clone, Debug, Default)]
pub(super) struct Proved {
    /// What passkeys had to answer.
    pub challenge: [u8; 32],
    accounts: Vec<Account>,
    /// Answers of passkeys, whatever they are worth, and for whom they should have been made.
    answers: Vec<(Assertion, AuthMethod)>,
}

impl Proved {
    /// The caller is this user of a service.
    pub fn account(&mut self, account: Account) {
        self.accounts.push(account);
    }

    /// The caller shows a passkey's answer, which is still to be verified.
    pub fn answer(&mut self, assertion: Assertion, policy: &webauthn::Policy) {
        let (credential_id, rp_id) = (assertion.credential_id.clone(), policy.rp_id.clone());
        let name = Identity::Passkey { credential_id, rp_id }.auth_method();
        self.answers.push((assertion, name));
    }

    /// How contracts name who the caller is, or says to be by a passkey.
    pub fn methods(&self) -> Vec<AuthMethod> {
        let accounts = self.accounts.iter().map(|account| Identity::Account(account.clone()).auth_method());
        accounts.chain(self.answers.iter().map(|(_, name)| name.clone())).collect()
    }

    /// Whether the chain has to be asked for the public keys of passkeys.
    pub fn has_answers(&self) -> bool {
        !self.answers.is_empty()
    }

    /// Who the caller is, as actions see it. Passkeys are not among it.
    pub fn contexts(&self) -> Vec<AuthMethodContext> {
        let context = |account: &Account| AuthMethodContext {
            user_id: account.user().to_owned(),
            app_id: account.app().to_owned(),
            auth_method_type: u32::try_from(account.provider().method().number()).expect("the numbers are small"),
        };
        self.accounts.iter().map(context).collect()
    }

    /// The passkeys, of those that `registered` lists for a key, whose answers are right.
    ///
    /// # Errors
    /// If one that is listed has answered wrongly, or before.
    pub fn verified(
        &self,
        request: RequestId,
        registered: &[PermittedMethod],
        core: &mut Core,
        meter: &mut Meter,
    ) -> Result<BTreeSet<AuthMethod>, ProofError> {
        let mut verified = BTreeSet::new();
        for (assertion, name) in &self.answers {
            let policy = core.config.providers.passkeys.as_ref();
            let policy = policy.ok_or(ProofError::NotAccepted(Method::WebAuthn))?;
            let is_it = |method: &&PermittedMethod| method.auth_method_type == name.kind && method.id == name.id;
            let Some(method) = registered.iter().find(is_it) else { continue };
            let credential = Credential {
                id: assertion.credential_id.clone(),
                key: PublicKey::from_cose(&method.user_pubkey)?,
                last_counter: core.counters.before(&method.user_pubkey, request),
            };
            let asserted = webauthn::verify(assertion, &credential, &self.challenge, policy, meter)?;
            core.counters.saw(&method.user_pubkey, request, asserted.counter);
            verified.insert(name.clone());
        }
        Ok(verified)
    }
}

/// How often passkeys have signed, by their public keys: anybody may register an id of somebody else's, but not sign for its
/// key.
#[derive(Debug, Default)]
pub(super) struct Counters {
    seen: BTreeMap<Vec<u8>, Seen>,
}

/// The last answer of a passkey.
#[derive(Clone, Copy, Debug)]
struct Seen {
    /// For what.
    request: RequestId,
    counter: u32,
    /// The counter before it: one request may use several keys, or one key several times.
    before: u32,
}

impl Counters {
    /// The counter that a passkey had before this request.
    fn before(&self, key: &[u8], request: RequestId) -> u32 {
        self.seen.get(key).map_or(0, |seen| if seen.request == request { seen.before } else { seen.counter })
    }

    /// A passkey has answered.
    fn saw(&mut self, key: &[u8], request: RequestId, counter: u32) {
        let before = self.before(key, request);
        if self.seen.len() >= COUNTERS_MAX && !self.seen.contains_key(key) {
            self.seen.pop_first();
        }
        self.seen.insert(key.to_vec(), Seen { request, counter, before });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::method::Provider;

    #[test]
    fn a_passkey_counts_from_request_to_request_and_not_within_one() {
        let mut counters = Counters::default();
        let (one, other) = (RequestId([1; 32]), RequestId([2; 32]));
        assert_eq!(counters.before(b"key", one), 0);
        counters.saw(b"key", one, 5);
        assert_eq!(counters.before(b"key", one), 0, "the same answer may be shown for another key");
        assert_eq!(counters.before(b"key", other), 5);
        counters.saw(b"key", one, 5);
        assert_eq!((counters.before(b"key", one), counters.before(b"key", other)), (0, 5));
        counters.saw(b"key", other, 6);
        assert_eq!((counters.before(b"key", one), counters.before(b"key", other)), (6, 5));
        assert_eq!(counters.before(b"another key", one), 0);
    }

    #[test]
    fn a_node_remembers_so_many_passkeys_and_no_more() {
        let mut counters = Counters::default();
        for number in 0..=u32::try_from(COUNTERS_MAX).expect("small") {
            counters.saw(&number.to_be_bytes(), RequestId([1; 32]), 1);
        }
        assert_eq!(counters.seen.len(), COUNTERS_MAX);
    }

    #[test]
    fn actions_see_accounts_and_no_passkey_that_nobody_has_verified() {
        let mut proved = Proved::default();
        proved.account(Account::new(Provider::Discord, "carol", "ours").expect("a name"));
        let policy = webauthn::Policy { rp_id: "a.example".into(), origins: Vec::new(), user_verification: true };
        let assertion = Assertion {
            credential_id: vec![1],
            authenticator_data: Vec::new(),
            client_data: Vec::new(),
            signature: Vec::new(),
        };
        proved.answer(assertion, &policy);
        let seen = AuthMethodContext { user_id: "carol".into(), app_id: "ours".into(), auth_method_type: 4 };
        assert_eq!(proved.contexts(), [seen]);
        assert_eq!(proved.methods().iter().map(|method| method.kind).collect::<Vec<_>>(), [4, 3]);
    }
}
