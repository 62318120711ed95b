//! What has failed once, made small and kept: it passes now, and fails as it did when the mistake comes back.

#![allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]

mod common;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use common::litsim;

/// The scenarios, the mistake that each was found with, and an oracle that sees it.
const REGRESSIONS: [(&str, &str, &str); 2] = [
    ("forgotten-acknowledgement", "missing-sync", "durability"),
    ("second-dealing", "redeal-after-restart", "single-statement"),
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/regressions")
}

#[test]
fn a_regression_passes_and_fails_as_it_did_once_the_mistake_is_back() {
    let files = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let stems: BTreeSet<String> = files.map(|file| file.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    assert_eq!(stems, REGRESSIONS.iter().map(|(name, ..)| (*name).to_owned()).collect());
    for (name, bug, oracle) in REGRESSIONS {
        let file = folder().join(format!("{name}.toml")).display().to_string();
        let good = litsim(&["run", &file, "--json"]).exits(0).json();
        assert_eq!((&good["verdict"], &good["bugs"]), (&"pass".into(), &serde_json::json!([])), "{name}");
        let bad = litsim(&["run", &file, "--json", "--set", &format!("bugs.plant=[\"{bug}\"]")]).exits(20).json();
        let seen = bad["violations"].as_array().unwrap();
        assert!(seen.iter().any(|violation| violation["oracle"] == oracle), "{name}: {bad}");
    }
}
