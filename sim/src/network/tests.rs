//! Tests of links: what each disturbance does on the wire, and what it leaves alone.

use super::*;
use crate::fault;
use crate::heap::MILLI;
use crate::scenario::LabelPattern;
use lit_node::id::{NodeId, SessionId};
use proptest::prelude::*;

fn link(from: u16, to: u16) -> Link {
    Link::between(NodeId(from), NodeId(to))
}

fn label(kind: &'static str) -> Label {
    Label { session: SessionId([7; 32]), protocol: "dkg", round: 0, kind }
}

fn pattern(text: &str) -> LabelPattern {
    serde_json::from_value(text.into()).unwrap()
}

fn network() -> Network {
    Network::new(&[1; 32], Latency::Uniform(1.0, 10.0))
}

fn on(from: u16, to: u16) -> Links {
    Links::Named(fault::Links::Pairs(vec![(NodeId(from), NodeId(to))]))
}

fn fault(id: &str, links: Links, disturbance: Disturbance) -> LinkFault {
    LinkFault { id: id.into(), links, disturbance }
}

/// A network with one fault that is on from the start.
fn with(links: Links, disturbance: Disturbance) -> Network {
    let mut network = network();
    network.begin(0, fault("it", links, disturbance));
    network
}

/// When each copy of a message comes that is sent at a time, milliseconds.
fn arrivals(network: &mut Network, now: Nanos, link: Link, kind: &'static str, bytes: usize) -> Vec<f64> {
    let verdict = network.carry(now, link, &label(kind), vec![1; bytes]);
    verdict.copies.iter().map(|(delay, ..)| (now + delay) as f64 / MILLI as f64).collect()
}

fn comes(network: &mut Network, link: Link, kind: &'static str, bytes: usize) -> bool {
    !arrivals(network, 0, link, kind, bytes).is_empty()
}

#[test]
fn a_message_keeps_its_fate_whatever_other_messages_and_faults_do() {
    let mut calm = network();
    let expected: Vec<_> = (0..50).map(|_| calm.carry(0, link(1, 2), &label("ack"), vec![1])).collect();
    let mut busy = network();
    busy.begin(0, fault("other", on(3, 2), Disturbance::Loss(1.0)));
    for verdict in expected {
        assert!(busy.carry(0, link(3, 2), &label("ack"), vec![9; 9]).copies.is_empty());
        busy.carry(0, link(1, 2), &label("dealing"), vec![2]);
        assert_eq!(busy.carry(0, link(1, 2), &label("ack"), vec![1]), verdict);
    }
}

#[test]
fn loss_and_duplication_come_at_their_rates_and_independently() {
    let mut network = with(Links::All, Disturbance::Loss(0.3));
    network.begin(0, fault("d", Links::All, Disturbance::Duplicate(0.5)));
    let copies: Vec<usize> = (0..4000).map(|_| arrivals(&mut network, 0, link(1, 2), "ack", 1).len()).collect();
    let share = |n| copies.iter().filter(|&&c| c == n).count() as f64 / 4000.0;
    assert!((share(0) - 0.3).abs() < 0.03, "lost {}", share(0));
    assert!((share(2) - 0.35).abs() < 0.03, "doubled {}", share(2));
}

#[test]
fn a_partition_cuts_between_groups_only_and_ends() {
    let sets = vec![vec![NodeId(1), NodeId(2)], vec![NodeId(3)]];
    let partition = fault::Partition { sets, one_way: false };
    let mut network = with(Links::Across(partition), Disturbance::Cut);
    for (from, to, passes) in [(1, 3, false), (3, 2, false), (1, 2, true), (4, 3, true), (3, 4, true)] {
        assert_eq!(network.lost_in_flight(&link(from, to), 0, 0), (!passes).then_some("it"), "{from}>{to}");
        assert_eq!(comes(&mut network, link(from, to), "ack", 1), passes, "{from}>{to}");
    }
    network.end(5, "it");
    assert!(comes(&mut network, link(1, 3), "ack", 1));
}

