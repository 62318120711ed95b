//! What a client makes of honest, silent, lying and broken nodes.

use k256::ProjectivePoint;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

use super::testing::*;
use super::*;
use crate::api::{ErrorCode, Handshake, Response, SignaturePart};
use crate::id::{Digest, Epoch, RequestId};
use crate::signing::ClientShare;
use crate::wire;

/// 4 nodes, 3 must agree; the holders of the proposal.
const HOLDERS: [u16; 3] = [1, 2, 3];

fn part(shares: &BTreeMap<NodeId, ClientShare>, node: u16) -> &ClientShare {
    &shares[&NodeId(node)]
}

#[test]
fn it_completes_at_the_kth_agreeing_answer_and_not_before() {
    let shares = shares(4, &HOLDERS, DIGEST, 1);
    let mut run = Run::new(4);
    for node in [3, 1] {
        run.ok(node, executed("yes", Some(part(&shares, node))));
        assert!(run.is_open());
    }
    run.ok(2, executed("yes", Some(part(&shares, 2))));
    let success = run.success();
    assert_eq!((success.response.as_str(), success.logs.as_str()), ("yes", "log of yes"));
    assert_eq!(success.agreeing, BTreeSet::from([NodeId(1), NodeId(2), NodeId(3)]));
    let signature = &success.signatures[NAME];
    assert_eq!((signature.public_key, signature.digest), (public_key(), DIGEST));
    assert!(Toy.verify(signature.scheme, &signature.signature, &public_key(), &DIGEST));
    assert_eq!(run.op.deadline(), None);
    assert_eq!(run.pass(20_000), [0u16; 0], "nothing more is sent");
}

#[test]
fn an_action_without_signatures_needs_only_agreement() {
    let mut run = Run::new(4);
    for node in [4, 2, 1] {
        run.ok(node, executed("", None));
    }
    assert!(run.success().signatures.is_empty());
}

#[test]
fn a_node_repeating_its_answer_counts_once() {
    let mut run = Run::new(4);
    for _ in 0..5 {
        run.ok(1, executed("yes", None));
    }
    run.ok(2, executed("yes", None));
    assert!(run.is_open());
}

#[test]
fn a_stranger_is_not_heard() {
    let mut run = Run::new(4);
    for node in [0, 5, 6, 7] {
        run.ok(node, executed("yes", None));
    }
    assert!(run.is_open());
    assert!(run.op.answers().is_empty());
}

#[test]
fn a_silent_node_is_not_waited_for_even_if_it_answers_later() {
    let shares = shares(4, &HOLDERS, DIGEST, 1);
    let mut run = Run::new(4);
    for node in HOLDERS {
        run.ok(node, executed("yes", Some(part(&shares, node))));
    }
    let before = run.success().clone();
    run.ok(4, executed("no", None));
    assert_eq!(run.success(), &before);
}

#[test]
fn a_lying_response_is_outvoted() {
    let shares = shares(4, &HOLDERS, DIGEST, 1);
    let mut run = Run::new(4);
    run.ok(1, executed("no", Some(part(&shares, 1))));
    run.ok(2, executed("yes", Some(part(&shares, 2))));
    run.ok(3, executed("yes", Some(part(&shares, 3))));
    assert!(run.is_open());
    run.ok(4, executed("yes", Some(part(&shares, 4))));
    // The share of node 1 is right all the same, and was needed.
    assert_eq!(run.success().response, "yes");
    assert!(!run.success().agreeing.contains(&NodeId(1)));
}

