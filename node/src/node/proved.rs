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
    use super::super::testing::core;
    use super::*;
    use crate::auth::method::Provider;
    use crate::auth::webauthn::{ASSERTION_TYPE, WebAuthnError, flags};
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use p256::ecdsa::signature::Signer;
    use p256::ecdsa::{Signature, SigningKey};
    use sha2::{Digest as _, Sha256};

    const CHALLENGE: [u8; 32] = [7; 32];
    const REQUEST: RequestId = RequestId([1; 32]);

    fn key(seed: u8) -> SigningKey {
        SigningKey::from_slice(&[seed; 32]).expect("a valid scalar")
    }

    /// What an authenticator with this key answers to a challenge.
    fn answer(seed: u8, challenge: [u8; 32], counter: u32) -> Assertion {
        let authenticator_data =
            [Sha256::digest("ours").as_slice(), &[flags::USER_PRESENT], &counter.to_be_bytes()].concat();
        let challenge = URL_SAFE_NO_PAD.encode(challenge);
        let seen = serde_json::json!({ "type": ASSERTION_TYPE, "challenge": challenge, "origin": "https://ours" });
        let client_data = seen.to_string().into_bytes();
        let signed = [authenticator_data.as_slice(), &Sha256::digest(&client_data)].concat();
        let signature: Signature = key(seed).sign(&signed);
        let signature = signature.to_der().as_bytes().to_vec();
        Assertion { credential_id: b"bob".to_vec(), authenticator_data, client_data, signature }
    }

    /// The answer as the proofs of a request.
    fn shown(assertion: Assertion, core: &Core) -> Proved {
        let mut proved = Proved { challenge: CHALLENGE, ..Proved::default() };
        proved.answer(assertion, core.config.providers.passkeys.as_ref().expect("accepted"));
        proved
    }

    /// The passkey as a PKP's owner has registered it, with a key.
    fn registered(proved: &Proved, seed: u8) -> PermittedMethod {
        let name = proved.methods().remove(0);
        let user_pubkey = PublicKey::new(*key(seed).verifying_key()).to_cose();
        PermittedMethod { auth_method_type: name.kind, id: name.id, user_pubkey }
    }

    #[test]
    fn a_passkey_counts_under_the_key_that_is_registered_for_this_pkp_and_nowhere_else() {
        let (mut core, mut meter) = (core(), Meter::default());
        let proved = shown(answer(1, CHALLENGE, 5), &core);
        let listed = registered(&proved, 1);
        let mut verified = |listed: &[PermittedMethod]| proved.verified(REQUEST, listed, &mut core, &mut meter);
        assert_eq!(verified(std::slice::from_ref(&listed)), Ok(proved.methods().into_iter().collect()));
        assert_eq!(verified(&[]), Ok(BTreeSet::new()), "it is not registered here");
        let other_kind = PermittedMethod { auth_method_type: 6, ..listed.clone() };
        assert_eq!(verified(&[other_kind]), Ok(BTreeSet::new()));
        let other_key = registered(&proved, 2);
        assert_eq!(verified(&[other_key]), Err(WebAuthnError::WrongSignature.into()));
        let no_key = PermittedMethod { user_pubkey: vec![1], ..listed };
        assert_eq!(verified(&[no_key]), Err(WebAuthnError::Key.into()));
    }

    #[test]
    fn a_passkeys_answer_is_for_one_request_which_may_use_it_several_times() {
        let (mut core, mut meter) = (core(), Meter::default());
        let proved = shown(answer(1, CHALLENGE, 5), &core);
        let listed = [registered(&proved, 1)];
        for _ in 0..2 {
            assert!(proved.verified(REQUEST, &listed, &mut core, &mut meter).is_ok());
        }
        let next = RequestId([2; 32]);
        let counter = WebAuthnError::Counter { found: 5, last: 5 };
        assert_eq!(proved.verified(next, &listed, &mut core, &mut meter), Err(counter.into()));
        let replayed = shown(answer(1, [8; 32], 6), &core);
        let refused = replayed.verified(next, &listed, &mut core, &mut meter);
        assert!(matches!(refused, Err(ProofError::Passkey(WebAuthnError::OtherChallenge { .. }))), "{refused:?}");
    }

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
