//! f liars at once, each with a lie of its own, in networks of every size, messages in any order: an honest leader gets
//! its triples after a few tries, and whoever is named has lied and is convicted by evidence.

use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::lies::spoil;
use super::net::{Net, identity};
use crate::curve;
use crate::id::{NodeId, SessionId};
use crate::meter::Meter;
use crate::triples::{Abort, Awaited, Effect, Kind, Message, Misbehaviour, Reason, Seed, Waits};
use crate::wire::Signed;

/// Everything that a holder may do wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lie {
    /// Says something wrong in a step, to all or to the first one to hear of it.
    Step(Kind),
    StepToOne(Kind),
    /// Says two things in one place.
    TwoSteps(Kind),
    /// Commits otherwise to the first one to hear of it.
    TwoCommitments,
    /// Seals what was not made.
    WrongSeal,
    /// Gives up for no reason.
    UnfoundedAbort,
    /// Gives up what it has sealed.
    BrokenSeal,
    /// Lies, and opens another seed.
    WrongSeed,
    /// Says nothing from this round on.
    Silent(u8),
    /// Lies, and does not open.
    Refuses,
    /// Gives up at once, and claims that whoever it likes let it wait.
    Denies,
    /// Says nothing in the middle of the run, and then claims the same.
    DeniesLate,
}

use Lie::*;

impl Lie {
    pub(super) fn is_provable(self) -> bool {
        !matches!(self, Silent(_) | Refuses | Denies | DeniesLate)
    }

    fn drawn(rng: &mut ChaCha20Rng) -> Self {
        let mut below = |bound: usize| rng.next_u32() as usize % bound;
        let kind = Kind::ALL[below(Kind::ALL.len())];
        let broadcast = [Kind::Polynomials, Kind::Products, Kind::Sums][below(3)];
        let round = 1 + below(8) as u8;
        let all = [
            Step(kind),
            Step(kind),
            StepToOne(kind),
            StepToOne(kind),
            TwoSteps(broadcast),
            TwoCommitments,
            WrongSeal,
            UnfoundedAbort,
            BrokenSeal,
            WrongSeed,
            Silent(round),
            Refuses,
            Denies,
            DeniesLate,
        ];
        all[below(all.len())]
    }
}

/// The liars of a network.
pub(super) struct Liars {
    lies: BTreeMap<NodeId, Lie>,
    /// Who has lied since this was last emptied.
    told: Rc<RefCell<BTreeSet<NodeId>>>,
    /// The first to hear of each liar in each batch, and which steps have been accompanied by an abort.
    first: BTreeMap<(SessionId, NodeId), NodeId>,
    holders: Vec<NodeId>,
    rng: ChaCha20Rng,
}

impl Liars {
    /// Lets these nodes of `net` lie; who has lied is to be read in what is returned.
    pub(super) fn set(net: &mut Net, lies: &BTreeMap<NodeId, Lie>, seed: u64) -> Rc<RefCell<BTreeSet<NodeId>>> {
        let told = Rc::new(RefCell::new(BTreeSet::new()));
        let (lies, holders, rng) = (lies.clone(), net.roster.ids().collect(), ChaCha20Rng::seed_from_u64(seed));
        let mut liars = Self { lies, told: Rc::clone(&told), first: BTreeMap::new(), holders, rng };
        net.tamper = Box::new(move |from, to, message| liars.tell(from, to, message));
        told
    }

