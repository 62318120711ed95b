//! Tests of the engine for foreign protocols, with the least protocol: node 1 counts, the others answer.

use lit_node::id::NodeId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use super::*;
use crate::outcome::{Engine, RunOptions, RunReport, Verdict};
use crate::plan::FaultPlan;
use crate::scenario::Bundle;
use crate::trace::Retention;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Say {
    Ping(u64),
    Pong(u64),
}

/// Counts to ten with the help of all others, and keeps the count on disk.
struct Counter {
    setup: Setup,
    count: u64,
}

impl Protocol for Counter {
    type Message = Say;
    type Note = u64;
    type Decision = u64;
    type Disk = u64;
    type Options = ();

    const LABELS: Labels = &[("count", &["ping", "pong"])];

    fn new((): &(), setup: Setup, disk: u64) -> Self {
        Self { setup, count: disk }
    }

    fn label(message: &Say) -> (&'static str, &'static str) {
        ("count", if matches!(message, Say::Ping(_)) { "ping" } else { "pong" })
    }

    fn start(&mut self, _: u64, out: &mut Outputs<Self>) {
        if self.setup.me == NodeId(1) {
            out.note(self.count);
            self.ask(out);
        }
    }

    fn on_message(&mut self, _: u64, from: NodeId, message: Say, out: &mut Outputs<Self>) {
        match message {
            Say::Ping(number) => {
                assert!(number != 13, "an unlucky number");
                out.send(from, Say::Pong(number));
            }
            Say::Pong(number) if number == self.count && self.count < 10 => {
                self.count += 1;
                out.save(self.count);
                if self.count == 10 {
                    return out.decide(self.count);
                }
                self.ask(out);
            }
            Say::Pong(_) => {}
        }
    }

    fn on_timer(&mut self, _: u64, timer: u64, out: &mut Outputs<Self>) {
        if timer == self.count {
            self.ask(out);
        }
    }
}

impl Counter {
    fn ask(&self, out: &mut Outputs<Self>) {
        if self.count < 10 {
            out.send(NodeId(2), Say::Ping(self.count));
            out.timer(self.count, 500);
        }
    }
}

/// The count is reached, and never goes back.
#[derive(Default)]
struct Reached {
    restarts: Vec<u64>,
}

impl Oracle<Counter> for Reached {
    fn name(&self) -> &'static str {
        "reached"
    }

    fn observe(&mut self, _: u64, event: &Event<'_, Counter>) {
        if let Event::Noted(_, count) = event {
            self.restarts.push(**count);
        }
    }

    fn occasions(&self, _: &Facts<'_, Counter>) -> Option<u64> {
        Some(self.restarts.len() as u64)
    }

    fn judge(&mut self, facts: &Facts<'_, Counter>) -> Vec<Finding> {
        let finding = |detail: &str, liveness| Finding { nodes: vec![NodeId(1)], detail: detail.into(), liveness };
        let mut found = Vec::new();
        if !self.restarts.is_sorted() {
            found.push(finding("the count went back", false));
        }
        if facts.honest().next().is_none() {
            found.push(finding("nobody counted to ten", true));
        }
        found
    }
}

fn rig() -> Rig<Counter> {
    let skip = |args: &Args| {
        let lucky = args.get("to").copied().unwrap_or(13).unsigned_abs();
        move |letter: &mut Letter<Counter>, _: u64| letter.message = Say::Ping(lucky)
    };
    struct Mute;
    impl Conduct<Counter> for Mute {
        fn outbound(&mut self, _: NodeId, _: Say) -> Vec<(NodeId, Say)> {
            Vec::new()
        }
    }
    Rig::new((), "test").oracle(Reached::default).wire_fault("skip", skip).conduct("mute", |_, _| Mute)
}

fn run(faults: &str, seed: u64) -> RunReport {
    let text = format!(
        "schema = 1\nname = \"count\"\n[network]\nnodes = 4\n[limits]\nvirtual_ms_max = 60000\nbeyond_f = true\n\
         [[act]]\nname = \"a\"\n{faults}"
    );
    let bundle = Bundle { origin: "count.toml".into(), text, edits: Vec::new(), files: BTreeMap::new() };
    let rig = rig();
    let scenario = bundle.scenario(rig.vocabulary()).unwrap();
    let plan = FaultPlan::new(&scenario, seed).unwrap();
    rig.run(&scenario, &plan, RunOptions { seed, memo: true, profile: false, trace: Retention::All })
}

fn fault(name: &str, rest: &str) -> String {
    format!("[[act.fault]]\nname = \"{name}\"\n{rest}\n")
}

