//! Each fault of a machine and of the surroundings, once in the whole program: it shows in the trace, and what was
//! asked for completes or is refused with the error that belongs to it.

#![allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]

mod common;

use std::collections::BTreeSet;
use std::path::PathBuf;

use common::{extended, fault, run, scratch, trace};
use serde_json::Value;

const SEED: u64 = 5;
const MILLI: u64 = 1_000_000;

/// A run that is over.
struct Ran {
    report: Value,
    records: Vec<Value>,
    folder: PathBuf,
}

/// Runs the whole life of a key (four nodes, one of which may be faulty) with more in its only act; it must pass.
fn passes(name: &str, more: &str, sets: &[&str]) -> Ran {
    let folder = scratch(&format!("surroundings-{name}"));
    let file = extended(&folder, "scenario", "signing.toml", more);
    let out = folder.join("out");
    let mut arguments = vec!["--out", out.to_str().unwrap()];
    arguments.extend(sets.iter().flat_map(|set| ["--set", set]));
    let ended = run(&file, SEED, &arguments).exits(0);
    Ran { report: ended.json(), records: trace(&out, "signing", SEED), folder: out }
}

/// A step in which the owner has an action signed that nobody permitted.
fn owner_signs(id: &str, expect: &str) -> String {
    format!(
        "[[act.step]]\nid = \"{id}\"\nuser = \"alice\"\n{expect}\n[act.step.do.execute]\nauth = \"alice\"\n\
         code = 'Lit.Actions.signEcdsa({{ toSign, publicKey, sigName: \"own\" }});'\n\
         params.toSign = \"${{keccak256:{id}}}\"\nparams.publicKey = \"${{pkp.treasury.public_key}}\"\n\n"
    )
}

impl Ran {
    /// The times of the records that are meant, nanoseconds.
    fn times(&self, meant: impl Fn(&Value) -> bool) -> Vec<u64> {
        self.records.iter().filter(|record| meant(record)).map(|record| record["time_ns"].as_u64().unwrap()).collect()
    }

    /// When something is said in the text of a node's record of a kind, or of the world's if there is no node.
    fn said(&self, kind: &str, node: Option<u64>, text: &str) -> Vec<u64> {
        self.times(|record| {
            record["kind"] == kind
                && node.is_none_or(|node| record["actor"]["node"] == node)
                && record["text"].as_str().is_some_and(|said| said.contains(text))
        })
    }

    /// When a node sends messages of a label's beginning.
    fn sends(&self, node: u64, label: &str) -> Vec<u64> {
        self.times(|record| {
            record["kind"] == "send"
                && record["actor"]["node"] == node
                && record["label"].as_str().is_some_and(|sent| sent.starts_with(label))
        })
    }

    /// From when to when a fault lasted.
    fn lasted(&self, name: &str) -> (u64, u64) {
        let at = |what: &str| self.said("fault", None, &format!("work/{name} {what}"))[0];
        (at("begins"), at("ends"))
    }

    /// How a step ended.
    fn outcome(&self, step: &str) -> String {
        let requests = self.report["requests"].as_array().unwrap();
        let request = requests.iter().find(|request| request["id"] == step).unwrap();
        request["outcome"].as_str().map_or_else(|| request["outcome"].to_string(), str::to_owned)
    }
}

/// A fault of one step, or of a time.
fn timed(name: &str, when: &str, what: &str, for_ms: u64) -> String {
    fault(name, when, what).trim_end().to_owned() + &format!("\nfor_ms = {for_ms}\n\n")
}

fn during(name: &str, step: &str, what: &str) -> String {
    fault(name, "", what).trim_end().to_owned() + &format!("\nduring = \"{step}\"\n\n")
}

#[test]
fn a_paused_node_says_nothing_and_then_goes_on() {
    let ran = passes("pause", &timed("pause", "label = \"dkg/ack\", node = 2", "pause = { node = 2 }", 2_000), &[]);
    let (begins, ends) = ran.lasted("pause");
    assert_eq!(ends - begins, 2_000 * MILLI);
    let sent = ran.sends(2, "");
    assert!(!sent.iter().any(|at| (begins + 1..ends).contains(at)), "nothing leaves meanwhile");
    assert!(sent.iter().any(|at| *at >= ends), "it goes on");
    assert!(ran.said("boot", Some(2), "starts").len() == 1, "nothing was lost");
}

