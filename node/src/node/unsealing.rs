//! Encryption inside actions.
//!
//! Encrypting takes nobody's help. To decrypt, each node that runs the action judges the conditions for itself and gives its
//! share of the decryption key to all others, or to the one that is to read the plaintext; whoever gets shares puts aside
//! those that are wrong and names who gave them. A plaintext in an action is known to the nodes that run it, and a lying
//! node may tell it to anybody: what an action decrypts is as secret as f nodes keep it.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::core::Core;
use super::decryption::{may_have_it, signed_share};
use super::execution::{Execution, Together, failure};
use super::frame::CallRef;
use super::inquiring::Then;
use super::serve::Keys;
use crate::action::{HostAnswer, Reader};
use crate::api::{AuthSig, ErrorCode, Failure};
use crate::auth::conditions::{ConditionError, Conditions};
use crate::bls::{self, Encrypted, Purpose, ShareEvidence, ShareStatement, combine, sort_shares};
use crate::bugs::{self, Bug};
use crate::curve::Bls12381;
use crate::evidence::Evidence;
use crate::id::{Digest, NodeId, SessionId};
use crate::io::{Outputs, Time};
use crate::key::KeyShare;
use crate::note::Note;
use crate::wire::{Signed, decode, encode};

/// The longest encoding of a ciphertext, bytes.
const CIPHERTEXT_BYTES_MAX: usize = bls::PLAINTEXT_BYTES_MAX + 1024;
/// The longest encoding of a signed share, bytes.
const SHARE_BYTES_MAX: usize = 512;

/// What an action wants to read.
pub(super) struct Sealed {
    pub conditions: Conditions,
    pub ciphertext: Vec<u8>,
    pub plaintext: [u8; 32],
    pub auth_sig: Option<AuthSig>,
    pub reader: Reader,
}

/// A ciphertext whose conditions are being looked at.
pub(super) struct Opening {
    /// What the nodes call it.
    name: SessionId,
    ciphertext: Encrypted,
    key: Rc<KeyShare<Bls12381>>,
    reader: Reader,
}

/// A decryption that waits for shares.
pub(super) struct Unsealing {
    pub at: CallRef,
    ciphertext: Encrypted,
    key: Rc<KeyShare<Bls12381>>,
    /// Signed shares that have not been checked or are right.
    shares: BTreeMap<NodeId, Signed<ShareStatement>>,
}

impl Execution {
    /// Encrypts to whoever meets conditions, at this node alone: each node has another ciphertext.
    pub(super) fn encrypt(
        &self,
        at: CallRef,
        (conditions, plaintext): (&Conditions, &[u8]),
        keys: &Keys,
        core: &Core,
        out: &mut Outputs,
    ) -> Result<(Vec<u8>, [u8; 32]), Failure> {
        let key = network_key(keys)?;
        let stream = [&self.id.0[..], &at.frame.0.to_be_bytes(), &at.call.0.to_be_bytes()].concat();
        let mut rng = core.entropy.stream(&stream, "action/encrypt");
        let encrypted = bls::encrypt(&key.public.point, conditions.digest(), plaintext, &mut rng, &mut out.meter)
            .map_err(|error| failure(ErrorCode::LimitExceeded, error.to_string()))?;
        Ok((encode(&encrypted), encrypted.header.plaintext.0))
    }

    /// Looks whether the conditions are met; if so, this node gives its share of the decryption key ([`Self::give_share`])
    /// and waits for those of the others. The answer, if there is one at once.
    pub(super) fn unseal(
        &mut self,
        at: CallRef,
        sealed: Sealed,
        keys: &Keys,
        core: &mut Core,
        out: &mut Outputs,
    ) -> Result<Option<HostAnswer>, Failure> {
        let key = network_key(keys)?;
        let ciphertext = read(&sealed, &key)?;
        let Sealed { conditions, auth_sig, reader, .. } = sealed;
        let kind = match reader {
            Reader::All => "decrypt",
            Reader::Leader => "decrypt-at-one",
        };
        // Named now and not when the chains have answered: calls come in the same order at all nodes, answers do not.
        let name = self.operation(at, kind, ciphertext.header.identity().to_string());
        let then = Then::Unseal(Box::new(Opening { name, ciphertext, key, reader }));
        let begun = self.inquire(at, (conditions, auth_sig.as_ref()), then, core, out);
        if begun.is_err() {
            self.operations.remove(&name);
        }
        begun
    }

    /// Gives this node's share of the decryption key, if it may, and waits for those of the others.
    pub(super) fn give_share(
        &mut self,
        at: CallRef,
        opening: Opening,
        met: Result<(), ConditionError>,
        core: &mut Core,
        out: &mut Outputs,
    ) -> Result<(), Failure> {
        let Opening { name, ciphertext, key, reader } = opening;
        let value = match self.share(&ciphertext, &key, met, core, out) {
            Ok(value) => value,
            Err(failure) => {
                self.operations.remove(&name);
                return Err(failure);
            }
        };
        self.unsealing.insert(name, Unsealing { at, ciphertext, key, shares: BTreeMap::new() });
        self.together.push(match reader {
            Reader::All => Together::Exchange { name, value },
            Reader::Leader => Together::Entrust { name, value },
        });
        Ok(())
    }

