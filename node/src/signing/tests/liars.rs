//! f liars at once, each with a lie of its own, in networks of every size, messages in any order: everybody else gets its
//! signature, and those whose lies can be proved and came to light are named, and nobody else.

use k256::{ProjectivePoint, Scalar};
use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::attacks::contradiction;
use super::expected::{Expected, exact};
use super::net::{DIGEST, Net, SCHEMES, identity};
use crate::id::{Digest, NodeId, RequestId};
use crate::meter::Meter;
use crate::signing::{Fresh, Message, Misbehaviour, Propose, Scheme};
use crate::wire::{Signable, Signed};

/// Everything that a node may do wrong while it presigns and signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lie {
    /// Opens a wrong w, u or v.
    OpeningW,
    OpeningU,
    OpeningV,
    /// Gives all holders a wrong share.
    Share,
    /// Gives every other holder a wrong share.
    ShareToSome,
    /// As coordinator, gives one half of the holders another proposal.
    Split,
    /// As coordinator, gives all holders two proposals.
    TwoProposals,
    /// As coordinator, proposes an announcement that its maker did not sign.
    ForgedAnnouncement,
    /// As leader, passes on opened values that their maker did not sign.
    ForgedOpening,
    /// Announces nonces that it does not have, and then cannot answer with.
    OtherNonces,
    /// As leader, starts presignatures that cannot be.
    BadStart,
    /// Claims that an honest coordinator has signed two proposals.
    Slander,
    /// Passes a false signature on.
    FalseSignature,
    /// Says nothing.
    Silent,
    /// Agrees, and says nothing more.
    AgreesOnly,
    /// Says things to some and not to others.
    Withholds,
}

use Lie::*;

/// What proves a lie.
const PROVABLE: [Lie; 9] =
    [OpeningW, OpeningU, OpeningV, Share, ShareToSome, Split, TwoProposals, ForgedAnnouncement, ForgedOpening];
const UNPROVABLE: [Lie; 7] = [OtherNonces, BadStart, Slander, FalseSignature, Silent, AgreesOnly, Withholds];

/// What the liars have said that is not true.
#[derive(Default)]
pub(super) struct Told {
    /// Wrong shares: of which proposal, by whom, to whom.
    pub(super) shares: BTreeSet<(Digest, NodeId, NodeId)>,
    /// Wrong opened values: of which presignature, by whom.
    pub(super) openings: BTreeSet<(Digest, NodeId)>,
    /// Coordinators that made two proposals of one.
    pub(super) doubled: BTreeSet<NodeId>,
    /// Proposals with forgeries.
    pub(super) forged: BTreeSet<Digest>,
}

/// The liars of a network.
struct Liars {
    lies: BTreeMap<NodeId, Lie>,
    told: Rc<RefCell<Told>>,
    rng: ChaCha20Rng,
    /// An honest coordinator's proposal, to tell lies about.
    seen: Option<(NodeId, Propose)>,
    /// To how many a coordinator has given a proposal.
    given: BTreeMap<Digest, usize>,
}

fn signed<T: Signable>(body: T, signer: NodeId) -> Signed<T> {
    Signed::new(body, signer, &identity(signer), &mut Meter::default())
}

