//! Whole key generations with dealers and accusers that lie.

use super::liars::{BAD_SHARE, FALSE_COMPLAINT, Liar, TWO_DEALINGS};
use super::*;
use std::collections::BTreeSet;

const EVIL: NodeId = NodeId(4);
const VICTIM: NodeId = NodeId(2);

fn nodes(ids: impl IntoIterator<Item = u16>) -> Vec<NodeId> {
    ids.into_iter().map(NodeId).collect()
}

/// A world of four in which node 4 lies.
fn world(liar: impl FnOnce(&Committee, SessionId) -> Liar) -> World {
    let mut world = World::new(4);
    let liar = liar(&world.committee, world.params.session);
    world.lie(EVIL, liar);
    world.open_all();
    world
}

/// A world of four in which node 4 is spoken for by the test.
fn world_with_puppet() -> World {
    let mut world = World::new(4);
    world.nodes.get_mut(&EVIL).expect("a member").is_puppet = true;
    world.open_all();
    world
}

fn bad_dealing(committee: &Committee, session: SessionId) -> Dealing {
    committee.bad_dealing(session, EVIL, 1, &[VICTIM])
}

/// The complaint of node 4 about a dealing.
fn complaint_of_evil(world: &World, dealing: &Dealing) -> Vec<u8> {
    let committee = &world.committee;
    let context = committee.context(dealing.session);
    let key = committee.decryption(EVIL);
    encode(&complain(&context, &committee.roster, dealing, EVIL, key, &mut Meter::default()).expect("a member"))
}

#[track_caller]
fn all_name(world: &World, expected: &[(NodeId, &str)]) {
    for id in nodes(1..=3) {
        assert_eq!(world.named(id), expected, "by {id}");
    }
}

#[test]
fn a_dealer_of_a_bad_share_is_left_out_and_named_and_its_victim_has_a_share_of_the_key() {
    let mut world =
        world(|committee, session| Liar { dealing: Some(bad_dealing(committee, session)), ..Liar::default() });
    world.run(1);
    assert!(world.board.iter().any(|(dealer, _)| *dealer == EVIL), "the others certified it");
    world.is_made_of(&world.ids(), &nodes(1..=3));
    all_name(&world, &[(EVIL, BAD_SHARE)]);
    assert_eq!(world.disputes.len(), 1);
}

#[test]
fn a_garbled_ciphertext_is_a_bad_share() {
    let mut world = world(|committee, session| {
        let mut dealing = committee.dealing(session, EVIL, 1);
        dealing.ciphertexts[1].body[3] ^= 1;
        Liar { dealing: Some(dealing), ..Liar::default() }
    });
    world.run(2);
    world.is_made_of(&world.ids(), &nodes(1..=3));
    all_name(&world, &[(EVIL, BAD_SHARE)]);
}

#[test]
fn f_dealers_with_f_victims_each_are_left_out_and_named() {
    let mut world = World::new(7);
    world.lie_by_dealing(NodeId(6), &nodes([1, 2]));
    world.lie_by_dealing(NodeId(7), &nodes([2, 3]));
    world.open_all();
    world.run(3);
    assert_eq!(world.disputes.len(), 4);
    world.is_made_of(&world.ids(), &nodes(1..=5));
    for id in nodes(1..=5) {
        let named: BTreeSet<_> = world.named(id).into_iter().collect();
        assert_eq!(named, BTreeSet::from([(NodeId(6), BAD_SHARE), (NodeId(7), BAD_SHARE)]));
        assert_eq!(world.named(id).len(), 2, "each once, though two complained");
    }
}