#[test]
fn after_a_wrong_share_the_shares_of_another_proposal_are_tried() {
    let (first, second) = (shares(4, &HOLDERS, DIGEST, 1), shares(4, &[1, 2, 4], DIGEST, 2));
    let mut run = Run::new(4);
    for node in [1, 2, 4] {
        run.ok(node, executed("yes", Some(part(&first, node))));
    }
    run.ok(3, executed("yes", Some(&spoiled(part(&first, 3)))));
    assert!(run.is_open(), "a wrong signature is not accepted");
    let asked = run.pass(200);
    assert_eq!(asked, [1, 2, 3, 4], "who agreed is asked again");
    for node in [4, 2, 1] {
        assert!(run.is_open());
        run.ok(node, executed("yes", Some(part(&second, node))));
    }
    assert_eq!(run.success().signatures[NAME].digest, DIGEST);
}

#[test]
fn shares_that_never_combine_end_as_not_enough_shares() {
    let shares = shares(4, &HOLDERS, DIGEST, 1);
    let mut run = Run::new(4);
    for _ in 0..20 {
        for node in 1..=4 {
            run.ok(node, executed("yes", Some(&spoiled(part(&shares, node)))));
        }
        let until = run.now.as_millis() + 600;
        run.pass(until);
    }
    let error = run.error();
    assert_eq!((error.code, error.cause), (ErrorCode::NotEnoughShares, Cause::Uncombined));
}

#[test]
fn a_few_nodes_cannot_pass_off_a_signature_of_another_key_or_digest() {
    let (honest, other) = (shares(4, &HOLDERS, DIGEST, 1), shares(4, &HOLDERS, Digest([8; 32]), 2));
    let foreign = ClientShare { public_key: ProjectivePoint::GENERATOR, ..part(&honest, 4).clone() };
    let mut run = Run::new(4);
    run.ok(4, executed("yes", Some(&foreign)));
    assert!(matches!(run.op.reports()[&NodeId(4)], NodeReport::Faulty(ResponseFault::UnexpectedKey { .. })));
    run.ok(3, executed("yes", Some(part(&other, 3))));
    assert!(run.is_open());
    run.ok(1, executed("yes", Some(part(&honest, 1))));
    // Even with node 2, only two would agree.
    assert_eq!(run.error().cause, Cause::Disagreement);
}

#[test]
fn a_signature_of_too_few_holders_is_not_one() {
    // Nodes 1 and 2 hold a whole (valid) sharing between them: below the threshold it does not count.
    let shares = shares(4, &[1, 2], DIGEST, 1);
    let mut run = Run::new(4);
    for node in 1..=4 {
        run.ok(node, executed("yes", Some(part(&shares, node))));
    }
    assert!(run.is_open());
}

#[test]
fn a_digest_that_the_caller_knows_must_be_the_one_signed() {
    let expected = BTreeMap::from([(NAME.to_string(), DIGEST)]);
    let other = shares(4, &HOLDERS, Digest([8; 32]), 1);
    let mut run = Run::with(4, ResponseStrategy::MostCommon, expected.clone());
    run.ok(1, executed("yes", Some(part(&other, 1))));
    run.ok(2, executed("yes", None));
    let error = run.error();
    assert_eq!((error.code, error.cause), (ErrorCode::NotEnoughShares, Cause::MixedFailures));
    let found = |node| match &error.nodes[&NodeId(node)] {
        NodeReport::Faulty(ResponseFault::UnexpectedDigest { found, .. }) => *found,
        other => panic!("{other:?}"),
    };
    assert_eq!((found(1), found(2)), (Some(Digest([8; 32])), None));
    let right = shares(4, &HOLDERS, DIGEST, 1);
    let mut run = Run::with(4, ResponseStrategy::MostCommon, expected);
    for node in HOLDERS {
        run.ok(node, executed("yes", Some(part(&right, node))));
    }
    assert_eq!(run.success().signatures[NAME].digest, DIGEST);
}