#[test]
fn a_one_way_partition_lets_later_sets_speak_to_earlier_ones() {
    let sets = vec![vec![NodeId(1)], vec![NodeId(2)], vec![NodeId(3)]];
    let mut network = with(Links::Across(fault::Partition { sets, one_way: true }), Disturbance::Cut);
    for (from, to) in [(1, 2), (1, 3), (2, 3)] {
        assert!(!comes(&mut network, link(from, to), "ack", 1), "{from}>{to}");
        assert!(comes(&mut network, link(to, from), "ack", 1), "{to}>{from}");
    }
}

#[test]
fn a_cut_loses_what_was_in_flight_at_any_time_while_it_held_and_one_way_only() {
    let mut network = network();
    network.begin(100, fault("cut", on(1, 2), Disturbance::Cut));
    assert_eq!(network.carry(100, link(1, 2), &label("ack"), vec![]).touched_by, ["cut"]);
    network.end(200, "cut");
    let lost = |from, to, sent, now| network.lost_in_flight(&link(from, to), sent, now).is_some();
    assert!(lost(1, 2, 50, 100) && lost(1, 2, 50, 300) && lost(1, 2, 199, 300));
    assert!(!lost(1, 2, 50, 99), "it had arrived");
    assert!(!lost(1, 2, 200, 300), "it was sent afterwards");
    assert!(!lost(2, 1, 50, 300), "the other direction lives");
}

#[test]
fn reordering_delays_some_messages_past_later_ones() {
    let mut network = with(Links::All, Disturbance::Reorder(0.5, 100.0));
    let delays: Vec<f64> = (0..100).map(|_| arrivals(&mut network, 0, link(1, 2), "ack", 0)[0]).collect();
    assert!(delays.iter().any(|&d| d > 20.0) && delays.iter().any(|&d| d <= 10.0));
}

#[test]
fn log_normal_latency_has_its_median() {
    let mut network = Network::new(&[2; 32], Latency::LogNormal(20.0, 0.5));
    let mut delays: Vec<f64> = (0..2001).map(|_| arrivals(&mut network, 0, link(1, 2), "ack", 0)[0]).collect();
    delays.sort_by(f64::total_cmp);
    assert!((delays[1000] - 20.0).abs() < 1.5, "median {} ms", delays[1000]);
    assert!(delays[2000] > 40.0, "there is a tail");
}

#[test]
fn another_latency_holds_on_its_links_while_it_lasts_and_the_later_one_counts() {
    let mut network = with(on(1, 2), Disturbance::Latency(Latency::Constant(500.0)));
    assert_eq!(arrivals(&mut network, 0, link(1, 2), "ack", 1), [500.0]);
    assert!(arrivals(&mut network, 0, link(2, 1), "ack", 1)[0] <= 10.0);
    network.begin(0, fault("later", on(1, 2), Disturbance::Latency(Latency::Empirical([30.0, 40.0].into()))));
    assert!((30.0..=40.0).contains(&arrivals(&mut network, 0, link(1, 2), "ack", 1)[0]));
    network.end(0, "later");
    network.end(0, "it");
    assert!(arrivals(&mut network, 0, link(1, 2), "ack", 1)[0] <= 10.0);
}

#[test]
fn a_narrow_link_sends_one_message_after_the_other_and_drops_what_does_not_fit() {
    let narrow = Disturbance::Bandwidth { bytes_per_s: 1000, queue_bytes_max: 250 };
    let mut network = with(Links::All, narrow);
    network.latency = Latency::Constant(5.0);
    // A hundred bytes take a hundred milliseconds; three fit, one on the line and two in the queue.
    let mut burst = |from| (0..4).map(|_| arrivals(&mut network, 0, link(from, 9), "ack", 100)).collect::<Vec<_>>();
    let expected = [vec![105.0], vec![205.0], vec![305.0], vec![]];
    assert_eq!(burst(1), expected);
    assert_eq!(burst(2), expected, "each link has a line of its own");
    assert_eq!(arrivals(&mut network, 150 * MILLI, link(1, 9), "ack", 100), [405.0], "the queue has moved on");
    network.end(0, "it");
    assert_eq!(arrivals(&mut network, 150 * MILLI, link(1, 9), "ack", 100), [155.0]);
}

