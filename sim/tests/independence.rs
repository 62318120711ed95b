//! Taking one fault out of a plan leaves every message that it did not touch with the fate it had.

#![allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]

mod common;

use std::collections::BTreeMap;

use common::{extended, fault, run, scratch, trace};
use serde_json::Value;

/// Sender, receiver, label, and the how-manieth of these.
type Message = (u64, u64, String, u32);

/// What became of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Fate {
    /// Lost when it left.
    Lost,
    /// Arrived after so many nanoseconds, each copy.
    Arrived(Vec<u64>),
}

/// The fates of all messages that nodes sent each other up to a time, from a trace.
fn fates(records: &[Value], until_ns: u64) -> BTreeMap<Message, Fate> {
    let link = |record: &Value, from: &str, to: &str| {
        Some((record[from]["node"].as_u64()?, record[to]["node"].as_u64()?, record["label"].as_str()?.to_owned()))
    };
    let mut counts: BTreeMap<_, u32> = BTreeMap::new();
    // By link, label and bytes; none for bytes that were sent more than once, whose copies nobody can tell apart.
    let mut sent: BTreeMap<_, Option<(Message, u64)>> = BTreeMap::new();
    let mut fates = BTreeMap::new();
    for (index, record) in records.iter().enumerate() {
        let (time, hash) = (record["time_ns"].as_u64().unwrap(), record["payload"]["hash"].to_string());
        match record["kind"].as_str() {
            Some("send") => {
                let Some((from, to, label)) = link(record, "actor", "peer") else { continue };
                let count = counts.entry((from, to, label.clone())).or_default();
                *count += 1;
                let message = (from, to, label.clone(), *count);
                if time > until_ns {
                    continue;
                }
                let next = records.get(index + 1);
                if next.is_some_and(|next| {
                    next["kind"] == "drop" && link(next, "actor", "peer") == link(record, "actor", "peer")
                }) {
                    fates.insert(message, Fate::Lost);
                    continue;
                }
                let first = !sent.contains_key(&(from, to, label.clone(), hash.clone()));
                sent.insert((from, to, label, hash), first.then_some((message, time)));
            }
            Some("deliver") => {
                let Some((from, to, label)) = link(record, "peer", "actor") else { continue };
                let Some(Some((message, left))) = sent.get(&(from, to, label, hash)) else { continue };
                match fates.entry(message.clone()).or_insert_with(|| Fate::Arrived(Vec::new())) {
                    Fate::Arrived(delays) => delays.push(time - left),
                    Fate::Lost => panic!("a lost message arrives: {record}"),
                }
            }
            _ => {}
        }
    }
    fates
}

/// What the removed fault does to messages of the links that it disturbs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effect {
    /// It loses some.
    Loses,
    /// It makes some late as well.
    Delays,
}

/// How long before the end of the act a message must be sent for all its copies to have arrived by then: twice the
/// link's latency and the longest time that a fault of these tests holds one back.
const SETTLING_NS: u64 = 500_000_000;

/// The fates of the messages that have settled when the act ends.
fn settled(records: &[Value]) -> BTreeMap<Message, Fate> {
    let end = records.iter().position(|record| record["text"] == "act work ends").expect("the act ended");
    let end_ns = records[end]["time_ns"].as_u64().expect("a time");
    fates(&records[..end], end_ns.saturating_sub(SETTLING_NS))
}

/// How much there was to compare.
#[derive(Debug, Default)]
struct Compared {
    /// Messages after the removed fault began.
    messages: usize,
    /// How many of them the other fault lost.
    lost: usize,
    /// How many of them arrived twice.
    doubled: usize,
}

/// Runs with both faults and without the second, and compares; `touched` are the links that the second disturbs.
fn compare(name: &str, seed: u64, kept: &str, removed: &str, touched: &[(u64, u64)], effect: Effect) -> Compared {
    let folder = scratch(&format!("independence-{name}-{seed}"));
    let traces = [("with", format!("{kept}{removed}")), ("without", kept.to_owned())].map(|(part, faults)| {
        let file = extended(&folder, part, "signing.toml", &faults);
        let out = folder.join(part);
        run(&file, seed, &["--set", "network.nodes=7", "--out", out.to_str().unwrap()]).exits(0);
        trace(&out, "signing", seed)
    });
    let [with, without] = &traces;
    let begins = |record: &Value| {
        record["kind"] == "fault" && record["text"].as_str().unwrap().starts_with("work/removed begins")
    };
    let begin = with.iter().position(begins).expect("the fault began");
    assert!(begin > 100, "something happened before: {begin} records");
    assert!(with[..begin] == without[..begin], "every record before the fault is the same");
    assert_ne!(with, without, "the fault had an effect");
    assert!(!without.iter().any(begins));

    let early = fates(&with[..begin], u64::MAX);
    let [with, without] = [with, without].map(|records| settled(records));
    let mut compared = Compared::default();
    for (message, fate) in with.iter().filter(|(message, _)| !early.contains_key(*message)) {
        let Some(other) = without.get(message) else { continue };
        if touched.contains(&(message.0, message.1)) && fate != other {
            let allowed = *fate == Fate::Lost || effect == Effect::Delays;
            assert!(allowed, "the fault loses messages and does nothing else: {message:?}");
            continue;
        }
        assert_eq!(fate, other, "{message:?}");
        compared.messages += 1;
        compared.lost += usize::from(*fate == Fate::Lost);
        compared.doubled += usize::from(matches!(fate, Fate::Arrived(delays) if delays.len() == 2));
    }
    compared
}

