//! Each fault of links, seen in the trace of a whole run that completes all the same.

#![allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]

mod common;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use common::{extended, fault, run, scenario, scratch, trace};
use serde_json::Value;

const MILLI: u64 = 1_000_000;

/// A message between nodes.
#[derive(Clone, Debug)]
struct Message {
    from: u64,
    to: u64,
    /// Protocol and kind.
    label: String,
    bytes: u64,
    /// When it left, nanoseconds.
    sent: u64,
    /// How long it took, if it arrived.
    took: Option<u64>,
    /// What lost it when it left.
    lost_by: Option<String>,
}

impl Message {
    fn is(&self, label: &str) -> bool {
        self.label.starts_with(label)
    }

    fn took_ms(&self) -> f64 {
        self.took.map_or(f64::INFINITY, |took| took as f64 / MILLI as f64)
    }
}

/// A run with one fault, named `it`.
struct Run {
    records: Vec<Value>,
    messages: Vec<Message>,
    /// When the fault began and ended, nanoseconds.
    window: (u64, u64),
}

impl Run {
    fn of(name: &str, what: &str) -> Self {
        Self::from(name, "label = \"dkg/dealing\"", what)
    }

    /// The same with a beginning of its own.
    fn from(name: &str, when: &str, what: &str) -> Self {
        let folder = scratch(&format!("network-{name}"));
        let file = extended(&folder, name, "signing.toml", &fault("it", when, what));
        let report = run(&file, 4, &["--out", folder.to_str().unwrap()]).exits(0).json();
        assert_eq!(report["faults"]["fired"], serde_json::json!(["work/it"]));
        assert_eq!(report["culprits"], serde_json::json!([]), "what a wire does is nobody's fault");
        let records = trace(&folder, "signing", 4);
        let at = |text: &str| {
            let found = records.iter().find(|record| record["text"].as_str().is_some_and(|t| t.starts_with(text)));
            found.unwrap_or_else(|| panic!("{text}?"))["time_ns"].as_u64().unwrap()
        };
        let window = (at("work/it begins"), at("work/it ends"));
        Self { messages: messages(&records), records, window }
    }

    /// Messages that left while the fault was on: those that are meant, and the others.
    fn split(&self, meant: impl Fn(&Message) -> bool) -> (Vec<&Message>, Vec<&Message>) {
        // What leaves just before the run ends is still on its way then.
        let end = self.records.last().unwrap()["time_ns"].as_u64().unwrap().saturating_sub(500 * MILLI);
        let on = |message: &&Message| self.window.0 < message.sent && message.sent < self.window.1.min(end);
        let (meant, others): (Vec<_>, Vec<_>) = self.messages.iter().filter(on).partition(|message| meant(message));
        assert!(!meant.is_empty() && others.len() > 20, "{} are meant, {} are not", meant.len(), others.len());
        (meant, others)
    }
}

/// Every message between nodes, from a trace.
fn messages(records: &[Value]) -> Vec<Message> {
    let ends = |record: &Value, from: &str, to: &str| {
        let label = record["label"].as_str()?.rsplit_once('/')?.0.to_owned();
        Some((record[from]["node"].as_u64()?, record[to]["node"].as_u64()?, label))
    };
    let mut messages: Vec<Message> = Vec::new();
    let mut flying: BTreeMap<_, VecDeque<usize>> = BTreeMap::new();
    for (index, record) in records.iter().enumerate() {
        let (time, payload) = (record["time_ns"].as_u64().unwrap(), record["payload"]["hash"].to_string());
        match record["kind"].as_str() {
            Some("send") => {
                let Some((from, to, label)) = ends(record, "actor", "peer") else { continue };
                let bytes = record["payload"]["len"].as_u64().unwrap();
                let next = records.get(index + 1).filter(|next| next["kind"] == "drop");
                let next = next.filter(|next| next["actor"] == record["actor"] && next["peer"] == record["peer"]);
                let lost_by = next.map(|next| next["text"].as_str().unwrap().to_owned());
                if lost_by.is_none() {
                    flying.entry((from, to, label.clone(), payload)).or_default().push_back(messages.len());
                }
                messages.push(Message { from, to, label, bytes, sent: time, took: None, lost_by });
            }
            Some("deliver") => {
                let Some((from, to, label)) = ends(record, "peer", "actor") else { continue };
                let sent = flying.get_mut(&(from, to, label, payload)).and_then(VecDeque::pop_front);
                let message = &mut messages[sent.expect("what arrives was sent")];
                message.took = Some(time - message.sent);
            }
            _ => {}
        }
    }
    messages
}

