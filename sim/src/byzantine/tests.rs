//! Each behaviour does what it says, only while it is on, and only to its aim.

mod dealings;
mod decryption;
mod lead;
mod own_keys;
mod signing;
mod triples;

use std::collections::{BTreeMap, BTreeSet};

use alloy_sol_types::SolCall;
use k256::ecdsa::SigningKey;
use k256::{ProjectivePoint, Scalar};
use lit_node::chain::abi::PubkeyRouter;
use lit_node::chain::{ContractCall, Contracts};
use lit_node::conduct::{Conduct, Decision, Secret, SecretKind};
use lit_node::curve::{Polynomial, scalar_bytes, times_generator};
use lit_node::dkg::{self, Ack, Context, Dealing};
use lit_node::id::{Boot, Digest, Epoch, KeyId, NodeId, RequestId, SessionId};
use lit_node::memo::Memo;
use lit_node::meter::Meter;
use lit_node::roster::{Member, Roster};
use lit_node::signing::{
    Announce, Fresh, Message, Opening, PresignOpened, PresignShare, Propose, Scheme, Share, ShareScalar,
};
use lit_node::statement::Statement;
use lit_node::wire::{Signed, encode};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use super::coalition::Pool;
use super::{Part, Switchboard, conduct};
use crate::fault::Fault;
use crate::plan::{FaultEvent, FaultId, FaultPlan, Trigger};

const ME: NodeId = NodeId(2);
const SESSION: SessionId = SessionId([1; 32]);

fn identity(id: NodeId) -> SigningKey {
    SigningKey::from_slice(&[id.0 as u8; 32]).unwrap()
}

fn decryption(id: NodeId) -> k256::SecretKey {
    k256::SecretKey::from_slice(&[id.0 as u8 + 64; 32]).unwrap()
}

fn roster() -> Roster {
    let member = |id: u16| Member {
        address: [id as u8; 20],
        identity: *identity(NodeId(id)).verifying_key(),
        channel_key: [id as u8; 32],
        encryption_key: decryption(NodeId(id)).public_key().to_projective(),
    };
    Roster::new(Epoch(1), 3, (1..=4).map(member).collect()).unwrap()
}

/// A lie of node 2, as a scenario writes it; off at first.
struct Liar {
    conduct: Box<dyn Conduct>,
    board: Switchboard,
}

impl Liar {
    fn off(what: &str) -> Self {
        let value: serde_json::Value = toml::from_str::<toml::Table>(what).unwrap().try_into().unwrap();
        let fault: Fault<u16> = serde_json::from_value(value).unwrap();
        let event = FaultEvent {
            id: FaultId("act/lie".into()),
            act: "act".into(),
            during: None,
            when: Trigger::At { ms: 0 },
            for_ms: None,
            what: fault.map(&mut |number| NodeId(*number)),
        };
        let (board, plan) = (Switchboard::default(), FaultPlan { events: vec![event] });
        let mut conduct = conduct(&Part { me: ME, roster: roster() }, &plan, &board, |_| [7; 32]);
        let bytes: [u8; 32] = identity(ME).to_bytes().into();
        conduct.learn(Secret { kind: SecretKind::Identity, session: SessionId::default(), bytes: &bytes });
        Self { conduct, board }
    }

    fn on(what: &str) -> Self {
        let liar = Self::off(what);
        liar.board.switch(0, true);
        liar
    }

    /// What becomes of a statement to a node.
    fn say(&mut self, to: u16, statement: Statement) -> Vec<Statement> {
        let said = self.conduct.outbound(NodeId(to), statement);
        assert!(said.iter().all(|(recipient, _)| *recipient == NodeId(to)));
        said.into_iter().map(|(_, statement)| statement).collect()
    }

    fn acted(&self) -> bool {
        self.board.told(0) > 0
    }
}

fn ack(byte: u8) -> Statement {
    Statement::Dkg(dkg::Message::Ack(Ack { session: SESSION, dealer: NodeId(1), digest: Digest([byte; 32]) }))
}

