//! What a session is told at its start, and what it wants done.

use k256::ProjectivePoint;

use super::Message;
use super::ack::Certificate;
use super::record::Entry;
use crate::curve::Curve;
use crate::id::{Digest, NodeId, SessionId};
use crate::key::KeyShare;

/// What an attempt is about, as the board opened it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Params {
    /// The attempt's session.
    pub session: SessionId,
    /// Which key it is for.
    pub index: u64,
    /// Which attempt at that key, from 0.
    pub attempt: u32,
    /// The last block whose certificates count.
    pub close_block: u64,
    /// The last block whose complaints count.
    pub complaint_block: u64,
    /// The bound on message delay that retries are multiples of, milliseconds.
    pub delta_ms: u64,
}

/// What a session wants done, in order. A [`Effect::Persist`] must be durable before any later effect of any call
/// is released.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect<P: Curve = ProjectivePoint> {
    /// Send to a member, this node included: the message takes the same way through conduct and signing.
    Send {
        /// To whom.
        to: NodeId,
        /// What.
        message: Message<P>,
    },
    /// Submit to the board's contract.
    PostCertificate(Certificate),
    /// Submit to the board's contract.
    PostComplaint {
        /// Who dealt.
        dealer: NodeId,
        /// The dealing's digest.
        digest: Digest,
        /// The encoded complaint.
        complaint: Vec<u8>,
    },
    /// Make durable.
    Persist(Entry<P>),
    /// This node has its share.
    Finished(KeyShare<P>),
    /// Fewer dealers than the threshold are qualified: ask the board for the next attempt.
    Restart,
    /// The key exists, but these qualified dealers gave this node bad shares, and it was cut off while it could have
    /// complained: it has no share of the key.
    Excluded(Vec<NodeId>),
}
