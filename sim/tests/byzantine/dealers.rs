//! Lies of dealers about the network's own key, which is over another curve than those that sign.

use super::*;

const STORY: &str = r#"
schema = 1
name = "network-key"
[network]
nodes = 4
[chain]
block_time_ms = 500
[users]
alice = { wallet = true }
[expect]
marks = []

[[act]]
name = "all"

[[act.step]]
id = "network-key"
user = "alice"
do.keygen = { key = "network", curve = "bls12-381" }

[[act.step]]
id = "encrypt"
user = "alice"
do.encrypt = { secret = "letter", text = "attack at dawn", to = "alice" }

[[act.step]]
id = "decrypt"
user = "alice"
do.decrypt = { secret = "letter", auth = "alice" }
"#;

/// What dealers do, and whether it proves that they lie.
const DEALERS: [(&str, Fate); 13] = [
    ("equivocate = { node = L }", Fate::Named),
    ("wrong_share = { node = L, aim = { victims = [V] } }", Fate::Named),
    ("wrong_share = { node = L, aim = { victims = [V] }, undecryptable = true }", Fate::Named),
    ("wrong_share = { node = L }", Fate::Unnamed),
    ("wrong_commitment = { node = L }", Fate::Named),
    ("wrong_proof = { node = L }", Fate::Named),
    ("wrong_proof = { node = L, ephemeral = true }", Fate::Named),
    ("false_complaint = { node = L, member = V }", Fate::Named),
    ("rush = { node = L }", Fate::Unnamed),
    ("rush = { node = L, copy = true }", Fate::Named),
    ("rush = { node = L, ephemeral = 'copied' }", Fate::Named),
    ("rush = { node = L, ephemeral = 'shifted' }", Fate::Named),
    ("deny_receipt = { node = L }", Fate::Unnamed),
];

#[test]
fn a_dealer_that_lies_about_the_networks_key_is_named_and_what_is_encrypted_under_it_opens() {
    let networks: [(u16, &[u16]); 3] = [(4, &[2]), (7, &[3, 6]), (10, &[1, 4, 8])];
    let cases: Vec<_> = DEALERS.iter().flat_map(|lie| networks.map(|(nodes, liars)| (*lie, nodes, liars))).collect();
    let complaints = each(&cases, |((lie, fate), nodes, liars)| {
        let report = play(&told_in(STORY, *nodes, &told(lie, liars, *nodes), &[]), 7);
        let untold = (fired(&report).len() < liars.len()).then(|| format!("only {:?} lied", fired(&report)));
        let complaint = wrong(&report, liars).or_else(|| unfit(&report, *fate)).or(untold);
        complaint.map(|complaint| format!("{lie}, liars {liars:?} of {nodes}: {complaint}"))
    });
    let complaints: Vec<String> = complaints.into_iter().flatten().collect();
    assert!(complaints.is_empty(), "{complaints:#?}");
}