#[test]
fn malformed_answers_are_faults_and_asked_for_again() {
    let mut run = Run::new(4);
    let other = reply(RequestId([1; 32]), Ok(executed("yes", None)));
    let handshake = Handshake { node: NodeId(3), challenge: [0; 32], epoch: Epoch(1), latest_block: 1 };
    run.bytes(1, b"\xff\xff\xff");
    run.bytes(2, &other);
    run.bytes(3, &wire::encode(&Response::Handshake(handshake)));
    let long = vec![0; crate::api::RESPONSE_BYTES_MAX + 1];
    run.bytes(4, &long);
    let reports = run.op.reports();
    assert!(matches!(reports[&NodeId(1)], NodeReport::Faulty(ResponseFault::Undecodable(_))));
    assert_eq!(reports[&NodeId(2)], NodeReport::Faulty(ResponseFault::WrongRequest(RequestId([1; 32]))));
    assert_eq!(reports[&NodeId(3)], NodeReport::Faulty(ResponseFault::WrongKind));
    assert!(matches!(reports[&NodeId(4)], NodeReport::Faulty(ResponseFault::Undecodable(_))));
    assert_eq!(run.pass(150), [1, 2, 3, 4]);
    for node in 1..=3 {
        run.ok(node, executed("yes", None));
    }
    assert_eq!(run.success().response, "yes");
}

#[test]
fn two_signatures_of_one_name_or_too_many_are_faults() {
    let shares = shares(4, &HOLDERS, DIGEST, 1);
    let mut twice = executed("yes", Some(part(&shares, 1)));
    twice.signatures.push(twice.signatures[0].clone());
    let mut run = Run::new(4);
    run.ok(1, twice.clone());
    let mut many = twice;
    let first = many.signatures[0].clone();
    many.signatures = (0..=SIGNATURES_MAX).map(|i| SignaturePart { name: i.to_string(), ..first.clone() }).collect();
    run.ok(2, many);
    let nodes = &run.error().nodes;
    assert_eq!(nodes[&NodeId(1)], NodeReport::Faulty(ResponseFault::DuplicateName(NAME.into())));
    assert_eq!(nodes[&NodeId(2)], NodeReport::Faulty(ResponseFault::TooManySignatures(SIGNATURES_MAX + 1)));
}

#[test]
fn parts_that_do_not_belong_together_are_a_fault() {
    let shares_of = |digest| shares(4, &HOLDERS, digest, 1);
    let mut run = Run::new(4);
    let mut mixed = executed("yes", Some(part(&shares_of(DIGEST), 1)));
    mixed.signatures[0].shares.push(part(&shares_of(Digest([8; 32])), 1).clone());
    run.ok(1, mixed);
    let mut none = executed("yes", Some(part(&shares_of(DIGEST), 2)));
    none.signatures[0].shares.clear();
    run.ok(2, none);
    let nodes = &run.error().nodes;
    for node in [1, 2] {
        assert_eq!(nodes[&NodeId(node)], NodeReport::Faulty(ResponseFault::Parts(NAME.into())));
    }
}

#[test]
fn what_a_node_combined_serves_when_a_holder_stays_silent_but_only_if_it_verifies() {
    let shares = shares(4, &HOLDERS, DIGEST, 1);
    // Nodes 2 to 4 answer; the holder 1 signed with its peers and died before it answered the client.
    let mut run = Run::new(4);
    let right = combined(&shares);
    let answer = |node, combined| {
        let mut executed = executed("yes", Some(part(&shares, node)));
        executed.signatures[0].combined = combined;
        executed
    };
    let wrong = combined(&testing::shares(4, &HOLDERS, Digest([8; 32]), 1));
    for node in 2..=4 {
        run.ok(node, answer(node, wrong));
    }
    assert!(run.is_open(), "shares are missing, and what was combined is of another digest");
    assert!(!run.pass(1_000).is_empty(), "the nodes are asked again");
    run.ok(3, answer(3, right));
    assert_eq!(run.success().signatures.len(), 1);
}

