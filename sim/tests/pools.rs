//! Triples that were made before: the files, the verb that writes them, and runs that use them.

#![allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{litsim, quickstart, run, scenario, scratch};

fn shipped(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios").join(path)
}

/// A scenario that signs, with the pool of a folder beside it.
fn pooled(folder: &Path, more: &str) -> String {
    let text = fs::read_to_string(scenario("signing.toml")).unwrap();
    assert!(text.contains("preprocessing = \"dealer\""), "{text}");
    let file = folder.join("pooled.toml");
    fs::write(&file, text.replace("preprocessing = \"dealer\"", &format!("preprocessing = \"pool\"\n{more}"))).unwrap();
    file.display().to_string()
}

fn make(folder: &Path, more: &[&str]) -> common::Ended {
    litsim(&[&["pool", folder.to_str().unwrap()], more].concat())
}

#[test]
fn the_shipped_pools_are_what_the_protocol_makes_from_their_seed() {
    let folder = scratch("pools-shipped");
    make(&folder, &["--holders", "3,5,7", "--triples", "64", "--seed", "1"]).exits(0);
    for holders in [3, 5, 7] {
        let name = format!("{holders}.triples");
        let made = fs::read_to_string(folder.join(&name)).unwrap();
        let shipped = fs::read_to_string(shipped("pools").join(&name)).unwrap();
        assert!(made == shipped, "{name}: {} is shipped, {} is made", &shipped[..120], &made[..120]);
    }
}

#[test]
fn the_pooled_quickstart_is_the_quickstart_but_for_where_triples_come_from() {
    let table = |path: &Path| -> toml::Table { toml::from_str(&fs::read_to_string(path).unwrap()).unwrap() };
    let (mut pooled, mut plain) = (table(&shipped("limits/quickstart-pooled.toml")), table(Path::new(&quickstart())));
    for own in ["name", "description", "tags"] {
        assert_ne!(pooled.remove(own), plain.remove(own));
    }
    assert_eq!(pooled.remove("keys").unwrap().get("preprocessing").and_then(toml::Value::as_str), Some("pool"));
    let text = |table: toml::Table| table.to_string().replace("../", "");
    assert_eq!(text(pooled), text(plain));
    let report = run(&shipped("limits/quickstart-pooled.toml").display().to_string(), 5, &["--twice"]).exits(0).json();
    assert_eq!(report["preprocessing"], "pool");
}

#[test]
fn a_run_from_a_pool_says_so_and_its_capsule_needs_no_other_file() {
    let folder = scratch("pools-run");
    make(&folder.join("pools"), &["--holders", "3", "--triples", "16"]).exits(0);
    let file = pooled(&folder, "pool = \"pools\"");
    let capsule = folder.join("elsewhere/capsule.json").display().to_string();
    let report = run(&file, 3, &["--capsule", &capsule]).exits(0).json();
    assert_eq!(report["preprocessing"], "pool");
    assert_eq!(run(&file, 3, &["--twice"]).exits(0).json()["digest"], report["digest"]);
    fs::remove_dir_all(folder.join("pools")).unwrap();
    run(&file, 3, &[]).exits(3);
    let replayed = litsim(&["replay", &capsule, "--json"]).exits(0).out;
    assert!(replayed.contains(report["digest"].as_str().unwrap()), "{replayed}");
}

#[test]
fn a_pool_that_is_used_up_ends_the_run_and_the_report_says_so() {
    let folder = scratch("pools-used-up");
    make(&folder.join("pools"), &["--holders", "3", "--triples", "2"]).exits(0);
    let ahead = &["--set", "keys.pool_per_set=2"];
    let report = run(&pooled(&folder, "pool = \"pools\""), 1, ahead).exits(10).json();
    let details: Vec<_> = report["violations"].as_array().unwrap().iter().map(|v| v["detail"].to_string()).collect();
    assert!(
        details.iter().any(|detail| detail.contains("the pool has no triples left: all 2 for 3 holders")),
        "{details:?}"
    );
}

#[test]
fn what_is_wrong_with_a_pool_is_said_with_the_line_that_names_it() {
    let folder = scratch("pools-wrong");
    let file = pooled(&folder, "");
    assert!(run(&file, 1, &[]).exits(3).err.contains("there is no pool"));
    let file = pooled(&folder, "pool = \"pools\"");
    let refused = |more: &[&str]| run(&file, 1, more).exits(3).err;
    let missing = refused(&[]);
    assert!(missing.contains("cannot read pool `pools/3.triples`") && missing.contains("pooled.toml:"), "{missing}");
    make(&folder.join("pools"), &["--holders", "3", "--triples", "4"]).exits(0);
    let path = folder.join("pools/3.triples");
    let text = fs::read_to_string(&path).unwrap();
    assert!(refused(&["--set", "network.nodes=7"]).contains("cannot read pool `pools/5.triples`"));
    fs::copy(&path, folder.join("pools/5.triples")).unwrap();
    assert!(refused(&["--set", "network.nodes=7"]).contains("is for 3 holders, and the threshold is 5"));
    fs::write(&path, text.replacen("\n", "\n0", 1)).unwrap();
    assert!(refused(&[]).contains("`pools/3.triples` is no pool: line 2: expected 576 hexadecimal digits"));
    let unused = litsim(&["run", &quickstart(), "--set", "keys.pool=pools"]).exits(3).err;
    assert!(unused.contains("no triples are taken from this pool"), "{unused}");
}

#[test]
fn the_verb_replaces_no_file_unasked_and_refuses_what_makes_no_sense() {
    let folder = scratch("pools-verb");
    make(&folder, &["--holders", "2", "--triples", "2"]).exits(0);
    let first = fs::read(folder.join("2.triples")).unwrap();
    let again = make(&folder, &["--holders", "2", "--triples", "2", "--seed", "2"]).exits(2);
    assert!(again.err.contains("--force"), "{}", again.err);
    assert_eq!(fs::read(folder.join("2.triples")).unwrap(), first);
    let line = make(&folder, &["--holders", "2", "--triples", "2", "--seed", "2", "--force", "--json"]).exits(0).json();
    assert_eq!((line["holders"].as_u64(), line["triples"].as_u64()), (Some(2), Some(2)));
    assert_ne!(fs::read(folder.join("2.triples")).unwrap(), first);
    for wrong in [&["--holders", "1"][..], &[], &["--holders", "2", "--triples", "1"], &["--holders", "x"]] {
        make(&folder, wrong).exits(2);
    }
    let file = folder.join("2.triples");
    assert!(make(&file.join("below"), &["--holders", "2"]).exits(2).err.contains("cannot write"));
}
