//! Faults of machines in a world that is moved by hand.

use std::path::Path;
use std::sync::Arc;

use lit_node::id::NodeId;
use lit_node::io::Input;

use super::super::*;
use crate::outcome::RunOptions;
use crate::plan::FaultPlan;
use crate::scenario;
use crate::trace::Retention;

/// Four nodes that have started, and these faults, all of which are armed.
fn world(faults: &[&str]) -> World {
    let faults: String = faults
        .iter()
        .enumerate()
        .map(|(number, what)| format!("[[act.fault]]\nname = \"f{number}\"\nwhat.{what}\n"))
        .collect();
    let text = format!(
        "schema = 1\nname = \"by-hand\"\n[network]\nnodes = 4\n[users]\nalice = {{ wallet = true }}\n[[act]]\n\
         name = \"one\"\n[[act.step]]\nid = \"k\"\nuser = \"alice\"\ndo.keygen = {{ key = \"k\" }}\n{faults}"
    );
    let scenario = scenario::parse("by-hand", text.as_bytes(), Path::new("."), &[]).expect("a scenario");
    let plan = FaultPlan::new(&scenario, 1).expect("a plan");
    let options = RunOptions { seed: 1, memo: true, profile: false, trace: Retention::Nothing };
    let mut world = World::new(Arc::new(scenario), plan, &options);
    world.open();
    world.faults.arm("one", None, 0);
    world
}

/// Handles all events up to an instant.
fn until(world: &mut World, end: Nanos) {
    while let Some((now, event)) = world.heap.pop() {
        world.handle(now, event);
        if now >= end {
            return;
        }
    }
}

fn host(world: &mut World, node: u16) -> &mut Host {
    world.hosts.get_mut(&Seat::from(NodeId(node))).expect("a node")
}

#[test]
fn inputs_to_a_paused_node_wait_and_are_all_handled_afterwards() {
    let mut world = world(&["pause = { node = 2 }"]);
    until(&mut world, 300 * MILLI);
    let now = world.heap.now();
    world.begin_fault(now, 0);
    for number in 5..8 {
        world.give(now, Seat::from(NodeId(2)), Input::Head { number, timestamp_s: 0 });
    }
    assert_eq!(host(&mut world, 2).next_start(now), None);
    assert!(host(&mut world, 2).step(now).is_none(), "nothing is handled");
    assert!(host(&mut world, 2).is_up());
    world.faults.end(0);
    world.end_fault(now, 0);
    assert_eq!(host(&mut world, 2).next_start(now).map(|at| at >= now), Some(true));
    until(&mut world, now + 200 * MILLI);
    assert_eq!(host(&mut world, 2).next_start(now), None, "the queue is empty again");
}

#[test]
fn what_is_about_to_leave_a_paused_node_leaves_when_it_goes_on() {
    let mut world = world(&["pause = { node = 2 }"]);
    until(&mut world, 300 * MILLI);
    let now = world.heap.now();
    world.begin_fault(now, 0);
    let (seat, boot) = (Seat::from(NodeId(2)), host(&mut world, 2).boot);
    let note = lit_node::note::Note::ChannelOpen { peer: NodeId(3) };
    let before = world.observer.marks.get("channel.open").copied();
    world.release(now, seat, boot, vec![lit_node::io::Output::Note(note)]);
    assert_eq!(world.observer.marks.get("channel.open").copied(), before);
    world.faults.end(0);
    world.end_fault(now, 0);
    assert_eq!(world.observer.marks.get("channel.open").copied(), before.map(|opened| opened + 1));
}

#[test]
fn clocks_and_costs_of_a_machine_change_with_their_faults_and_back() {
    let faults = [
        "clock = { node = 2, offset_ms = -500 }",
        "slow = { node = 2, factor = 3 }",
        "disk_slow = { node = 2, sync_ms = 7 }",
        "drift = { node = 2, ppm = 500_000 }",
    ];
    let mut world = world(&faults);
    let mut work = Meter::default();
    work.add(lit_node::meter::Op::StoreSync, 1);
    let plain = host(&mut world, 2).condition.duration(&work);
    let shown = host(&mut world, 2).clock.reads(0);
    (0..4).for_each(|fault| world.begin_fault(0, fault));
    assert_eq!(host(&mut world, 2).clock.reads(0).0, shown.0 - 500 * MILLI);
    assert_eq!(host(&mut world, 2).clock.reads(100 * MILLI).0, shown.0 - 350 * MILLI);
    assert_eq!(host(&mut world, 2).condition.duration(&work), 3 * plain + 7 * MILLI);
    assert_eq!(host(&mut world, 3).condition.duration(&work), plain, "other machines are not touched");
    for fault in 0..4 {
        world.faults.end(fault);
        world.end_fault(0, fault);
    }
    assert_eq!(host(&mut world, 2).clock.reads(100 * MILLI).0, shown.0 + 100 * MILLI);
    assert_eq!(host(&mut world, 2).condition.duration(&work), plain);
}

#[test]
fn a_node_that_runs_twice_has_two_instances_each_with_its_own_peers_disk_and_randomness() {
    let mut world = world(&["twins = { node = 2, sees = [[1], [3, 4]] }"]);
    until(&mut world, 300 * MILLI);
    let (now, first) = (world.heap.now(), Seat::from(NodeId(2)));
    world.begin_fault(now, 0);
    assert_eq!(world.seats(NodeId(2)).collect::<Vec<_>>(), [first, first.twin()]);
    assert_eq!(world.seats(NodeId(3)).count(), 1);
    let apart = |seat, peer| world.kept_apart(seat, NodeId(peer)).is_some();
    assert_eq!([1, 3, 4].map(|peer| apart(first, peer)), [false, true, true]);
    assert_eq!([1, 3, 4].map(|peer| apart(first.twin(), peer)), [true, false, false]);
    let boots = [first, first.twin()].map(|seat| world.hosts[&seat].boot.0);
    assert_eq!(boots, [0, 1]);
    let [one, other] = [first, first.twin()].map(|seat| world.factory.parts(seat, Boot(1)).0);
    assert!(one.identity == other.identity && one.seed != other.seed);
    world.faults.end(0);
    world.end_fault(now, 0);
    assert_eq!(world.seats(NodeId(2)).count(), 1);
    until(&mut world, now + MILLI);
    assert_eq!((host(&mut world, 2).boot.0, host(&mut world, 2).is_up()), (2, true));
}
