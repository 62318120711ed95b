//! Whole scenarios drawn from a seed, as their TOML text: what is tried against a network of which one knows nothing.
//!
//! They are made without any particular mistake in mind. In a correct network no oracle sees anything in them: at most f
//! nodes are faulty in each, and what is disturbed heals.

mod faults;
mod workload;

use crate::dice::Dice;
use std::fmt::Write;

/// The scenario of a seed.
pub fn scenario(seed: u64) -> String {
    let mut dice = Dice::new("litsim 1 generic scenarios", seed);
    let nodes = 4 + dice.below(4) as u16;
    let mut text = String::new();
    // Triples that nobody asked for cost most of a run's time: they are made ahead seldom.
    let by_dealer = dice.once_in(2);
    let (preprocessing, ahead) = if by_dealer { ("dealer", dice.below(3)) } else { ("protocol", dice.below(8) / 7) };
    // Writing to a string does not fail.
    let _ = write!(
        text,
        "schema = 1\nname = \"generic-{seed}\"\ndescription = \"Drawn from seed {seed}.\"\ntags = [\"generic\"]\n\n\
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
    let work = workload::draw(&mut dice);
    text.push_str(&faults::draw(&mut dice, nodes, &work));
    for step in &work.steps {
        text.push_str(&step.text);
    }
    // Not every trigger comes: which ones do is part of what is drawn.
    text.push_str("[expect]\nmarks = []\n");
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
}
