//! What convicts a holder, each kind once: a third party judges it from bytes and the chain, and every byte counts.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::lies::{accused, evidence_of, lying, sid_of, spoil, two_batches, unfounded_abort};
use super::net::Net;
use crate::blame::{self, ChainView, Culprit, Offence};
use crate::evidence::Evidence as Shown;
use crate::id::{Digest, NodeId, SessionId};
use crate::memo::Memo;
use crate::meter::Meter;
use crate::testing::{BOARD, identity, is_rigid, roster};
use crate::triples::{
    Abort, Evidence, Kind, Message, Misbehaviour, Opening, Proof, Reason, Seal, SealedSeed, Seed, ShareProof,
    Testimony, Unfounded,
};
use crate::wire::Signed;

/// A batch that `liar` spoils by `lie`, at its end.
fn spoilt(seed: u64, liar: u16, lie: impl FnMut(NodeId, &mut Message) + 'static) -> Net {
    let mut net = Net::new(4, 1, seed);
    lying(&mut net, NodeId(liar), lie);
    net.start();
    net.run();
    net
}

/// A batch of which one step is wrong.
fn wrong_step(seed: u64, liar: u16, kind: Kind) -> Net {
    spoilt(seed, liar, move |_, message| match message {
        Message::Step(step) if step.slot.kind == kind => spoil(step),
        _ => {}
    })
}

/// A batch that all have sealed, with the names of batch and session.
fn sealed(seed: u64) -> (Net, SessionId, Digest) {
    let mut net = Net::new(4, 1, seed);
    let batch = net.start();
    let sid = sid_of(&mut net);
    while net.holders.iter().any(|holder| net.ready(*holder).is_empty()) {
        assert!(net.step());
    }
    (net, batch, sid)
}

/// What `liar` committed to, and nobody was to see.
fn seed_of(net: &Net, liar: NodeId, batch: SessionId) -> Seed {
    Seed::random(&mut net.peers[&liar].entropy.stream(&batch.0, "triples/seed"))
}

/// The seed with a testimony that says nothing.
fn opening(net: &Net, liar: NodeId, batch: SessionId) -> Message {
    let testimony = Testimony { batch, commits: Vec::new(), records: Vec::new() };
    Message::Opening(Box::new(Opening { seed: seed_of(net, liar, batch), testimony, waits: None }))
}

/// Node 2 opens what it has sealed.
fn opened_after_seal() -> Net {
    let (mut net, batch, _) = sealed(19);
    let opening = opening(&net, NodeId(2), batch);
    net.post(NodeId(2), NodeId(1), &opening);
    net.run();
    net
}

/// Each kind of proof, with who shows it and whom it convicts.
fn nets() -> Vec<(Net, u16, u16)> {
    let mut two_starts = Net::new(4, 1, 13);
    two_batches(&mut two_starts);
    let two_commits = spoilt(5, 2, |to, message| match message {
        Message::Commit(joined) if to == NodeId(3) => joined.commit.polynomials.0[0] ^= 1,
        _ => {}
    });
    let two_steps = spoilt(4, 2, |to, message| match message {
        Message::Step(step) if step.slot.kind == Kind::Products && to == NodeId(3) => spoil(step),
        _ => {}
    });
    let false_accusation = accused(10, &[Kind::Polynomials, Kind::Shares], |kept| {
        let (polynomials, shares) = (kept[&Kind::Polynomials].clone(), kept[&Kind::Shares].clone());
        Reason::Share(Box::new(ShareProof { polynomials, sums: None, shares }))
    });
    let wrong_seal = spoilt(8, 2, |_, message| {
        if let Message::Seal(Seal { public, .. }) = message {
            public.0[0] ^= 1;
        }
    });
    let (mut seal_and_abort, batch, sid) = sealed(11);
    let abort = Abort { batch, sid: Some(sid), reason: Reason::Unequal };
    seal_and_abort.post(NodeId(2), NodeId(1), &Message::Abort(Box::new(abort)));
    seal_and_abort.run();
    let other_seed = spoilt(6, 1, |_, message| match message {
        Message::Step(step) if step.slot.kind == Kind::Extension => spoil(step),
        Message::Opening(opening) => opening.seed = seed_of(&Net::new(4, 1, 99), NodeId(3), SessionId::default()),
        _ => {}
    });
    let mut unfounded = Net::new(4, 1, 9);
    unfounded_abort(&mut unfounded, Reason::Unequal);
    vec![
        (two_starts, 2, 1),
        (two_commits, 1, 2),
        (two_steps, 1, 2),
        (wrong_step(3, 3, Kind::LastShares), 1, 3),
        (wrong_step(3, 3, Kind::Shares), 1, 3),
        (wrong_step(21, 3, Kind::Sums), 1, 3),
        (false_accusation, 1, 3),
        (wrong_seal, 1, 2),
        (seal_and_abort, 1, 2),
        (opened_after_seal(), 1, 2),
        (other_seed, 2, 1),
        (wrong_step(14, 3, Kind::Corrections), 1, 3),
        (unfounded, 1, 3),
    ]
}