#[test]
fn a_slow_processor_and_a_slow_disk_make_a_node_late_and_nobody_else() {
    let calm = passes("calm", "", &[]);
    for (name, what) in
        [("slow", "slow = { node = 2, factor = 40 }"), ("disk-slow", "disk_slow = { node = 2, sync_ms = 150 }")]
    {
        let ran = passes(name, &fault("slow", "", what), &[]);
        let acks = |ran: &Ran, node| *ran.sends(node, "dkg/ack").last().unwrap();
        assert!(acks(&ran, 2) > acks(&calm, 2) + 40 * MILLI, "{name}: {} and {}", acks(&ran, 2), acks(&calm, 2));
    }
}

#[test]
fn a_node_with_a_wrong_clock_refuses_a_sign_in_and_the_others_sign() {
    for (name, offset_ms, says) in [("behind", -70_000i64, "issued at"), ("ahead", 3_700_000, "expired at")] {
        let wrong = during("clock", "own", &format!("clock = {{ node = 2, offset_ms = {offset_ms} }}"));
        let ran = passes(&format!("clock-{name}"), &(owner_signs("own", "") + &owner_signs("right", "") + &wrong), &[]);
        let refused = ran.said("note", None, "InvalidAuthSig");
        assert_eq!(refused.len(), 1, "{name}: one node, in one of the steps");
        assert_eq!(ran.said("note", Some(2), says), refused);
    }
}

#[test]
fn a_clock_that_is_set_back_while_nodes_work_stops_none() {
    let back = fault("back", "label = \"dkg/ack\", node = 2", "clock = { node = 2, offset_ms = -3_600_000 }");
    let ran = passes("clock-back", &back, &[]);
    let set_back = ran.lasted("back").0;
    // Node 2 still lets what it waits for expire: it repeats and acknowledges, as it could not if an hour had to pass.
    assert!(ran.sends(2, "channel/ack").iter().any(|at| *at > set_back), "timers go off");
}

#[test]
fn a_clock_that_goes_too_slowly_makes_a_node_wait_longer() {
    // Nobody hears node 2 for three seconds. It says again what is not acknowledged, after times of its own clock.
    let cut = fault("cut", "label = \"dkg/ack\", node = 2", "cut = { links = { from = [2] } }\nfor_ms = 3000");
    let repeats = |name: &str, more: &str| {
        let ran = passes(name, &(cut.clone() + more), &[]);
        let (begins, ends) = ran.lasted("cut");
        ran.sends(2, "dkg/").iter().filter(|at| (begins + 1..ends).contains(at)).count()
    };
    let right = repeats("no-drift", "");
    let slow = repeats("drift", &fault("drift", "", "drift = { node = 2, ppm = -600_000 }"));
    assert!(slow > 0 && 2 * slow < right + 6, "at 0.4 of the pace: {slow} times instead of {right}");
}

#[test]
fn a_node_whose_disk_is_full_halts_keeps_what_it_had_and_starts_again() {
    let full = during("full", "keygen", "disk_full = { node = 2, restart_after_ms = 500 }");
    let ran = passes("disk-full", &full, &[]);
    let (halts, starts) = (ran.said("boot", Some(2), "halts"), ran.said("boot", Some(2), "starts, boot 1"));
    assert_eq!((halts.len(), starts.len()), (1, 1));
    assert!(starts[0] <= halts[0] + 510 * MILLI);
    assert!(ran.said("note", Some(2), "KeyHeld").iter().any(|at| *at > starts[0]), "it holds the key in the end");
}

#[test]
fn a_late_a_still_and_a_dead_endpoint_delay_their_node_only() {
    for (name, what) in [
        ("rpc-lag", "rpc_lag = { nodes = [2], blocks = 3 }"),
        ("rpc-stale", "rpc_stale = { nodes = [2] }"),
        ("rpc-down", "rpc_down = { nodes = [2] }"),
    ] {
        let ran = passes(name, &during("late", "keygen", what), &[]);
        let held = |node| ran.said("note", Some(node), "KeyHeld")[0];
        assert!(held(2) > held(1).max(held(3)).max(held(4)), "{name}: node 2 comes after the others");
    }
}

#[test]
fn without_any_endpoint_a_request_is_refused_and_with_them_it_is_granted() {
    let steps = owner_signs("blind", "expect = \"RpcError\"") + &owner_signs("seeing", "");
    let ran = passes("all-down", &(steps + &during("down", "blind", "rpc_down = {}")), &[]);
    assert_eq!(ran.said("note", None, "code: \"RpcError\"").len(), 4);
    assert_eq!(ran.outcome("seeing"), "ok");
}