#[test]
fn refusal_by_so_many_that_too_few_are_left_gives_their_code_at_once() {
    let mut run = Run::new(4);
    run.refuse(1, ErrorCode::NotAuthorized, "tried this and that");
    assert!(run.is_open());
    run.refuse(2, ErrorCode::NotAuthorized, "tried that and this");
    let error = run.error();
    assert_eq!((error.code, error.cause), (ErrorCode::NotAuthorized, Cause::Refused));
    assert_eq!(error.message(), Some("tried this and that"));
    assert_eq!(error.nodes[&NodeId(3)], NodeReport::Silent);
}

#[test]
fn one_node_cannot_refuse_for_all() {
    let mut run = Run::new(4);
    run.refuse(1, ErrorCode::NotAuthorized, "");
    for node in 2..=4 {
        run.ok(node, executed("yes", None));
    }
    assert_eq!(run.success().response, "yes");
}

#[test]
fn a_mixture_of_failures_gives_a_breakdown() {
    let mut run = Run::new(7);
    run.refuse(1, ErrorCode::JsError, "boom");
    run.refuse(2, ErrorCode::NotAuthorized, "no");
    run.ok(3, executed("yes", None));
    assert!(run.is_open());
    run.refuse(4, ErrorCode::JsError, "boom");
    run.ok(5, executed("yes", None));
    run.ok(6, executed("yes", None));
    assert!(run.is_open(), "the last node may show that the request is at fault");
    run.ok(7, executed("yes", None));
    let text = run.error().to_string();
    assert_eq!(
        text,
        "NotEnoughShares: too many nodes failed (5 of 7 must agree); nodes 1, 4: JsError: boom; \
         nodes 2: NotAuthorized: no; nodes 3, 5, 6, 7: executed"
    );
}

#[test]
fn a_refusal_by_all_who_are_right_is_told_from_the_failure_of_another_kind_that_came_before() {
    let mut run = Run::new(4);
    run.refuse(2, ErrorCode::JsError, "its gateway is down");
    run.refuse(1, ErrorCode::NotAuthorized, "no");
    assert!(run.is_open(), "two of four are lost, but nobody knows for which reason");
    run.refuse(3, ErrorCode::NotAuthorized, "no");
    let error = run.error();
    assert_eq!((error.code, error.cause), (ErrorCode::NotAuthorized, Cause::Refused));
}

#[test]
fn answers_split_in_halves_end_at_once_as_not_enough_shares() {
    let mut run = Run::new(10);
    for node in 1..=8 {
        assert!(run.is_open());
        run.ok(node, executed(if node % 2 == 0 { "a" } else { "b" }, None));
    }
    // Four and four of ten: neither can reach seven with the two that are left.
    let error = run.error();
    assert_eq!((error.code, error.cause), (ErrorCode::NotEnoughShares, Cause::Disagreement));
}

#[test]
fn an_overloaded_or_lagging_node_is_asked_again() {
    let mut run = Run::new(4);
    for node in 1..=3 {
        run.refuse(node, ErrorCode::RateLimitExceeded, "busy");
    }
    run.refuse(4, ErrorCode::WrongEpoch, "I am in epoch 0");
    assert!(run.is_open());
    assert_eq!(run.pass(150), [1, 2, 3, 4]);
    for node in [4, 2, 1] {
        run.ok(node, executed("yes", None));
    }
    assert_eq!(run.success().response, "yes");
}

#[test]
fn a_client_in_the_wrong_epoch_is_told_so_at_once() {
    let mut run = Run::new(4);
    run.refuse(1, ErrorCode::WrongEpoch, "");
    run.refuse(2, ErrorCode::WrongEpoch, "");
    assert_eq!(run.error().code, ErrorCode::WrongEpoch);
}

#[test]
fn a_network_that_stays_overloaded_says_so_in_the_end() {
    let mut run = Run::new(4);
    for round in 1..=40 {
        for node in 1..=4 {
            run.refuse(node, ErrorCode::RateLimitExceeded, "busy");
        }
        run.pass(round * 400);
    }
    assert_eq!((run.error().code, run.error().cause), (ErrorCode::RateLimitExceeded, Cause::Refused));
}

