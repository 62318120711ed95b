//! Signing for a client without an action: whoever asks must have the right to use the key.

use super::core::Core;
use super::execution::{Execution, failure};
use super::frame::{CallRef, FrameId};
use super::serve::{Keys, known_key};
use crate::action::{HostAnswer, HostCallId, SignPurpose};
use crate::api::{ErrorCode, Executed, Failure, Task};
use crate::id::Digest;
use crate::io::{Outputs, Time};
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
    /// When it takes too long.
    pub due: Time,
    /// Whether the permission is being looked up, or has been.
    pub began: bool,
}

impl Execution {
    /// Begins to sign, if that is what is to be done and has not begun.
    pub(super) fn sign_alone(&mut self, keys: &Keys, core: &mut Core, out: &mut Outputs) {
        let Some(alone) = self.alone.as_mut().filter(|alone| !alone.began) else { return };
        alone.began = true;
        let (digest, scheme) = (alone.digest, alone.scheme);
        let begun = known_key(&alone.public_key, &keys.signing).and_then(|key| {
            let subject = Subject { request: self.id, sig_name: Task::SIG_NAME.to_owned(), key, digest, scheme };
            self.check(AT, subject, (SignPurpose::Anything, false), core, out)
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
