//! Decryption at one node: who asks, and the answer with this node's share of the decryption key to whom the conditions let
//! in.

use k256::ecdsa::SigningKey;
use rand_core::{CryptoRng, RngCore};

use crate::api::{Credential, Decrypt, Decryption, ErrorCode, Failure, node_address};
use crate::auth::conditions::{Asker, ConditionError};
use crate::auth::recap::Ability;
use crate::auth::{session, siwe};
use crate::bls::{Identity, Purpose, SealedShare, ShareStatement, sign_share};
use crate::bugs::{self, Bug};
use crate::conduct::{Conduct, Decision};
use crate::curve::Bls12381;
use crate::id::{Digest, Epoch, KeyId, NodeId, RequestId};
use crate::io::Time;
use crate::key::KeyShare;
use crate::meter::Meter;
use crate::wire::Signed;

/// Where a decryption is asked for, and by which rules.
pub(crate) struct Counter<'a> {
    /// The node.
    pub node: NodeId,
    /// The node's epoch.
    pub epoch: Epoch,
    /// What its clock shows.
    pub clock: Time,
    /// What it demands of wallets' signatures.
    pub sign_in: &'a siwe::Policy,
    /// What it demands of sessions.
    pub sessions: &'a session::Policy,
}

impl Counter<'_> {
    /// Who asks for a decryption.
    ///
    /// The sign-in, or the session's signature for this node, must name the key to which shares are encrypted: whoever
    /// sees it cannot ask on with it and a key of his own. A session must have been handed the decryption, and is
    /// whoever handed it on.
    ///
    /// # Errors
    /// If the request is for another epoch, or what shows who asks does not hold, or is for something else.
    pub fn asker(&self, request: &Decrypt, meter: &mut Meter) -> Result<Asker, Failure> {
        if request.epoch != self.epoch {
            let text = format!("the request is for epoch {}, this node is in epoch {}", request.epoch, self.epoch);
            return Err(failure(ErrorCode::WrongEpoch, text));
        }
        match &request.credential {
            Credential::Nobody => Ok(Asker::default()),
            Credential::AuthSig(auth) => {
                let address = siwe::verify_for(auth, self.clock, self.sign_in, &request.resource(), meter)?;
                Ok(Asker { address: Some(address), action: None, signed: Some(siwe::said(auth)?) })
            }
            Credential::Session(signature) => {
                let session = session::verify(signature, self.clock, &node_address(self.node), self.sessions, meter)?;
                let reply = request.reply();
                if !session.names(&reply, Ability::Decryption) {
                    let text =
                        format!("the session's signature is for shares to another key: expected it to ask for {reply}");
                    return Err(failure(ErrorCode::InvalidAuthSig, text));
                }
                let address = session.may(&request.subject(), Ability::Decryption)?;
                Ok(Asker { address: Some(address), ..Asker::default() })
            }
        }
    }
}

/// What a node answers a request for decryption by.
pub(crate) struct Judge<'a> {
    /// The node's share of the network's key, if it holds one.
    pub share: Option<&'a KeyShare<Bls12381>>,
    /// Signs the share.
    pub identity: &'a SigningKey,
}

impl Judge<'_> {
    /// The sealed share, if the caller may have it: by what this node made of the request's conditions.
    pub fn answer(
        &self,
        request: &Decrypt,
        met: Result<(), ConditionError>,
        conduct: &mut dyn Conduct,
        rng: &mut (impl RngCore + CryptoRng),
        meter: &mut Meter,
    ) -> Result<Box<Decryption>, Failure> {
        may_have_it(met, request.id(), request.key, conduct)?;
        let share = self.share.filter(|share| share.public.id() == request.key);
        let share = share.ok_or_else(|| failure(ErrorCode::UnknownKey, "no share of this key here".to_owned()))?;
        let conditions = request.conditions.digest();
        let signed = signed_share(share, request.id(), (conditions, request.plaintext), self.identity, conduct, meter)
            .ok_or_else(|| failure(ErrorCode::UnknownKey, "the share of this key is zero".to_owned()))?;
        let share_of = SealedShare::seal(&signed, &request.reply_key, rng, meter);
        let share_of = conduct.answer_decryption(request.id(), share_of);
        Ok(Box::new(Decryption { share: share_of, public: share.public.clone() }))
    }
}

/// Whether this node gives a share of a decryption key, by what it made of the conditions.
pub(super) fn may_have_it(
    met: Result<(), ConditionError>,
    request: RequestId,
    key: KeyId,
    conduct: &mut dyn Conduct,
) -> Result<(), Failure> {
    let lets_in = met.is_ok() || bugs::planted(Bug::ConditionsUnchecked);
    match (conduct.decide(&Decision::Decrypt { request, key }, lets_in), met) {
        (true, _) => Ok(()),
        (false, Err(error)) => Err(error.into()),
        (false, Ok(())) => Err(failure(ErrorCode::NotAuthorized, "no share".to_owned())),
    }
}

/// A node's share of the decryption key for conditions and a plaintext, by their hashes; `None` if its share of the
/// network's key is zero.
pub(super) fn signed_share(
    share: &KeyShare<Bls12381>,
    request: RequestId,
    (conditions, plaintext): (Digest, Digest),
    identity: &SigningKey,
    conduct: &mut dyn Conduct,
    meter: &mut Meter,
) -> Option<Signed<ShareStatement>> {
    let subject = Identity::new(&conditions, &plaintext);
    let part = sign_share(share, Purpose::Identity, subject.as_bytes(), meter)?;
    let (key, epoch) = (share.public.id(), share.public.epoch);
    let body = ShareStatement { request, key, epoch, conditions, plaintext, share: part };
    Some(Signed::new(conduct.share_decryption(body), share.holder, identity, meter))
}

fn failure(code: ErrorCode, message: String) -> Failure {
    Failure { code, message, logs: String::new() }
}