    fn tell(&mut self, from: NodeId, to: NodeId, mut message: Message) -> Vec<Message> {
        let (Some(lie), Some(batch)) = (self.lies.get(&from).copied(), message.batch()) else { return vec![message] };
        let is_first = |liars: &mut Self| *liars.first.entry((batch, from)).or_insert(to) == to;
        let mut more = None;
        let is_lie = match (lie, &mut message) {
            (Step(kind), Message::Step(step)) if step.slot.kind == kind => {
                spoil(step);
                true
            }
            (StepToOne(kind), Message::Step(step)) if step.slot.kind == kind && is_first(self) => {
                spoil(step);
                true
            }
            (TwoSteps(kind), Message::Step(step)) if step.slot.kind == kind => {
                let mut other = step.clone();
                spoil(&mut other);
                more = Some(Message::Step(other));
                true
            }
            (TwoCommitments, Message::Commit(joined)) if is_first(self) => {
                joined.commit.polynomials.0[0] ^= 1;
                true
            }
            (WrongSeal, Message::Seal(seal)) => {
                seal.public.0[0] ^= 1;
                true
            }
            (WrongSeal, Message::Seals(seals)) => {
                let own = seals.iter_mut().find(|seal| seal.signer == from).unwrap();
                let mut body = own.body;
                body.public.0[0] ^= 1;
                *own = Signed::new(body, from, &identity(from), &mut Meter::default());
                true
            }
            (UnfoundedAbort, Message::Step(step)) if step.slot.kind == Kind::Polynomials => {
                let abort = Abort { batch, sid: Some(step.sid), reason: Reason::Unequal };
                more = Some(Message::Abort(Box::new(abort)));
                true
            }
            (BrokenSeal, Message::Seal(seal)) => {
                let abort = Abort { batch, sid: Some(seal.sid), reason: Reason::Unequal };
                more = Some(Message::Abort(Box::new(abort)));
                true
            }
            (WrongSeed, Message::Step(step)) if step.slot.kind == Kind::Extension => {
                spoil(step);
                true
            }
            (WrongSeed, Message::Opening(opening)) => {
                opening.seed = Seed::random(&mut ChaCha20Rng::seed_from_u64(u64::from(from.0)));
                true
            }
            (Refuses, Message::Step(step)) if step.slot.kind == Kind::Products => {
                spoil(step);
                true
            }
            (Denies, Message::Step(step)) if step.slot.kind == Kind::Products => {
                let abort = Abort { batch, sid: Some(step.sid), reason: Reason::Late };
                more = Some(Message::Abort(Box::new(abort)));
                true
            }
            (Denies | DeniesLate, Message::Opening(opening)) => {
                opening.waits = Some(self.waits());
                true
            }
            (DeniesLate, Message::Step(step)) if step.slot.kind.round() >= 2 => {
                self.told.borrow_mut().insert(from);
                return vec![];
            }
            (Silent(round), message) if message.label().round >= round => {
                self.told.borrow_mut().insert(from);
                return vec![];
            }
            (Refuses, Message::Opening(_) | Message::Testimony(_)) => {
                self.told.borrow_mut().insert(from);
                return vec![];
            }
            _ => false,
        };
        if is_lie {
            self.told.borrow_mut().insert(from);
        }
        more.into_iter().chain([message]).collect()
    }

    /// Waiting for whomever, for whatever.
    fn waits(&mut self) -> Waits {
        let stages = [Awaited::Commitments, Awaited::Multiplications, Awaited::Products, Awaited::Sums];
        let stage = stages[self.rng.next_u32() as usize % stages.len()];
        let bits = self.rng.next_u32();
        let is_accused = |node: &NodeId| bits >> (node.0 % 32) & 1 == 1;
        Waits { stage, holders: self.holders.iter().copied().filter(is_accused).collect() }
    }
}

/// f of the nodes, and what each of them lies about.
pub(super) fn drawn(members: u16, seed: u64, mut lie: impl FnMut(&mut ChaCha20Rng) -> Lie) -> BTreeMap<NodeId, Lie> {
    let mut rng = ChaCha20Rng::seed_from_u64(seed ^ 0x7e11);
    let mut lies = BTreeMap::new();
    while lies.len() < usize::from((members - 1) / 3) {
        let node = NodeId((rng.next_u32() % u32::from(members)) as u16 + 1);
        lies.insert(node, lie(&mut rng));
    }
    lies
}

/// Chooses the holders of `leader`'s next batch as a coordinator does: nobody whom it has convicted, and first those
/// who have let it wait least.
pub(super) fn choose(net: &mut Net, leader: NodeId) {
    let (mut convicted, mut lapses) = (BTreeSet::new(), BTreeMap::<NodeId, u32>::new());
    for effect in &net.peers[&leader].effects {
        match effect {
            Effect::Culprit { node, .. } => _ = convicted.insert(*node),
            Effect::Suspect { leader: of, node } if *of == leader => *lapses.entry(*node).or_default() += 1,
            _ => {}
        }
    }
    let mut order: Vec<NodeId> = net.roster.ids().filter(|node| !convicted.contains(node)).collect();
    order.sort_by_key(|n| (*n != leader, lapses.get(n).copied().unwrap_or_default(), *n < leader, *n));
    order.truncate(net.roster.threshold());
    order.sort_unstable();
    assert_eq!(order.len(), net.roster.threshold(), "enough nodes are schedulable");
    net.holders = order;
}

/// Whether the batch is done at `node`.
pub(super) fn is_made(net: &Net, node: NodeId, batch: SessionId) -> bool {
    net.peers[&node].effects.iter().any(|e| matches!(e, Effect::Ready { batch: made, .. } if *made == batch))
}

/// Runs one batch with these liars and asserts what must hold of it; whether all honest holders have its triples.
fn one_batch(
    net: &mut Net,
    leader: NodeId,
    lies: &BTreeMap<NodeId, Lie>,
    told: &Rc<RefCell<BTreeSet<NodeId>>>,
) -> bool {
    told.borrow_mut().clear();
    let batch = net.start_led_by(leader);
    net.run();
    let told = told.borrow();
    let honest: Vec<NodeId> = net.holders.iter().copied().filter(|node| !lies.contains_key(node)).collect();
    let proven: BTreeSet<NodeId> = told.iter().copied().filter(|node| lies[node].is_provable()).collect();
    let made: Vec<NodeId> = honest.iter().copied().filter(|node| is_made(net, *node, batch)).collect();
    for node in &honest {
        let named: BTreeSet<NodeId> = net.named_in(*node, batch).into_keys().collect();
        assert!(named.is_subset(&proven), "{node} names {named:?}; {lies:?}");
        // What cannot be proved keeps what can from coming to light, where all seeds must be there.
        let comes_to_light = !proven.is_empty() && proven.len() == told.len();
        assert!(!comes_to_light || !named.is_empty(), "{node} of {:?} names nobody; {lies:?}", net.holders);
        assert!(proven.len() != 1 || !comes_to_light || named == proven, "{node} names {named:?}; {lies:?}");
        if told.is_empty() {
            assert!(made.contains(node), "{node} has what nobody lied about");
        }
    }
    assert_alike(net, &made, batch);
    made == honest && made.contains(&leader)
}

