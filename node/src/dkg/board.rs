//! The public board as the chain shows it, and the rule that picks the qualified dealers from it.

use std::collections::BTreeSet;
use thiserror::Error;

use crate::id::{Digest, NodeId, SessionId};

/// A log entry of the board's contract, at finality depth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BoardEvent {
    /// An attempt to generate a key began.
    Opened {
        /// The attempt's session.
        session: SessionId,
        /// Which key it is for.
        index: u64,
        /// Which attempt at that key, from 0.
        attempt: u32,
        /// The last block whose certificates count.
        close_block: u64,
        /// The last block whose complaints count.
        complaint_block: u64,
    },
    /// The contract accepted a certificate.
    Certified {
        /// The attempt's session.
        session: SessionId,
        /// Who dealt.
        dealer: NodeId,
        /// The dealing's digest.
        digest: Digest,
    },
    /// A member complained about a certified dealing.
    Disputed {
        /// The attempt's session.
        session: SessionId,
        /// Who dealt.
        dealer: NodeId,
        /// The dealing's digest.
        digest: Digest,
        /// Who complains.
        accuser: NodeId,
        /// The complaint: bounded, otherwise anything.
        complaint: Vec<u8>,
    },
}

/// Fewer dealers than the threshold were certified in time and not disqualified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{qualified} qualified dealers are fewer than {threshold}")]
pub struct TooFew {
    /// How many were.
    pub qualified: usize,
    /// How many it takes.
    pub threshold: usize,
}

/// QUAL of `session`: the first `threshold` certified dealers in the log's order that are not `disqualified` by a
/// justified complaint, each with the digest that was certified first. `events` are those up to the close height;
/// those of other sessions do not count.
///
/// # Errors
/// If there are fewer.
pub fn qualified(
    session: SessionId,
    events: &[BoardEvent],
    disqualified: &BTreeSet<NodeId>,
    threshold: usize,
) -> Result<Vec<(NodeId, Digest)>, TooFew> {
    let mut dealers: Vec<(NodeId, Digest)> = Vec::new();
    for event in events {
        if let BoardEvent::Certified { session: of, dealer, digest } = event
            && *of == session
            && dealers.len() < threshold
            && !disqualified.contains(dealer)
            && dealers.iter().all(|(known, _)| known != dealer)
        {
            dealers.push((*dealer, *digest));
        }
    }
    if dealers.len() < threshold {
        return Err(TooFew { qualified: dealers.len(), threshold });
    }
    Ok(dealers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_certified_dealers_in_log_order_qualify_unless_disqualified_each_with_its_first_digest() {
        let (session, other) = (SessionId([1; 32]), SessionId([2; 32]));
        let certified = |session, dealer, byte| BoardEvent::Certified {
            session,
            dealer: NodeId(dealer),
            digest: Digest([byte; 32]),
        };
        let log = [
            BoardEvent::Opened { session, index: 0, attempt: 0, close_block: 9, complaint_block: 12 },
            certified(session, 3, 3),
            certified(other, 4, 4),
            certified(session, 3, 33),
            certified(session, 1, 1),
            certified(session, 2, 2),
        ];
        let expected = vec![(NodeId(3), Digest([3; 32])), (NodeId(1), Digest([1; 32]))];
        let none = BTreeSet::new();
        assert_eq!(qualified(session, &log, &none, 2), Ok(expected));
        assert_eq!(qualified(session, &log, &none, 4), Err(TooFew { qualified: 3, threshold: 4 }));
        assert_eq!(qualified(other, &log, &none, 2), Err(TooFew { qualified: 1, threshold: 2 }));
        let liars = BTreeSet::from([NodeId(3)]);
        let expected = vec![(NodeId(1), Digest([1; 32])), (NodeId(2), Digest([2; 32]))];
        assert_eq!(qualified(session, &log, &liars, 2), Ok(expected));
        assert_eq!(qualified(session, &log, &liars, 3), Err(TooFew { qualified: 2, threshold: 3 }));
    }
}