#[test]
fn silence_ends_as_a_timeout_at_the_overall_deadline() {
    let mut run = Run::new(4);
    run.ok(1, executed("yes", None));
    let asked = run.pass(9_999);
    assert!(run.is_open());
    assert_eq!(asked.iter().filter(|&&node| node == 1).count(), 0);
    assert_eq!(asked.iter().filter(|&&node| node == 2).count(), 7, "1.1, 1.2, 1.4, 1.4 ... s apart");
    run.pass(10_000);
    let error = run.error();
    assert_eq!((error.code, error.cause), (ErrorCode::RequestTimeout, Cause::Deadline));
    assert_eq!(error.nodes[&NodeId(1)], NodeReport::Executed);
}

#[test]
fn a_restarting_node_gets_the_same_bytes_again_and_may_answer_then() {
    let mut run = Run::new(4);
    run.ok(1, executed("yes", None));
    run.ok(2, executed("yes", None));
    run.op.on_disconnect(NodeId(3), at(50), &mut run.fx);
    run.op.on_disconnect(NodeId(4), at(60), &mut run.fx);
    assert_eq!(run.pass(155), [3]);
    run.op.on_disconnect(NodeId(3), at(156), &mut run.fx);
    assert_eq!(run.pass(160), [4]);
    run.now = at(200);
    run.ok(3, executed("yes", None));
    assert_eq!(run.success().agreeing.len(), 3);
    let expected: Arc<[u8]> = wire::encode(&crate::api::Request::Execute(Box::new(request()))).into();
    let mut op = Run::new(4).op;
    let mut fx = Vec::new();
    op.tick(at(1_100), &mut fx);
    op.tick(at(1_200), &mut fx);
    assert!(fx.iter().all(|Effect::Send { bytes, .. }| *bytes == expected) && fx.len() == 4);
}

#[test]
fn other_strategies_choose_among_k_answers() {
    let answers = [(1, "a"), (2, "b"), (3, "a")];
    let mut run = Run::with(4, ResponseStrategy::LeastCommon, BTreeMap::new());
    answers.into_iter().for_each(|(node, text)| run.ok(node, executed(text, None)));
    assert_eq!((run.success().response.as_str(), run.success().agreeing.clone()), ("b", [NodeId(2)].into()));

    let longest: fn(&BTreeMap<NodeId, &str>) -> Option<String> =
        |all| all.values().find(|text| text.len() > 1).map(|text| text.to_string());
    let mut run = Run::with(4, ResponseStrategy::Custom(longest), BTreeMap::new());
    answers.into_iter().for_each(|(node, text)| run.ok(node, executed(text, None)));
    assert!(run.is_open(), "the caller waits for more");
    run.ok(4, executed("long", None));
    assert_eq!(run.success().response, "long");

    let mut run = Run::with(4, ResponseStrategy::Custom(|_| None), BTreeMap::new());
    (1..=4).for_each(|node| run.ok(node, executed("a", None)));
    assert_eq!(run.error().cause, Cause::Disagreement);
}

/// How a faulty node answers.
#[derive(Clone, Debug)]
enum Fault {
    Silent,
    Malformed(Vec<u8>),
    OtherResponse,
    WrongShare,
    OtherDigest,
    Refuses,
    NoSignature,
}

fn fault() -> impl Strategy<Value = Fault> {
    prop_oneof![
        Just(Fault::Silent),
        proptest::collection::vec(any::<u8>(), 0..50).prop_map(Fault::Malformed),
        Just(Fault::OtherResponse),
        Just(Fault::WrongShare),
        Just(Fault::OtherDigest),
        Just(Fault::Refuses),
        Just(Fault::NoSignature),
    ]
}