fn own_dealing() -> Dealing {
    dealing_in(SESSION)
}

fn dealing_in(session: SessionId) -> Dealing {
    let mut rng = ChaCha20Rng::from_seed([3; 32]);
    let polynomial = Polynomial::random(3, &mut rng);
    let context = Context::new(session, &roster(), &mut Meter::default());
    dkg::deal(&context, &roster(), ME, &polynomial, &mut rng, &mut Meter::default())
}

fn dealing() -> Statement {
    Statement::Dkg(dkg::Message::Dealing(Box::new(own_dealing())))
}

fn share(byte: u8) -> Statement {
    let (scheme, share) = (Scheme::EcdsaK256, ShareScalar(Scalar::from(u64::from(byte))));
    Statement::Signing(Message::Share(Share { session: SESSION, attempt: 0, scheme, proposal: Digest([9; 32]), share }))
}

fn opening() -> Statement {
    let opening = Opening { w: Scalar::ONE, u: Scalar::ONE, v: Scalar::ONE };
    Statement::Signing(Message::PresignShare(PresignShare { presignature: Digest(SESSION.0), opening }))
}

fn proposal() -> Propose {
    let announce = |id: u16| {
        let fresh = Fresh::Bytes([id as u8; 32]);
        let (coordinator_boot, boot) = (Boot(0), Boot(0));
        let digest = Digest([5; 32]);
        let body = Announce { session: SESSION, attempt: 0, coordinator_boot, turn: 0, boot, serial: 0, digest, fresh };
        Signed::new(body, NodeId(id), &identity(NodeId(id)), &mut Meter::default())
    };
    let announcements = [1, 2, 3].map(announce).to_vec();
    Propose { session: SESSION, attempt: 0, presignature: Some(Digest([6; 32])), announcements }
}

/// Lies, each with what provokes it below.
const LIES: [&str; 39] = [
    "silent = { node = 2 }",
    "mute = { node = 2 }",
    "late = { node = 2 }",
    "replay = { node = 2 }",
    "repeat = { node = 2 }",
    "mutate = { node = 2 }",
    "cut_short = { node = 2, bytes = 5 }",
    "flood = { node = 2, bytes = 5 }",
    "equivocate = { node = 2 }",
    "wrong_share = { node = 2 }",
    "wrong_commitment = { node = 2 }",
    "wrong_proof = { node = 2 }",
    "stale_proof = { node = 2 }",
    "false_complaint = { node = 2, member = 1 }",
    "bad_sig_share = { node = 2 }",
    "rush = { node = 2 }",
    "withhold = { node = 2 }",
    "spoof = { node = 2, member = 3 }",
    "ignore_permissions = { node = 2 }",
    "wrong_decryption_share = { node = 2 }",
    "unreadable_share = { node = 2 }",
    "wrong_vote = { node = 2 }",
    "unfair_sets = { node = 2, exclude = [1] }",
    "split_proposals = { node = 2 }",
    "coalition = { nodes = [2, 3] }",
    "false_blame = { node = 2, member = 3 }",
    "leak = { node = 2 }",
    "wrong_triples = { node = 2, step = \"seal\" }",
    "open_after_seal = { node = 2 }",
    "false_abort = { node = 2 }",
    "withhold_seal = { node = 2 }",
    "wrong_nonces = { node = 2 }",
    "wrong_start = { node = 2 }",
    "wrong_start = { node = 2, holders = true }",
    "wrong_lead = { node = 2, lie = \"outcome\" }",
    "wrong_lead = { node = 2, lie = \"votes\" }",
    "wrong_lead = { node = 2, lie = \"early\" }",
    "deny_receipt = { node = 2 }",
    "rush = { node = 2, ephemeral = \"copied\" }",
];

