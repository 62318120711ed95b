//! Beaver triples, beside the cait-sith crate: both among k parties, all of which are needed.

use cait_sith::protocol::{Participant, Protocol, run_protocol};
use cait_sith::triples::{TripleGenerationOutput, generate_triple};
use k256::Secp256k1;
use lit_node::memo::Memo;
use litsim::pool::Batch;

use crate::clock::Clock;
use crate::table::Row;

/// What the rows are called.
pub const PROTOCOL: &str = "triple";

/// Triples in one of our batches.
const COUNT: u16 = 32;
/// With more parties a batch of either takes minutes.
const PARTIES_MAX: u16 = 20;

type Boxed = Box<dyn Protocol<Output = TripleGenerationOutput<Secp256k1>>>;

pub fn rows(clock: &Clock, n: u16, k: u16) -> Vec<Row> {
    if k > PARTIES_MAX {
        return Vec::new();
    }
    let batch = clock.time_of(|| Batch::new((n, k), COUNT, (1, 0), Memo::off()), Batch::run);
    let ours = batch / u32::from(k) / u32::from(COUNT);
    let theirs = clock.time(|| generate(k)) / u32::from(k);
    vec![Row { protocol: PROTOCOL, n, k, ours, theirs: Some(("cait-sith 0.8", theirs)) }]
}

/// One triple among k parties.
fn generate(k: u16) -> usize {
    let everybody: Vec<Participant> = (0..u32::from(k)).map(Participant::from).collect();
    let party = |me: &Participant| {
        let party = generate_triple::<Secp256k1>(&everybody, *me, k.into()).expect("right sizes");
        (*me, Box::new(party) as Boxed)
    };
    run_protocol(everybody.iter().map(party).collect()).expect("all are honest").len()
}
