//! What one key generation or resharing is bound to: session, epoch, threshold, the exact member set, and who deals.

use k256::ProjectivePoint;
use std::rc::Rc;

use super::handover::Handover;
use crate::bugs::{self, Bug};
use crate::curve::{Curve, point_bytes};
use crate::id::{Epoch, NodeId, SessionId};
use crate::meter::{Meter, Op};
use crate::roster::{Member, Roster};
use crate::wire::{encode, hash_parts};

/// The fixed surroundings of one session, the same at every member.
///
/// Its digest enters every proof's challenge, so that no dealing passes in another session, epoch or member set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context<P: Curve = ProjectivePoint> {
    session: SessionId,
    epoch: Epoch,
    threshold: usize,
    members: Vec<NodeId>,
    /// Where the key comes from, if it is an old one.
    handover: Option<Rc<Handover<P>>>,
    digest: [u8; 32],
}

impl<P: Curve> Context<P> {
    /// Binds the generation of a new key to the validator set, whose members deal.
    pub fn new(session: SessionId, roster: &Roster, meter: &mut Meter) -> Self {
        let members = keys(roster);
        let epoch = roster.epoch();
        let threshold = if bugs::planted(Bug::FloorQuorum) { roster.size() * 2 / 3 } else { roster.threshold() };
        meter.add(Op::HashByte, members.len() as u64 + 64);
        let numbers = (epoch.0.to_be_bytes(), (threshold as u64).to_be_bytes());
        let mut parts: Vec<&[u8]> = vec![session.as_ref(), &numbers.0, &numbers.1, &members];
        if P::NAME != ProjectivePoint::NAME {
            parts.push(P::NAME.as_bytes());
        }
        let digest = hash_parts("dkg/context", &parts);
        Self { session, epoch, threshold, members: roster.ids().collect(), handover: None, digest }
    }

    /// Binds the resharing of an old key to the new validator set and to the old one, whose holders deal.
    pub fn handover(session: SessionId, roster: &Roster, from: Rc<Handover<P>>, meter: &mut Meter) -> Self {
        let new = Self::new(session, roster, meter);
        let (key, holders) = (encode(&from.public), keys(&from.roster));
        meter.add(Op::HashByte, (key.len() + holders.len() + 32) as u64);
        let digest = hash_parts("dkg/handover", &[&new.digest, &key, &holders]);
        Self { digest, handover: Some(from), ..new }
    }

    /// The session.
    pub fn session(&self) -> SessionId {
        self.session
    }

    /// The epoch whose validators will hold the key.
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// The number of coefficients of each polynomial: how many of the new shares will determine the key.
    pub fn threshold(&self) -> usize {
        self.threshold
    }

    /// Who will hold shares, ascending.
    pub fn members(&self) -> &[NodeId] {
        &self.members
    }

    /// Who deals, ascending: the members of a new key, the holders of an old one.
    pub fn dealers(&self) -> &[NodeId] {
        self.handover.as_ref().map_or(&self.members, |from| &from.public.members)
    }

    /// How many dealers are in QUAL: as many as the threshold of a new key; of an old one, that many of its shares
    /// determine it.
    pub fn dealers_needed(&self) -> usize {
        self.handover.as_ref().map_or(self.threshold, |from| usize::from(from.public.threshold))
    }

    /// The old key that is handed over, if it is one.
    pub fn source(&self) -> Option<&Handover<P>> {
        self.handover.as_deref()
    }

    /// The hash over session, epoch, threshold and every member with all its keys.
    pub fn digest(&self) -> &[u8; 32] {
        &self.digest
    }

    /// The place of `member` among the members, from 0.
    pub fn position(&self, member: NodeId) -> Option<usize> {
        self.members.binary_search(&member).ok()
    }

    /// Whether it is `node`'s to deal.
    pub fn is_dealer(&self, node: NodeId) -> bool {
        self.dealers().binary_search(&node).is_ok()
    }

    /// Who a dealer is, `roster` being the set of the new holders.
    pub fn dealer<'a>(&'a self, roster: &'a Roster, dealer: NodeId) -> Option<&'a Member> {
        match self.source() {
            Some(from) => from.roster.get(dealer).filter(|_| self.is_dealer(dealer)),
            None => roster.get(dealer),
        }
    }
}

/// Every member with all its keys.
fn keys(roster: &Roster) -> Vec<u8> {
    let mut members = Vec::new();
    for (id, member) in roster.iter() {
        members.extend(id.0.to_be_bytes());
        members.extend(member.address);
        members.extend(member.identity.to_encoded_point(true).as_bytes());
        members.extend(member.channel_key);
        members.extend(point_bytes(&member.encryption_key));
    }
    members
}
