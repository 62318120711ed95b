//! What a node keeps, whom it follows, and what a restart does.

use super::net::Net;
use crate::id::{Boot, Epoch, NodeId, SessionId};
use crate::meter::Meter;
use crate::triples::{Abort, Commit, Effect, Joined, Message, PATIENCE_MAX, Params, Reason, Start};
use crate::wire::Signed;

/// Node 1, which does nothing else, asks node 2 to join a batch of this number, and gives it up at once.
fn ask(net: &mut Net, batch: u64, patience: u8) -> SessionId {
    let (leader, holders) = (NodeId(1), net.holders.clone());
    let start = Start { epoch: Epoch(1), leader, boot: Boot(0), batch, holders, count: 1, patience };
    let id = start.id();
    let start = Signed::new(start, leader, &super::net::identity(leader), &mut Meter::default());
    let (seed, polynomials) = Default::default();
    let joined = Joined { start, commit: Commit { batch: id, boot: Boot(0), seed, polynomials } };
    net.post(leader, NodeId(2), &Message::Commit(Box::new(joined)));
    id
}

#[test]
fn a_leader_that_starts_batches_and_leaves_them_gets_no_more_than_its_share_of_memory() {
    let mut net = Net::new(4, 1, 1);
    net.tamper = Box::new(|_, _, _| Vec::new());
    let (bounds, mut most) = (Params::new(100, 1), 0);
    for batch in 0..200 {
        let id = ask(&mut net, batch, 0);
        while let Some(parcel) = net.under_way.pop() {
            net.deliver(parcel);
        }
        let held = net.peers[&NodeId(2)].generator.len();
        assert!(held <= bounds.remembered_per_leader_max, "{held} batches");
        assert!(batch >= 8 || held == batch as usize + 1, "the first ones are joined");
        most = most.max(held);
        let abort = Abort { batch: id, sid: None, reason: Reason::Late };
        net.post(NodeId(1), NodeId(2), &Message::Abort(Box::new(abort)));
        net.now = net.now.plus_millis(30);
        net.on(NodeId(2), |generator, env, fx| generator.tick(env, fx));
    }
    assert_eq!(most, bounds.remembered_per_leader_max);
    net.run();
    assert!(net.peers[&NodeId(2)].generator.is_empty(), "all are forgotten in the end");
}

#[test]
fn a_leader_may_ask_for_patience_within_bounds_and_each_step_of_it_doubles_the_time() {
    let mut ends = Vec::new();
    for patience in 0..=PATIENCE_MAX + 1 {
        let mut net = Net::new(4, 1, 1);
        ask(&mut net, 0, patience);
        let parcel = net.under_way.pop().unwrap();
        net.deliver(parcel);
        ends.extend(net.peers[&NodeId(2)].generator.deadline().map(|end| end.0 - net.now.0));
    }
    let run = Params::new(100, 1).run_ms(3);
    let nanos = |times: u64| crate::io::Time(0).plus_millis(run * times).0;
    assert_eq!(ends, [1, 2, 4, 8].map(nanos), "none for what is beyond the bound");
}

/// Delivers a message every so often, whatever is due in between.
fn run_slowly(net: &mut Net, every_ms: u64) {
    while !net.under_way.is_empty() {
        net.now = net.now.plus_millis(every_ms);
        let due = |(id, peer): (&NodeId, &super::net::Peer)| {
            peer.generator.deadline().is_some_and(|d| d <= net.now).then_some(*id)
        };
        for id in net.peers.iter().filter_map(due).collect::<Vec<_>>() {
            net.on(id, |generator, env, fx| generator.tick(env, fx));
        }
        net.step();
    }
}

