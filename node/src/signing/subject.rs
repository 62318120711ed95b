//! What a session signs, for which request, with which key; and the session's name, which follows from that.

use std::rc::Rc;

use super::Scheme;
use crate::id::{Digest, Epoch, KeyId, RequestId, SessionId};
use crate::key::KeyShare;
use crate::wire::encode;

/// What is signed, and for whom.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The client's request.
    pub request: RequestId,
    /// The name that the action gave the signature.
    pub sig_name: String,
    /// This node's share of the key.
    pub key: Rc<KeyShare>,
    /// The 32 bytes to sign.
    pub digest: Digest,
    /// How.
    pub scheme: Scheme,
}

impl Subject {
    /// The same at all nodes that agree on everything but the digest, so that they meet at one coordinator.
    pub fn session(&self) -> SessionId {
        session_id(&self.request, &self.sig_name, self.key_and_epoch(), self.scheme)
    }

    /// The key and the epoch of its shares.
    pub(super) fn key_and_epoch(&self) -> (KeyId, Epoch) {
        (self.key.public.id(), self.key.public.epoch)
    }

    pub(super) fn threshold(&self) -> usize {
        usize::from(self.key.public.threshold)
    }
}

/// The name of the session that makes this signature of a request: the same at all nodes that agree on everything but
/// the digest.
pub fn session_id(request: &RequestId, sig_name: &str, (id, epoch): (KeyId, Epoch), scheme: Scheme) -> SessionId {
    let epoch = epoch.0.to_be_bytes();
    SessionId::derive("signing/session", &[&request.0, sig_name.as_bytes(), &id.0, &epoch, &encode(&scheme)])
}