#[test]
fn a_loss_on_a_narrow_link_does_not_change_when_other_messages_come() {
    let narrow = fault("narrow", on(1, 2), Disturbance::Bandwidth { bytes_per_s: 9000, queue_bytes_max: 2000 });
    let run = |losses: bool| {
        let mut network = network();
        if losses {
            network.begin(0, fault("loss", Links::All, Disturbance::Loss(0.5)));
        }
        network.begin(0, narrow.clone());
        (0..200u64).map(|i| arrivals(&mut network, i * 9 * MILLI, link(1, 2), "ack", 100)).collect::<Vec<_>>()
    };
    let (calm, lossy) = (run(false), run(true));
    assert!(calm.iter().any(Vec::is_empty), "the queue overflows");
    assert!(lossy.iter().filter(|times| times.is_empty()).count() > 60);
    for (with, without) in lossy.iter().zip(&calm).filter(|(with, _)| !with.is_empty()) {
        assert_eq!(with, without);
    }
}

#[test]
fn a_gray_link_carries_small_messages_and_fails_large_ones_at_its_rate() {
    let gray = |delay| Disturbance::Gray { rate: 0.5, delay, bytes_min: 1000 };
    let mut network = with(on(1, 2), gray(None));
    let share = |network: &mut Network, bytes| {
        (0..1000).filter(|_| comes(network, link(1, 2), "ack", bytes)).count() as f64 / 1000.0
    };
    assert_eq!(share(&mut network, 999), 1.0);
    assert!((share(&mut network, 1000) - 0.5).abs() < 0.05);
    let mut network = with(on(1, 2), gray(Some(300 * MILLI)));
    let times: Vec<f64> = (0..1000).map(|_| arrivals(&mut network, 0, link(1, 2), "ack", 1000)[0]).collect();
    let late = times.iter().filter(|&&ms| ms > 300.0).count();
    assert!((450..550).contains(&late) && times.iter().all(|&ms| ms <= 10.0 || ms > 300.0), "{late} late");
}

#[test]
fn an_adversary_puts_the_messages_of_some_nodes_first_or_last() {
    let mut network = with(Links::From(vec![NodeId(1)]), Disturbance::First);
    network.begin(0, fault("last", Links::At(vec![NodeId(2)]), Disturbance::Last { delta: 250 * MILLI }));
    let mut carry = |from, to| network.carry(0, link(from, to), &label("ack"), vec![1]).copies.remove(0);
    for _ in 0..50 {
        let (first, last, other) = (carry(1, 3), [carry(2, 3), carry(3, 2)], carry(3, 4));
        assert_eq!((first.0, first.1), (MILLI, 0), "the least latency, before others of the same instant");
        assert!(last.iter().all(|(delay, order, _)| (*delay, *order) == (250 * MILLI, u64::MAX)));
        assert!(first.0 <= other.0 && other.0 <= 10 * MILLI);
    }
}

#[test]
fn messages_of_a_label_are_late_and_others_are_not() {
    let late = Disturbance::Delay { label: pattern("dkg/ack"), rate: 1.0, delay: 400 * MILLI };
    let mut network = with(on(1, 2), late);
    assert!(arrivals(&mut network, 0, link(1, 2), "ack", 1)[0] > 400.0);
    assert!(arrivals(&mut network, 0, link(1, 2), "dealing", 1)[0] <= 10.0);
    assert!(arrivals(&mut network, 0, link(2, 1), "ack", 1)[0] <= 10.0);
}

