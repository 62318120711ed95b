//! Up to f nodes lie, in every way that there is: everything completes, nobody honest is blamed, and who can be proved
//! to lie is named.

#![allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]

mod common;

use std::collections::BTreeSet;
use std::path::Path;

use common::{each, simulate};
use lit_node::id::NodeId;
use litsim::fault::mix;
use litsim::outcome::{RunReport, Verdict, Violation};
use litsim::plan::FaultPlan;
use litsim::scenario::{self, Scenario};

const STORY: &str = r#"
schema = 1
name = "liars"
[network]
nodes = 4
[chain]
block_time_ms = 500
[users]
alice = { wallet = true }
mallory = { wallet = true }
[expect]
marks = []

[[act]]
name = "all"

[[act.step]]
id = "keygen"
user = "alice"
do.keygen = { key = "k" }

[[act.step]]
id = "mint"
user = "alice"
do.mint = { pkp = "p" }

[[act.step]]
id = "ecdsa"
user = "alice"
[act.step.do.execute]
code = 'Lit.Actions.signEcdsa({ toSign, publicKey, sigName: "sig" });'
auth = "alice"
params.toSign = "${keccak256:one}"
params.publicKey = "${pkp.p.public_key}"
expect_signatures = ["sig"]

[[act.step]]
id = "frost"
user = "alice"
[act.step.do.execute]
code = 'Lit.Actions.sign({ toSign, publicKey, sigName: "sig", signingScheme: "SchnorrK256Sha256" });'
auth = "alice"
params.toSign = "${keccak256:two}"
params.publicKey = "${pkp.p.public_key}"
expect_signatures = ["sig"]

[[act.step]]
id = "both"
user = "alice"
[act.step.do.execute]
code = '''(async () => {
  await Lit.Actions.signEcdsa({ toSign, publicKey, sigName: "a" });
  await Lit.Actions.sign({ toSign, publicKey, sigName: "b", signingScheme: "SchnorrK256Sha256" });
})();'''
auth = "alice"
params.toSign = "${keccak256:three}"
params.publicKey = "${pkp.p.public_key}"
expect_signatures = ["a", "b"]
"#;

/// One more key generation, and a stranger's request: what some lies need to be told.
const MORE: &str = r#"
[[act.step]]
id = "keygen-again"
user = "alice"
do.keygen = { key = "second" }

[[act.step]]
id = "stranger"
user = "mallory"
expect = "NotAuthorized"
[act.step.do.execute]
code = 'Lit.Actions.signEcdsa({ toSign, publicKey, sigName: "sig" });'
auth = "mallory"
params.toSign = "${keccak256:theft}"
params.publicKey = "${pkp.p.public_key}"
"#;

fn run(nodes: u16, seed: u64, faults: &str) -> RunReport {
    run_edited(nodes, seed, faults, &[])
}

const BY_DEALER: &str = "keys.preprocessing=dealer";

fn told_by(nodes: u16, faults: &str, more: &[&str]) -> Scenario {
    let text = format!("{STORY}\n{faults}");
    let edits: Vec<String> =
        more.iter().copied().map(str::to_owned).chain([format!("network.nodes={nodes}")]).collect();
    let scenario = scenario::parse("liars", text.as_bytes(), Path::new("."), &edits);
    scenario.unwrap_or_else(|error| panic!("{error}\n{faults}"))
}

fn plan_of(nodes: u16, seed: u64, faults: &str) -> FaultPlan {
    FaultPlan::new(&told_by(nodes, faults, &[]), seed).expect("at most f nodes lie")
}

fn run_edited(nodes: u16, seed: u64, faults: &str, more: &[&str]) -> RunReport {
    let scenario = told_by(nodes, faults, more);
    let plan = FaultPlan::new(&scenario, seed).expect("at most f nodes lie");
    simulate(&scenario, &plan, seed)
}

/// What must become of a liar that has lied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// The lie proves nothing against anyone.
    Unnamed,
    /// Some honest node has the proof.
    Named,
    /// What is proved depends on which statements are hit.
    Either,
}

