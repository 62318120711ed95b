//! Decryption at one node: who asks, and the answer with this node's share of the decryption key to whom the conditions let
//! in.

use k256::ecdsa::SigningKey;
use rand_core::{CryptoRng, RngCore};

use crate::api::{Decrypt, Decryption, ErrorCode, Failure};
use crate::auth::conditions::{Asker, ConditionError};
use crate::auth::siwe;
use crate::bls::{Identity, Purpose, SealedShare, ShareStatement, sign_share};
use crate::bugs::{self, Bug};
use crate::conduct::{Conduct, Decision};
use crate::curve::Bls12381;
use crate::id::{Digest, Epoch, KeyId, RequestId};
use crate::io::Time;
use crate::key::KeyShare;
use crate::meter::Meter;
use crate::wire::Signed;

/// Who asks for a decryption, at a node in `epoch` whose clock shows `clock`.
///
/// The sign-in must name the key to which shares are encrypted: a node that is asked cannot ask the others on with
/// the caller's sign-in and a key of its own.
pub(crate) fn asker(
    request: &Decrypt,
    (epoch, clock): (Epoch, Time),
    sign_in: &siwe::Policy,
    meter: &mut Meter,
) -> Result<Asker, Failure> {
    if request.epoch != epoch {
        let text = format!("the request is for epoch {}, this node is in epoch {epoch}", request.epoch);
        return Err(failure(ErrorCode::WrongEpoch, text));
    }
    let Some(auth) = &request.auth_sig else { return Ok(Asker::default()) };
    let address = siwe::verify_for(auth, clock, sign_in, &request.resource(), meter)?;
    Ok(Asker { address: Some(address), action: None, signed: Some(siwe::said(auth)?) })
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