/// Gives a node all occasions to lie that there are; what it said and decided otherwise than honest nodes do.
fn otherwise(liar: &mut Liar) -> Vec<String> {
    let propose = Statement::Signing(Message::Propose(proposal()));
    let announce = Statement::Signing(Message::Announce(proposal().announcements[0].body.clone()));
    let mut said = vec![ack(1), dealing(), share(1), opening(), propose, announce];
    said.extend(signing::statements());
    said.extend(triples::statements());
    said.extend(lead::statements());
    let mut odd = Vec::new();
    let key_share = Secret { kind: SecretKind::KeyShare, session: SESSION, bytes: &[5; 32] };
    liar.conduct.learn(key_share);
    for dealing in [own_dealing(), dealing_in(SessionId([2; 32]))] {
        if liar.conduct.deal(dealing.clone()) != dealing {
            odd.push("a dealing".to_owned());
        }
    }
    for statement in said.iter().chain(&said) {
        let mut is_honest = |to| liar.conduct.outbound(to, statement.clone()) == [(to, statement.clone())];
        if ![NodeId(1), NodeId(3)].into_iter().all(&mut is_honest) {
            odd.push(format!("{:?}", statement.label()));
        }
        if !liar.conduct.inbound(NodeId(3), statement).is_empty() {
            odd.push(format!("in answer to {:?}", statement.label()));
        }
    }
    if liar.conduct.submit(vote()) != [vote()] {
        odd.push("a vote".to_owned());
    }
    if decryption::is_changed(liar) {
        odd.push("an answer to a client".to_owned());
    }
    for decision in decisions() {
        if !liar.conduct.decide(&decision, true) || liar.conduct.decide(&decision, false) {
            odd.push(format!("{decision:?}"));
        }
    }
    odd
}

#[test]
fn a_lie_that_is_off_is_not_told() {
    for what in LIES {
        let mut liar = Liar::off(what);
        assert_eq!(otherwise(&mut liar), [""; 0], "{what}");
        assert!(!liar.acted(), "{what}");
    }
}

/// So what [`a_lie_that_is_off_is_not_told`] tries are occasions to tell it.
#[test]
fn a_lie_that_is_on_is_told_at_the_same_occasions() {
    let untold = LIES.into_iter().filter(|what| otherwise(&mut Liar::on(what)).is_empty());
    assert_eq!(untold.collect::<Vec<_>>(), ["coalition = { nodes = [2, 3] }"], "which says nothing, but pools");
}

fn decisions() -> [Decision; 4] {
    let (request, key, digest) = (RequestId([1; 32]), KeyId([2; 32]), Digest([3; 32]));
    [
        Decision::Authorise { request, sig_name: "sig".into(), key, digest },
        Decision::Complain { session: SESSION, dealer: NodeId(1) },
        Decision::Choose { session: SESSION, candidate: NodeId(1) },
        Decision::Decrypt { request, key },
    ]
}

fn vote() -> ContractCall {
    let key = lit_node::key::uncompressed(&ProjectivePoint::GENERATOR);
    Contracts::of_deployer([1; 20]).vote_for_routing(&key, Digest([4; 32]))
}

#[test]
fn a_silent_node_speaks_to_itself_only() {
    let mut liar = Liar::on("silent = { node = 2 }");
    assert!(liar.say(1, ack(1)).is_empty() && liar.conduct.submit(vote()).is_empty());
    assert_eq!(liar.say(2, ack(1)), [ack(1)]);
    assert!(liar.acted());
}

#[test]
fn an_aim_picks_victims_labels_a_share_and_the_first_of_them() {
    let mut liar = Liar::on("mute = { node = 2, aim = { victims = [1], label = 'dkg/ack', first = 2 } }");
    assert_eq!(liar.say(3, ack(1)).len() + liar.say(1, share(1)).len() + liar.say(2, ack(1)).len(), 3);
    assert!(!liar.acted());
    let said: Vec<usize> = (0..4).map(|byte| liar.say(1, ack(byte)).len()).collect();
    assert_eq!(said, [0, 0, 1, 1]);
    let some = |first: &str| -> Vec<usize> {
        let mut liar = Liar::on(&format!("mute = {{ node = 2, aim = {{ label = '{first}', rate = 0.5 }} }}"));
        let others = (0..if first == "dkg" { 20 } else { 0 }).map(|_| liar.say(3, share(1)).len());
        assert_eq!(others.sum::<usize>() % 20, 0);
        (0..100).map(|_| liar.say(1, ack(1)).len()).collect()
    };
    let kept: usize = some("dkg/ack").iter().sum();
    assert!((30..70).contains(&kept), "{kept} of 100");
    assert_eq!(some("dkg/ack"), some("dkg"), "what happens to others is no part of the draw");
}

