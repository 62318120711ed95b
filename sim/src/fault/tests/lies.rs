//! Every fault as data: from a file to a plan, through JSON and back, and in words.

use crate::fault::*;
use crate::plan::FaultPlan;
use std::path::Path;

/// One of each kind of lie, with its words.
const LIES: [(&str, &str); 41] = [
    ("silent = { node = 2 }", "node 2 says nothing"),
    (
        "mute = { node = 2, aim = { victims = [1, 3], label = 'dkg/ack', rate = 0.5, first = 7 } }",
        "node 2 leaves things unsaid (to 1, 3; dkg/ack; 50%; first 7)",
    ),
    ("late = { node = 2 }", "node 2 says things 8 events late"),
    ("replay = { node = 2, other_sessions = true }", "node 2 says old things of any session again"),
    ("repeat = { node = 2, times = 3 }", "node 2 says things 3 times more"),
    ("mutate = { node = 2, aim = { label = 'frost' } }", "node 2 changes what it says (frost)"),
    ("cut_short = { node = 2, bytes = 40 }", "node 2 says only the first 40 B"),
    ("flood = { node = 2, bytes = 1000, count = 5 }", "node 2 sends 5 times 1000 B of garbage"),
    ("equivocate = { node = 2, aim = { victims = [3] } }", "node 2 deals twice (to 3)"),
    ("wrong_share = { node = 2, aim = { victims = [3] } }", "node 2 deals wrong shares (to 3)"),
    ("wrong_share = { node = 2, undecryptable = true }", "node 2 deals shares that do not decrypt"),
    ("wrong_commitment = { node = 2 }", "node 2 commits to another polynomial"),
    ("wrong_proof = { node = 2, ephemeral = true }", "node 2 proves falsely"),
    ("false_complaint = { node = 2, member = 1 }", "node 2 complains falsely about node 1"),
    ("false_blame = { node = 2, member = 1 }", "node 2 forges evidence against node 1"),
    ("bad_sig_share = { node = 2, aim = { label = 'ecdsa/share' } }", "node 2 gives wrong shares (ecdsa/share)"),
    (
        "false_blame = { node = 2, member = 1, own_keys = true }",
        "node 2 shows evidence against node 1 with keys of its own",
    ),
    ("bad_sig_share = { node = 2, value = 'w' }", "node 2 gives wrong shares and values w"),
    ("wrong_nonces = { node = 2 }", "node 2 announces nonces that it does not have"),
    ("wrong_start = { node = 2, aim = { victims = [1] } }", "node 2 starts presignatures of other triples (to 1)"),
    ("wrong_start = { node = 2, holders = true }", "node 2 starts presignatures of other holders"),
    ("deny_receipt = { node = 2, times = 3 }", "node 2 denies what it has received"),
    ("rush = { node = 2, copy = true }", "node 2 waits for the others, and copies them"),
    ("rush = { node = 2, ephemeral = 'copied' }", "node 2 waits for the others, and takes their ephemeral keys"),
    ("rush = { node = 2, ephemeral = 'shifted' }", "node 2 waits for the others, and shifts their ephemeral keys"),
    ("withhold = { node = 2 }", "node 2 takes values and gives none"),
    ("spoof = { node = 2, member = 3 }", "node 2 speaks as node 3"),
    ("ignore_permissions = { node = 2 }", "node 2 signs for everybody"),
    ("wrong_decryption_share = { node = 2, off_by = -3 }", "node 2 gives shares of decryption keys that are off by -3"),
    ("unreadable_share = { node = 2 }", "node 2 seals shares so that nobody can open them"),
    ("unreadable_share = { node = 2, copy = true }", "node 2 passes on what others have sealed"),
    ("wrong_vote = { node = 2 }", "node 2 votes for wrong keys"),
    ("wrong_vote = { node = 2, times = 3 }", "node 2 votes for wrong keys, 3 times each"),
    ("unfair_sets = { node = 2, exclude = [1] }", "node 2 chooses without nodes 1 and with nobody"),
    ("split_proposals = { node = 2 }", "node 2 proposes twice"),
    ("coalition = { nodes = [2] }", "nodes 2 pool their secrets"),
    ("leak = { node = 2 }", "node 2 leaks its key share"),
    ("client_flood = { user = 'a', node = 1, requests = 9 }", "9 requests of a flood node 1"),
    ("client_double_ask = { user = 'a' }", "a asks what is asked once more"),
    ("client_garbage = { user = 'a', node = 1, bytes = 10, count = 2 }", "2 times 10 B of garbage of a for node 1"),
    ("unfair_sets = { node = 2, include = ['any'] }", "node 2 chooses without nobody and with nodes"),
];