#[test]
fn a_leader_whose_batches_run_out_of_time_takes_more_of_it_until_one_is_done_and_then_less_again() {
    let mut net = Net::new(4, 1, 5);
    let mut failed = 0;
    while net.ready(NodeId(1)).is_empty() {
        net.start();
        run_slowly(&mut net, 50);
        assert!(failed <= 3, "no batch is done at the greatest patience");
        failed += 1;
    }
    assert_eq!((net.failed(NodeId(1)), net.named(NodeId(2)).len()), (failed - 1, 0));
    assert!(failed > 1, "the first one runs out of time");
    net.start();
    run_slowly(&mut net, 50);
    assert_eq!(net.failed(NodeId(1)), failed, "one step less is too little again");
}

#[test]
fn batches_with_a_restarted_holder_are_given_up_at_once_and_only_their_leader_has_waited_for_it() {
    for (restarted, notices, suspects) in [(3, 1, 1), (1, 2, 0)] {
        let mut net = Net::new(4, 1, 2);
        net.start();
        for _ in 0..10 {
            net.step();
        }
        let restarted = NodeId(restarted);
        net.on(NodeId(notices), |generator, env, fx| generator.peer_restarted(restarted, env, fx));
        let effects = &net.peers[&NodeId(notices)].effects;
        assert!(matches!(effects.last(), Some(Effect::Failed { .. })), "{effects:?}");
        assert_eq!((effects.len(), net.suspected(NodeId(notices)).len()), (1 + suspects, suspects), "{effects:?}");
    }
}

#[test]
fn who_only_holds_a_batch_goes_on_when_another_holder_is_restarted() {
    let mut net = Net::new(4, 1, 3);
    net.start();
    for _ in 0..10 {
        net.step();
    }
    net.on(NodeId(2), |generator, env, fx| generator.peer_restarted(NodeId(3), env, fx));
    net.run();
    assert_eq!(net.ready(NodeId(1)).len(), 1);
}

#[test]
fn a_convicted_leader_leads_nothing_any_more() {
    let mut net = Net::new(4, 1, 4);
    net.tamper = Box::new(|from, _, mut message| {
        if let (NodeId(1), Message::Step(step)) = (from, &mut message)
            && step.slot.kind == crate::triples::Kind::LastShares
        {
            *step.body.0.last_mut().unwrap() ^= 1;
        }
        vec![message]
    });
    net.start();
    net.run();
    assert_eq!(net.named(NodeId(2)).len(), 1);
    net.tamper = Box::new(|_, _, message| vec![message]);
    net.start();
    net.run();
    assert!(net.ready(NodeId(1)).is_empty() && net.ready(NodeId(2)).is_empty());
    let dropped = |notes: &[crate::note::Note]| notes.iter().any(|note| format!("{note:?}").contains("led by a liar"));
    assert!(dropped(&net.peers[&NodeId(2)].notes));
}

#[test]
fn a_leader_may_ask_for_more_than_a_batch_usually_has_and_gets_no_more_than_fits() {
    for (wanted, got) in [(0, 2), (6, 6), (100_000, 32)] {
        let mut net = Net::new(4, 2, 5);
        let holders = net.holders.clone();
        net.tamper = Box::new(move |_, _, message| {
            if let Message::Commit(joined) = &message {
                assert_eq!(joined.start.body.count, got);
            }
            Vec::new()
        });
        assert!(net.on(NodeId(1), |generator, env, fx| generator.start(&holders, wanted, env, fx)).is_ok());
    }
}

#[test]
fn starts_that_others_repeat_leave_room_for_the_leaders_own() {
    let mut net = Net::new(4, 1, 6);
    net.tamper = Box::new(|_, _, _| Vec::new());
    for batch in 0..8 {
        ask(&mut net, batch, 0);
        let parcel = net.under_way.pop().unwrap();
        let message: Message = crate::wire::decode(&parcel.bytes, 10_000).unwrap();
        net.post(NodeId(3), NodeId(2), &message);
        while let Some(parcel) = net.under_way.pop() {
            net.deliver(parcel);
        }
    }
    assert_eq!(net.peers[&NodeId(2)].generator.len(), 4);
    ask(&mut net, 9, 0);
    while let Some(parcel) = net.under_way.pop() {
        net.deliver(parcel);
    }
    assert_eq!(net.peers[&NodeId(2)].generator.len(), 5);
}