/// The victim's sum would be right with both dealers, and is wrong when only one of them is left out, as the second one
/// sees to that gives somebody else a bad share, too.
#[test]
fn two_dealers_whose_wrong_shares_cancel_are_both_left_out_and_named_though_one_alone_gets_itself_disqualified() {
    let mut world = World::new(7);
    let context = world.committee.context(world.params.session);
    let wrong = |dealer: u16, id: NodeId| match (dealer, id.0) {
        (6, 2) | (7, 3) => Scalar::ONE,
        (7, 2) => -Scalar::ONE,
        _ => Scalar::ZERO,
    };
    for dealer in [6, 7] {
        let id = NodeId(dealer);
        let dealing = world.committee.shifted(&context, id, None, u64::from(dealer), |at| wrong(dealer, at));
        world.lie(id, Liar { dealing: Some(dealing), ..Liar::default() });
    }
    world.open_all();
    world.run(3);
    world.is_made_of(&world.ids(), &nodes(1..=5));
    for id in nodes(1..=5) {
        let named: BTreeSet<_> = world.named(id).into_iter().collect();
        assert_eq!(named, BTreeSet::from([(NodeId(6), BAD_SHARE), (NodeId(7), BAD_SHARE)]));
    }
}

#[test]
fn a_false_complaint_names_its_maker_and_changes_nothing_else() {
    for accuses in [BTreeSet::from([NodeId(1)]), nodes(1..=4).into_iter().collect()] {
        let count = accuses.len();
        let mut world = world(|_, _| Liar { accuses, ..Liar::default() });
        world.run(4);
        assert_eq!(world.disputes.len(), count);
        let first: Vec<NodeId> = world.board[..3].iter().map(|(dealer, _)| *dealer).collect();
        world.is_made_of(&world.ids(), &first);
        all_name(&world, &[(EVIL, FALSE_COMPLAINT)]);
    }
}

#[test]
fn forged_and_replayed_complaints_name_whoever_posts_them_and_nobody_else() {
    let forge: [fn(&World) -> Vec<u8>; 4] = [
        // Its own about another dealer, its own from another session, another member's, and a guess.
        |world| complaint_of_evil(world, &world.dealt[&VICTIM]),
        |world| complaint_of_evil(world, &world.committee.dealing(session_of(7), NodeId(1), 1)),
        |world| {
            let (committee, dealing) = (&world.committee, &world.dealt[&NodeId(1)]);
            let (context, key) = (committee.context(dealing.session), committee.decryption(VICTIM));
            let made = complain(&context, &committee.roster, dealing, VICTIM, key, &mut Meter::default());
            encode(&made.expect("a member"))
        },
        |world| {
            let shared = world.dealt[&NodeId(1)].ephemeral;
            encode(&Complaint { shared, proof: EqualityProof { challenge: Scalar::ONE, response: Scalar::ONE } })
        },
    ];
    for forge in forge {
        let mut world = world_with_puppet();
        let (dealer, digest) = (NodeId(1), world.dealt[&NodeId(1)].digest());
        let forged = forge(&world);
        world.certify(dealer, digest);
        world.dispute(EVIL, dealer, digest, forged);
        world.run(5);
        world.is_made_of(&nodes(1..=3), &nodes(1..=3));
        all_name(&world, &[(EVIL, FALSE_COMPLAINT)]);
    }
}

#[test]
fn a_malformed_complaint_counts_for_nothing_and_names_nobody() {
    let mut world = world_with_puppet();
    let digest = world.dealt[&NodeId(1)].digest();
    world.certify(NodeId(1), digest);
    world.dispute(EVIL, NodeId(1), digest, vec![7; 50]);
    world.run(6);
    world.is_made_of(&nodes(1..=3), &nodes(1..=3));
    all_name(&world, &[]);
    assert!(world.has_dropped(VICTIM, EVIL, "dkg: malformed complaint"));
}

#[test]
fn a_dealer_that_withholds_a_bad_share_from_its_victim_is_found_out_by_fetching() {
    let mut world = world(|committee, session| Liar {
        dealing: Some(bad_dealing(committee, session)),
        withholds_from: BTreeSet::from([VICTIM]),
        ..Liar::default()
    });
    let mut rng = ChaCha20Rng::seed_from_u64(7);
    world.settle(&mut rng);
    assert_eq!(world.disputes.len(), 1, "with the first fetch: no time has passed");
    world.run(7);
    world.is_made_of(&world.ids(), &nodes(1..=3));
    all_name(&world, &[(EVIL, BAD_SHARE)]);
}