/// Whether a message took as long as links take by themselves: 5 to 15 ms.
fn is_usual(message: &Message) -> bool {
    (5.0..=15.0).contains(&message.took_ms())
}

fn assert_usual(messages: &[&Message]) {
    let odd: Vec<_> = messages.iter().filter(|message| !is_usual(message)).collect();
    assert!(odd.is_empty(), "{odd:#?}");
}

#[test]
fn a_cut_silences_a_node_one_way_and_loses_what_is_in_flight() {
    // As node 3 deals to a second peer, what it has dealt to the first one is on its way.
    let second = "label = \"dkg/dealing\", node = 3, occurrence = 2";
    let seen = Run::from("cut", second, "cut = { links = { from = [3] } }\nfor_ms = 8000");
    let (meant, others) = seen.split(|message| message.from == 3);
    assert!(meant.iter().all(|message| message.lost_by.as_deref() == Some("work/it")));
    assert_usual(&others);
    assert!(others.iter().any(|message| message.to == 3 && message.took.is_some()), "it hears the others");
    let (begin, _) = seen.window;
    let flying = seen.messages.iter().filter(|m| m.from == 3 && m.sent <= begin && m.sent + 5 * MILLI > begin);
    let flying: Vec<_> = flying.filter(|m| m.lost_by.is_none()).collect();
    assert!(flying.iter().any(|message| message.is("dkg/dealing")), "{flying:?}");
    assert!(flying.iter().all(|message| message.took.is_none()), "{flying:?}");
}

#[test]
fn a_one_way_partition_lets_one_side_speak() {
    let seen = Run::of("one-way", "partition = { sets = [[1, 2, 3], [4]], one_way = true }\nfor_ms = 1500");
    let (meant, others) = seen.split(|message| message.to == 4);
    assert!(meant.iter().all(|message| message.lost_by.as_deref() == Some("work/it")));
    assert_usual(&others);
    assert!(others.iter().any(|message| message.from == 4));
}

#[test]
fn another_latency_holds_for_its_links() {
    let seen = Run::of("latency", "latency = { links = [[1, 2]], latency = { empirical_ms = [150, 160, 200] } }");
    let (meant, others) = seen.split(|message| (message.from, message.to) == (1, 2));
    assert!(meant.iter().filter(|m| m.took.is_some()).all(|message| (150.0..=200.0).contains(&message.took_ms())));
    assert!(meant.iter().map(|message| message.took).collect::<BTreeSet<_>>().len() > 3, "drawn, not constant");
    assert_usual(&others);
}

#[test]
fn a_narrow_link_makes_messages_wait_and_drops_what_does_not_fit() {
    let narrow = "bandwidth = { links = { from = [1] }, bytes_per_s = 5_000, queue_bytes_max = 600 }";
    let seen = Run::of("bandwidth", narrow);
    let (meant, others) = seen.split(|message| message.from == 1);
    let arrived = || meant.iter().filter(|message| message.took.is_some());
    // A byte takes a fifth of a millisecond; before a message there are one that is being sent and a full queue.
    let longest = meant.iter().map(|message| message.bytes).max().unwrap() as f64;
    for message in arrived() {
        assert!(message.took_ms() >= message.bytes as f64 / 5.0 + 5.0, "{message:?}");
        assert!(message.took_ms() <= (longest + 600.0) / 5.0 + message.bytes as f64 / 5.0 + 15.0, "{message:?}");
    }
    let waited = arrived().filter(|message| message.took_ms() > message.bytes as f64 / 5.0 + 15.0).count();
    let dropped = meant.iter().filter(|message| message.lost_by.as_deref() == Some("work/it")).count();
    assert!(waited > 3 && dropped > 0, "{waited} waited, {dropped} were dropped");
    assert_usual(&others);
}

