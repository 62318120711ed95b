//! Every target, by proptest.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::TARGETS;
use super::samples::{EVIDENCE, STATEMENTS};
use crate::statement::Statement;
use crate::wire::{FRAME_BYTES_MAX, decode};

/// Runs a target on so many random byte strings, and undisturbed. The long run multiplies them.
fn withstands(name: &str, cases: u32) {
    let factor = std::env::var("LITSIM_FUZZ_FACTOR").map_or(1, |factor| factor.parse().expect("a number"));
    let cases = cases * factor;
    super::run(name, &[]);
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let choices = prop::collection::vec(any::<u8>(), 0..400);
    let ran = TestRunner::new(config).run(&choices, |data| {
        super::run(name, &data);
        Ok(())
    });
    ran.unwrap_or_else(|error| panic!("{name}: {error}"));
}

#[test]
fn decoders_take_any_bytes_and_know_one_form_of_everything() {
    withstands("decoders", 2_000);
}

#[test]
fn channels_deliver_what_was_sent_and_nothing_else_under_any_datagrams() {
    withstands("channel", 100);
}

#[test]
fn key_generation_takes_anything_from_a_liar_and_names_nobody_else() {
    withstands("dkg", 24);
    withstands("network_dkg", 12);
    withstands("reshare", 24);
}

#[test]
fn batches_of_triples_take_anything_from_a_liar_and_name_nobody_else() {
    withstands("triples", 12);
}

#[test]
fn signing_takes_anything_from_a_liar_and_names_nobody_else() {
    withstands("ecdsa", 24);
    withstands("frost", 24);
}

#[test]
fn a_client_decrypts_rightly_or_not_at_all_whatever_it_is_answered() {
    withstands("clients", 64);
}

#[test]
fn answers_of_a_chain_are_read_or_refused_whatever_they_are() {
    withstands("chain", 1_000);
}

#[test]
fn no_evidence_convicts_an_honest_node() {
    withstands("blame", 200);
}

#[test]
fn a_node_takes_whatever_comes_from_anywhere() {
    withstands("node", 64);
}

#[test]
fn mutations_start_from_statements_and_evidence_of_every_protocol() {
    let kinds: Vec<(&str, &str)> = STATEMENTS
        .iter()
        .map(|bytes| decode::<Statement>(bytes, FRAME_BYTES_MAX).unwrap().label())
        .map(|label| (label.protocol, label.kind))
        .collect();
    for protocol in ["dkg", "presign", "ecdsa", "frost", "triples"] {
        assert!(kinds.iter().any(|(known, _)| *known == protocol), "{protocol}: {kinds:?}");
    }
    assert!(kinds.len() > 12, "{kinds:?}");
    // The first byte of evidence is its protocol.
    let protocols: std::collections::BTreeSet<u8> = EVIDENCE.iter().map(|(bytes, _)| bytes[0]).collect();
    assert_eq!(protocols, (0..5).collect(), "each kind of evidence");
}

#[test]
fn every_target_has_a_fuzzer_and_every_fuzzer_a_target() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/fuzz_targets");
    let name = |entry: std::io::Result<std::fs::DirEntry>| {
        let path = entry.unwrap().path();
        path.file_stem().unwrap().to_string_lossy().into_owned()
    };
    let found: std::collections::BTreeSet<String> = std::fs::read_dir(folder).unwrap().map(name).collect();
    assert_eq!(found, TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect());
}
