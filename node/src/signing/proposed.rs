//! Announcements with nonces that this node, as a coordinator, has proposed. A second proposal with any of them would
//! convict it, so it remembers them itself: the makers of announcements cannot be trusted to send each but once (RFC 9591,
//! section 7.3, leaves that to the coordinator).
//!
//! What is remembered is bounded, and nothing becomes new again by being forgotten: announcements carry serial numbers of
//! their maker's run, and below the oldest that is remembered of a maker all count as proposed.

use std::collections::{BTreeMap, BTreeSet};

use super::{Announce, Fresh};
use crate::id::{Boot, NodeId};
use crate::wire::Signed;

/// How many are remembered of one maker. An honest one's are not overtaken by so many of its own.
const PER_MAKER_MAX: usize = 1_024;

/// What was proposed of one maker's newest run.
#[derive(Debug, Default)]
struct Maker {
    boot: Boot,
    /// All serials below this count as proposed.
    floor: u64,
    serials: BTreeSet<u64>,
}

/// By maker, whatever became of their sessions.
#[derive(Debug, Default)]
pub(super) struct Proposed(BTreeMap<NodeId, Maker>);

impl Proposed {
    /// Whether the nonces of an announcement have been proposed, or may have been.
    pub(super) fn contains(&self, announce: &Signed<Announce>) -> bool {
        let Announce { boot, serial, fresh: Fresh::Nonces(_), .. } = &announce.body else { return false };
        self.0.get(&announce.signer).is_some_and(|maker| {
            *boot < maker.boot || *boot == maker.boot && (*serial < maker.floor || maker.serials.contains(serial))
        })
    }

    /// Remembers an announcement that is about to be proposed, if it has nonces: those of ECDSA may come again.
    pub(super) fn insert(&mut self, announce: &Signed<Announce>) {
        let Announce { boot, serial, fresh: Fresh::Nonces(_), .. } = &announce.body else { return };
        let maker = self.0.entry(announce.signer).or_default();
        if *boot > maker.boot {
            *maker = Maker { boot: *boot, ..Maker::default() };
        }
        maker.serials.insert(*serial);
        if maker.serials.len() > PER_MAKER_MAX
            && let Some(oldest) = maker.serials.pop_first()
        {
            maker.floor = oldest.saturating_add(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use k256::ProjectivePoint;

    use super::*;
    use crate::id::{Digest, SessionId};
    use crate::meter::Meter;
    use crate::signing::NonceCommitments;
    use crate::testing::identity;

    fn announcement(boot: u32, serial: u64) -> Signed<Announce> {
        let point = ProjectivePoint::GENERATOR;
        let fresh = Fresh::Nonces(Box::new(NonceCommitments { hiding: point, binding: point }));
        let (session, coordinator_boot) = (SessionId::default(), Boot(0));
        let body = Announce {
            session,
            attempt: 0,
            coordinator_boot,
            turn: 0,
            boot: Boot(boot),
            serial,
            digest: Digest::default(),
            fresh,
        };
        Signed::new(body, NodeId(2), &identity(NodeId(2)), &mut Meter::default())
    }

    #[test]
    fn what_was_proposed_stays_proposed_when_it_is_no_longer_remembered() {
        let mut proposed = Proposed::default();
        let serials = (0..4 * PER_MAKER_MAX as u64).step_by(2);
        serials.clone().for_each(|serial| proposed.insert(&announcement(1, serial)));
        assert!(proposed.0[&NodeId(2)].serials.len() <= PER_MAKER_MAX);
        assert!(serials.clone().all(|serial| proposed.contains(&announcement(1, serial))));
        assert!(!proposed.contains(&announcement(1, 4 * PER_MAKER_MAX as u64 - 1)), "one in between is new");
        assert!(proposed.contains(&announcement(1, 1)), "one that is older than all that is remembered may not be");
    }

    #[test]
    fn a_new_run_of_the_maker_begins_anew_and_its_earlier_runs_are_over() {
        let mut proposed = Proposed::default();
        proposed.insert(&announcement(1, 7));
        assert!(!proposed.contains(&announcement(2, 7)));
        proposed.insert(&announcement(2, 3));
        assert!(proposed.contains(&announcement(1, 8)) && proposed.contains(&announcement(2, 3)));
        assert!(!proposed.contains(&announcement(2, 7)));
    }
}