#[test]
fn a_gray_link_fails_large_messages_alone() {
    let seen = Run::of("gray", "gray = { links = { from = [2] }, rate = 1, large_bytes_min = 600 }\nfor_ms = 4000");
    let (meant, others) = seen.split(|message| message.from == 2 && message.bytes >= 600);
    assert!(meant.iter().all(|message| message.lost_by.as_deref() == Some("work/it")));
    assert!(others.iter().any(|message| message.from == 2));
    assert_usual(&others);
}

#[test]
fn a_gray_link_makes_some_messages_late() {
    let seen = Run::of("gray-late", "gray = { links = { from = [2] }, rate = 0.3, delay_ms = 300 }");
    let (meant, others) = seen.split(|message| message.from == 2);
    let late = meant.iter().filter(|message| message.took.is_some() && message.took_ms() > 300.0).count();
    let share = late as f64 / meant.len() as f64;
    assert!((0.15..0.45).contains(&share), "{late} of {}", meant.len());
    assert!(meant.iter().filter(|m| m.took_ms() <= 300.0).all(|message| is_usual(message)));
    assert_usual(&others);
}

#[test]
fn an_adversary_delivers_some_nodes_first_or_last() {
    let first = Run::of("first", "order = { nodes = [2], turn = \"first\" }");
    let (meant, others) = first.split(|message| message.from == 2);
    assert!(meant.iter().filter(|m| m.took.is_some()).all(|message| message.took_ms() == 5.0));
    assert_usual(&others);
    let last = Run::of("last", "order = { nodes = [2], turn = \"last\", both_ways = true }");
    let (meant, others) = last.split(|message| message.from == 2 || message.to == 2);
    assert!(meant.iter().filter(|m| m.took.is_some()).all(|message| message.took_ms() == 250.0));
    assert_usual(&others);
}

#[test]
fn messages_of_a_label_are_late() {
    let seen = Run::of("delay", "delay = { links = { to = [1] }, label = \"dkg/ack\", delay_ms = 400 }");
    let (meant, others) = seen.split(|message| message.to == 1 && message.is("dkg/ack"));
    assert!(meant.iter().all(|message| (405.0..=415.0).contains(&message.took_ms())), "{meant:?}");
    assert_usual(&others);
}

#[test]
fn the_first_messages_of_a_label_get_lost_on_each_link() {
    let seen = Run::of("drop", "drop = { links = { from = [1, 2] }, label = \"presign/share\", first = 1 }");
    let (meant, others) = seen.split(|message| message.from <= 2 && message.is("presign/share"));
    let mut links = BTreeSet::new();
    for message in meant {
        let is_first = links.insert((message.from, message.to));
        assert_eq!(message.lost_by.as_deref() == Some("work/it"), is_first, "{message:?}");
    }
    assert_usual(&others);
}

#[test]
fn bytes_that_come_again_are_dropped_by_channels_wherever_they_come_from() {
    let cases = [
        ("again", "links = { from = [1] }", ""),
        ("spoofed", "links = { from = [1] }", ", as_from = 2"),
        ("astray", "links = { from = [1], to = [2] }", ", to = 3"),
        ("wholly", "links = { from = [1], to = [2] }", ", as_from = 4, to = 3"),
    ];
    for (name, links, as_whom) in cases {
        // Rate 1/2, so that there are others as well.
        let what = format!("replay_wire = {{ {links}, after_ms = 120, rate = 0.5{as_whom} }}");
        let seen = Run::of(&format!("replay-{name}"), &what);
        let replayed: Vec<_> = seen.messages.iter().filter(|message| message.is("replay/")).collect();
        assert!(replayed.len() >= 3, "{name}: {replayed:?}");
        let arrived = replayed.iter().filter(|message| message.took.is_some()).count();
        // Every copy gives a note of the node that dropped it. Repetitions of messages that channels themselves make
        // are the only others.
        let dropped = seen.records.iter().filter(|r| r["kind"] == "note" && r["text"].to_string().contains("Dropped"));
        let dropped = dropped.count();
        assert!(dropped >= arrived, "{name}: {arrived} copies arrived, {dropped} were dropped");
        let (_, originals) = seen.split(|message| message.is("replay/"));
        assert_usual(&originals);
    }
}

