//! Signing for a client without an action: whoever asks must have the right to use the key.

use k256::PublicKey;

use super::core::Core;
use super::execution::{Execution, failure};
use super::frame::{CallRef, FrameId};
use super::serve::{Keys, known_key};
use crate::action::{HostAnswer, HostCallId, SignPurpose};
use crate::api::{ErrorCode, Executed, Failure, Task};
use crate::auth::session_text;
use crate::id::Digest;
use crate::io::{Outputs, Time};
use crate::key;
use crate::signing::{Scheme, Subject};

/// The place of the one permission check and signature of such a request. No action has it: none runs.
const AT: CallRef = CallRef { frame: FrameId(0), call: HostCallId(0) };

/// What is to be signed.
#[derive(Clone, Debug)]
pub(super) struct Alone {
    /// The key, as the client names it.
    pub public_key: Vec<u8>,
    pub digest: Digest,
    pub scheme: Scheme,
    /// What kind of thing it is, and so which right it takes.
    pub purpose: SignPurpose,
    /// When it takes too long.
    pub due: Time,
    /// Whether the permission is being looked up, or has been.
    pub began: bool,
}

impl Alone {
    /// The text in which a PKP hands on what it may to a session's key.
    ///
    /// # Errors
    /// If the key is none, or the text is not what such a text must be.
    pub fn certifying(public_key: Vec<u8>, text: &str, due: Time, core: &Core) -> Result<Self, Failure> {
        let unknown =
            |_| failure(ErrorCode::UnknownKey, format!("not a secp256k1 public key: 0x{}", hex::encode(&public_key)));
        let point = PublicKey::from_sec1_bytes(&public_key).map_err(unknown)?.to_projective();
        let digest = session_text::check(text, key::eth_address(&point), core.clock, &core.config.sessions)?;
        let (scheme, purpose) = (Scheme::EcdsaK256, SignPurpose::PersonalMessage);
        Ok(Self { public_key, digest, scheme, purpose, due, began: false })
    }
}

impl Execution {
    /// Begins to sign, if that is what is to be done and has not begun.
    pub(super) fn sign_alone(&mut self, keys: &Keys, core: &mut Core, out: &mut Outputs) {
        let Some(alone) = self.alone.as_mut().filter(|alone| !alone.began) else { return };
        alone.began = true;
        let (digest, scheme, purpose) = (alone.digest, alone.scheme, alone.purpose);
        let begun = known_key(&alone.public_key, &keys.signing).and_then(|key| {
            let subject = Subject { request: self.id, sig_name: Task::SIG_NAME.to_owned(), key, digest, scheme };
            self.check(AT, subject, (purpose, false), core, out)
        });
        if let Err(failure) = begun {
            self.result = Some(Err(failure));
        }
    }

    /// The permission check or the signature has ended.
    pub(super) fn end_alone(&mut self, answer: HostAnswer) {
        if self.alone.is_none() {
            return;
        }
        let result = match answer {
            HostAnswer::Signed(result) => result,
            other => Err(failure(ErrorCode::NotEnoughShares, format!("no answer to a signature: {other:?}"))),
        };
        let signatures = std::mem::take(&mut self.signatures);
        let executed = |()| Executed { response: String::new(), logs: String::new(), signatures };
        self.result = Some(result.map(executed).map_err(|failure| Failure { logs: String::new(), ..failure }));
    }
}