#[test]
fn a_loss_on_other_links_changes_no_fate() {
    let kept = fault("kept", "", "loss = { links = [[1, 2], [2, 1], [1, 4]], rate = 0.5 }");
    let removed = fault("removed", "at_ms = 1200", "loss = { links = [[3, 4], [4, 3]], rate = 0.5 }");
    for seed in 1..=3 {
        let compared = compare("loss", seed, &kept, &removed, &[(3, 4), (4, 3)], Effect::Loses);
        assert!(compared.messages > 100 && compared.lost > 5, "seed {seed}: {compared:?}");
    }
}

#[test]
fn a_loss_in_a_time_window_changes_no_fate_of_duplication_and_reordering() {
    let kept = fault("doubled", "", "duplicate = { links = \"all\", rate = 0.3 }")
        + &fault("held-back", "", "reorder = { links = \"all\", rate = 0.3, delay_ms_max = 80 }");
    let removed = fault("removed", "at_ms = 1200", "loss = { links = [[2, 3]], rate = 0.9 }").trim_end().to_owned()
        + "\nfor_ms = 2000\n\n";
    for seed in 1..=3 {
        let compared = compare("window", seed, &kept, &removed, &[(2, 3)], Effect::Loses);
        assert!(compared.messages > 100 && compared.doubled > 20, "seed {seed}: {compared:?}");
    }
}

#[test]
fn a_crash_changes_no_fate_of_loss() {
    let kept = fault("kept", "", "loss = { links = \"all\", rate = 0.1 }");
    let crash = "crash = { node = 2, restart_after_ms = 900 }";
    let removed = fault("removed", "label = \"dkg/ack\", node = 2, occurrence = 2", crash);
    for seed in 1..=3 {
        let compared = compare("crash", seed, &kept, &removed, &[], Effect::Loses);
        assert!(compared.messages > 100 && compared.lost > 5, "seed {seed}: {compared:?}");
    }
}

#[test]
fn faults_that_slow_a_link_down_change_no_fate_on_other_links() {
    let kept = fault("kept", "", "loss = { links = [[1, 2], [2, 1], [1, 4]], rate = 0.3 }")
        + &fault("doubled", "", "duplicate = { links = \"all\", rate = 0.2 }");
    let touched = [(3, 4), (3, 5), (3, 1), (3, 2), (3, 6), (3, 7)];
    for (name, what) in [
        ("bandwidth", "bandwidth = { links = { from = [3] }, bytes_per_s = 9000, queue_bytes_max = 3000 }"),
        ("gray", "gray = { links = { from = [3] }, rate = 0.4, large_bytes_min = 200 }"),
        ("gray-late", "gray = { links = { from = [3] }, rate = 0.4, delay_ms = 200 }"),
        ("delay", "delay = { links = { from = [3] }, label = \"ecdsa\", delay_ms = 90 }"),
        ("latency", "latency = { links = { from = [3] }, latency = { log_normal_ms = { median = 60, sigma = 0.5 } } }"),
        ("order", "order = { nodes = [3], turn = \"last\" }"),
        ("drop", "drop = { links = { from = [3] }, label = \"presign\", every = 2 }"),
        ("replay", "replay_wire = { links = { from = [3] }, after_ms = 50, rate = 0.3 }"),
        ("cut", "cut = { links = { from = [3] } }\nfor_ms = 900"),
    ] {
        let removed = fault("removed", "at_ms = 1200", what);
        let compared = compare(name, 2, &kept, &removed, &touched, Effect::Delays);
        assert!(compared.messages > 80 && compared.lost > 2 && compared.doubled > 10, "{name}: {compared:?}");
    }
}

#[test]
fn a_nodes_draw_does_not_depend_on_other_faults() {
    let folder = scratch("independence-draw");
    let any = fault("kept", "", "crash = { node = \"any\", restart_after_ms = 500 }\nduring = \"keygen\"");
    let other = fault("other", "", "crash = { node = \"any\", restart_after_ms = 500 }\nduring = \"ecdsa\"");
    let drawn = |part: &str, faults: &str, seed: u64| {
        let (file, out) = (extended(&folder, part, "signing.toml", faults), folder.join(part));
        run(&file, seed, &["--out", out.to_str().unwrap()]).exits(0);
        let plan = std::fs::read_to_string(out.join(format!("signing-seed{seed}/plan.json"))).unwrap();
        let plan: Value = serde_json::from_str(&plan).unwrap();
        let kept = plan["events"].as_array().unwrap().iter().find(|event| event["id"] == "work/kept").cloned();
        kept.expect("the fault is planned")
    };
    for seed in 1..=4 {
        let alone = drawn("alone", &any, seed);
        assert_eq!(alone, drawn("before", &(any.clone() + &other), seed));
        assert_eq!(alone, drawn("after", &(other.clone() + &any), seed));
    }
}
