//! What one key generation is bound to: session, epoch, threshold and the exact member set.

use crate::bugs::{self, Bug};
use crate::curve::point_bytes;
use crate::id::{Epoch, NodeId, SessionId};
use crate::meter::{Meter, Op};
use crate::roster::Roster;
use crate::wire::hash_parts;

/// The fixed surroundings of one key generation, the same at every member.
///
/// Its digest enters every proof's challenge, so that no dealing passes in another session, epoch or member set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    session: SessionId,
    epoch: Epoch,
    threshold: usize,
    members: Vec<NodeId>,
    digest: [u8; 32],
}

impl Context {
    /// Binds `session` to the validator set.
    pub fn new(session: SessionId, roster: &Roster, meter: &mut Meter) -> Self {
        let mut members = Vec::new();
        for (id, member) in roster.iter() {
            members.extend(id.0.to_be_bytes());
            members.extend(member.address);
            members.extend(member.identity.to_encoded_point(true).as_bytes());
            members.extend(member.channel_key);
            members.extend(point_bytes(&member.encryption_key));
        }
        let epoch = roster.epoch();
        let threshold = if bugs::planted(Bug::FloorQuorum) { roster.size() * 2 / 3 } else { roster.threshold() };
        meter.add(Op::HashByte, members.len() as u64 + 64);
        let parts: [&[u8]; 4] = [session.as_ref(), &epoch.0.to_be_bytes(), &(threshold as u64).to_be_bytes(), &members];
        let digest = hash_parts("dkg/context", &parts);
        Self { session, epoch, threshold, members: roster.ids().collect(), digest }
    }

    /// The session.
    pub fn session(&self) -> SessionId {
        self.session
    }

    /// The epoch whose validators will hold the key.
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// The number of coefficients of each polynomial, and of dealers in QUAL.
    pub fn threshold(&self) -> usize {
        self.threshold
    }

    /// The members, ascending.
    pub fn members(&self) -> &[NodeId] {
        &self.members
    }

    /// The hash over session, epoch, threshold and every member with all its keys.
    pub fn digest(&self) -> &[u8; 32] {
        &self.digest
    }

    /// The place of `member` among the members, from 0.
    pub fn position(&self, member: NodeId) -> Option<usize> {
        self.members.binary_search(&member).ok()
    }
}