/// Each behaviour of a node, but for those that only decryption shows; `L` stands for the liar, `V` for another node and
/// `HALVES` for two halves of the others.
const LIES: [(&str, Fate); 54] = [
    ("silent = { node = L }", Fate::Unnamed),
    ("mute = { node = L, aim = { label = 'dkg/ack' } }", Fate::Unnamed),
    ("mute = { node = L, aim = { victims = [V] } }", Fate::Unnamed),
    ("mute = { node = L, aim = { rate = 0.5 } }", Fate::Unnamed),
    ("late = { node = L }", Fate::Unnamed),
    ("late = { node = L, events = 40, aim = { rate = 0.3 } }", Fate::Unnamed),
    ("replay = { node = L }", Fate::Unnamed),
    ("replay = { node = L, other_sessions = true }", Fate::Unnamed),
    ("repeat = { node = L, times = 3 }", Fate::Unnamed),
    ("mutate = { node = L }", Fate::Either),
    ("mutate = { node = L, aim = { rate = 0.2 } }", Fate::Either),
    ("cut_short = { node = L, bytes = 60 }", Fate::Unnamed),
    ("flood = { node = L, bytes = 2000, count = 3 }", Fate::Unnamed),
    ("flood = { node = L, bytes = 200000, aim = { first = 8 } }", Fate::Unnamed),
    ("equivocate = { node = L }", Fate::Named),
    ("wrong_share = { node = L, aim = { victims = [V] } }", Fate::Named),
    ("wrong_share = { node = L, aim = { victims = [V] }, undecryptable = true }", Fate::Named),
    ("wrong_share = { node = L }", Fate::Unnamed),
    ("wrong_commitment = { node = L }", Fate::Named),
    ("wrong_proof = { node = L }", Fate::Named),
    ("wrong_proof = { node = L, ephemeral = true }", Fate::Named),
    ("stale_proof = { node = L }", Fate::Named),
    ("false_complaint = { node = L, member = V }", Fate::Named),
    ("false_blame = { node = L, member = V }", Fate::Either),
    ("bad_sig_share = { node = L, aim = { label = 'ecdsa/share' } }", Fate::Named),
    ("bad_sig_share = { node = L, aim = { label = 'frost/share' } }", Fate::Named),
    ("bad_sig_share = { node = L, aim = { label = 'presign/share' } }", Fate::Named),
    ("bad_sig_share = { node = L, aim = { victims = [V] } }", Fate::Named),
    ("rush = { node = L }", Fate::Unnamed),
    ("rush = { node = L, copy = true }", Fate::Named),
    ("withhold = { node = L }", Fate::Unnamed),
    ("spoof = { node = L, member = V }", Fate::Unnamed),
    ("ignore_permissions = { node = L }", Fate::Unnamed),
    ("wrong_vote = { node = L }", Fate::Unnamed),
    ("split_proposals = { node = L }", Fate::Named),
    ("unfair_sets = { node = L, exclude = [V] }", Fate::Unnamed),
    ("coalition = { nodes = [L] }", Fate::Unnamed),
    ("twins = { node = L, sees = HALVES }", Fate::Either),
    ("wrong_triples = { node = L, step = 'polynomials' }", Fate::Named),
    ("wrong_triples = { node = L, step = 'shares', aim = { victims = [V] } }", Fate::Named),
    ("wrong_triples = { node = L, step = 'setup' }", Fate::Named),
    ("wrong_triples = { node = L, step = 'choices' }", Fate::Named),
    ("wrong_triples = { node = L, step = 'extension' }", Fate::Named),
    ("wrong_triples = { node = L, step = 'corrections' }", Fate::Named),
    ("wrong_triples = { node = L, step = 'answers' }", Fate::Named),
    ("wrong_triples = { node = L, step = 'products' }", Fate::Named),
    ("wrong_triples = { node = L, step = 'sums', aim = { victims = [V] } }", Fate::Named),
    ("wrong_triples = { node = L, step = 'last_shares' }", Fate::Named),
    ("wrong_triples = { node = L, step = 'seal' }", Fate::Named),
    ("open_after_seal = { node = L }", Fate::Named),
    ("false_abort = { node = L }", Fate::Named),
    ("withhold_seal = { node = L }", Fate::Unnamed),
    ("withhold_seal = { node = L, aim = { victims = [V] } }", Fate::Unnamed),
    ("mute = { node = L, aim = { label = 'triples/answers' } }", Fate::Unnamed),
];

