//! Whole scenarios drawn from a seed, as their TOML text: what is tried against a network of which one knows nothing.
//!
//! They are made without any particular mistake in mind. In a correct network no oracle sees anything in them: at most f
//! nodes are faulty in each, and what is disturbed heals.

mod faults;
mod genome;
mod workload;

pub use genome::{BadGenome, Genome};

use crate::dice::Dice;
use std::fmt::Write;

/// What is drawn from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Urn {
    /// Each scenario first draws which kinds of faults it may have at all, and has more of them: what many kinds together
    /// would hide shows where others are missing (Groce et al., "Swarm Testing", ISSTA 2012). Networks are larger, and
    /// liveness is demanded when what can end has ended.
    pub swarm: bool,
    /// More than f nodes may be down or cut off. Nothing need complete then; safety must hold all the same. No more than
    /// f lie.
    pub beyond_f: bool,
}

/// A scenario that was drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drawn {
    /// Its text.
    pub text: String,
    /// How many throws it took.
    pub throws: u32,
}

/// The scenario of a seed.
pub fn scenario(seed: u64) -> String {
    let mut dice = Dice::new(PURPOSE, seed);
    draw(&mut dice, &format!("generic-{seed}"), &format!("seed {seed}"), Urn::default())
}

/// The scenario of a genome. `name` is its name; it runs under `seed` unless told otherwise.
pub fn from_genome(name: &str, genome: &Genome, seed: u32, urn: Urn) -> Drawn {
    let mut dice = Dice::of(PURPOSE, genome);
    let text = draw(&mut dice, name, &format!("seeds {genome}"), urn);
    Drawn { text: text.replacen("tags =", &format!("seed = {seed}\ntags ="), 1), throws: dice.thrown() }
}

const PURPOSE: &str = "litsim 1 generic scenarios";

fn draw(dice: &mut Dice, name: &str, origin: &str, urn: Urn) -> String {
    let nodes = match urn.swarm && dice.once_in(6) {
        true => 8 + dice.below(3) as u16,
        false => 4 + dice.below(4) as u16,
    };
    let mut text = String::new();
    // Triples that nobody asked for cost most of a run's time: they are made ahead seldom.
    let by_dealer = dice.once_in(2);
    let (preprocessing, ahead) = if by_dealer { ("dealer", dice.below(3)) } else { ("protocol", dice.below(8) / 7) };
    // Writing to a string does not fail.
    let _ = write!(
        text,
        "schema = 1\nname = \"{name}\"\ndescription = \"Drawn from {origin}.\"\ntags = [\"generic\"]\n\n\
         [network]\nnodes = {nodes}\n\n[network.link]\nlatency = {{ uniform_ms = [{}, {}] }}\n\n[nodes]\n\
         clock_skew_ms_max = {}\nqueue_messages = {}\n\n[keys]\npreprocessing = \"{preprocessing}\"\n\
         pool_per_set = {ahead}\n\n[users]\n\
         alice = {{ wallet = true }}\nbob = {{ wallet = true }}\nmallory = {{ wallet = true }}\n\n\
         [[act]]\nname = \"work\"\n\n",
        2 + dice.below(10),
        12 + dice.below(40),
        dice.below(50),
        16 << dice.below(6),
    );
    let work = workload::draw(dice);
    text.push_str(&faults::draw(dice, nodes, &work, urn));
    for step in &work.steps {
        text.push_str(&step.text);
    }
    // Not every trigger comes: which ones do is part of what is drawn.
    text.push_str("[expect]\nmarks = []\n");
    if urn.swarm || urn.beyond_f {
        let Urn { swarm, beyond_f } = urn;
        let _ = write!(text, "\n[limits]\nsecond_phase = {swarm}\nbeyond_f = {beyond_f}\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::FaultPlan;
    use std::path::Path;

    #[test]
    fn every_seed_gives_a_valid_scenario_that_differs_from_the_others_and_stays_within_f() {
        let mut texts = std::collections::BTreeSet::new();
        for seed in 0..=2_000 {
            let text = scenario(seed);
            assert_eq!(text, scenario(seed));
            let checked = crate::scenario::parse("generic", text.as_bytes(), Path::new("."), &[]);
            let checked = checked.unwrap_or_else(|error| panic!("{error}\n{text}"));
            FaultPlan::new(&checked, seed).unwrap_or_else(|error| panic!("{error}\n{text}"));
            texts.insert(text);
        }
        assert_eq!(texts.len(), 2_001);
    }

    #[test]
    fn every_genome_gives_a_valid_scenario_that_keeps_what_was_drawn_before_its_cuts() {
        for (swarm, beyond_f) in [(true, false), (true, true)] {
            let urn = Urn { swarm, beyond_f };
            let drawn = |genome: &Genome| {
                let drawn = from_genome("drawn", genome, 7, urn);
                let checked = crate::scenario::parse("generic", drawn.text.as_bytes(), Path::new("."), &[]);
                let checked = checked.unwrap_or_else(|error| panic!("{error}\n{}", drawn.text));
                FaultPlan::new(&checked, 7).unwrap_or_else(|error| panic!("{error}\n{}", drawn.text));
                assert_eq!((checked.seed, checked.limits.beyond_f), (7, beyond_f));
                drawn
            };
            let mut behind = 0;
            for seed in 0..400 {
                let whole = drawn(&Genome::new(seed));
                let at = whole.throws / 2;
                let cut = drawn(&Genome::new(seed).cut(at, seed + 1));
                let common = |of: &Drawn| of.text.lines().skip(3).take(8).map(str::to_owned).collect::<Vec<_>>();
                behind += usize::from(common(&whole) == common(&cut) && whole.text != cut.text);
            }
            assert!(behind > 300, "{behind} of 400 begin alike and end otherwise");
        }
    }

    #[test]
    fn a_seed_without_cuts_draws_what_it_always_did() {
        let drawn = from_genome("generic-5", &Genome::new(5), 5, Urn::default());
        let text = drawn.text.replacen("seed = 5\n", "", 1).replacen("seeds 5", "seed 5", 1);
        assert_eq!(text, scenario(5));
    }
}