impl Liars {
    /// What a node really sends instead of `message`.
    fn tell(&mut self, from: NodeId, to: NodeId, mut message: Message) -> Vec<Message> {
        let Some(lie) = self.lies.get(&from).copied() else {
            if let Message::Propose(propose) = &message {
                self.seen = Some((from, propose.clone()));
            }
            return vec![message];
        };
        let mut told = self.told.borrow_mut();
        // Errors of several liars never cancel out.
        let error = Scalar::from(1_000 + u64::from(from.0).pow(3));
        match (lie, &mut message) {
            (Silent, _) => return vec![],
            (AgreesOnly, message) if !matches!(message, Message::Announce(_)) => return vec![],
            (Withholds, _) if self.rng.next_u32().is_multiple_of(2) => return vec![],
            (OpeningW | OpeningU | OpeningV, Message::PresignShare(share)) => {
                *value(lie, &mut share.opening) += error;
                told.openings.insert((share.presignature, from));
            }
            (OpeningW | OpeningU | OpeningV, Message::PresignOpened(opened)) => {
                let own = opened.openings.iter_mut().find(|opening| opening.signer == from).unwrap();
                let mut body = own.body.clone();
                *value(lie, &mut body.opening) += error;
                *own = signed(body, from);
                told.openings.insert((opened.presignature, from));
            }
            (Share | ShareToSome, Message::Share(share)) if lie == Share || to.0.is_multiple_of(2) => {
                share.share.0 += error;
                told.shares.insert((share.proposal, from, to));
            }
            (Split | TwoProposals, Message::Propose(propose)) => {
                told.doubled.insert(from);
                let second = Message::Propose(contradiction(propose, from));
                if lie == TwoProposals {
                    return vec![message, second];
                }
                let given = self.given.entry(propose.digest()).or_default();
                *given += 1;
                return vec![if given.is_multiple_of(2) { second } else { message }];
            }
            (ForgedAnnouncement, Message::Propose(propose)) => {
                let mut others = propose.announcements.iter_mut().filter(|a| a.signer != from && a.signer != to);
                others.next().unwrap().signature.s[7] ^= 1;
                told.forged.insert(propose.digest());
            }
            (ForgedOpening, Message::PresignOpened(opened)) => {
                opened.openings.iter_mut().find(|o| o.signer != from).unwrap().body.opening.u += error;
                told.forged.insert(opened.presignature);
            }
            (OtherNonces, Message::Announce(announce)) => match &mut announce.fresh {
                Fresh::Bytes(bytes) => bytes[0] ^= 1,
                Fresh::Nonces(nonces) => nonces.binding += ProjectivePoint::GENERATOR,
            },
            (BadStart, Message::PresignStart(start)) => start.product = start.nonce,
            (FalseSignature, Message::Finished(finished)) => finished.nonce += ProjectivePoint::GENERATOR,
            (Slander, Message::Share(_)) => {
                if let Some((coordinator, propose)) = &self.seen {
                    let forged = Signed { signer: *coordinator, ..signed(contradiction(propose, from), from) };
                    return vec![message, Message::Answered(Box::new(forged))];
                }
            }
            _ => {}
        }
        vec![message]
    }
}

fn value(lie: Lie, opening: &mut crate::signing::Opening) -> &mut Scalar {
    match lie {
        OpeningW => &mut opening.w,
        OpeningU => &mut opening.u,
        _ => &mut opening.v,
    }
}

/// A run with these liars, and what they have said in it.
fn run(members: u16, seed: u64, scheme: Scheme, lies: &BTreeMap<NodeId, Lie>) -> (Net, Rc<RefCell<Told>>) {
    let mut net = Net::new(members, seed);
    let told = Rc::new(RefCell::new(Told::default()));
    let (lies, rng, given) = (lies.clone(), ChaCha20Rng::seed_from_u64(seed), BTreeMap::new());
    let mut liars = Liars { lies, told: Rc::clone(&told), rng, seen: None, given };
    net.tamper = Box::new(move |from, to, message| liars.tell(from, to, message));
    net.log = Some(Vec::new());
    // Who coordinates first follows from the request.
    let request = RequestId([seed as u8; 32]);
    for node in net.ids() {
        net.authorise_request(node, request, scheme, DIGEST);
    }
    net.run();
    (net, told)
}