#[test]
fn an_equivocating_dealer_whose_certified_dealing_is_bad_for_one_is_left_out_and_named_once_by_each() {
    // The second dealing goes to the victim alone, who finds it right; the certified one has a bad share for it.
    let mut world = world(|committee, session| Liar {
        dealing: Some(bad_dealing(committee, session)),
        second: Some((BTreeSet::from([VICTIM]), committee.dealing(session, EVIL, 2))),
        ..Liar::default()
    });
    world.run(8);
    assert_eq!(world.disputes.len(), 1);
    world.is_made_of(&world.ids(), &nodes(1..=3));
    assert_eq!(world.named(NodeId(1)), [(EVIL, BAD_SHARE)]);
    assert_eq!(world.named(NodeId(3)), [(EVIL, BAD_SHARE)]);
    assert_eq!(world.named(VICTIM), [(EVIL, TWO_DEALINGS)]);
}

#[test]
fn an_equivocating_dealer_whose_uncertified_dealing_is_bad_is_named_for_equivocation_and_not_disputed() {
    let mut world = world(|committee, session| Liar {
        dealing: Some(committee.dealing(session, EVIL, 2)),
        second: Some((BTreeSet::from([VICTIM]), bad_dealing(committee, session))),
        ..Liar::default()
    });
    world.run(9);
    assert_eq!(world.disputes, []);
    world.agreed_shares(&world.ids());
    assert_eq!(world.named(VICTIM), [(EVIL, TWO_DEALINGS)]);
    assert_eq!(world.named(NodeId(1)), []);
}

#[test]
fn a_complaint_in_the_last_block_of_its_window_counts_for_everybody() {
    let mut world =
        world(|committee, session| Liar { dealing: Some(bad_dealing(committee, session)), ..Liar::default() });
    // The victim reads nothing of the board before it closes.
    while !world.mail.is_empty() {
        world.deliver(0);
    }
    world.is_closed = true;
    for id in nodes([1, 3, 4]) {
        while world.read_board(id) {}
    }
    assert_eq!(world.disputes, []);
    while world.disputes.is_empty() {
        assert!(world.read_board(VICTIM));
    }
    world.is_settled = true;
    world.wait(&mut ChaCha20Rng::seed_from_u64(10));
    world.is_made_of(&world.ids(), &nodes(1..=3));
    all_name(&world, &[(EVIL, BAD_SHARE)]);
}

#[test]
fn a_node_that_was_down_all_the_while_comes_to_the_same_key_and_rulings_from_the_log() {
    let mut world = World::new(7);
    let late = NodeId(5);
    world.lie_by_dealing(NodeId(6), &nodes([1]));
    for id in world.ids() {
        if id != late {
            world.open(id);
        }
    }
    world.run(11);
    world.nodes.get_mut(&late).expect("a member").boot = 1;
    world.open(late);
    world.wait(&mut ChaCha20Rng::seed_from_u64(11));
    world.is_made_of(&world.ids(), &nodes([1, 2, 3, 4, 7]));
    assert_eq!(world.named(late), [(NodeId(6), BAD_SHARE)]);
}

#[test]
fn too_few_dealers_after_complaints_restart_at_every_node_however_late() {
    let mut world = World::new(4);
    let late = NodeId(3);
    for id in [EVIL, late] {
        world.nodes.get_mut(&id).expect("a member").is_puppet = true;
    }
    world.open_all();
    let dealing = bad_dealing(&world.committee, world.params.session);
    for id in nodes(1..=2) {
        world.hand(EVIL, id, Message::Dealing(Box::new(dealing.clone())));
        world.certify(id, world.dealt[&id].digest());
    }
    world.certify(EVIL, dealing.digest());
    world.run(12);
    assert_eq!(world.board.len(), 3);
    for id in nodes(1..=2) {
        assert_eq!(world.nodes[&id].end, Some(End::Restart));
        assert_eq!(world.named(id), [(EVIL, BAD_SHARE)]);
    }
    // A node that comes late fetches the disputed dealing from those that are through.
    let node = world.nodes.get_mut(&late).expect("a member");
    (node.is_puppet, node.boot) = (false, 1);
    world.open(late);
    world.wait(&mut ChaCha20Rng::seed_from_u64(12));
    assert_eq!(world.nodes[&late].end, Some(End::Restart));
}