fn parse(what: &str) -> Result<FaultPlan, String> {
    let story = format!(
        "schema = 1\nname = 'lies'\n[network]\nnodes = 4\n[users]\na = {{ wallet = true }}\n[[act]]\nname = 'one'\n\
         [[act.step]]\nid = 'k'\nuser = 'a'\ndo.keygen = {{ key = 'k' }}\n[[act.fault]]\nname = 'lie'\nwhat.{what}\n"
    );
    let scenario = crate::scenario::parse("lies.toml", story.as_bytes(), Path::new("."), &[]);
    FaultPlan::new(&scenario.map_err(|error| error.to_string())?, 1).map_err(|error| error.to_string())
}

#[test]
fn every_lie_is_read_survives_json_and_is_shown() {
    for (what, words) in LIES {
        let plan = parse(what).unwrap_or_else(|error| panic!("{error}"));
        let fault = &plan.events[0].what;
        assert!(fault.to_string().starts_with(words), "{what}: {fault}");
        let json = serde_json::to_string(&plan).unwrap();
        assert_eq!(serde_json::from_str::<FaultPlan>(&json).unwrap(), plan, "{json}");
        let is_client = what.starts_with("client");
        assert_eq!(fault.corrupts(), if is_client { &[][..] } else { &[NodeId(2)][..] }, "{what}");
    }
}

#[test]
fn a_coalition_corrupts_all_its_members_who_count_towards_f() {
    let error = parse("coalition = { nodes = [1, 2] }").unwrap_err();
    assert!(error.starts_with("node 1, node 2 may be down, cut off or lie at once"), "{error}");
}

#[test]
fn lies_that_make_no_sense_are_refused_at_their_place() {
    for (what, complaint) in [
        ("mute = { node = 2, aim = { victims = [2] } }", "node 2 is the node that lies"),
        ("mute = { node = 2, aim = { victims = [9] } }", "there is no node 9"),
        ("mute = { node = 2, aim = { label = 'dkg/akc' } }", "did you mean `dkg/ack`"),
        ("mute = { node = 2, aim = { label = 'dkg/' } }", "this is no label"),
        ("mute = { node = 2, aim = { label = 'channel/ack' } }", "a label of another protocol"),
        ("mute = { node = 2, aim = { first = 0 } }", "1 or more"),
        ("mute = { node = 2, victims = [1] }", "unknown field `victims`"),
        ("bad_sig_share = { node = 2, aim = { label = 'dkg/ack' } }", "does nothing to `dkg/ack`"),
        ("flood = { node = 2, bytes = 1000000, count = 1 }", "no channel takes 1000000 bytes"),
        ("repeat = { node = 2, times = 0 }", "1 or more"),
        ("deny_receipt = { node = 2, times = 0 }", "1 or more"),
        ("wrong_nonces = { node = 2, aim = { label = 'ecdsa/announce' } }", "does nothing to `ecdsa/announce`"),
        ("wrong_start = { node = 2, aim = { label = 'presign/share' } }", "does nothing to `presign/share`"),
        ("rush = { node = 2, copy = true, ephemeral = 'copied' }", "a copied dealing has its ephemeral key already"),
        ("bad_sig_share = { node = 2, value = 'x' }", "unknown name `x`"),
        ("false_blame = { node = 2, member = 2, own_keys = true }", "node 2 is the node that lies"),
        ("spoof = { node = 2, member = 2 }", "node 2 is the node that lies"),
        ("wrong_decryption_share = { node = 2, off_by = 0 }", "nonzero"),
        ("unfair_sets = { node = 2 }", "this coordinator is fair"),
        ("coalition = { nodes = [] }", "a coalition of nobody"),
        ("coalition = { nodes = [1, 1] }", "node 1 is named twice"),
        ("client_flood = { user = 'b', node = 1, requests = 1 }", "unknown user `b`"),
        ("client_drain = { user = 'b', pkp = 'p', requests = 1 }", "unknown user `b`"),
        ("client_drain = { user = 'a', pkp = 'p', requests = 1 }", "unknown PKP `p`"),
        ("client_drain = { user = 'a', pkp = 'p', requests = 0 }", "1 or more"),
        ("false_blame = { node = 2, member = 2 }", "node 2 is the node that lies"),
    ] {
        let error = parse(what).expect_err(what);
        assert!(error.contains(complaint) && error.contains("lies.toml:1"), "{what}: {error}");
    }
}

#[test]
fn twins_count_as_a_liar_and_who_is_lied_to_does_not_though_nothing_it_says_counts() {
    let node = NodeId(3);
    let twins = Fault::Twins(Twins { node, sees: [vec![NodeId(1)], vec![NodeId(2)]] });
    assert_eq!((twins.makes_liars_of(), twins.implicates()), (vec![node], vec![node]));
    let lied_to = Fault::RpcLie(RpcLie { nodes: vec![node], lie: Lie::NoLogs });
    assert_eq!((lied_to.makes_liars_of(), lied_to.implicates()), (vec![], vec![node]));
    let silent = Fault::Silent(Corruption { node });
    assert_eq!(silent.makes_liars_of(), [node]);
}