#[test]
fn a_delayed_statement_comes_after_so_many_others_and_once() {
    let mut liar = Liar::on("late = { node = 2, events = 2, aim = { label = 'ecdsa' } }");
    assert!(liar.say(1, share(1)).is_empty() && liar.acted());
    assert_eq!(liar.say(1, ack(1)), [ack(1)]);
    let late = liar.conduct.inbound(NodeId(3), &ack(2));
    assert_eq!(late, [(NodeId(1), share(1))]);
    // What it answers with goes through the conduct like everything else.
    assert_eq!(liar.say(1, share(1)), [share(1)]);
    assert!(liar.say(3, share(2)).is_empty());
    liar.board.switch(0, false);
    assert_eq!(liar.conduct.inbound(NodeId(3), &ack(3)), [(NodeId(3), share(2))], "and when it stops");
}

#[test]
fn old_statements_are_replayed_of_the_same_session_or_of_any() {
    let mut liar = Liar::on("replay = { node = 2 }");
    assert_eq!(liar.say(1, ack(1)), [ack(1)]);
    assert_eq!(liar.say(1, ack(2)), [ack(2), ack(1)]);
    let other =
        Statement::Dkg(dkg::Message::Fetch { session: SessionId([8; 32]), dealer: NodeId(1), digest: Digest([1; 32]) });
    assert_eq!(liar.say(1, other.clone()).len(), 1);
    let mut liar = Liar::on("replay = { node = 2, other_sessions = true }");
    assert_eq!(liar.say(1, ack(1)).len() + liar.say(1, other).len(), 3);
    assert!(liar.acted());
}

#[test]
fn repetitions_mutations_cuts_and_floods_do_what_they_say() {
    assert_eq!(Liar::on("repeat = { node = 2, times = 2 }").say(1, ack(1)), [ack(1), ack(1), ack(1)]);
    let mut liar = Liar::on("mutate = { node = 2 }");
    let bits = |a: &[u8], b: &[u8]| a.iter().zip(b).map(|(a, b)| (a ^ b).count_ones()).sum::<u32>();
    for byte in 0..20 {
        let said = liar.say(1, ack(byte));
        assert_eq!(bits(&encode(&said[0]), &encode(&ack(byte))), 1);
    }
    let cut = Liar::on("cut_short = { node = 2, bytes = 7 }").say(1, ack(1));
    assert_eq!(cut, [Statement::Raw(encode(&ack(1))[..7].to_vec())]);
    let mut liar = Liar::on("flood = { node = 2, bytes = 500, count = 2 }");
    let said = liar.say(1, ack(1));
    assert_eq!(said[2], ack(1));
    let sizes: BTreeSet<Vec<u8>> =
        said[..2].iter().map(|raw| if let Statement::Raw(bytes) = raw { bytes.clone() } else { vec![] }).collect();
    assert!(sizes.len() == 2 && sizes.iter().all(|bytes| bytes.len() == 500), "two different ones");
    assert!(liar.acted());
}