#[test]
fn a_calm_run_passes_and_the_seed_decides_all_of_it() {
    let report = run("", 1);
    assert_eq!((report.verdict, report.requests.len(), report.messages), (Verdict::Pass, 1, 20));
    assert_eq!(report.requests[0].response.as_deref(), Some("10"));
    assert_eq!(report.exercised, [("reached", 1)].into());
    assert_eq!(report.digest, run("", 1).digest);
    assert_ne!(report.digest, run("", 2).digest);
}

#[test]
fn link_faults_and_crashes_strike_and_what_is_saved_stays() {
    let faults = fault("l", "what.loss = { links = \"all\", rate = 0.3 }")
        + &fault(
            "c",
            "when = { label = \"count/ping\", occurrence = 4 }\nwhat.crash = { node = 1, restart_after_ms = 40 }",
        )
        + &fault("w", "when = { at_ms = 900 }\nwhat.crash = { node = 1, restart_after_ms = 40, at_write = 1 }")
        + &fault("f", "when = { label = \"count/pong\" }\nwhat.flip = { byte = 1 }")
        + &fault("g", "what.garbage = { from = 3, to = 2, bytes = 30 }");
    let report = run(&faults, 3);
    assert_eq!(report.verdict, Verdict::Pass, "{:?} {:?}", report.violations, report.missed);
    assert_eq!(report.faults.fired.len(), 5);
    assert_eq!(report.marks["message.malformed"], 1);
}

#[test]
fn a_disk_that_is_rolled_back_is_seen_by_the_oracle() {
    let when = "when = { label = \"count/ping\", occurrence = 5 }";
    let crash = "what.crash = { node = 1, restart_after_ms = 40, disk = \"rollback\" }";
    let more = fault("again", "when = { at_ms = 1 }\nwhat.crash = { node = 1, restart_after_ms = 1 }");
    let report = run(&(fault("c", &format!("{when}\n{crash}")) + &more), 1);
    assert_eq!(report.verdict, Verdict::Pass, "0 and 0 are in order");
    let late = "[[act]]\nname = \"b\"\n";
    let report = run(&format!("{late}{}", fault("c", crash)), 1);
    assert_eq!(report.verdict, Verdict::Pass, "the snapshot is of the beginning of the act: {:?}", report.violations);
    let twice =
        "when = { label = \"count/ping\", node = 1, occurrence = 5 }\nwhat.crash = { node = 1, restart_after_ms = 9 }";
    let back = "when = { label = \"count/ping\", node = 1, occurrence = 8 }\nwhat.crash = { node = 1, restart_after_ms = 9, disk = \"rollback\" }";
    let report = run(&(fault("x", twice) + &fault("y", back)), 1);
    assert_eq!(report.violations[0].detail, "the count went back");
}

#[test]
fn behaviours_and_faults_of_ones_own_are_planned_like_others() {
    let mute = fault("m", "what.custom = { name = \"mute\", node = \"any\" }");
    let verdicts: Vec<Verdict> = (0..8).map(|seed| run(&mute, seed).verdict).collect();
    assert!(verdicts.contains(&Verdict::Liveness) && verdicts.iter().any(|v| *v != Verdict::Liveness), "{verdicts:?}");
    let unlucky = fault("s", "when = { label = \"count/pong\", occurrence = 3 }\nwhat.custom = { name = \"skip\" }");
    let report = run(&unlucky, 1);
    assert_eq!((report.verdict, report.violations[0].oracle.as_str()), (Verdict::Panic, "no-honest-panic"));
    let lucky = fault("s", "what.custom = { name = \"skip\", with = { to = 1000 } }\nfor_ms = 30");
    assert_eq!(run(&lucky, 1).verdict, Verdict::Pass);
}

#[test]
fn words_of_another_engine_are_refused() {
    let text = "schema = 1\nname = \"x\"\n[network]\nnodes = 4\n[[act]]\nname = \"a\"\n[[act.fault]]\nname = \"f\"\n\
                what.custom = { name = \"skipp\" }\n[[act.fault]]\nname = \"g\"\nwhen = { label = \"dkg/ack\" }\n\
                what.flip = { byte = 0 }";
    let bundle = Bundle { origin: "x.toml".into(), text: text.into(), edits: Vec::new(), files: BTreeMap::new() };
    let error = bundle.scenario(rig().vocabulary()).unwrap_err().to_string();
    for part in ["unknown custom fault `skipp`", "did you mean `skip`?", "unknown label `dkg/ack`", "count/ping"] {
        assert!(error.contains(part), "{part} is missing in {error}");
    }
}
