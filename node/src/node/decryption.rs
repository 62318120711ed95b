//! Decryption at one node: checks who asks and the conditions, and answers with its share of the decryption key.

use k256::ecdsa::SigningKey;
use rand_core::{CryptoRng, RngCore};

use crate::api::{Decrypt, Decryption, ErrorCode, Failure};
use crate::auth::conditions::{self, Asker};
use crate::auth::siwe;
use crate::bls::{Identity, Purpose, SealedShare, ShareStatement, sign_share};
use crate::bugs::{self, Bug};
use crate::conduct::{Conduct, Decision};
use crate::curve::Bls12381;
use crate::id::{Digest, Epoch, RequestId};
use crate::io::Time;
use crate::key::KeyShare;
use crate::meter::Meter;
use crate::wire::Signed;

/// What a node answers a request for decryption by.
pub(crate) struct Judge<'a> {
    /// The node's epoch.
    pub epoch: Epoch,
    /// The node's clock.
    pub clock: Time,
    /// What sign-in messages must be like.
    pub sign_in: &'a siwe::Policy,
    /// The node's share of the network's key, if it holds one.
    pub share: Option<&'a KeyShare<Bls12381>>,
    /// Signs the share.
    pub identity: &'a SigningKey,
}

impl Judge<'_> {
    /// The sealed share, if the caller may have it.
    ///
    /// The sign-in must name the key to which shares are encrypted: a node that is asked cannot ask the others on with
    /// the caller's sign-in and a key of its own.
    pub fn answer(
        &self,
        request: &Decrypt,
        conduct: &mut dyn Conduct,
        rng: &mut (impl RngCore + CryptoRng),
        meter: &mut Meter,
    ) -> Result<Box<Decryption>, Failure> {
        if request.epoch != self.epoch {
            let text = format!("the request is for epoch {}, this node is in epoch {}", request.epoch, self.epoch);
            return Err(failure(ErrorCode::WrongEpoch, text));
        }
        let caller = match &request.auth_sig {
            Some(auth) => Some(siwe::verify_for(auth, self.clock, self.sign_in, &request.resource(), meter)?),
            None => None,
        };
        let met = conditions::evaluate(&request.conditions, &Asker { address: caller, action: None });
        let may_have_it = met.is_ok() || bugs::planted(Bug::ConditionsUnchecked);
        if !conduct.decide(&Decision::Decrypt { request: request.id(), key: request.key }, may_have_it) {
            let text = met.err().map_or_else(|| "no share".to_owned(), |error| error.to_string());
            return Err(failure(ErrorCode::NotAuthorized, text));
        }
        let share = self.share.filter(|share| share.public.id() == request.key);
        let share = share.ok_or_else(|| failure(ErrorCode::UnknownKey, "no share of this key here".to_owned()))?;
        let conditions = conditions::digest(&request.conditions);
        let signed = signed_share(share, request.id(), (conditions, request.plaintext), self.identity, conduct, meter)
            .ok_or_else(|| failure(ErrorCode::UnknownKey, "the share of this key is zero".to_owned()))?;
        let share_of = SealedShare::seal(&signed, &request.reply_key, rng, meter);
        let share_of = conduct.answer_decryption(request.id(), share_of);
        Ok(Box::new(Decryption { share: share_of, public: share.public.clone() }))
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
