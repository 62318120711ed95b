//! Dealers and members that lie.

use super::*;

const EVIL: NodeId = NodeId(4);

/// A world of four in which node 4 is spoken for by the test.
fn world() -> World {
    let mut world = World::new(4);
    world.nodes.get_mut(&EVIL).expect("a member").is_puppet = true;
    world.open_all();
    world
}

fn acks_to(world: &World, dealer: NodeId) -> Vec<(NodeId, Digest)> {
    let ack = |(from, _, message): &(NodeId, NodeId, Message)| match message {
        Message::Ack(ack) if ack.dealer == dealer => Some((*from, ack.digest)),
        _ => None,
    };
    let mut acks: Vec<_> = world.mail.iter().filter_map(ack).collect();
    acks.sort_unstable();
    acks
}

fn hand_to_all(world: &mut World, dealing: &Dealing) {
    for id in [1, 2, 3].map(NodeId) {
        world.hand(EVIL, id, Message::Dealing(Box::new(dealing.clone())));
    }
}

#[test]
fn a_bad_share_is_not_acknowledged_by_its_victim_and_kept_as_evidence() {
    let mut world = world();
    let dealing = world.committee.bad_dealing(world.params.session, EVIL, 1, &[NodeId(2)]);
    hand_to_all(&mut world, &dealing);
    let digest = dealing.digest();
    assert_eq!(acks_to(&world, EVIL), [(NodeId(1), digest), (NodeId(3), digest)]);
    let session = world.nodes[&NodeId(2)].session.as_ref().expect("running");
    let faults: Vec<_> = session.faults().collect();
    assert_eq!(faults.len(), 1);
    assert_eq!(faults[0].1, Fault::Share(BadShare::Mismatch));
    assert!(faults[0].0.verify(&world.committee.roster.get(EVIL).expect("a member").identity, &mut Meter::default()));
    // Without the fourth ack the dealing is not certified, and the key does without it.
    world.run(1);
    world.agreed_shares(&[1, 2, 3].map(NodeId));
}

#[test]
fn a_victim_that_is_cut_off_while_it_could_complain_ends_without_a_share() {
    let mut world = world();
    let dealing = world.committee.bad_dealing(world.params.session, EVIL, 1, &[NodeId(2)]);
    hand_to_all(&mut world, &dealing);
    world.certify(EVIL, dealing.digest());
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    while !world.mail.is_empty() {
        world.deliver(0);
    }
    world.crash(NodeId(2));
    (world.is_closed, world.is_settled) = (true, true);
    world.wait(&mut rng);
    world.open(NodeId(2));
    world.wait(&mut rng);
    assert!(world.disputes.is_empty());
    assert_eq!(world.named(NodeId(2)), []);
    assert_eq!(world.nodes[&NodeId(2)].end, Some(End::Excluded(vec![EVIL])));
    assert_eq!(world.key_share(NodeId(1)).public, world.key_share(NodeId(3)).public);
    let session = world.nodes[&NodeId(2)].session.as_ref().expect("running");
    assert_eq!(session.faults().count(), 1);
}

#[test]
fn a_dealing_with_a_bad_proof_or_a_copied_ephemeral_point_is_acknowledged_by_nobody() {
    let mut world = world();
    let session = world.params.session;
    let honest = world.committee.dealing(session, NodeId(1), 5);
    let mut unproven = world.committee.dealing(session, EVIL, 1);
    unproven.proof.response += Scalar::ONE;
    hand_to_all(&mut world, &unproven);
    assert_eq!(acks_to(&world, EVIL), []);
    assert!(world.has_dropped(NodeId(1), EVIL, "dkg: invalid dealing"));

    let mut world = self::world();
    let mut copied = world.committee.dealing(session, EVIL, 1);
    (copied.ephemeral, copied.ephemeral_proof) = (honest.ephemeral, honest.ephemeral_proof);
    hand_to_all(&mut world, &copied);
    assert_eq!(acks_to(&world, EVIL), []);
    world.run(1);
    world.agreed_shares(&[1, 2, 3].map(NodeId));
}

#[test]
fn of_an_equivocating_dealers_dealings_each_node_acknowledges_the_first_and_keeps_two() {
    let mut world = world();
    let session = world.params.session;
    let dealings = [1, 2, 3].map(|seed| world.committee.dealing(session, EVIL, seed));
    for (turn, id) in [1, 2, 3].map(NodeId).into_iter().enumerate() {
        for step in 0..3 {
            world.hand(EVIL, id, Message::Dealing(Box::new(dealings[(turn + step) % 3].clone())));
        }
    }
    let expected: Vec<_> = (0..3).map(|i| (NodeId(i + 1), dealings[usize::from(i)].digest())).collect();
    assert_eq!(acks_to(&world, EVIL), expected);
    for id in [1, 2, 3].map(NodeId) {
        assert!(world.has_dropped(id, EVIL, "dkg: equivocation"));
        assert!(world.has_dropped(id, EVIL, "dkg: too many dealings"));
        let session = world.nodes[&id].session.as_ref().expect("running");
        let (one, other) = session.equivocations().next().expect("two dealings");
        assert_ne!(one.body.digest(), other.body.digest());
        let key = &world.committee.roster.get(EVIL).expect("a member").identity;
        assert!(one.verify(key, &mut Meter::default()) && other.verify(key, &mut Meter::default()));
    }
    world.run(1);
    world.agreed_shares(&[1, 2, 3].map(NodeId));
}

