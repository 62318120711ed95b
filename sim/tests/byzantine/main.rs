//! Up to f nodes lie, in every way that there is: everything completes, nobody honest is blamed, and who can be proved
//! to lie is named.

#![allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]

mod clients;
#[path = "../common/mod.rs"]
mod common;
mod dealers;
mod lies;
mod shipped;
mod together;
mod triples;

use std::collections::BTreeSet;
use std::path::Path;

use common::{each, simulate};
use lies::{Fate, LIES, NOT_HERE};
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

[[act.step]]
id = "bip340"
user = "alice"
[act.step.do.execute]
code = 'Lit.Actions.sign({ toSign, publicKey, sigName: "sig", signingScheme: "SchnorrK256Bip340" });'
auth = "alice"
params.toSign = "${keccak256:four}"
params.publicKey = "${pkp.p.public_key}"
expect_signatures = ["sig"]
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
    told_in(STORY, nodes, faults, more)
}

/// A story with these faults in its act.
fn told_in(story: &str, nodes: u16, faults: &str, more: &[&str]) -> Scenario {
    let text = format!("{story}\n{faults}");
    let edits: Vec<String> =
        more.iter().copied().map(str::to_owned).chain([format!("network.nodes={nodes}")]).collect();
    let scenario = scenario::parse("liars", text.as_bytes(), Path::new("."), &edits);
    scenario.unwrap_or_else(|error| panic!("{error}\n{faults}"))
}

fn plan_of(nodes: u16, seed: u64, faults: &str) -> FaultPlan {
    FaultPlan::new(&told_by(nodes, faults, &[]), seed).expect("at most f nodes lie")
}

fn run_edited(nodes: u16, seed: u64, faults: &str, more: &[&str]) -> RunReport {
    play(&told_by(nodes, faults, more), seed)
}

/// Runs a scenario in which at most f nodes lie.
fn play(scenario: &Scenario, seed: u64) -> RunReport {
    let plan = FaultPlan::new(scenario, seed).expect("at most f nodes lie");
    simulate(scenario, &plan, seed)
}

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

/// Who has told its lie.
fn fired(report: &RunReport) -> BTreeSet<u16> {
    report.faults.fired.iter().map(|id| id.rsplit_once('-').unwrap().1.parse().unwrap()).collect()
}

/// What does not fit the fate of liars, if anything.
fn unfit(report: &RunReport, fate: Fate) -> Option<String> {
    let (fired, named) = (fired(report), named(report));
    let forged = |evidence: &str| ["ForgedAnnouncement", "ForgedOpening"].iter().any(|kind| evidence.starts_with(kind));
    // A half of the others and the liar make a certificate in the smallest network only.
    let is_certified = report.nodes == 4;
    let fits = match fate {
        Fate::Unnamed => named.is_empty(),
        Fate::Named => named == fired,
        Fate::NamedInPart => !named.is_empty() && named.is_subset(&fired),
        Fate::NamedIfCertified if is_certified => named == fired,
        Fate::NamedIfCertified => named.is_empty(),
        Fate::NamedForForging => report.culprits.iter().all(|culprit| forged(&culprit.evidence)),
    };
    (!fits).then(|| format!("{fired:?} lied, {named:?} were named: {:?}", report.culprits))
}

/// Whether a lie is told where triples are made.
fn is_about_triples(lie: &str) -> bool {
    ["triples", "seal", "abort"].iter().any(|word| lie.contains(word))
}

/// Four, seven and ten nodes, who lies among them, and the first seed that is tried.
const NETWORKS: [(u16, &[u16], u64); 3] = [(4, &[2], 1), (7, &[3, 6], 4), (10, &[2, 5, 9], 5)];

#[test]
fn with_up_to_f_liars_of_any_kind_everything_completes_and_exactly_the_provable_ones_are_named() {
    // Three liars spoil many triples of ten nodes, one batch after the other: that takes a test of its own.
    proves_liars(|lie, nodes| nodes < 10 || !is_about_triples(lie));
}

#[test]
#[ignore = "minutes; some of these lies are told among ten nodes elsewhere, too"]
fn with_three_liars_about_triples_among_ten_everything_completes_and_exactly_the_provable_ones_are_named() {
    proves_liars(|lie, nodes| nodes == 10 && is_about_triples(lie));
}

/// Has each lie told in each network that is meant, by as many as may lie.
fn proves_liars(is_meant: impl Fn(&str, u16) -> bool) {
    let cases: Vec<_> = LIES.iter().flat_map(|lie| NETWORKS.iter().map(move |network| (lie, network))).collect();
    let cases: Vec<_> = cases.into_iter().filter(|(lie, network)| is_meant(lie.0, network.0)).collect();
    assert!(!cases.is_empty());
    let results = each(&cases, |(lie, network)| {
        let (nodes, liars, first_seed) = **network;
        // Whether an occasion to lie comes up, and whether somebody sees it, is up to the seed: a few are tried.
        let mut told = Told::default();
        for seed in (first_seed..).step_by(100).take(SEEDS_TRIED) {
            told.add(run_of_liars(lie, nodes, liars, seed));
            if told.complaint.is_some() || told.is_enough(lie.1, nodes) {
                break;
            }
        }
        told
    });
    let complaints: Vec<&String> = results.iter().filter_map(|told| told.complaint.as_ref()).collect();
    assert!(complaints.is_empty(), "{} runs went wrong:\n{complaints:#?}", complaints.len());
    let lacking = cases.iter().zip(&results).filter(|((lie, (nodes, ..)), told)| !told.is_enough(lie.1, *nodes));
    let lacking: BTreeSet<(&str, u16)> = lacking.map(|(((lie, _), (nodes, ..)), _)| (*lie, *nodes)).collect();
    assert!(lacking.is_empty(), "nobody told, or nobody proved, with so many nodes: {lacking:?}");
}

