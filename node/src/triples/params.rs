//! Timeouts and bounds of triple generation, as multiples of the message delay that the network promises.

/// The greatest patience that a leader may ask for.
pub const PATIENCE_MAX: u8 = 3;

/// Parameters of triple generation at one node. All nodes of a network use the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Params {
    /// Assumed bound on message delay once the network is stable, milliseconds.
    pub delta_ms: u64,
    /// The fewest triples that a batch of this node has, unless the holders are too many for it.
    pub count: u16,
    /// How many batches a node leads at a time.
    pub led_max: usize,
    /// How many batches of one leader may be under way at a holder. More than a leader has: it may have given up some
    /// that its holders have not.
    pub parallel_per_leader_max: usize,
    /// How many batches of one leader are remembered, those under way included.
    pub remembered_per_leader_max: usize,
}

impl Params {
    /// Parameters for batches of at least `count` triples.
    pub fn new(delta_ms: u64, count: u16) -> Self {
        Self { delta_ms, count, led_max: 4, parallel_per_leader_max: 8, remembered_per_leader_max: 32 }
    }

    /// These parameters for a batch whose leader asks for so much patience: each step doubles all times.
    pub fn patient(self, patience: u8) -> Self {
        Self { delta_ms: self.delta_ms.saturating_mul(1 << patience.min(PATIENCE_MAX)), ..self }
    }

    /// How long one of `holders` waits from its commitment to its own seal: seven message delays, and the work of all
    /// rounds, which grows with the number of pairs.
    pub fn run_ms(&self, holders: usize) -> u64 {
        self.delta_ms.saturating_mul(10 + holders as u64 / 4)
    }

    /// How long a holder waits for others to open, or to say why they do not: an abort and its answer, and slack.
    pub fn open_ms(&self) -> u64 {
        self.delta_ms.saturating_mul(4)
    }

    /// How long the leader, having sealed, waits for the seals of others, or for word of why there are none: those who
    /// lack something give up only at the end of their run.
    pub fn seals_ms(&self, holders: usize) -> u64 {
        self.run_ms(holders).saturating_add(self.delta_ms.saturating_mul(2))
    }

    /// After so long a leader knows what has become of a batch. Any other holder that has sealed keeps its triples for
    /// as long: the leader may have sealed a whole run later.
    pub fn batch_ms(&self, holders: usize) -> u64 {
        let run_and_seals = self.run_ms(holders).saturating_add(self.seals_ms(holders));
        run_and_seals.saturating_add(self.open_ms())
    }

    /// How long a batch is remembered after its end, to answer for it.
    pub fn retention_ms(&self, holders: usize) -> u64 {
        self.batch_ms(holders)
    }
}