#[test]
fn decisions_are_overridden_where_the_lie_is_about_them() {
    let [authorise, complain, choose, decrypt] = decisions();
    let mut liar = Liar::on("ignore_permissions = { node = 2 }");
    assert!(liar.conduct.decide(&decrypt, false) && liar.acted());
    let mut liar = Liar::on("ignore_permissions = { node = 2 }");
    assert!(liar.conduct.decide(&authorise, false) && !liar.conduct.decide(&complain, false) && liar.acted());
    let mut liar = Liar::on("false_complaint = { node = 2, member = 1 }");
    assert!(liar.conduct.decide(&complain, false) && !liar.conduct.decide(&authorise, false) && liar.acted());
    let mut liar = Liar::on("false_complaint = { node = 2, member = 3 }");
    assert!(!liar.conduct.decide(&complain, false) && !liar.acted());
    let mut liar = Liar::on("unfair_sets = { node = 2, exclude = [1] }");
    let other = Decision::Choose { session: SESSION, candidate: NodeId(3) };
    assert!(!liar.conduct.decide(&choose, true) && liar.conduct.decide(&other, true) && liar.acted());
    let mut liar = Liar::on("unfair_sets = { node = 2, include = [4] }");
    assert!(!liar.conduct.decide(&choose, true) && !liar.conduct.decide(&other, true));
    let announce = proposal().announcements[0].body.clone();
    liar.conduct.inbound(NodeId(4), &Statement::Signing(Message::Announce(announce)));
    assert!(liar.conduct.decide(&choose, true), "the dead has risen");
}

#[test]
fn a_rushing_node_speaks_when_it_has_heard_enough_and_may_copy() {
    let mut liar = Liar::on("rush = { node = 2 }");
    assert!(liar.say(1, share(1)).is_empty() && liar.say(3, share(1)).is_empty() && !liar.acted());
    assert_eq!(liar.say(2, share(1)), [share(1)], "to itself at once");
    assert!(liar.conduct.inbound(NodeId(1), &share(5)).is_empty());
    assert!(liar.conduct.inbound(NodeId(1), &share(5)).is_empty(), "twice the same is one");
    let said = liar.conduct.inbound(NodeId(3), &share(6));
    assert_eq!(said, [(NodeId(1), share(1)), (NodeId(3), share(1))]);
    assert_eq!(liar.say(1, share(1)), [share(1)]);
    assert!(liar.acted());
    let mut copier = Liar::on("rush = { node = 2, copy = true }");
    assert!(copier.say(1, share(1)).is_empty() && copier.say(1, ack(1)).len() == 1);
    copier.conduct.inbound(NodeId(1), &share(5));
    assert_eq!(copier.conduct.inbound(NodeId(3), &share(6)), [(NodeId(1), share(5))]);
}

#[test]
fn a_node_that_withholds_has_acted_once_it_sees_what_it_owes() {
    let mut liar = Liar::on("withhold = { node = 2 }");
    assert!(liar.say(1, share(1)).is_empty() && !liar.acted());
    assert_eq!(liar.say(1, ack(1)), [ack(1)]);
    liar.conduct.inbound(NodeId(1), &share(4));
    assert!(liar.acted());
    let certificate = Contracts::of_deployer([1; 20]).certify(SESSION, ME, Digest([1; 32]), &BTreeMap::new());
    assert!(liar.conduct.submit(certificate).is_empty());
    assert_eq!(liar.conduct.submit(vote()), [vote()]);
}

#[test]
fn a_spoofer_names_another_member_and_proposes_what_others_proposed() {
    let mut liar = Liar::on("spoof = { node = 2, member = 3 }");
    let said = liar.say(1, dealing());
    let [Statement::Dkg(dkg::Message::Dealing(spoofed))] = &said[..] else { panic!("{said:?}") };
    assert_eq!(spoofed.dealer, NodeId(3));
    let propose = Statement::Signing(Message::Propose(proposal()));
    let said = liar.conduct.inbound(NodeId(1), &propose);
    assert_eq!(said.iter().map(|(to, _)| to.0).collect::<Vec<_>>(), [1, 3, 4]);
    assert!(liar.conduct.inbound(NodeId(1), &propose).is_empty(), "once");
}

