//! Clients that misuse the nodes.

use super::*;

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

/// How long signatures take while Mallory drains presignatures by so many requests, milliseconds.
#[derive(Debug)]
struct Latencies {
    /// Alice's, before.
    alone: u64,
    /// Alice's, while he drains.
    beside: u64,
    /// Alice's next.
    after: u64,
    /// His own, while he drains.
    his_own: u64,
}

/// Mallory drains `pkp`: `purse`, which is his own, or `p`, which is Alice's and which he may use.
fn drained(nodes: u16, seed: u64, pkp: &str, requests: u16, edits: &[&str]) -> Latencies {
    let keys = "[[act.step]]\nid = 'keygen-again'\nuser = 'mallory'\ndo.keygen = { key = 'second' }\n\
        [[act.step]]\nid = 'mint-again'\nuser = 'mallory'\ndo.mint = { pkp = 'purse' }\n\
        [[act.step]]\nid = 'permit'\nuser = 'alice'\ndo.permit_address = { pkp = 'p', address = 'mallory' }\n";
    let signing = |id: &str, user: &str, pkp: &str| {
        format!(
            "[[act.step]]\nid = '{id}'\nuser = '{user}'\n[act.step.do.execute]\n\
             code = 'Lit.Actions.signEcdsa({{ toSign, publicKey, sigName: \"sig\" }});'\nauth = '{user}'\n\
             params.toSign = '${{keccak256:{id}}}'\nparams.publicKey = '${{pkp.{pkp}.public_key}}'\n"
        )
    };
    let drain = |during: &str| {
        let what = format!("client_drain = {{ user = 'mallory', pkp = '{pkp}', requests = {requests} }}");
        format!("[[act.fault]]\nname = 'drain-{during}'\nduring = '{during}'\nwhat.{what}\n")
    };
    let steps = ["alone", "beside", "after"].map(|id| signing(id, "alice", "p")).concat();
    let more = format!("{keys}{steps}{}{}{}", signing("his-own", "mallory", pkp), drain("beside"), drain("his-own"));
    let report = run_edited(nodes, seed, &more, &[&["keys.pool_per_set=2"], edits].concat());
    let place = format!("{nodes} nodes, seed {seed}, {requests} requests by {pkp}");
    assert_eq!(report.verdict, Verdict::Pass, "{place}: {:?} {:?}", report.violations, report.requests);
    assert_eq!(report.faults.fired, ["all/drain-beside", "all/drain-his-own"], "{place}");
    assert!(report.culprits.is_empty(), "{place}");
    let of = |id: &str| report.requests.iter().find(|request| request.id == id).unwrap().latency_ms;
    Latencies { alone: of("alone"), beside: of("beside"), after: of("after"), his_own: of("his-own") }
}

/// Over how many seeds Alice's signatures are compared: by itself, each takes up to 50 ms more or less.
const SEEDS: u64 = 3;

#[test]
fn a_client_that_drains_a_key_slows_itself_and_others_complete_soon() {
    // Alice waits at most twice as long as alone and, taking seeds together, not much longer beside many requests than
    // beside three.
    const MORE_MS: u64 = 30;
    // Triples that the nodes make themselves are what there is least of.
    let networks: [(u16, &str, &[&str]); 5] = [
        (4, "purse", &[BY_DEALER]),
        (4, "p", &[BY_DEALER]),
        (7, "purse", &[BY_DEALER]),
        (7, "p", &[BY_DEALER]),
        (4, "p", &[]),
    ];
    let cases: Vec<_> = networks.iter().flat_map(|network| (1..=SEEDS).map(move |seed| (network, seed))).collect();
    let seen = each(&cases, |&((nodes, pkp, edits), seed)| {
        [3, 30, 300].map(|requests| drained(*nodes, seed, pkp, requests, edits))
    });
    let is_soon = |latencies: &Latencies| latencies.beside.max(latencies.after) <= 2 * latencies.alone;
    let slows = |[few, some, many]: &[Latencies; 3]| {
        // By the last of many nodes have no more places for him: he gets it when he asks again.
        few.his_own < 150 && some.his_own > 2 * few.his_own && many.his_own > 10 * few.his_own
    };
    let mut complaints = Vec::new();
    for (network, seen) in networks.iter().zip(seen.chunks(SEEDS as usize)) {
        let sum = |at: usize, of: fn(&Latencies) -> u64| seen.iter().map(|latencies| of(&latencies[at])).sum::<u64>();
        let grows = |of| [1, 2].iter().any(|at| sum(*at, of) > sum(0, of) + SEEDS * MORE_MS);
        let fits = seen.iter().all(|latencies| latencies.iter().all(is_soon) && slows(latencies));
        if !fits || grows(|latencies| latencies.beside) || grows(|latencies| latencies.after) {
            complaints.push(format!("{network:?}: {seen:#?}"));
        }
    }
    assert!(complaints.is_empty(), "{complaints:#?}");
}