/// Faults that are no behaviour of a node, or one that is looked at elsewhere: decryption's in decryption.rs, leaks in
/// mixtures below, foreign ones in the example of another protocol.
const NOT_HERE: [&str; 37] = [
    "bandwidth",
    "client_double_ask",
    "client_drain",
    "client_flood",
    "client_garbage",
    "clock",
    "crash",
    "custom",
    "cut",
    "delay",
    "disk_full",
    "disk_slow",
    "drift",
    "drop",
    "duplicate",
    "flip",
    "garbage",
    "gateway",
    "gray",
    "latency",
    "leak",
    "loss",
    "order",
    "origin",
    "partition",
    "pause",
    "reorder",
    "reorg",
    "replay_wire",
    "rpc_down",
    "rpc_lag",
    "rpc_lie",
    "rpc_stale",
    "slow",
    "truncate",
    "unreadable_share",
    "wrong_decryption_share",
];

#[test]
fn each_behaviour_that_a_scenario_can_name_is_among_the_lies() {
    let schema = scenario::schema();
    let variants = schema["$defs"]["FaultKind"]["oneOf"].as_array().expect("a choice");
    let known: BTreeSet<&str> = variants
        .iter()
        .flat_map(|kind| kind["properties"].as_object().expect("a table").keys())
        .map(String::as_str)
        .collect();
    let told = LIES.iter().map(|(lie, _)| lie.split(' ').next().expect("a name"));
    assert_eq!(told.chain(NOT_HERE).collect::<BTreeSet<_>>(), known);
}

/// The faults of some liars; the victim is the node after the last of them.
fn told(lie: &str, liars: &[u16], nodes: u16) -> String {
    let victim = liars.iter().max().unwrap() % nodes + 1;
    let fault = |liar: &u16| {
        let what = lie
            .replace("= L", &format!("= {liar}"))
            .replace("[L]", &format!("[{liar}]"))
            .replace("[V]", &format!("[{victim}]"));
        let others: Vec<u16> = (1..=nodes).filter(|node| node != liar).collect();
        let halves = format!("{:?}", others.chunks(others.len().div_ceil(2)).collect::<Vec<_>>());
        let what = what.replace("= V", &format!("= {victim}")).replace("HALVES", &halves);
        format!("[[act.fault]]\nname = 'lie-{liar}'\nwhat.{what}\n")
    };
    liars.iter().map(fault).collect()
}

fn named(report: &RunReport) -> BTreeSet<u16> {
    report.culprits.iter().map(|culprit| culprit.node.0).collect()
}

/// What is wrong with a run of liars, if anything.
fn wrong(report: &RunReport, liars: &[u16]) -> Option<String> {
    let honest: Vec<_> = report.culprits.iter().filter(|culprit| !liars.contains(&culprit.node.0)).collect();
    if report.verdict == Verdict::Pass && honest.is_empty() {
        return None;
    }
    let unmet: Vec<_> = report.requests.iter().filter(|request| !request.expected).collect();
    Some(format!("{} {:?} {honest:?} {unmet:?}", report.verdict, report.violations))
}

#[test]
fn with_up_to_f_liars_of_any_kind_everything_completes_and_exactly_the_provable_ones_are_named() {
    let networks: [(u16, &[u16], u64); 4] = [(4, &[2], 1), (4, &[4], 2), (4, &[1], 3), (7, &[3, 6], 4)];
    let cases: Vec<_> = LIES.iter().flat_map(|lie| networks.iter().map(move |network| (lie, network))).collect();
    let results = each(&cases, |((lie, fate), (nodes, liars, seed))| {
        let needs_more = ["stale_proof", "ignore_permissions"].iter().any(|name| lie.starts_with(name));
        let faults = if needs_more { MORE } else { "" }.to_owned() + &told(lie, liars, *nodes);
        let report = run(*nodes, *seed, &faults);
        let place = format!("{lie}, liars {liars:?} of {nodes}, seed {seed}");
        let fired: BTreeSet<u16> =
            report.faults.fired.iter().map(|id| id.rsplit_once('-').unwrap().1.parse().unwrap()).collect();
        let named = named(&report);
        let fits = match fate {
            Fate::Unnamed => named.is_empty(),
            Fate::Named => named == fired,
            Fate::Either => named.is_subset(&fired),
        };
        let complaint = wrong(&report, liars)
            .or_else(|| (!fits).then(|| format!("{fired:?} lied, {named:?} were named: {:?}", report.culprits)));
        (fired.len(), complaint.map(|complaint| format!("{place}: {complaint}")))
    });
    let complaints: Vec<&String> = results.iter().filter_map(|(_, complaint)| complaint.as_ref()).collect();
    assert!(complaints.is_empty(), "{} runs went wrong:\n{complaints:#?}", complaints.len());
    for (at, (lie, _)) in LIES.iter().enumerate() {
        let fired: usize = results[at * networks.len()..][..networks.len()].iter().map(|(fired, _)| fired).sum();
        assert!(fired > 0, "{lie} was never told");
    }
}