/// The kind of a proof and of the lie.
fn kind(proof: &Proof) -> &'static str {
    match proof {
        Proof::TwoStarts(_) => "two starts",
        Proof::TwoCommits(_) => "two commitments",
        Proof::TwoSteps(_) => "two steps",
        Proof::Share(_) => "share",
        Proof::Sums(_) => "sums",
        Proof::FalseAccusation(_) => "false accusation",
        Proof::Seal(_) => "seal",
        Proof::SealAndAbort(_) => "seal and abort",
        Proof::SealAndOpening(_) => "seal and opening",
        Proof::Seed(_) => "seed",
        Proof::Replay { .. } => "replay",
    }
}

#[test]
fn each_kind_of_proof_convinces_a_third_party_and_fails_when_any_byte_changes() {
    let chain = ChainView::new(roster(4), BOARD, []);
    let mut seen = BTreeSet::new();
    for (net, by, culprit) in nets() {
        let (by, node) = (NodeId(by), NodeId(culprit));
        let what = net.named(by)[&node];
        let evidence = evidence_of(&net, by);
        seen.insert(kind(&evidence.proof));
        let shown = Shown::Triples(Box::new(evidence));
        assert_eq!(blame::verify(&shown.bytes(), &chain), Ok(Culprit { node, offence: Offence::Triples(what) }));
        is_rigid(&shown, &chain);
    }
    assert_eq!(seen.len(), 11, "{seen:?}");
}

#[test]
fn whoever_opens_the_seed_that_it_has_sealed_is_named_whichever_arrives_first() {
    let seal_first = opened_after_seal();
    assert_eq!(seal_first.named(NodeId(1)), BTreeMap::from([(NodeId(2), Misbehaviour::BrokenSeal)]));
    assert_eq!((seal_first.ready(NodeId(1)).len(), seal_first.failed(NodeId(1))), (1, 0), "the triples stay in use");
    // Node 2's seals are held up until its opening is there; the others have sealed and wait for it.
    let mut net = Net::new(4, 1, 19);
    let held = Rc::new(RefCell::new(Vec::new()));
    let hold = Rc::clone(&held);
    net.tamper = Box::new(move |from, to, message| match message {
        Message::Seal(_) if from == NodeId(2) => {
            hold.borrow_mut().push((to, message));
            Vec::new()
        }
        Message::Seals(_) if from == NodeId(2) => Vec::new(),
        other => vec![other],
    });
    let batch = net.start();
    while held.borrow().len() < 2 {
        assert!(net.step());
    }
    let opening = opening(&net, NodeId(2), batch);
    for to in [1, 3].map(NodeId) {
        net.post(NodeId(2), to, &opening);
    }
    while !net.under_way.is_empty() {
        net.step();
    }
    assert!(net.named(NodeId(1)).is_empty() && net.ready(NodeId(1)).is_empty(), "an opening alone moves nobody");
    let held = held.take();
    held.iter().for_each(|(to, seal)| net.post(NodeId(2), *to, seal));
    net.run();
    for holder in net.honest(NodeId(2)) {
        assert_eq!(net.named(holder), BTreeMap::from([(NodeId(2), Misbehaviour::BrokenSeal)]));
        assert_eq!((net.ready(holder).len(), net.failed(holder)), (1, 0));
    }
}

#[test]
fn a_seal_and_an_opening_of_another_seed_or_by_other_commitments_are_no_contradiction() {
    let net = opened_after_seal();
    let evidence = evidence_of(&net, NodeId(1));
    let Proof::SealAndOpening(proof) = &evidence.proof else { panic!("a seal and an opening") };
    let judged = |change: &dyn Fn(&mut SealedSeed)| {
        let mut proof = proof.clone();
        change(&mut proof);
        let evidence = Evidence { proof: Proof::SealAndOpening(proof), ..evidence.clone() };
        evidence.verify(&roster(4), &mut Meter::default(), &Memo::off())
    };
    assert_eq!(judged(&|_| ()), Ok(Misbehaviour::BrokenSeal));
    let identity = identity(NodeId(2));
    let resign = |opening: Opening| Signed::new(opening, NodeId(2), &identity, &mut Meter::default());
    // A restarted holder draws another seed, and its testimony names the commitment of its new boot.
    let other = Opening { seed: seed_of(&net, NodeId(3), SessionId::default()), ..proof.opening.body.clone() };
    assert_eq!(judged(&|proof| proof.opening = resign(other.clone())), Err(Unfounded::Consistent));
    let mut elsewhere = proof.opening.body.clone();
    elsewhere.testimony.batch = SessionId::default();
    assert_eq!(judged(&|proof| proof.opening = resign(elsewhere.clone())), Err(Unfounded::Consistent));
    assert_eq!(judged(&|proof| proof.commits.truncate(2)), Err(Unfounded::Consistent));
    assert_eq!(judged(&|proof| proof.commits[1].seed = proof.commits[0].seed), Err(Unfounded::Consistent));
    assert_eq!(judged(&|proof| proof.opening.signer = NodeId(1)), Err(Unfounded::Signature));
}
