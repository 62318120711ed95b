//! Messages that arrive before what they belong to: kept for a while, bounded per peer.

use std::collections::BTreeMap;

use super::Message;
use crate::id::{Digest, KeyId, NodeId, SessionId};
use crate::io::Time;
use crate::wire::SignatureBytes;

/// What a message waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Awaited {
    /// This node's own authorisation of a session.
    Session(SessionId),
    /// The start or completion of a presignature.
    Presignature(Digest),
    /// A batch of triples of a leader.
    Batch(NodeId, u64),
    /// A key.
    Key(KeyId),
}

/// A message with its sender and, where the protocol signs it, the sender's signature.
#[derive(Clone, Debug)]
pub(super) struct Delivery {
    pub(super) from: NodeId,
    pub(super) message: Message,
    pub(super) signature: Option<SignatureBytes>,
}

/// Messages in waiting. Each peer has a quota of its own, so none can crowd out another; the total is bounded by
/// the quota times the number of peers.
#[derive(Debug, Default)]
pub(super) struct Early {
    waiting: BTreeMap<Awaited, Vec<(Time, Delivery)>>,
    per_peer: BTreeMap<NodeId, usize>,
}

impl Early {
    /// How many messages are in waiting.
    pub(super) fn len(&self) -> usize {
        self.per_peer.values().sum()
    }

    /// Keeps a message until `expires`; false if the sender's quota is used up.
    pub(super) fn hold(&mut self, awaited: Awaited, delivery: Delivery, expires: Time, per_peer_max: usize) -> bool {
        let held = self.per_peer.entry(delivery.from).or_default();
        if *held >= per_peer_max {
            return false;
        }
        *held += 1;
        self.waiting.entry(awaited).or_default().push((expires, delivery));
        true
    }

    /// Takes everything that waited for `awaited`.
    pub(super) fn take(&mut self, awaited: Awaited) -> Vec<Delivery> {
        let deliveries: Vec<Delivery> =
            self.waiting.remove(&awaited).into_iter().flatten().map(|(_, delivery)| delivery).collect();
        for delivery in &deliveries {
            self.release(delivery.from);
        }
        deliveries
    }

    /// Forgets what has expired.
    pub(super) fn expire(&mut self, now: Time) {
        let mut released = Vec::new();
        self.waiting.retain(|_, list| {
            list.retain(|(expires, delivery)| {
                let keep = *expires > now;
                if !keep {
                    released.push(delivery.from);
                }
                keep
            });
            !list.is_empty()
        });
        released.into_iter().for_each(|peer| self.release(peer));
    }

    fn release(&mut self, peer: NodeId) {
        if let Some(held) = self.per_peer.get_mut(&peer) {
            *held = held.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signing::{PresignShare, message::Opening};
    use k256::Scalar;

    fn delivery(from: u16) -> Delivery {
        let opening = Opening { w: Scalar::ONE, u: Scalar::ONE, v: Scalar::ONE };
        let message = Message::PresignShare(PresignShare { presignature: Digest([1; 32]), opening });
        Delivery { from: NodeId(from), message, signature: None }
    }

    #[test]
    fn a_peer_that_floods_uses_up_its_own_quota_only_and_time_gives_it_back() {
        let mut early = Early::default();
        let awaited = Awaited::Presignature(Digest([1; 32]));
        assert!(early.hold(awaited, delivery(1), Time(10), 2));
        assert!(early.hold(awaited, delivery(1), Time(20), 2));
        assert!(!early.hold(awaited, delivery(1), Time(20), 2));
        assert_eq!(early.len(), 2);
        assert!(early.hold(awaited, delivery(2), Time(20), 2));
        early.expire(Time(10));
        assert!(early.hold(awaited, delivery(1), Time(20), 2));
        assert_eq!(early.take(awaited).len(), 3);
        assert!(early.take(awaited).is_empty());
        assert!(early.hold(awaited, delivery(1), Time(20), 2) && early.hold(awaited, delivery(1), Time(20), 2));
    }
}