/// With the dealer's own ack, two digests would need two quorums that share an honest member.
#[test]
fn an_equivocating_dealer_gets_at_most_one_digest_certified_and_all_use_that_one() {
    let mut world = world();
    let session = world.params.session;
    let [one, other] = [1, 2].map(|seed| world.committee.dealing(session, EVIL, seed));
    for (id, dealing) in [(1, &one), (2, &one), (3, &other)] {
        world.hand(EVIL, NodeId(id), Message::Dealing(Box::new(dealing.clone())));
    }
    let acks = acks_to(&world, EVIL);
    let certificate = |dealing: &Dealing| {
        let digest = dealing.digest();
        let ack = Ack { session, dealer: EVIL, digest };
        let mut signers: Vec<_> = acks.iter().filter(|(_, d)| *d == digest).map(|(id, _)| *id).collect();
        signers.push(EVIL);
        let acks = signers.into_iter().map(|id| world.committee.sign(ack, id)).collect();
        Certificate { session, dealer: EVIL, digest, acks }
    };
    let mut meter = Meter::default();
    assert_eq!(certificate(&one).verify(&world.committee.roster, &mut meter), Ok(()));
    assert!(certificate(&other).verify(&world.committee.roster, &mut meter).is_err());
    world.certify(EVIL, one.digest());
    world.run(1);
    // Node 3 held the other dealing, and fetched the certified one.
    let shares = world.agreed_shares(&[1, 2, 3].map(NodeId));
    let session = world.nodes[&NodeId(3)].session.as_ref().expect("over");
    assert_eq!(session.equivocations().count(), 1);
    assert_eq!(shares.len(), 3);
    assert_eq!(world.named(NodeId(3)), [(EVIL, "gave two different dealings")]);
    assert_eq!(world.named(NodeId(1)), [], "it saw one");
}

#[test]
fn messages_of_others_sessions_strangers_and_impostors_are_dropped() {
    let mut world = world();
    let (session, me) = (world.params.session, NodeId(1));
    world.mail.clear();
    let foreign = world.committee.dealing(session_of(9), EVIL, 1);
    world.hand(EVIL, me, Message::Dealing(Box::new(foreign)));
    assert!(world.has_dropped(me, EVIL, "dkg: another session"));
    let stolen = world.committee.dealing(session, NodeId(2), 1);
    world.hand(EVIL, me, Message::Dealing(Box::new(stolen.clone())));
    assert!(world.has_dropped(me, EVIL, "dkg: another member's dealing"));
    let mut long = world.committee.dealing(session, EVIL, 1);
    long.ciphertexts.push(long.ciphertexts[0]);
    world.hand(EVIL, me, Message::Dealing(Box::new(long)));
    assert!(world.has_dropped(me, EVIL, "dkg: malformed dealing"));
    let unsolicited = world.committee.sign(stolen, NodeId(2));
    world.hand(EVIL, me, Message::Fetched(Box::new(unsolicited)));
    assert!(world.has_dropped(me, EVIL, "dkg: unsolicited answer"));
    let digest = Digest([1; 32]);
    world.hand(EVIL, me, Message::Ack(Ack { session, dealer: me, digest }));
    assert!(world.has_dropped(me, EVIL, "dkg: acknowledges another dealing"));
    world.hand(EVIL, me, Message::Fetch { session, dealer: me, digest });
    let dealing = world.committee.dealing(session, EVIL, 1);
    world.act(me, |node, env, fx| {
        let running = node.session.as_mut().expect("running");
        running.on_message(EVIL, Message::Dealing(Box::new(dealing.clone())), None, env, fx);
        running.on_message(NodeId(77), Message::Dealing(Box::new(dealing)), None, env, fx);
    });
    assert!(world.has_dropped(me, EVIL, "dkg: unsigned"));
    assert!(world.has_dropped(me, NodeId(77), "dkg: not a member"));
    assert!(world.mail.is_empty(), "none is answered");
}

#[test]
fn a_forged_answer_to_a_fetch_is_dropped_and_the_right_one_still_taken() {
    let mut world = world();
    let (session, me, dealer) = (world.params.session, NodeId(1), NodeId(2));
    world.mail.clear();
    let dealing = world.committee.dealing(session, dealer, 1);
    world.certify(dealer, dealing.digest());
    assert!(world.read_board(me));
    let asked = |id| move |(_, to, message): &_| *to == id && matches!(message, Message::Fetch { .. });
    assert!(world.mail.len() == 2 && world.mail.iter().any(asked(dealer)), "the dealer and one more: 2f members");
    let forged = Signed { signer: dealer, ..world.committee.sign(dealing.clone(), EVIL) };
    world.hand(EVIL, me, Message::Fetched(Box::new(forged)));
    assert!(world.has_dropped(me, EVIL, "dkg: forged answer"));
    let right = world.committee.sign(dealing, dealer);
    world.hand(EVIL, me, Message::Fetched(Box::new(right.clone())));
    world.mail.clear();
    world.hand(EVIL, me, Message::Fetched(Box::new(right)));
    assert!(world.mail.is_empty(), "the second time it is not even acknowledged");
    world.hand(EVIL, me, Message::Fetch { session, dealer, digest: world.board[0].1 });
    assert!(matches!(world.mail[..], [(_, EVIL, Message::Fetched(_))]), "it now answers others");
}