#[test]
fn after_stabilisation_every_message_comes_within_delta() {
    let folder = scratch("network-gst");
    let file = extended(&folder, "gst", "signing.toml", "");
    let edits = ["network.gst_ms=9000", "network.pre_gst_delay_ms_max=3000", "network.pre_gst_loss=0.3"];
    let sets: Vec<&str> = edits.iter().flat_map(|edit| ["--set", edit]).collect();
    run(&file, 2, &[&sets[..], &["--out", folder.to_str().unwrap()]].concat()).exits(0);
    let records = trace(&folder, "signing", 2);
    let messages = messages(&records);
    let end = records.last().unwrap()["time_ns"].as_u64().unwrap();
    let (before, after): (Vec<_>, Vec<_>) = messages.iter().partition(|message| message.sent < 9000 * MILLI);
    let late = before.iter().filter(|message| message.took.is_some_and(|took| took > 250 * MILLI)).count();
    let lost = before.iter().filter(|message| message.lost_by.as_deref() == Some("before stabilisation")).count();
    assert!(late > 50 && lost > 50, "{late} late and {lost} lost of {}", before.len());
    assert!(before.iter().all(|message| message.took.is_none_or(|took| message.sent + took <= 9250 * MILLI)));
    assert!(after.len() > 100);
    for message in after.iter().filter(|message| message.sent + 250 * MILLI < end) {
        assert!(message.took.is_some_and(|took| took <= 250 * MILLI), "{message:?}");
    }
}

#[test]
fn the_time_of_a_step_runs_from_stabilisation() {
    // Nothing arrives for longer than a step may take.
    let edits = ["network.gst_ms=150000", "network.pre_gst_loss=1.0"];
    let sets: Vec<&str> = edits.iter().flat_map(|edit| ["--set", edit]).collect();
    let report = run(&scenario("greeting.toml"), 1, &sets).exits(0).json();
    let latency_ms = report["requests"][0]["latency_ms"].as_u64().unwrap();
    assert!((149_000..160_000).contains(&latency_ms), "{report}");
}

#[test]
fn a_fault_that_began_and_touched_nothing_has_not_fired() {
    let folder = scratch("network-untouched");
    let untouched = fault("untouched", "", "drop = { links = \"all\", label = \"frost\" }")
        + &fault("touched", "", "latency = { links = \"all\", latency = { constant_ms = 9 } }");
    let file = extended(&folder, "untouched", "greeting.toml", &untouched);
    let ended = run(&file, 1, &["--out", folder.to_str().unwrap()]).exits(5);
    let report = ended.json();
    assert_eq!(report["verdict"], "expectation");
    assert_eq!(report["faults"]["declared"], serde_json::json!(["work/untouched", "work/touched"]));
    assert_eq!(report["faults"]["fired"], serde_json::json!(["work/touched"]));
    assert_eq!(
        (&report["marks"]["fault work/untouched"], &report["marks"]["fault work/touched"]),
        (&0.into(), &1.into())
    );
    let records = trace(&folder, "greeting", 1);
    let says = |text: &str| records.iter().any(|record| record["text"].as_str().unwrap_or_default().starts_with(text));
    assert!(says("work/untouched begins") && says("work/untouched ends"), "it was on");
    assert!(records.last().unwrap()["text"].as_str().unwrap().contains("the fault work/untouched never fired"));
}