#[test]
fn messages_of_a_label_get_lost_by_number_on_each_link_or_at_a_rate() {
    let lost = |first, every, rate| {
        let drop = Disturbance::Drop { label: pattern("dkg/ack"), first, every, rate };
        let mut network = with(Links::All, drop);
        let all: Vec<bool> = (0..6)
            .map(|_| {
                assert!(comes(&mut network, link(1, 2), "dealing", 1));
                let (one, other) =
                    (comes(&mut network, link(1, 2), "ack", 1), comes(&mut network, link(1, 3), "ack", 1));
                assert!(rate < 1.0 || one == other, "each link counts by itself");
                !one
            })
            .collect();
        (1..).zip(all).filter(|(_, lost)| *lost).map(|(number, _)| number).collect::<Vec<u32>>()
    };
    assert_eq!(lost(Some(2), None, 1.0), [1, 2]);
    assert_eq!(lost(None, Some(3), 1.0), [3, 6]);
    assert_eq!(lost(Some(5), Some(2), 1.0), [2, 4]);
    assert_eq!(lost(None, None, 1.0), [1, 2, 3, 4, 5, 6]);
    assert!((1..6).contains(&lost(None, None, 0.5).len()));
}

#[test]
fn captured_bytes_come_again_under_another_name_and_are_not_captured_twice() {
    let capture = |as_from, to| Capture { label: Some(pattern("dkg")), as_from, to, after: 9 * MILLI, rate: 1.0 };
    for (as_from, to, expected) in
        [(None, None, link(1, 2)), (Some(NodeId(3)), None, link(3, 2)), (Some(NodeId(3)), Some(NodeId(4)), link(3, 4))]
    {
        let mut network = with(on(1, 2), Disturbance::Replay(capture(as_from, to)));
        let verdict = network.carry(0, link(1, 2), &label("ack"), vec![5, 6]);
        assert_eq!((verdict.copies.len(), verdict.touched_by.len()), (1, 0), "the message itself arrives as ever");
        let [(replay, bytes)] = &verdict.replays[..] else { panic!("one copy: {verdict:?}") };
        assert_eq!((replay.link, replay.after, bytes.as_slice()), (expected, 9 * MILLI, &[5, 6][..]));
        assert_eq!(replay.label, Label { protocol: REPLAYED, ..label("ack") });
        assert!(network.carry(0, link(1, 2), &replay.label, vec![5, 6]).replays.is_empty());
        assert!(network.carry(0, link(2, 1), &label("ack"), vec![]).replays.is_empty());
    }
    let mut to_itself = with(Links::All, Disturbance::Replay(capture(Some(NodeId(2)), None)));
    assert!(to_itself.carry(0, link(1, 2), &label("ack"), vec![]).replays.is_empty(), "no node has a link to itself");
}

/// Every disturbance that there is, on the link 3>4.
fn every_disturbance() -> Vec<LinkFault> {
    let capture = Capture { label: None, as_from: Some(NodeId(1)), to: Some(NodeId(2)), after: 1, rate: 1.0 };
    let (label, rate) = (pattern("dkg"), 0.5);
    let all = [
        Disturbance::Loss(rate),
        Disturbance::Duplicate(rate),
        Disturbance::Reorder(rate, 50.0),
        Disturbance::Latency(Latency::Constant(90.0)),
        Disturbance::Bandwidth { bytes_per_s: 500, queue_bytes_max: 100 },
        Disturbance::Gray { rate, delay: None, bytes_min: 0 },
        Disturbance::First,
        Disturbance::Last { delta: MILLI },
        Disturbance::Delay { label: label.clone(), rate, delay: MILLI },
        Disturbance::Drop { label, first: None, every: Some(2), rate: 1.0 },
        Disturbance::Replay(capture),
        Disturbance::Cut,
    ];
    all.into_iter().enumerate().map(|(index, what)| fault(&format!("f{index}"), on(3, 4), what)).collect()
}

