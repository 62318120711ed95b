//! Timeouts and bounds of signing, as multiples of the message delay that the network promises.

use super::Scheme;

/// Parameters of signing at one node. All nodes of a network use the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Params {
    /// Assumed bound on message delay once the network is stable, milliseconds.
    pub delta_ms: u64,
    /// Of so many coordinators in a row one is honest and up: one more than may be faulty.
    pub turns: u32,
    /// After so many attempts a session fails.
    pub attempts_max: u32,
    /// After so much time a session fails, milliseconds.
    pub deadline_ms: u64,
    /// For how many holder sets a node keeps presignatures that it leads; 0 for none.
    pub pool_sets: usize,
    /// How many presignatures it keeps for each; 0 makes them on demand only.
    pub pool_per_set: usize,
    /// How many messages from one peer are kept for a session, presignature, batch or key not yet known.
    pub early_per_peer_max: usize,
    /// How many presignatures of one leader a node holds or has in the making.
    pub presignatures_per_leader_max: usize,
    /// How many triples of one leader a node keeps.
    pub triples_per_leader_max: usize,
    /// After so long a leader knows what has become of a batch of triples, milliseconds; 0 if a dealer hands them out
    /// within the time of a presignature.
    pub triples_ms: u64,
    /// How long a batch of triples takes that nobody delays on purpose, milliseconds.
    pub triples_room_ms: u64,
}

impl Params {
    /// Parameters for `members` nodes: enough attempts for every coordinator to have several turns.
    pub fn new(delta_ms: u64, members: usize) -> Self {
        let faulty_max = members.saturating_sub(1) / 3;
        Self {
            delta_ms,
            turns: u32::try_from(faulty_max).unwrap_or(u32::MAX - 1) + 1,
            attempts_max: 4 * u32::try_from(members).unwrap_or(u32::MAX / 4),
            deadline_ms: delta_ms.saturating_mul(2_000),
            pool_sets: 2,
            pool_per_set: 0,
            early_per_peer_max: 128,
            presignatures_per_leader_max: 256,
            triples_per_leader_max: 1024,
            triples_ms: 0,
            triples_room_ms: 0,
        }
    }

    /// How long a node waits in `attempt`: room for announcement, triples, presigning and signing. It doubles, thrice at
    /// most, when an honest coordinator has had its turn in vain; the attempts before go on meanwhile.
    pub fn attempt_ms(&self, attempt: u32, scheme: Scheme) -> u64 {
        let triples = if scheme == Scheme::EcdsaK256 { self.triples_room_ms } else { 0 };
        self.delta_ms.saturating_mul(10).saturating_add(triples).saturating_mul(1 << (attempt / self.turns).min(3))
    }

    /// How long a coordinator that has enough announcements waits for better ones.
    pub fn grace_ms(&self) -> u64 {
        self.delta_ms.saturating_mul(2)
    }

    /// How long a presignature may take: a round trip for triples from a dealer, the start, the opened values.
    pub fn presign_ms(&self) -> u64 {
        self.delta_ms.saturating_mul(6)
    }

    /// How long a coordinator waits for all shares of a proposal.
    pub fn proposal_ms(&self) -> u64 {
        self.delta_ms.saturating_mul(4)
    }

    /// How long a node that was given a signature waits for others to show that they have it.
    pub fn tell_ms(&self) -> u64 {
        self.delta_ms.saturating_mul(2)
    }

    /// How long an early message is kept. Peers may run an action at quite different speeds.
    pub fn early_ms(&self) -> u64 {
        self.deadline_ms
    }

    /// How long a finished session is remembered, to answer nodes that come late.
    pub fn retention_ms(&self) -> u64 {
        self.deadline_ms.saturating_mul(2)
    }
}