/// All that must hold of a run; whom honest nodes name.
fn judge(net: &Net, told: &Told, lies: &BTreeMap<NodeId, Lie>) -> BTreeSet<NodeId> {
    let honest: Vec<NodeId> = net.ids().into_iter().filter(|id| !lies.contains_key(id)).collect();
    net.assert_done(&honest);
    net.assert_nonces_unique();
    for node in &honest {
        let named = net.named_by(&[*node]);
        let expected = Expected::of(net, told, *node);
        let by_values: BTreeSet<(NodeId, Misbehaviour)> = named.iter().filter(|(_, w)| exact(w)).copied().collect();
        assert_eq!(by_values, expected.values, "of values and what leaders pass on, at {node}; {lies:?}");
        for (liar, what) in named.iter().filter(|(_, what)| !exact(what)) {
            let is_told = match what {
                Misbehaviour::ForgedAnnouncement { proposal } => told.forged.contains(proposal),
                _ => told.doubled.contains(liar),
            };
            assert!(is_told, "{liar} is named at {node} for {what:?}; {lies:?}");
        }
        let names = |what: fn(&Misbehaviour) -> bool| -> BTreeSet<NodeId> {
            named.iter().filter(|(_, w)| what(w)).map(|(node, _)| *node).collect()
        };
        let doubled =
            names(|what| matches!(what, Misbehaviour::TwoProposals { .. } | Misbehaviour::NoncesProposedTwice { .. }));
        assert!(expected.doubled.is_subset(&doubled), "{:?} at {node}: {doubled:?}", expected.doubled);
        let forged = names(|what| matches!(what, Misbehaviour::ForgedAnnouncement { .. }));
        assert!(expected.forged.is_subset(&forged), "{:?} at {node}: {forged:?}", expected.forged);
        assert_eq!(expected.unshown, [], "{node} shows contradictions to those who can use them");
        let liars: BTreeSet<NodeId> = lies.keys().copied().collect();
        assert!(net.suspected(*node).is_subset(&liars), "{node} suspects {:?}; {lies:?}", net.suspected(*node));
    }
    let named: BTreeSet<NodeId> = net.named_by(&honest).into_iter().map(|(node, _)| node).collect();
    let provable = |node: &NodeId| lies.get(node).is_some_and(|lie| PROVABLE.contains(lie));
    assert!(named.iter().all(provable), "{named:?} are named; {lies:?}");
    named
}

/// f of the nodes, and what each of them lies about.
fn drawn(members: u16, seed: u64) -> BTreeMap<NodeId, Lie> {
    let mut rng = ChaCha20Rng::seed_from_u64(seed ^ 0x11a5);
    let mut lies = BTreeMap::new();
    while lies.len() < usize::from((members - 1) / 3) {
        let node = NodeId((rng.next_u32() % u32::from(members)) as u16 + 1);
        // Silence is one of few lies that anybody can tell; do not let it crowd out the others.
        let all = if rng.next_u32().is_multiple_of(3) { &UNPROVABLE[..] } else { &PROVABLE[..] };
        lies.insert(node, all[rng.next_u32() as usize % all.len()]);
    }
    lies
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn f_liars_at_once_stop_nobody_and_exactly_those_whose_lies_come_to_light_are_named_with_evidence(
        size in 0usize..3, seed: u64, scheme in 0usize..3,
    ) {
        let members = [4, 7, 10][size];
        let lies = drawn(members, seed);
        let (net, told) = run(members, seed, SCHEMES[scheme], &lies);
        judge(&net, &told.borrow(), &lies);
    }
}

#[test]
fn each_provable_lie_comes_to_light_in_each_scheme_in_which_it_can_be_told() {
    for lie in PROVABLE {
        for scheme in SCHEMES {
            let is_of_presigning = matches!(lie, OpeningW | OpeningU | OpeningV | ForgedOpening);
            // One of the four coordinates first.
            let is_named = (0..8_u16).any(|turn| {
                let liar = NodeId(turn % 4 + 1);
                let lies = BTreeMap::from([(liar, lie)]);
                let (net, told) = run(4, u64::from(turn / 4), scheme, &lies);
                judge(&net, &told.borrow(), &lies) == BTreeSet::from([liar])
            });
            assert_eq!(is_named, !is_of_presigning || scheme == Scheme::EcdsaK256, "{lie:?} in {scheme:?}");
        }
    }
}

#[test]
fn whoever_only_stays_silent_or_says_what_proves_nothing_is_never_named_even_f_of_ten_at_once() {
    for lie in UNPROVABLE {
        for scheme in SCHEMES {
            let lies = [2, 5, 9].map(|node| (NodeId(node), lie)).into();
            let (net, told) = run(10, 3, scheme, &lies);
            assert_eq!(judge(&net, &told.borrow(), &lies), BTreeSet::new());
        }
    }
}