#[test]
fn a_node_that_is_lied_to_about_permissions_is_alone_with_what_it_believes() {
    let none = during("lie", "ecdsa", "rpc_lie = { nodes = [2], lie = \"permit-none\" }");
    let ran = passes("permit-none", &none, &[]);
    assert_eq!(ran.said("note", Some(2), "code: \"NotAuthorized\"").len(), 1);
    assert_eq!(ran.said("note", None, "code: \"NotAuthorized\"").len(), 1);

    let all = during("lie", "unpermitted", "rpc_lie = { nodes = [2], lie = \"permit-all\" }");
    let stranger = owner_signs("unpermitted", "expect = \"NotAuthorized\"").replace("auth = \"alice\"\n", "");
    let ran = passes("permit-all", &(stranger + &all), &[]);
    let begins = ran.lasted("lie").0;
    let granted = |node| ran.said("note", Some(node), "Authorised").iter().filter(|at| **at > begins).count();
    assert_eq!([1, 2, 3, 4].map(granted), [0, 1, 0, 0], "only the deceived node would sign");

    let blind = during("lie", "keygen", "rpc_lie = { nodes = [2], lie = \"no-logs\" }");
    let ran = passes("no-logs", &blind, &[]);
    assert!(ran.said("note", Some(2), "KeyHeld").is_empty() && ran.outcome("ecdsa") == "ok");
}

#[test]
fn a_reorganisation_below_the_finality_depth_moves_transactions_and_hinders_nobody() {
    let reorg = |name: &str, when: &str| fault(name, when, "reorg = { depth = 2 }");
    let both = reorg("early", "at_ms = 5_600") + &during("late", "mint", "reorg = { depth = 2 }");
    let ran = passes("reorg", &both, &["chain.finality_depth=3"]);
    assert_eq!(ran.said("fault", None, "are replaced").len(), 2);
    let folder = scratch("surroundings-deep-reorg");
    let file = extended(&folder, "deep", "signing.toml", &fault("deep", "", "reorg = { depth = 3 }"));
    let refused = run(&file, SEED, &["--set", "chain.finality_depth=3"]);
    assert!(refused.code != 0 && refused.err.contains("work/deep replaces 3 blocks"), "{refused:?}");
}

#[test]
fn what_the_gateway_spoils_is_not_run() {
    for (serve, error) in
        [("wrong-bytes", "InvalidIPFSID"), ("truncated", "InvalidIPFSID"), ("nothing", "IpfsUnavailable")]
    {
        let one = during("gateway", "ecdsa", &format!("gateway = {{ nodes = [2], serve = \"{serve}\" }}"));
        let ran = passes(&format!("gateway-{serve}"), &one, &[]);
        let code = format!("code: \"{error}\"");
        assert_eq!((ran.said("note", Some(2), &code).len(), ran.said("note", None, &code).len()), (1, 1), "{serve}");

        let action = "[act.step.do.execute]\naction = \"actions/sign.js\"\nparams.scheme = \"ecdsa\"\n\
                      params.toSign = \"${keccak256:x}\"\nparams.publicKey = \"${pkp.treasury.public_key}\"\n\n";
        let step = format!("[[act.step]]\nid = \"spoilt\"\nuser = \"alice\"\nexpect = \"{error}\"\n{action}");
        let all = step + &during("gateway", "spoilt", &format!("gateway = {{ serve = \"{serve}\" }}"));
        let ran = passes(&format!("gateway-{serve}-all"), &all, &[]);
        assert_eq!(ran.said("note", None, &code).len(), 4, "{serve}");
    }
}

/// Signs what a web server says, in a step of this name.
fn fetches(id: &str, expect: &str) -> String {
    format!(
        "[[act.step]]\nid = \"{id}\"\nuser = \"alice\"\n{expect}\n[act.step.do.execute]\nauth = \"alice\"\n\
         code = '(async () => {{ const {{ bit }} = await (await fetch(url)).json(); \
         await Lit.Actions.signEcdsa({{ toSign: toSign.map((byte) => byte ^ bit), publicKey, sigName: \"s\" }}); }})();'\n\
         params.url = \"https://bits.example/bit\"\nparams.toSign = \"${{keccak256:{id}}}\"\n\
         params.publicKey = \"${{pkp.treasury.public_key}}\"\n\n"
    )
}