    /// This node's share, signed and encoded, if it gives it.
    fn share(
        &self,
        ciphertext: &Encrypted,
        key: &KeyShare<Bls12381>,
        met: Result<(), ConditionError>,
        core: &mut Core,
        out: &mut Outputs,
    ) -> Result<String, Failure> {
        let header = ciphertext.header;
        may_have_it(met, self.id, header.key, &mut *core.conduct)?;
        let (identity, conduct) = (&core.config.identity, &mut *core.conduct);
        let subject = (header.conditions, header.plaintext);
        let made = signed_share(key, self.id, subject, identity, conduct, &mut out.meter)
            .ok_or_else(|| failure(ErrorCode::UnknownKey, "the share of this key is zero"))?;
        let (conditions, plaintext) = subject;
        out.note(Note::DecryptionShared { request: self.id, key: header.key, conditions, plaintext });
        Ok(hex::encode(encode(&made)))
    }

    /// A share has come, this node's own or a peer's.
    pub fn on_value(
        &mut self,
        name: SessionId,
        from: NodeId,
        value: &str,
        now: Time,
        core: &mut Core,
        out: &mut Outputs,
    ) {
        let request = self.id;
        let Some(unsealing) = self.unsealing.get_mut(&name) else { return };
        let share =
            hex::decode(value).ok().and_then(|bytes| decode::<Signed<ShareStatement>>(&bytes, SHARE_BYTES_MAX).ok());
        let header = unsealing.ciphertext.header;
        let is_for = |body: &ShareStatement| {
            let epoch = unsealing.key.public.epoch;
            (body.request, body.key, body.epoch) == (request, header.key, epoch)
                && (body.conditions, body.plaintext) == (header.conditions, header.plaintext)
        };
        let share = share.filter(|share| share.signer == from && is_for(&share.body));
        let member = core.roster.get(from);
        let share = share.filter(|share| member.is_some_and(|member| share.verify(&member.identity, &mut out.meter)));
        let Some(share) = share else {
            return out.note(Note::Dropped { from, reason: "no share of what is decrypted" });
        };
        unsealing.shares.insert(from, share);
        let Some(plaintext) = unsealing.judge(out) else { return };
        let at = unsealing.at;
        self.unsealing.remove(&name);
        self.operations.remove(&name);
        self.answer(at, HostAnswer::Text(plaintext), now, core, out);
    }
}

impl Unsealing {
    /// Sorts shares once there may be enough, names who gave wrong ones, and decrypts with the others.
    fn judge(&mut self, out: &mut Outputs) -> Option<Result<String, Failure>> {
        let public = &self.key.public;
        let needed = usize::from(public.threshold);
        if self.shares.len() < needed {
            return None;
        }
        let identity = self.ciphertext.header.identity();
        let points = self.shares.iter().map(|(node, share)| (*node, share.body.share)).collect();
        let mut right = points;
        if !bugs::planted(Bug::CombineUnfiltered) {
            let sorted = sort_shares(public, Purpose::Identity, identity.as_bytes(), &right, &mut out.meter);
            for node in sorted.wrong.into_keys() {
                let Some(share) = self.shares.remove(&node) else { continue };
                let evidence = Evidence::Decryption(Box::new(ShareEvidence { key: public.clone(), share }));
                let what = "WrongDecryptionShare".to_owned();
                out.note(Note::Culprit { node, what, evidence: Some(evidence.exhibit()) });
            }
            right = sorted.right;
        }
        let decryption = combine(needed, &right, &mut out.meter)?;
        let opened = self.ciphertext.open(&public.point, &decryption, &mut out.meter);
        let text = opened.map_err(|error| error.to_string()).and_then(|plaintext| {
            String::from_utf8(plaintext.to_vec()).map_err(|_| "the plaintext is not UTF-8".to_owned())
        });
        Some(
            text.map_err(|reason| {
                failure(ErrorCode::MalformedRequest, format!("the ciphertext does not open: {reason}"))
            }),
        )
    }
}

fn network_key(keys: &Keys) -> Result<Rc<KeyShare<Bls12381>>, Failure> {
    keys.network.clone().ok_or_else(|| failure(ErrorCode::UnknownKey, "no share of the network's key here"))
}

/// The ciphertext, if it is one to these conditions and this plaintext under this key.
fn read(sealed: &Sealed, key: &KeyShare<Bls12381>) -> Result<Encrypted, Failure> {
    let refuse = |text: String| failure(ErrorCode::MalformedRequest, text);
    let ciphertext: Encrypted = decode(&sealed.ciphertext, CIPHERTEXT_BYTES_MAX)
        .map_err(|error| refuse(format!("the ciphertext does not decode: {error}")))?;
    let header = ciphertext.header;
    let conditions = match bugs::planted(Bug::IdentityFromClient) {
        true => header.conditions,
        false => sealed.conditions.digest(),
    };
    match (header.key, header.conditions, header.plaintext) == (key.public.id(), conditions, Digest(sealed.plaintext)) {
        true => Ok(ciphertext),
        false => Err(refuse("the ciphertext is of other conditions, another plaintext or another key".into())),
    }
}