/// What is wrong with a run of liars one of whom gives its key share to everybody, if anything. That much is its own
/// affair, and the oracle for secrets says it of every leak: of this one, once the share has been told, and of no other.
fn wrong_with_leak(report: &RunReport, liars: &[u16], leaker: u16) -> Option<String> {
    let has_leaked = report.faults.fired.iter().any(|id| id == "all/leak");
    let of_leak = |violation: &Violation| violation.oracle == "secrecy" && violation.nodes == [NodeId(leaker)];
    let honest = named(report).iter().any(|node| !liars.contains(node));
    let unmet: Vec<_> = report.requests.iter().filter(|request| !request.expected).collect();
    let fits = report.violations.iter().all(of_leak) && report.violations.is_empty() != has_leaked;
    (!fits || honest || !unmet.is_empty()).then(|| format!("leak: {:?} {unmet:?}", report.violations))
}

#[test]
fn with_any_mixture_of_lies_on_f_nodes_and_of_misuse_by_clients_everything_completes() {
    // The long run asks for more, of more nodes.
    let cases: Vec<(u16, u64)> = match std::env::var("LITSIM_MIXTURES") {
        Ok(count) => {
            let count = count.parse().expect("LITSIM_MIXTURES is how many mixtures to run for each number of nodes");
            (0..count).flat_map(|seed| [4, 7, 10].map(|nodes| (nodes, seed))).collect()
        }
        Err(_) => (0..30).map(|seed| (if seed % 3 == 2 { 7 } else { 4 }, seed)).collect(),
    };
    let results = each(&cases, |&(nodes, seed)| {
        let mut faults = mix::faults(seed, nodes, (nodes - 1) / 3);
        let liars: Vec<u16> = plan_of(nodes, seed, &faults).corrupted().iter().map(|node| node.0).collect();
        assert_eq!(liars.len(), usize::from((nodes - 1) / 3), "{faults}");
        if seed % 2 == 0 {
            faults += &mix::misuse(seed, nodes, "mallory", "p");
        }
        let leaker = Some(liars[0]).filter(|_| seed % 5 == 0);
        faults.extend(leaker.map(|node| format!("[[act.fault]]\nname = 'leak'\nwhat.leak = {{ node = {node} }}\n")));
        // Making triples takes most of a run's time: the more of them are dealt, the more mixtures are seen.
        let edits: &[&str] = if seed % 4 == 1 { &[] } else { &[BY_DEALER] };
        let report = run_edited(nodes, seed, &faults, edits);
        let complaint = match leaker {
            Some(node) => wrong_with_leak(&report, &liars, node),
            None => wrong(&report, &liars),
        };
        (report.faults.fired.len(), complaint.map(|text| format!("{nodes} nodes, seed {seed}: {text}\n{faults}")))
    });
    let complaints: Vec<&String> = results.iter().filter_map(|(_, complaint)| complaint.as_ref()).collect();
    assert!(complaints.is_empty(), "{} runs went wrong:\n{complaints:#?}", complaints.len());
    let fired: usize = results.iter().map(|(fired, _)| fired).sum();
    assert!(fired > 30, "{fired} lies were told");
}