#[test]
fn a_false_accuser_shows_proposals_that_contradict_the_members_and_that_the_member_has_not_signed() {
    let mut liar = Liar::on("false_blame = { node = 2, member = 3 }");
    let propose = Statement::Signing(Message::Propose(proposal()));
    assert!(liar.conduct.inbound(NodeId(1), &propose).is_empty() && !liar.acted(), "it has nothing against node 1");
    let said = liar.conduct.inbound(NodeId(3), &propose);
    assert_eq!(said.iter().map(|(to, _)| to.0).collect::<Vec<_>>(), [1, 3, 4]);
    for (_, statement) in said {
        let Statement::Signing(Message::Answered(evidence)) = statement else { panic!("{statement:?}") };
        assert!(evidence.signer == NodeId(3) && evidence.body.contradicts(&proposal()));
        let verifies = |id| evidence.verify(identity(id).verifying_key(), &mut Meter::default());
        assert!(!verifies(NodeId(3)) && verifies(ME), "signed by the liar itself");
    }
    assert!(liar.conduct.inbound(NodeId(3), &propose).is_empty(), "once");
}

#[test]
fn a_false_accuser_changes_what_the_member_has_signed_and_leaves_the_rest() {
    let mut liar = Liar::on("false_blame = { node = 2, member = 3 }");
    let said = liar.say(1, Statement::Signing(Message::Propose(proposal())));
    let [Statement::Signing(Message::Propose(changed))] = &said[..] else { panic!("{said:?}") };
    let is_signed =
        |announce: &Signed<Announce>| announce.verify(identity(announce.signer).verifying_key(), &mut Meter::default());
    assert_eq!(changed.announcements.iter().map(is_signed).collect::<Vec<_>>(), [true, true, false]);
    let opened = |signers: &[u16]| {
        let opening = Opening { w: Scalar::ONE, u: Scalar::ONE, v: Scalar::ONE };
        let body = PresignShare { presignature: Digest(SESSION.0), opening };
        let sign = |id: &u16| Signed::new(body.clone(), NodeId(*id), &identity(NodeId(*id)), &mut Meter::default());
        let openings = signers.iter().map(sign).collect();
        Statement::Signing(Message::PresignOpened(PresignOpened { presignature: Digest(SESSION.0), openings }))
    };
    assert_ne!(liar.say(1, opened(&[1, 2, 3])), [opened(&[1, 2, 3])]);
    assert_eq!(liar.say(1, opened(&[1, 2, 4])), [opened(&[1, 2, 4])]);
    assert_eq!(liar.say(1, share(1)), [share(1)]);
}

#[test]
fn a_leaking_node_puts_its_newest_key_share_into_its_ecdsa_announcements() {
    let mut liar = Liar::on("leak = { node = 2 }");
    let announce = |fresh: [u8; 32]| {
        let mut body = proposal().announcements[1].body.clone();
        body.fresh = Fresh::Bytes(fresh);
        Statement::Signing(Message::Announce(body))
    };
    assert_eq!(liar.say(1, announce([9; 32])), [announce([9; 32])], "it has no share yet");
    assert!(!liar.acted());
    for (kind, byte) in [(SecretKind::KeyShare, 3), (SecretKind::KeyShare, 4), (SecretKind::Nonce, 5)] {
        liar.conduct.learn(Secret { kind, session: SESSION, bytes: &[byte; 32] });
    }
    assert_eq!(liar.say(1, announce([9; 32])), [announce([4; 32])]);
    assert_eq!(liar.say(1, ack(1)), [ack(1)]);
    assert!(liar.acted());
}

#[test]
fn a_wrong_vote_is_a_well_formed_one_for_a_key_that_nobody_has() {
    let mut liar = Liar::on("wrong_vote = { node = 2 }");
    let calls = liar.conduct.submit(vote());
    let decode = |call: &ContractCall| PubkeyRouter::voteForRoutingDataCall::abi_decode(&call.data).unwrap();
    let (right, wrong) = (decode(&vote()), decode(&calls[0]));
    assert!(calls.len() == 1 && calls[0].to == vote().to && wrong.pubkey != right.pubkey);
    assert!(k256::PublicKey::from_sec1_bytes(&wrong.pubkey).is_ok());
    assert_eq!(wrong.tokenId, alloy_primitives::U256::from_be_bytes(alloy_primitives::keccak256(&wrong.pubkey).0));
    let other = Contracts::of_deployer([1; 20]).restart(SESSION);
    assert_eq!(liar.conduct.submit(other.clone()), [other]);
}

