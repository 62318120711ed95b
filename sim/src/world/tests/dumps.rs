//! Tests of what a world shows of its nodes.

use std::collections::BTreeSet;
use std::path::Path;

use super::super::*;
use crate::outcome::RunOptions;
use crate::plan::FaultPlan;
use crate::trace::Retention;

#[test]
fn no_dump_of_a_node_holds_a_secret_that_the_witness_knows() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios/signing.toml");
    let scenario = Arc::new(crate::scenario::load(&file, &[]).unwrap());
    let options = RunOptions { seed: 11, memo: true, profile: false, trace: Retention::Nothing };
    let mut world = World::new(Arc::clone(&scenario), FaultPlan::default(), &options);
    world.run_to(Point::Records(1));
    let mut dumps = BTreeMap::new();
    for step in 1..=5_000 {
        world.advance(Point::Time(step * 10 * MILLI));
        for dump in world.hosts.keys().filter_map(|seat| world.describe(seat.node)) {
            dumps.insert(dump["state"].to_string(), dump["state"].clone());
        }
    }
    // The dumps are of nodes that do everything there is to do.
    let seen = |test: &dyn Fn(&serde_json::Value) -> bool| dumps.values().any(|state| test(&state["membership"]));
    let fills =
        |list: &'static str| move |state: &serde_json::Value| state[list].as_array().is_some_and(|l| !l.is_empty());
    for list in ["channels", "key_generations", "keys", "signing", "requests"] {
        assert!(seen(&fills(list)), "{list} is empty in all dumps");
    }
    assert!(seen(&|state| state["presignatures"]["ready"].as_u64().unwrap_or(0) > 0), "a pool is filled");
    let witness = world.observer.witness.borrow();
    let kinds: BTreeSet<String> = witness.secrets.values().map(|(kind, _)| format!("{kind:?}")).collect();
    assert!(kinds.len() >= 6 && witness.secrets.len() > 30, "{kinds:?}");
    let needles = oracle::Needles::new(witness.secrets.keys());
    for text in dumps.keys() {
        // Numbers in lists, too, as a derived formatter would write a key.
        assert!(needles.find(text.as_bytes()).is_empty(), "{text}");
        for secret in witness.secrets.keys() {
            let list = secret.iter().map(u8::to_string).collect::<Vec<_>>();
            assert!(!text.contains(&list.join(",")) && !text.contains(&list.join(", ")), "{text}");
        }
    }
    let leaky = format!("{{\"share\":\"0x{}\"}}", hex::encode(witness.secrets.keys().next().unwrap()));
    assert_eq!(needles.find(leaky.as_bytes()).len(), 1, "the search would find one");
}