#[test]
fn f_liars_in_triples_stop_no_signature_whatever_they_do_there() {
    let lies = [
        "mute = { node = L, aim = { label = 'triples' } }",
        "mute = { node = L, aim = { label = 'triples/last_shares', victims = [V] } }",
        "withhold_seal = { node = L }",
        "false_abort = { node = L }",
        "wrong_triples = { node = L, step = 'extension', aim = { victims = [V] } }",
    ];
    let networks: [(u16, &[u16]); 3] = [(4, &[3]), (7, &[2, 5]), (10, &[1, 4, 8])];
    let cases: Vec<_> = lies.iter().flat_map(|lie| networks.map(|(nodes, liars)| (*lie, nodes, liars))).collect();
    let complaints = each(&cases, |(lie, nodes, liars)| {
        let report = run(*nodes, 11, &told(lie, liars, *nodes));
        assert_eq!(report.preprocessing, "protocol");
        wrong(&report, liars).map(|complaint| format!("{lie}, liars {liars:?} of {nodes}: {complaint}"))
    });
    let complaints: Vec<String> = complaints.into_iter().flatten().collect();
    assert!(complaints.is_empty(), "{complaints:#?}");
}

#[test]
fn clients_that_misuse_the_nodes_stop_nobody() {
    for (seed, misuse) in [
        "client_flood = { user = 'mallory', node = 2, requests = 150 }",
        "client_double_ask = { user = 'mallory' }",
        "client_double_ask = { user = 'alice' }",
        "client_drain = { user = 'alice', pkp = 'p', requests = 12 }",
        "client_drain = { user = 'mallory', pkp = 'p', requests = 80 }",
        "client_garbage = { user = 'mallory', node = 3, bytes = 300, count = 40 }",
    ]
    .iter()
    .enumerate()
    {
        let when = if misuse.contains("double") { "" } else { "during = 'ecdsa'\n" };
        let report = run(4, seed as u64, &format!("[[act.fault]]\nname = 'misuse'\n{when}what.{misuse}\n"));
        assert_eq!(report.verdict, Verdict::Pass, "{misuse}: {:?} {:?}", report.violations, report.requests);
        assert_eq!(report.faults.fired, ["all/misuse"], "{misuse}");
        assert!(report.culprits.is_empty());
    }
}

#[test]
fn a_flood_of_requests_at_every_node_makes_those_wait_who_are_nobody_either_and_stops_no_one() {
    let flood = |node: u16| {
        let what = format!("client_flood = {{ user = 'mallory', node = {node}, requests = 200 }}");
        ["ecdsa", "anonymous"]
            .map(|step| format!("[[act.fault]]\nname = 'flood-{node}-{step}'\nduring = '{step}'\nwhat.{what}\n"))
            .concat()
    };
    // The flood is of requests that nobody has signed: it takes the places of whoever does not sign in.
    let anonymous = "[[act.step]]\nid = 'anonymous'\nuser = 'alice'\nexpect = 'NotAuthorized'\n[act.step.do.execute]\n\
        code = 'Lit.Actions.signEcdsa({ toSign, publicKey, sigName: \"sig\" });'\n\
        params.toSign = '${keccak256:theft}'\nparams.publicKey = '${pkp.p.public_key}'\n";
    let latencies = |faults: &str| {
        let report = run(4, 1, &format!("{anonymous}{faults}"));
        assert_eq!(report.verdict, Verdict::Pass, "{:?} {:?}", report.violations, report.requests);
        ["ecdsa", "anonymous"].map(|id| report.requests.iter().find(|request| request.id == id).unwrap().latency_ms)
    };
    let (calm, flooded) = (latencies(""), latencies(&(1..=4).map(flood).collect::<String>()));
    assert!(flooded[0] < calm[0] + 100, "signed in: {} ms without, {} ms with", calm[0], flooded[0]);
    assert!(flooded[1] > calm[1] + 100, "not signed in: {} ms without, {} ms with", calm[1], flooded[1]);
}