#[test]
fn a_wrong_vote_that_is_sent_again_is_the_same_vote_in_other_bytes() {
    let mut liar = Liar::on("wrong_vote = { node = 2, times = 3 }");
    let calls = liar.conduct.submit(vote());
    let decode = |call: &ContractCall| PubkeyRouter::voteForRoutingDataCall::abi_decode(&call.data).unwrap();
    assert_eq!(calls.len(), 3);
    assert!(calls[0].data != calls[1].data && calls[1].data != calls[2].data, "no queue takes them for one");
    assert!(calls.iter().all(|call| decode(call) == decode(&calls[0])));
}

#[test]
fn split_proposals_are_each_in_order_and_contradict_each_other() {
    let mut liar = Liar::on("split_proposals = { node = 2, aim = { victims = [3] } }");
    let propose = Statement::Signing(Message::Propose(proposal()));
    assert_eq!(liar.say(1, propose.clone()), std::slice::from_ref(&propose));
    let said = liar.say(3, propose);
    let [Statement::Signing(Message::Propose(other))] = &said[..] else { panic!("{said:?}") };
    assert!(other.contradicts(&proposal()) && !proposal().contradicts(&proposal()));
    for announce in &other.announcements {
        assert!(announce.verify(identity(announce.signer).verifying_key(), &mut Meter::default()));
    }
}

#[test]
fn a_threshold_of_pooled_shares_gives_the_key_and_one_less_does_not() {
    let polynomial = Polynomial::random(3, &mut ChaCha20Rng::from_seed([4; 32]));
    let secret = polynomial.coefficients()[0];
    let point = times_generator(&secret);
    let mut pool = Pool::default();
    pool.key(SESSION, point);
    for (member, found) in [(1, None), (4, None), (3, Some(secret))] {
        pool.share(SESSION, NodeId(member), polynomial.evaluate(NodeId(member)));
        assert_eq!(pool.attempt(), [(point, found)]);
        assert_eq!(pool.attempt(), [], "the same shares are tried once");
    }
}

#[test]
fn a_coalition_publishes_a_signature_that_verifies_once_it_has_a_threshold_of_shares() {
    let polynomial = Polynomial::random(2, &mut ChaCha20Rng::from_seed([4; 32]));
    let point = times_generator(&polynomial.coefficients()[0]);
    let what = "coalition = { nodes = [2, 3] }";
    let mut liar = Liar::on(what);
    let learn = |liar: &mut Liar, id: u16| {
        let bytes = scalar_bytes(&polynomial.evaluate(NodeId(id)));
        liar.conduct.learn(Secret { kind: SecretKind::KeyShare, session: SESSION, bytes: &bytes });
    };
    learn(&mut liar, 2);
    let vote = Contracts::of_deployer([1; 20]).vote_for_routing(&lit_node::key::uncompressed(&point), Digest([4; 32]));
    assert_eq!(liar.conduct.submit(vote.clone()), [vote]);
    assert!(liar.acted() && liar.board.take_published().is_empty(), "tried with one share of two");
    liar.board.line(0).pool(|pool| pool.share(SESSION, NodeId(3), polynomial.evaluate(NodeId(3))));
    liar.say(1, ack(1));
    let published = liar.board.take_published();
    let signature = k256::ecdsa::Signature::from_slice(&published[0].signature[..64]).unwrap();
    let key = k256::ecdsa::VerifyingKey::from_sec1_bytes(&published[0].public_key).unwrap();
    use k256::ecdsa::signature::hazmat::PrehashVerifier;
    assert!(key.verify_prehash(&published[0].digest.0, &signature).is_ok());
}