fn misbehave(run: &mut Run, node: u16, fault: &Fault, honest: &ClientShare, other: &ClientShare) {
    match fault {
        Fault::Silent => {}
        Fault::Malformed(bytes) => run.bytes(node, bytes),
        Fault::OtherResponse => run.ok(node, executed("no", Some(honest))),
        Fault::WrongShare => run.ok(node, executed("yes", Some(&spoiled(honest)))),
        Fault::OtherDigest => run.ok(node, executed("yes", Some(other))),
        Fault::Refuses => run.refuse(node, ErrorCode::NotAuthorized, "no"),
        Fault::NoSignature => run.ok(node, executed("yes", None)),
    }
}

proptest! {
    /// 7 nodes, 5 must agree, 2 are faulty in any way; the honest five hold the shares. Answers come in any order.
    #[test]
    fn two_faulty_nodes_of_seven_change_nothing_whatever_the_order(
        order in Just((1u16..=7).collect::<Vec<_>>()).prop_shuffle(),
        bad in Just((1u16..=7).collect::<Vec<_>>()).prop_shuffle(),
        faults in [fault(), fault()],
    ) {
        let bad: BTreeMap<u16, Fault> = bad.into_iter().zip(faults).collect();
        let holders: Vec<u16> = (1..=7).filter(|node| !bad.contains_key(node)).collect();
        let (honest, other) = (shares(7, &holders, DIGEST, 1), shares(7, &holders, Digest([8; 32]), 2));
        let mut run = Run::new(7);
        for node in order {
            match bad.get(&node) {
                Some(fault) => misbehave(&mut run, node, fault, part(&honest, node), part(&other, node)),
                None => run.ok(node, executed("yes", Some(part(&honest, node)))),
            }
        }
        let success = run.success();
        prop_assert_eq!(success.response.as_str(), "yes");
        let signature = &success.signatures[NAME];
        prop_assert_eq!(signature.digest, DIGEST);
        prop_assert!(Toy.verify(signature.scheme, &signature.signature, &public_key(), &DIGEST));
    }

    /// Any number of nodes may lie: what is accepted is still a signature by the right key.
    #[test]
    fn no_number_of_liars_makes_it_accept_a_wrong_signature(faults in proptest::collection::vec(fault(), 4)) {
        let (honest, other) = (shares(4, &HOLDERS, DIGEST, 1), shares(4, &HOLDERS, Digest([8; 32]), 2));
        let mut run = Run::new(4);
        for (node, fault) in (1..).zip(&faults) {
            misbehave(&mut run, node, fault, part(&honest, node), part(&other, node));
        }
        if let Some(Ok(success)) = run.op.outcome() {
            for signature in success.signatures.values() {
                prop_assert!(Toy.verify(signature.scheme, &signature.signature, &public_key(), &signature.digest));
            }
        }
    }

    #[test]
    fn no_bytes_make_it_panic(answers: Vec<(u16, Vec<u8>, u16)>, flips: Vec<(usize, u8)>) {
        let mut run = Run::new(4);
        let mut handshake = HandshakeOp::new([3; 32], network(4), PATIENCE);
        handshake.start(at(0), &mut Vec::new());
        let good = reply(run.op.request(), Ok(executed("yes", Some(part(&shares(4, &HOLDERS, DIGEST, 1), 1)))));
        for (node, bytes, wait_ms) in answers {
            let node = node % 6;
            run.bytes(node, &bytes);
            let mut flipped = good.clone();
            for &(at, bits) in &flips {
                let at = at % flipped.len();
                flipped[at] ^= bits;
            }
            run.bytes(node, &flipped);
            handshake.on_response(NodeId(node), &bytes, run.now, &mut Vec::new());
            let until = run.now.as_millis() + u64::from(wait_ms);
            run.pass(until);
            handshake.tick(run.now, &mut Vec::new());
        }
        run.pass(100_000);
        prop_assert!(!run.is_open());
    }
}