#[test]
fn a_web_server_that_tells_nodes_different_things_decides_who_signs_together() {
    let server = "[[http]]\norigin = \"https://bits.example\"\n[[http.route]]\npath = \"/bit\"\njson = { bit = 0 }\n\n";
    let origin = |nodes: &str, answer: &str| {
        format!("origin = {{ origin = \"https://bits.example\", nodes = {nodes}, answer = {answer} }}")
    };
    let steps = fetches("split", "expect = \"NotEnoughShares\"")
        + &fetches("minority", "")
        + &fetches("late", "")
        + &fetches("cut-off", "expect = \"JsError\"");
    let faults = during("split", "split", &origin("[1, 2]", "{ json = { bit = 1 } }"))
        + &during("minority", "minority", &origin("[3]", "{ status = 200, json = { bit = 1 } }"))
        + &during("late", "late", &origin("[]", "{ delay_ms = 1500 }"))
        + &during("cut-off", "cut-off", &origin("[]", "\"unreachable\""));
    let ran = passes("origin", &(steps + &faults + server), &[]);
    assert_eq!(ran.said("note", None, "code: \"NotEnoughShares\"").len(), 4, "nobody has enough with him");
    assert_eq!(ran.said("note", None, "code: \"JsError\"").len(), 4);
    let latency = |step: &str| {
        let requests = ran.report["requests"].as_array().unwrap();
        requests.iter().find(|request| request["id"] == step).unwrap()["latency_ms"].as_u64().unwrap()
    };
    assert!(latency("late") >= 1_500, "{} ms", latency("late"));
}

#[test]
fn a_node_that_runs_twice_talks_to_each_side_by_another_instance_and_endangers_nobody() {
    let twins = "twins = { node = 2, sees = [[1, 3], [4]] }";
    let ran = passes("twins", &fault("twins", "label = \"dkg/dealing\", node = 2", twins), &[]);
    assert_eq!(ran.said("boot", Some(2), "as second instance").len(), 1);
    let (begins, ends) = ran.lasted("twins");
    let apart = ran.said("drop", Some(2), "work/twins");
    assert!(!apart.is_empty() && apart.iter().all(|at| (begins..=ends).contains(at)));
    let heard_of = |peer: u64| {
        ran.times(|record| {
            record["kind"] == "send" && record["actor"]["node"] == 2u64 && record["peer"]["node"] == peer
        })
        .into_iter()
        .filter(|at| (begins + 1..ends).contains(at))
        .count()
    };
    assert!(heard_of(1) > 5 && heard_of(4) > 5, "both instances speak: {} and {}", heard_of(1), heard_of(4));
}

/// One of each kind of fault, but for [`litsim::fault::Custom`], which other protocols bring.
const EVERY_FAULT: [&str; 70] = [
    "loss = { links = 'all', rate = 0.5 }",
    "duplicate = { links = { from = [1] }, rate = 0.5 }",
    "reorder = { links = { to = [2] }, rate = 0.5, delay_ms_max = 50 }",
    "partition = { sets = [[1, 2], [3]], one_way = true }",
    "cut = { links = [[1, 2], [2, 1]] }",
    "latency = { links = 'all', latency = { uniform_ms = [5, 9] } }",
    "bandwidth = { links = 'all', bytes_per_s = 9000, queue_bytes_max = 3000 }",
    "gray = { links = 'all', rate = 0.25, delay_ms = 400 }",
    "order = { nodes = [1], turn = 'last', both_ways = true }",
    "delay = { links = 'all', label = 'dkg', delay_ms = 40, rate = 0.5 }",
    "drop = { links = 'all', label = 'dkg/ack', first = 2 }",
    "replay_wire = { links = 'all', after_ms = 5, as_from = 2, to = 3 }",
    "crash = { node = 2, restart_after_ms = 5, disk = 'torn', at_write = 3 }",
    "pause = { node = 2 }",
    "slow = { node = 2, factor = 3 }",
    "clock = { node = 3, offset_ms = -5 }",
    "drift = { node = 3, ppm = -7 }",
    "disk_full = { node = 2, restart_after_ms = 5 }",
    "disk_slow = { node = 2, sync_ms = 5 }",
    "twins = { node = 2, sees = [[1], [3, 4]] }",
    "rpc_lag = { nodes = [2], blocks = 3 }",
    "rpc_stale = { nodes = [2] }",
    "rpc_down = {}",
    "rpc_lie = { nodes = [2], lie = 'no-logs' }",
    "reorg = { depth = 1 }",
    "reset = {}",
    "gateway = { nodes = [2], serve = 'truncated' }",
    "origin = { origin = 'https://bits.example', nodes = [1], answer = { status = 200, json = { bit = 1 } } }",
    "flip = { byte = 3 }",
    "truncate = { bytes = 3 }",
    "garbage = { from = 1, to = 2, bytes = 3 }",
    "leak = { node = 2 }",
    "silent = { node = 2 }",
    "mute = { node = 2, aim = { victims = [1, 3], label = 'dkg/ack', rate = 0.5, first = 7 } }",
    "late = { node = 2, events = 9 }",
    "replay = { node = 2, other_sessions = true }",
    "repeat = { node = 2, times = 3 }",
    "mutate = { node = 2 }",
    "cut_short = { node = 2, bytes = 4 }",
    "flood = { node = 2, bytes = 4, count = 5 }",
    "equivocate = { node = 2 }",
    "wrong_share = { node = 2, undecryptable = true }",
    "wrong_commitment = { node = 2 }",
    "wrong_proof = { node = 2, ephemeral = true }",
    "stale_proof = { node = 2 }",
    "false_complaint = { node = 2, member = 3 }",
    "false_blame = { node = 2, member = 3 }",
    "bad_sig_share = { node = 2, value = 'v' }",
    "wrong_nonces = { node = 2 }",
    "wrong_start = { node = 2, holders = true }",
    "wrong_lead = { node = 2, lie = 'votes' }",
    "deny_receipt = { node = 2, times = 3 }",
    "rush = { node = 2, copy = true }",
    "withhold = { node = 2 }",
    "wrong_triples = { node = 2, step = 'sums' }",
    "open_after_seal = { node = 2 }",
    "false_abort = { node = 2 }",
    "withhold_seal = { node = 2 }",
    "spoof = { node = 2, member = 3 }",
    "ignore_permissions = { node = 2 }",
    "wrong_decryption_share = { node = 2, off_by = -3 }",
    "unreadable_share = { node = 2, copy = true }",
    "wrong_vote = { node = 2 }",
    "unfair_sets = { node = 2, exclude = [1], include = [3] }",
    "split_proposals = { node = 2 }",
    "coalition = { nodes = [2, 3] }",
    "client_flood = { user = 'alice', node = 1, requests = 9 }",
    "client_drain = { user = 'alice', pkp = 'treasury', requests = 9 }",
    "client_double_ask = { user = 'alice' }",
    "client_garbage = { user = 'alice', node = 1, bytes = 10, count = 2 }",
];

