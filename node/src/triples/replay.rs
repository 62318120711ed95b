//! Recomputes what honest holders with given seeds say.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;

use super::holder::{Committing, Holder, Outgoing};
use super::message::{Commit, body_hash};
use super::seed::Seed;
use super::slot::{Slot, Terms};
use super::tools::Tools;
use crate::id::{Digest, NodeId};
use crate::meter::Op;

/// The hash of every step that holders with these seeds send, or those holders that committed to other polynomials
/// than their seeds'. All seeds are those that were committed to.
pub(super) fn replay(
    terms: &Rc<Terms>,
    seeds: &BTreeMap<NodeId, &Seed>,
    sid: Digest,
    commits: &BTreeMap<NodeId, Commit>,
    tools: &mut Tools,
) -> Result<BTreeMap<Slot, Digest>, BTreeSet<NodeId>> {
    let mut drawn = Vec::with_capacity(seeds.len());
    let mut liars = BTreeSet::new();
    for (holder, seed) in seeds {
        let committing = Committing::new(Rc::clone(terms), *holder, (*seed).clone(), tools);
        let (_, polynomials) = committing.promise(tools);
        if commits.get(holder).is_none_or(|commit| commit.polynomials != polynomials) {
            liars.insert(*holder);
        }
        drawn.push((*holder, committing));
    }
    if !liars.is_empty() {
        return Err(liars);
    }
    let promised: BTreeMap<NodeId, Digest> = commits.iter().map(|(holder, c)| (*holder, c.polynomials)).collect();
    let mut wire = Wire::default();
    let mut holders: BTreeMap<NodeId, Holder> = BTreeMap::new();
    for (me, committing) in drawn {
        let mut out = Vec::new();
        holders.insert(me, committing.begin(sid, promised.clone(), tools, &mut out));
        wire.send(me, out, tools);
    }
    while let Some((slot, body)) = wire.under_way.pop_front() {
        for (me, holder) in holders.iter_mut().filter(|(me, _)| slot.reaches(**me)) {
            let mut out = Vec::new();
            // Honest holders with seeds of any kind do not find fault with each other, but for chances of 2^-128; then
            // what is missing is compared with nothing.
            let _ = holder.accept(slot, &body, tools, &mut out);
            wire.send(*me, out, tools);
        }
    }
    Ok(wire.said)
}

/// Steps under way, and hashes of all that were sent.
#[derive(Default)]
struct Wire {
    under_way: VecDeque<(Slot, Vec<u8>)>,
    said: BTreeMap<Slot, Digest>,
}

impl Wire {
    fn send(&mut self, from: NodeId, out: Vec<Outgoing>, tools: &mut Tools) {
        for Outgoing { to, kind, part, body } in out {
            let slot = Slot { from, to, kind, part };
            tools.meter.add(Op::HashByte, body.len() as u64);
            self.said.insert(slot, body_hash(&body));
            self.under_way.push_back((slot, body));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{Boot, SessionId};
    use crate::memo::Memo;
    use crate::meter::Meter;
    use crate::triples::slot::Kind;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    #[test]
    fn replaying_says_everything_and_names_whoever_committed_to_other_polynomials() {
        let (mut meter, memo) = (Meter::default(), Memo::off());
        let mut tools = Tools { meter: &mut meter, memo: &memo };
        let holders = [1, 4, 9].map(NodeId);
        let terms = Rc::new(Terms::new(SessionId([1; 32]), holders.to_vec(), 5).unwrap());
        let seeds = holders.map(|holder| Seed::random(&mut ChaCha20Rng::seed_from_u64(holder.0.into())));
        let mut commits = BTreeMap::new();
        for (holder, seed) in holders.iter().zip(&seeds) {
            let (seed, polynomials) =
                Committing::new(Rc::clone(&terms), *holder, seed.clone(), &mut tools).promise(&mut tools);
            commits.insert(*holder, Commit { batch: terms.batch, boot: Boot(0), seed, polynomials });
        }
        let seeds: BTreeMap<NodeId, &Seed> = holders.iter().copied().zip(&seeds).collect();
        let said = replay(&terms, &seeds, Digest([7; 32]), &commits, &mut tools).unwrap();
        // Broadcasts and shares: 3 + 2 * 2 each; a pair: setup, choices, 4 parts, 2 parts, answers.
        assert_eq!(said.len(), 3 * (3 + 4) + 3 * (1 + 1 + 4 + 2 + 1));
        assert!(said.keys().any(|slot| slot.kind == Kind::LastShares));
        assert_ne!(replay(&terms, &seeds, Digest([8; 32]), &commits, &mut tools).unwrap(), said);
        commits.get_mut(&NodeId(4)).unwrap().polynomials.0[0] ^= 1;
        let liars = replay(&terms, &seeds, Digest([7; 32]), &commits, &mut tools);
        assert_eq!(liars.unwrap_err().into_iter().collect::<Vec<_>>(), [NodeId(4)]);
    }
}