/// How many seeds a lie gets in each network to be told, and to be seen if it can be proved.
const SEEDS_TRIED: usize = 4;

/// What became of a lie in some runs.
#[derive(Default)]
struct Told {
    fired: usize,
    named: usize,
    complaint: Option<String>,
}

impl Told {
    fn add(&mut self, (fired, named, complaint): (usize, usize, Option<String>)) {
        self.fired += fired;
        self.named += named;
        self.complaint = self.complaint.take().or(complaint);
    }

    /// Whether the lie was told and, if that can be proved among so many nodes, somebody was named for it.
    fn is_enough(&self, fate: Fate, nodes: u16) -> bool {
        let is_unprovable = fate == Fate::Unnamed || fate == Fate::NamedIfCertified && nodes != 4;
        self.fired > 0 && (is_unprovable || self.named > 0)
    }
}

/// How many told a lie, how many were named, and what went wrong.
fn run_of_liars((lie, fate): &(&str, Fate), nodes: u16, liars: &[u16], seed: u64) -> (usize, usize, Option<String>) {
    let needs_more = ["stale_proof", "ignore_permissions"].iter().any(|name| lie.starts_with(name));
    let faults = if needs_more { MORE } else { "" }.to_owned() + &told(lie, liars, nodes);
    // Ten nodes take long to make triples; lies about those are told to them elsewhere. Who opens wrong values proves its
    // lie only where triples are sealed: once that is looked at here, too.
    let is_opened = lie.starts_with("bad_sig_share = { node = L, value = 'w'");
    let is_dealt = nodes == 10 && !is_about_triples(lie) && !is_opened;
    let report = run_edited(nodes, seed, &faults, if is_dealt { &[BY_DEALER] } else { &[] });
    let complaint = wrong(&report, liars).or_else(|| unfit(&report, *fate));
    let place = format!("{lie}, liars {liars:?} of {nodes}, seed {seed}");
    (fired(&report).len(), named(&report).len(), complaint.map(|complaint| format!("{place}: {complaint}")))
}

/// Three lies of three nodes in one run, each of a kind of its own: the liars may get in each other's way, so that not every
/// proof is seen; but whoever is named has lied, and more than half of those whose lie proves itself are named.
#[test]
fn three_of_ten_nodes_that_lie_in_different_ways_stop_nothing_and_get_nobody_else_named() {
    let lies: Vec<&(&str, Fate)> = LIES.iter().filter(|(lie, _)| !is_about_triples(lie)).collect();
    let third = lies.len() / 3;
    let cases: Vec<[&(&str, Fate); 3]> =
        (0..third).map(|at| [lies[at], lies[at + third], lies[at + 2 * third]]).collect();
    let results = each(&cases, |lies| {
        let liars = [2, 5, 9];
        let faults: String = lies.iter().zip(liars).map(|((lie, _), liar)| told(lie, &[liar], 10)).collect();
        let needs_more = faults.contains("stale_proof") || faults.contains("ignore_permissions");
        let report = run_edited(10, 5, &(if needs_more { MORE } else { "" }.to_owned() + &faults), &[BY_DEALER]);
        let (fired, named) = (fired(&report), named(&report));
        let unfit = lies.iter().zip(liars).find(|((_, fate), liar)| *fate == Fate::Unnamed && named.contains(liar));
        let complaint = wrong(&report, &liars)
            .or_else(|| (!named.is_subset(&fired)).then(|| format!("{fired:?} lied, {named:?} were named")))
            .or_else(|| unfit.map(|((lie, _), liar)| format!("{liar} is named for {lie}: {:?}", report.culprits)));
        let provable = lies.iter().zip(liars).filter(|((_, fate), liar)| *fate == Fate::Named && fired.contains(liar));
        let proved = provable.clone().filter(|(_, liar)| named.contains(liar)).count();
        (provable.count(), proved, complaint.map(|complaint| format!("{complaint}\n{faults}")))
    });
    let complaints: Vec<&String> = results.iter().filter_map(|(.., complaint)| complaint.as_ref()).collect();
    assert!(complaints.is_empty(), "{complaints:#?}");
    let (provable, proved) = results.iter().fold((0, 0), |(all, some), (a, b, _)| (all + a, some + b));
    assert!(2 * proved > provable, "{proved} of {provable} are named");
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
fn one_less_than_a_threshold_that_ignores_permissions_signs_nothing_and_a_threshold_does() {
    let ignoring = |node: u16| lie_of(&format!("ignore_permissions = {{ node = {node} }}"), node);
    let two = strangers_request("'ceil'", &(ignoring(2) + &ignoring(3)));
    assert_eq!(two.violations, [], "two of three needed");
    assert_eq!(two.requests.last().unwrap().outcome.name(), "NotAuthorized");
    assert_eq!(two.faults.fired, ["all/lie-2", "all/lie-3"]);
    let three = strangers_request("'ceil'", &(ignoring(2) + &ignoring(3) + &ignoring(4)));
    assert_eq!(three.verdict, Verdict::Safety, "{:?} {:?}", three.violations, three.requests);
    assert!(three.violations.iter().all(|violation| violation.oracle == "no-forgery"), "{:?}", three.violations);
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
