//! Random mixtures of lies, as the text of scenarios: the same for the same seed.

use std::fmt::Write;

use super::TripleStep;
use crate::dice::Dice;

/// Labels that statements have.
const LABELS: [&str; 22] = [
    "dkg/dealing",
    "dkg/ack",
    "dkg/fetched",
    "triples",
    "triples/commit",
    "triples/extension",
    "triples/last_shares",
    "triples/seal",
    "triples/seals",
    "triples/opening",
    "presign/start",
    "presign/share",
    "presign/opened",
    "ecdsa/announce",
    "ecdsa/propose",
    "ecdsa/share",
    "ecdsa/finished",
    "frost/announce",
    "frost/propose",
    "frost/share",
    "dkg",
    "ecdsa",
];

/// How many kinds of lies [`lie`] knows.
const KINDS: u32 = 31;

/// Faults for the last act of a scenario of `nodes` nodes: `liars` of them get one to three behaviours each, with
/// random aims, and now and then all of them form a coalition. Which ones, and all else, derives from `seed`.
///
/// [`Fault::Leak`](super::Fault::Leak) is not among them: it is there to be found by the oracle for secrets, whoever
/// leaks.
pub fn faults(seed: u64, nodes: u16, liars: u16) -> String {
    let mut dice = Dice::new("litsim 1 mixtures of lies", seed);
    let mut others: Vec<u16> = (1..=nodes).collect();
    let (mut text, mut all) = (String::new(), Vec::new());
    for _ in 0..liars.min(nodes) {
        let liar = others.swap_remove(dice.below(others.len() as u32) as usize);
        all.push(liar.to_string());
        for number in 0..=dice.below(3) {
            let rest: Vec<u16> = (1..=nodes).filter(|node| *node != liar).collect();
            let lie = lie(&mut dice, liar, &rest);
            let name = lie.split_once(" =").map_or("lie", |(name, _)| name);
            let bounds =
                if dice.below(4) == 0 { format!("for_ms = {}\n", 500 + dice.below(8000)) } else { String::new() };
            // Writing to a string does not fail.
            let _ = write!(text, "[[act.fault]]\nname = \"{name}-{liar}-{number}\"\n{bounds}what.{lie}\n\n");
        }
    }
    if !all.is_empty() && dice.below(4) == 0 {
        let nodes = all.join(", ");
        let _ = write!(text, "[[act.fault]]\nname = \"coalition\"\nwhat.coalition = {{ nodes = [{nodes}] }}\n\n");
    }
    text
}

/// Faults for the last act of a scenario of `nodes` nodes: `user` misuses them in one to three ways, within fifteen
/// seconds from the start. `pkp` is what it drains.
pub fn misuse(seed: u64, nodes: u16, user: &str, pkp: &str) -> String {
    let mut dice = Dice::new("litsim 1 mixtures of misuse", seed);
    let mut text = String::new();
    for number in 0..=dice.below(3) {
        let (at_ms, what) = (dice.below(15_000), one_misuse(&mut dice, nodes, user, pkp));
        let _ = write!(text, "[[act.fault]]\nname = \"misuse-{number}\"\nwhen.at_ms = {at_ms}\nwhat.{what}\n\n");
    }
    text
}

/// One way in which `user` misuses the nodes.
pub(crate) fn one_misuse(dice: &mut Dice, nodes: u16, user: &str, pkp: &str) -> String {
    let (node, some) = (1 + dice.below(u32::from(nodes)), 1 + dice.below(60));
    match dice.below(4) {
        0 => format!("client_flood = {{ user = \"{user}\", node = {node}, requests = {some} }}"),
        1 => format!("client_double_ask = {{ user = \"{user}\" }}"),
        2 => format!("client_drain = {{ user = \"{user}\", pkp = \"{pkp}\", requests = {some} }}"),
        _ => format!("client_garbage = {{ user = \"{user}\", node = {node}, bytes = {}, count = {some} }}", 7 * some),
    }
}

/// One behaviour of a liar in a network with these other nodes.
fn lie(dice: &mut Dice, liar: u16, others: &[u16]) -> String {
    let kind = dice.below(KINDS);
    let (aim, victims) = (aim(dice, others), victims(dice, others));
    let (some, other) = (1 + dice.below(40), *dice.pick(others));
    let aimed = |name: &str, aim: &str| format!("{name} = {{ node = {liar}{aim} }}");
    match kind {
        0 => aimed("silent", ""),
        1 => aimed("mute", &aim),
        2 => aimed("late", &format!(", events = {some}{aim}")),
        3 => aimed("replay", &format!(", other_sessions = {}{aim}", some % 2 == 0)),
        4 => aimed("repeat", &format!(", times = {}{aim}", 1 + some % 4)),
        5 => aimed("mutate", &aim),
        6 => aimed("cut_short", &format!(", bytes = {}{aim}", some * 3)),
        7 => aimed("flood", &format!(", bytes = {}, count = {}{aim}", some * 100, 1 + some % 5)),
        8 => aimed("equivocate", &victims),
        9 => aimed("wrong_share", &format!("{victims}, undecryptable = {}", some % 2 == 0)),
        10 => aimed("wrong_commitment", ""),
        11 => aimed("wrong_proof", &format!(", ephemeral = {}", some % 2 == 0)),
        12 => aimed("false_complaint", &format!(", member = {other}")),
        13 => aimed("bad_sig_share", &format!("{victims}, value = \"{}\"", ["w", "u", "v"][some as usize % 3])),
        14 => aimed(
            "rush",
            ["", ", copy = true", ", ephemeral = \"copied\"", ", ephemeral = \"shifted\""][some as usize % 4],
        ),
        15 => aimed("withhold", ""),
        16 => aimed("spoof", &format!(", member = {other}")),
        17 => aimed("ignore_permissions", ""),
        18 => aimed("wrong_vote", ""),
        19 => aimed("unfair_sets", &format!(", {} = [{other}]", if some % 2 == 0 { "exclude" } else { "include" })),
        20 => aimed("split_proposals", &victims),
        21 => aimed("false_blame", &format!(", member = {other}, own_keys = {}", some % 2 == 0)),
        22 => {
            let (first, second) = others.split_at(1 + some as usize % (others.len() - 1));
            aimed("twins", &format!(", sees = {:?}", [first, second]))
        }
        23 => {
            let step = TripleStep::ALL[some as usize % TripleStep::ALL.len()].kind();
            aimed("wrong_triples", &format!(", step = \"{step}\"{victims}"))
        }
        24 => aimed("open_after_seal", ""),
        25 => aimed("false_abort", &victims),
        26 => aimed("withhold_seal", &victims),
        27 => aimed("wrong_nonces", &victims),
        28 => aimed("wrong_start", &format!("{victims}, holders = {}", some % 2 == 0)),
        29 => aimed("deny_receipt", &format!("{victims}, times = {}", 1 + some % 9)),
        _ => aimed("stale_proof", ""),
    }
}