/// How long Alice waits for a signature while another client drains the presignatures of a key of his own, milliseconds.
fn waits_beside_a_drain(requests: u16) -> u64 {
    let own = "[[act.step]]\nid = 'keygen-again'\nuser = 'mallory'\ndo.keygen = { key = 'second' }\n\
        [[act.step]]\nid = 'mint-again'\nuser = 'mallory'\ndo.mint = { pkp = 'purse' }\n";
    let last = "[[act.step]]\nid = 'beside'\nuser = 'alice'\n[act.step.do.execute]\n\
        code = 'Lit.Actions.signEcdsa({ toSign, publicKey, sigName: \"sig\" });'\nauth = 'alice'\n\
        params.toSign = '${keccak256:beside}'\nparams.publicKey = '${pkp.p.public_key}'\n";
    let what = format!("client_drain = {{ user = 'mallory', pkp = 'purse', requests = {requests} }}");
    let drain = format!("[[act.fault]]\nname = 'drain'\nduring = 'beside'\nwhat.{what}\n");
    let more = format!("{own}{last}{drain}");
    let report = run_edited(4, 3, &more, &["keys.pool_per_set=2"]);
    assert_eq!(report.verdict, Verdict::Pass, "{:?} {:?}", report.violations, report.requests);
    assert_eq!(report.faults.fired, ["all/drain"]);
    report.requests.iter().find(|request| request.id == "beside").unwrap().latency_ms
}

#[test]
fn a_client_that_drains_a_key_slows_itself_and_others_complete_soon() {
    let (few, many) = (waits_beside_a_drain(1), waits_beside_a_drain(300));
    assert!(many < few + 1_000, "{few} ms beside one request, {many} ms beside three hundred");
}

/// A stranger's request: what it comes to with these faults.
fn strangers_request(threshold: &str, faults: &str) -> RunReport {
    let step = "[[act.step]]\nid = 'stranger'\nuser = 'mallory'\n[act.step.do.execute]\n\
        code = 'Lit.Actions.signEcdsa({ toSign, publicKey, sigName: \"sig\" });'\nauth = 'mallory'\n\
        params.toSign = '${keccak256:theft}'\nparams.publicKey = '${pkp.p.public_key}'\n";
    let edits = "[limits]\nbeyond_f = true\n".to_owned();
    let text = format!("{STORY}\n{step}\n{faults}\n{edits}")
        .replace("nodes = 4", &format!("nodes = 4\nthreshold = {threshold}"));
    let scenario = scenario::parse("stranger", text.as_bytes(), Path::new("."), &[]);
    let scenario = scenario.unwrap_or_else(|error| panic!("{error}"));
    let plan = FaultPlan::new(&scenario, 5).expect("a plan");
    simulate(&scenario, &plan, 5)
}

fn lie_of(what: &str, node: u16) -> String {
    format!("[[act.fault]]\nname = 'lie-{node}'\nwhat.{what}\n")
}

#[test]
fn liars_below_the_threshold_that_ignore_permissions_sign_nothing_and_a_threshold_of_them_is_caught() {
    let ignoring = |node: u16| lie_of(&format!("ignore_permissions = {{ node = {node} }}"), node);
    let alone = strangers_request("'ceil'", &ignoring(2));
    assert_eq!(alone.violations, [], "one of three needed");
    assert_eq!(alone.requests.last().unwrap().outcome.name(), "NotAuthorized");
    assert_eq!(alone.faults.fired, ["all/lie-2"]);
    let two = strangers_request("'floor'", &(ignoring(2) + &ignoring(3)));
    assert_eq!(two.verdict, Verdict::Safety, "{:?} {:?}", two.violations, two.requests);
    assert!(two.violations.iter().all(|violation| violation.oracle == "no-forgery"), "{:?}", two.violations);
    let blamed: Vec<NodeId> = vec![NodeId(2), NodeId(3)];
    assert_eq!(two.violations[0].nodes, blamed);
}

#[test]
fn a_coalition_forges_with_a_threshold_of_its_own_and_fails_with_one_less() {
    let coalition = |nodes: &str| lie_of(&format!("coalition = {{ nodes = [{nodes}] }}"), 1);
    for (nodes, forges) in [("2", false), ("2, 4", false), ("1, 2, 4", true)] {
        let text = format!("{STORY}\n{}\n[limits]\nbeyond_f = true\n", coalition(nodes));
        let scenario = scenario::parse("coalition", text.as_bytes(), Path::new("."), &[]).unwrap();
        let plan = FaultPlan::new(&scenario, 6).unwrap();
        let report = simulate(&scenario, &plan, 6);
        assert_eq!(report.faults.fired, ["all/lie-1"], "tried");
        let verdict = if forges { Verdict::Safety } else { Verdict::Pass };
        assert_eq!(report.verdict, verdict, "{nodes}: {:?}", report.violations);
        assert!(report.violations.iter().all(|violation| violation.oracle == "no-forgery"), "{:?}", report.violations);
        assert!(report.requests.iter().all(|request| request.expected));
    }
}