#[test]
fn a_plan_with_every_fault_is_written_and_reads_back() {
    // None of them begins: so many messages of a kind there are not.
    let never = "label = \"dkg/ack\", node = 1, occurrence = 1000000";
    let name_of = |what: &str| what.split_once(" =").unwrap().0.to_owned();
    let faults: String = EVERY_FAULT.iter().map(|what| fault(&name_of(what), never, what)).collect();
    let server = "[[http]]\norigin = \"https://bits.example\"\n[[http.route]]\npath = \"/bit\"\njson = { bit = 0 }\n\n";
    let ran = passes("plan", &(faults + server), &["expect.marks=[]", "limits.beyond_f=true"]);
    let text = std::fs::read_to_string(ran.folder.join(format!("signing-seed{SEED}/plan.json"))).unwrap();
    let plan: Value = serde_json::from_str(&text).unwrap();
    let again: litsim::plan::FaultPlan = serde_json::from_value(plan.clone()).unwrap();
    assert_eq!(serde_json::to_value(&again).unwrap(), plan);
    let planned = plan["events"].as_array().unwrap().iter().map(|event| event["what"].as_object().unwrap());
    let planned: Vec<String> = planned.map(|what| what.keys().next().unwrap().clone()).collect();
    assert_eq!(planned, EVERY_FAULT.map(name_of));
    // The fields come through: as the scenario has them, and not as they would be by default.
    for (event, what) in again.events.iter().zip(EVERY_FAULT) {
        let written: toml::Table = toml::from_str(what).unwrap();
        let read: Value = serde_json::to_value(&event.what).unwrap();
        let (kind, fields) = written.iter().next().unwrap();
        for field in fields.as_table().unwrap().keys() {
            assert!(read[kind].get(field).is_some(), "{what}: {field} is missing in {read}");
        }
    }
    let schema = litsim::scenario::schema();
    let kinds = schema["$defs"]["FaultKind"]["oneOf"].as_array().unwrap().iter();
    let kinds: BTreeSet<&str> = kinds.map(|kind| kind["required"][0].as_str().unwrap()).collect();
    let tried: BTreeSet<String> = EVERY_FAULT.map(name_of).into_iter().chain(["custom".to_owned()]).collect();
    assert_eq!(tried.iter().map(String::as_str).collect::<BTreeSet<_>>(), kinds);
}
