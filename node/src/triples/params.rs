//! Timeouts and bounds of triple generation, as multiples of the message delay that the network promises.

/// Parameters of triple generation at one node. All nodes of a network use the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Params {
    /// Assumed bound on message delay once the network is stable, milliseconds.
    pub delta_ms: u64,
    /// How many triples a batch that this node leads should have; fewer if the holders are many.
    pub count: u16,
    /// How many batches of one leader may be under way at a node.
    pub parallel_per_leader_max: usize,
}

impl Params {
    /// Parameters for batches of 32 triples.
    pub fn new(delta_ms: u64) -> Self {
        Self { delta_ms, count: 32, parallel_per_leader_max: 4 }
    }

    /// How long a holder waits from its commitment to its own seal: eight rounds, and the work of all of them.
    pub fn run_ms(&self) -> u64 {
        self.delta_ms.saturating_mul(40)
    }

    /// How long a holder waits for others to open, or to say why they do not.
    pub fn open_ms(&self) -> u64 {
        self.delta_ms.saturating_mul(8)
    }

    /// How long a sealed holder waits for the seals of others. They may begin later by as much as a run takes.
    pub fn seals_ms(&self) -> u64 {
        self.run_ms()
    }

    /// How long a batch is remembered after its end, to answer for it.
    pub fn retention_ms(&self) -> u64 {
        self.run_ms().saturating_mul(2)
    }
}