#[test]
fn no_fault_of_one_link_changes_what_happens_on_another() {
    let run = |faults: &[LinkFault]| {
        let mut network = network();
        network.begin(0, fault("kept", on(1, 2), Disturbance::Bandwidth { bytes_per_s: 5000, queue_bytes_max: 300 }));
        network.begin(0, fault("half", on(1, 2), Disturbance::Loss(0.3)));
        faults.iter().for_each(|fault| network.begin(0, fault.clone()));
        let mut verdicts = Vec::new();
        for i in 0..100 {
            let other = network.carry(i * MILLI, link(3, 4), &label("ack"), vec![0; 90]);
            for (replay, bytes) in other.replays {
                network.carry(i * MILLI, replay.link, &Label { session: SessionId([8; 32]), ..replay.label }, bytes);
            }
            verdicts.push(network.carry(i * 9 * MILLI, link(1, 2), &label("ack"), vec![0; 90]));
        }
        verdicts
    };
    let calm = run(&[]);
    for fault in every_disturbance() {
        // A copy that is sent to a narrow link takes its place there: all else must not be felt.
        if !matches!(fault.disturbance, Disturbance::Replay(_)) {
            assert_eq!(run(std::slice::from_ref(&fault)), calm, "{fault:?}");
        }
    }
}

proptest! {
    #[test]
    fn after_stabilisation_everything_comes_within_delta_and_before_it_nothing_later_than_that(
        seed: [u8; 32],
        gst_ms in 0..5000u64,
        sent in proptest::collection::vec(0..8000u64, 1..40),
        delay_ms in 0..9000u64,
        loss in 0.0..0.9f64,
    ) {
        let mut network = Network::new(&seed, Latency::LogNormal(100.0, 2.0));
        network.stabilise(Stabilisation::of_millis(gst_ms, 250, delay_ms, loss));
        network.stand(fault("twice", Links::All, Disturbance::Duplicate(0.5)));
        network.stand(fault("late", Links::All, Disturbance::Reorder(0.5, 250.0)));
        for sent_ms in sent {
            let now = sent_ms * MILLI;
            let verdict = network.carry(now, link(1, 2), &label("ack"), vec![]);
            prop_assert!(sent_ms < gst_ms || !verdict.copies.is_empty(), "what is sent after it is not lost");
            for (delay, ..) in verdict.copies {
                prop_assert!(now + delay <= (sent_ms.max(gst_ms) + 250) * MILLI);
            }
        }
    }
}

#[test]
fn before_stabilisation_messages_are_late_or_lost_and_faults_may_make_them_later_still() {
    let mut network = network();
    network.stabilise(Stabilisation::of_millis(10_000, 250, 4000, 0.25));
    let early: Vec<_> = (0..1000).map(|_| arrivals(&mut network, 0, link(1, 2), "ack", 1)).collect();
    let lost = early.iter().filter(|times| times.is_empty()).count();
    let late = early.iter().flatten().filter(|ms| **ms > 1000.0).count();
    assert!((200..300).contains(&lost) && late > 400, "{lost} lost, {late} late");
    network
        .begin(0, fault("slow", on(1, 2), Disturbance::Delay { label: pattern("dkg"), rate: 1.0, delay: 900 * MILLI }));
    network.begin(0, fault("paced", on(1, 3), Disturbance::Latency(Latency::Constant(700.0))));
    let now = 20_000 * MILLI;
    assert!(arrivals(&mut network, now, link(1, 2), "ack", 1)[0] > 20_900.0);
    assert_eq!(arrivals(&mut network, now, link(1, 3), "ack", 1), [20_700.0]);
    assert!(arrivals(&mut network, now, link(2, 1), "ack", 1)[0] <= 20_010.0);
}