/// These nodes have shares of the same triples.
fn assert_alike(net: &Net, nodes: &[NodeId], batch: SessionId) {
    let part = |node: &NodeId| {
        net.peers[node].effects.iter().find_map(|effect| match effect {
            Effect::Ready { batch: made, triples } if *made == batch => Some(triples.clone()),
            _ => None,
        })
    };
    let parts: Vec<_> = nodes.iter().map(|node| (*node, part(node).unwrap())).collect();
    for (node, part) in &parts {
        for (ours, first) in part.triples.iter().zip(&parts[0].1.triples) {
            assert_eq!(ours.commitments, first.commitments);
            for (share, points) in [(&ours.a, &first.commitments.a), (&ours.c, &first.commitments.c)] {
                assert_eq!(curve::times_generator(share), curve::evaluate_commitments(points, *node));
            }
        }
    }
}

/// Tries until a batch of an honest leader is made; how many failed.
fn tries(members: u16, seed: u64, lies: &BTreeMap<NodeId, Lie>) -> usize {
    let mut net = Net::new(members, 1, seed);
    let told = Liars::set(&mut net, lies, seed);
    let first = NodeId((seed % u64::from(members)) as u16 + 1);
    if lies.get(&first).is_some_and(|lie| *lie != Silent(0)) {
        // A liar leads as well as it can.
        choose(&mut net, first);
        one_batch(&mut net, first, lies, &told);
    }
    let leader = net.roster.ids().find(|node| *node >= first && !lies.contains_key(node));
    let leader = leader.or_else(|| net.roster.ids().find(|node| !lies.contains_key(node))).unwrap();
    let most = 4 * lies.len();
    for failed in 0..=most {
        choose(&mut net, leader);
        if one_batch(&mut net, leader, lies, &told) {
            return failed;
        }
    }
    panic!("no batch is made in {most} tries with {lies:?}");
}

/// Larger networks take their time, and get fewer cases.
fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(cases(5))]

    #[test]
    fn a_liar_among_four_does_not_keep_an_honest_leader_from_its_triples_and_nobody_else_is_named(seed: u64) {
        tries(4, seed, &drawn(4, seed, Lie::drawn));
    }
}

proptest! {
    #![proptest_config(cases(2))]

    #[test]
    fn two_liars_among_seven_do_not_keep_an_honest_leader_from_its_triples_and_nobody_else_is_named(seed: u64) {
        tries(7, seed, &drawn(7, seed, Lie::drawn));
    }
}

proptest! {
    #![proptest_config(cases(1))]

    #[test]
    fn three_liars_among_ten_do_not_keep_an_honest_leader_from_its_triples_and_nobody_else_is_named(seed: u64) {
        tries(10, seed, &drawn(10, seed, Lie::drawn));
    }
}

#[test]
fn a_wrong_seed_that_overtakes_its_makers_commitment_names_it_all_the_same() {
    let (liar, late) = (NodeId(2), NodeId(3));
    let mut net = Net::new(4, 1, 6);
    let held = Rc::new(RefCell::new(None));
    let hold = Rc::clone(&held);
    net.tamper = Box::new(move |from, to, mut message| {
        match &mut message {
            Message::Commit(_) if (from, to) == (liar, late) => {
                *hold.borrow_mut() = Some(message);
                return vec![];
            }
            Message::Opening(opening) if from == liar => {
                opening.seed = Seed::random(&mut ChaCha20Rng::seed_from_u64(1));
            }
            _ => {}
        }
        vec![message]
    });
    net.start();
    let is_opening = |parcel: &super::net::Parcel| {
        let message = crate::wire::decode::<Message>(&parcel.bytes, crate::wire::FRAME_BYTES_MAX);
        (parcel.from, parcel.to) == (liar, late) && matches!(message, Ok(Message::Opening(_)))
    };
    while !net.under_way.iter().any(is_opening) {
        assert!(net.step());
    }
    let at = net.under_way.iter().position(is_opening).unwrap();
    let opening = net.under_way.swap_remove(at);
    net.deliver(opening);
    let commit = held.take().unwrap();
    net.post(liar, late, &commit);
    net.run();
    for holder in net.honest(liar) {
        assert_eq!(net.named(holder), BTreeMap::from([(liar, Misbehaviour::WrongSeed)]), "by {holder}");
    }
}