/// The shipped scenarios, under the seed that the program takes by itself: who must be named in each.
const SCENARIOS: [(&str, &[u16]); 32] = [
    ("client-drain", &[]),
    ("client-flood", &[]),
    ("coalition-below-threshold", &[]),
    ("coalition-of-a-threshold", &[]),
    ("dkg-bad-share", &[2]),
    ("dkg-equivocation", &[2]),
    ("dkg-invalid-dealings", &[2, 5, 8]),
    ("dkg-silence", &[]),
    ("dkg-undecryptable-share", &[2]),
    ("false-blame", &[2]),
    ("false-complaint", &[4]),
    ("floor-threshold", &[]),
    ("garbled-speech", &[5]),
    ("ignored-conditions", &[]),
    ("ignored-permissions", &[]),
    ("rushing", &[5]),
    ("silent-node", &[]),
    ("split-proposals", &[2]),
    ("spoofed-names", &[]),
    ("triples-false-abort", &[2]),
    ("triples-open-after-seal", &[2]),
    ("triples-withheld-seal", &[]),
    ("triples-wrong-step", &[3]),
    ("two-quorums", &[]),
    ("unfair-coordinator", &[]),
    ("unreadable-decryption-share", &[]),
    ("withholding", &[]),
    ("wrong-decryption-share", &[2, 5]),
    ("wrong-ecdsa-share", &[5]),
    ("wrong-frost-share", &[2]),
    ("wrong-presignature", &[3]),
    ("wrong-vote", &[]),
];

#[test]
fn the_shipped_scenarios_end_as_they_expect_with_every_fault_fired_and_exactly_the_right_culprits() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/byzantine");
    let shipped: BTreeSet<String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    assert_eq!(shipped, SCENARIOS.iter().map(|(name, _)| (*name).to_owned()).collect());
    let complaints = each(&SCENARIOS, |(name, culprits)| {
        let scenario =
            scenario::load(&folder.join(format!("{name}.toml")), &[]).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(&scenario.name, name);
        let seed = scenario.seed;
        let plan = FaultPlan::new(&scenario, seed).unwrap();
        let report = simulate(&scenario, &plan, seed);
        let fired = report.faults.fired.len() == report.faults.declared.len();
        let wanted: BTreeSet<u16> = culprits.iter().copied().collect();
        let fits = report.expected && fired && named(&report) == wanted;
        (!fits).then(|| {
            let unmet: Vec<_> = report.requests.iter().filter(|request| !request.expected).collect();
            let (violations, faults, named) = (&report.violations, &report.faults.fired, &report.culprits);
            format!("{name}: {} {violations:?} {unmet:?}, fired {faults:?}, named {named:?}", report.verdict)
        })
    });
    let complaints: Vec<String> = complaints.into_iter().flatten().collect();
    assert!(complaints.is_empty(), "{complaints:#?}");
}

#[test]
fn a_report_compares_who_lied_with_who_was_proved_wrong_and_a_scenario_may_demand_it() {
    let faults = lie_of("bad_sig_share = { node = 2 }", 2) + &lie_of("silent = { node = 5 }", 5);
    let expecting = |culprits: &str| run_edited(7, 6, &faults, &[&format!("expect.culprits={culprits}")]);
    let report = expecting("[2]");
    assert_eq!(report.verdict, Verdict::Pass, "{:?} {:?}", report.missed, report.violations);
    let blame = report.blame();
    assert_eq!((blame.liars_named, blame.liars_unnamed), (vec![NodeId(2)], vec![NodeId(5)]));
    assert_eq!((blame.honest_named, blame.honest_unnamed), (Vec::new(), 5));
    let report = expecting("[2, 5]");
    assert_eq!(report.verdict, Verdict::Expectation);
    assert_eq!(report.missed.as_deref(), Some("node 2, 5 should have been proved wrong, and node 2 was"));
}