/// A part of a behaviour's table, with the comma before it.
fn aim(dice: &mut Dice, others: &[u16]) -> String {
    let mut parts = Vec::new();
    if dice.below(3) == 0 {
        parts.push(format!("victims = [{}]", some_of(dice, others)));
    }
    if dice.below(2) == 0 {
        parts.push(format!("label = \"{}\"", dice.pick(&LABELS)));
    }
    if dice.below(2) == 0 {
        parts.push(format!("rate = 0.{}", 1 + dice.below(9)));
    }
    if dice.below(4) == 0 {
        parts.push(format!("first = {}", 1 + dice.below(20)));
    }
    if parts.is_empty() { String::new() } else { format!(", aim = {{ {} }}", parts.join(", ")) }
}

fn victims(dice: &mut Dice, others: &[u16]) -> String {
    if dice.below(3) == 0 { String::new() } else { format!(", aim = {{ victims = [{}] }}", some_of(dice, others)) }
}

/// One or two of them.
fn some_of(dice: &mut Dice, others: &[u16]) -> String {
    let first = dice.below(others.len() as u32) as usize;
    let second = (first + 1) % others.len();
    if dice.below(2) == 0 || first == second {
        return others[first].to_string();
    }
    format!("{}, {}", others[first], others[second])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::FaultPlan;
    use std::path::Path;

    #[test]
    fn every_misuse_is_part_of_a_scenario_that_has_its_user_and_key() {
        let mut kinds = std::collections::BTreeSet::new();
        for seed in 0..100 {
            let text = misuse(seed, 4, "m", "p");
            assert_eq!(text, misuse(seed, 4, "m", "p"));
            kinds.extend(
                text.lines().filter_map(|line| line.strip_prefix("what.")?.split(' ').next().map(str::to_owned)),
            );
            let story = format!(
                "schema = 1\nname = \"mix\"\n[network]\nnodes = 4\n[users]\nm = {{ wallet = true }}\n[[act]]\n\
                 name = \"one\"\n[[act.step]]\nid = \"k\"\nuser = \"m\"\ndo.keygen = {{ key = \"k\" }}\n\
                 [[act.step]]\nid = \"m\"\nuser = \"m\"\ndo.mint = {{ pkp = \"p\" }}\n{text}"
            );
            let scenario = crate::scenario::parse("mix", story.as_bytes(), Path::new("."), &[]);
            let scenario = scenario.unwrap_or_else(|error| panic!("{error}\n{text}"));
            assert!(FaultPlan::new(&scenario, seed).unwrap().corrupted().is_empty(), "clients count for nobody");
        }
        assert_eq!(kinds.len(), 4);
    }

    #[test]
    fn every_mixture_is_part_of_a_scenario_and_corrupts_as_many_nodes_as_asked_for() {
        let mut kinds = std::collections::BTreeSet::new();
        for seed in 0..200 {
            let (nodes, liars) = ([4, 7, 10][seed as usize % 3], 1 + seed as u16 % 3);
            let text = faults(seed, nodes, liars);
            assert_eq!(text, faults(seed, nodes, liars));
            kinds.extend(
                text.lines().filter_map(|line| line.strip_prefix("what.")?.split(' ').next()).map(str::to_owned),
            );
            let story = format!(
                "schema = 1\nname = \"mix\"\n[network]\nnodes = {nodes}\n[users]\na = {{ wallet = true }}\n[limits]\n\
                 beyond_f = true\n[[act]]\nname = \"one\"\n[[act.step]]\nid = \"k\"\nuser = \"a\"\n\
                 do.keygen = {{ key = \"k\" }}\n{text}"
            );
            let scenario = crate::scenario::parse("mix", story.as_bytes(), Path::new("."), &[]);
            let scenario = scenario.unwrap_or_else(|error| panic!("{error}\n{text}"));
            assert_eq!(FaultPlan::new(&scenario, seed).unwrap().corrupted().len(), usize::from(liars), "{text}");
        }
        assert_eq!(kinds.len(), KINDS as usize + 1, "with coalitions");
    }
}
