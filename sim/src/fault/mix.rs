//! Random mixtures of lies, as the text of scenarios: the same for the same seed.

use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
use std::fmt::Write;

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
const KINDS: u32 = 26;

/// Steps of making triples.
const STEPS: [&str; 11] = [
    "polynomials",
    "shares",
    "setup",
    "choices",
    "extension",
    "corrections",
    "answers",
    "products",
    "sums",
    "last_shares",
    "seal",
];

/// Faults for the last act of a scenario of `nodes` nodes: `liars` of them get one to three behaviours each, with
/// random aims. Which ones, and all else, derives from `seed`.
pub fn faults(seed: u64, nodes: u16, liars: u16) -> String {
    let mut dice = Dice(ChaCha20Rng::seed_from_u64(seed));
    let mut others: Vec<u16> = (1..=nodes).collect();
    let mut text = String::new();
    for _ in 0..liars.min(nodes) {
        let liar = others.swap_remove(dice.below(others.len() as u32) as usize);
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
    text
}

/// One behaviour of a liar in a network with these other nodes.
fn lie(dice: &mut Dice, liar: u16, others: &[u16]) -> String {
    let kind = dice.below(KINDS);
    let (aim, victims) = (dice.aim(others), dice.victims(others));
    let (some, other) = (1 + dice.below(40), others[dice.below(others.len() as u32) as usize]);
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
        13 => aimed("bad_sig_share", &victims),
        14 => aimed("rush", &format!(", copy = {}", some % 2 == 0)),
        15 => aimed("withhold", ""),
        16 => aimed("spoof", &format!(", member = {other}")),
        17 => aimed("ignore_permissions", ""),
        18 => aimed("wrong_vote", ""),
        19 => aimed("unfair_sets", &format!(", {} = [{other}]", if some % 2 == 0 { "exclude" } else { "include" })),
        20 => aimed("split_proposals", &victims),
        21 => aimed("stale_proof", ""),
        22 => {
            let step = STEPS[some as usize % STEPS.len()];
            aimed("wrong_triples", &format!(", step = \"{step}\"{victims}"))
        }
        23 => aimed("open_after_seal", ""),
        24 => aimed("false_abort", &victims),
        _ => aimed("withhold_seal", &victims),
    }
}

/// Throws of a seeded generator.
struct Dice(ChaCha20Rng);

impl Dice {
    fn below(&mut self, bound: u32) -> u32 {
        self.0.next_u32() % bound
    }

    /// A part of a behaviour's table, with the comma before it.
    fn aim(&mut self, others: &[u16]) -> String {
        let mut parts = Vec::new();
        if self.below(3) == 0 {
            parts.push(format!("victims = [{}]", self.some_of(others)));
        }
        if self.below(2) == 0 {
            parts.push(format!("label = \"{}\"", LABELS[self.below(LABELS.len() as u32) as usize]));
        }
        if self.below(2) == 0 {
            parts.push(format!("rate = 0.{}", 1 + self.below(9)));
        }
        if self.below(4) == 0 {
            parts.push(format!("first = {}", 1 + self.below(20)));
        }
        if parts.is_empty() { String::new() } else { format!(", aim = {{ {} }}", parts.join(", ")) }
    }

    fn victims(&mut self, others: &[u16]) -> String {
        if self.below(3) == 0 { String::new() } else { format!(", aim = {{ victims = [{}] }}", self.some_of(others)) }
    }

    /// One or two of them.
    fn some_of(&mut self, others: &[u16]) -> String {
        let first = self.below(others.len() as u32) as usize;
        let second = (first + 1) % others.len();
        if self.below(2) == 0 || first == second {
            return others[first].to_string();
        }
        format!("{}, {}", others[first], others[second])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::FaultPlan;
    use std::path::Path;

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
        assert_eq!(kinds.len(), KINDS as usize);
    }
}
