//! Lies of those who sign.

use lit_node::signing::{CombinedSignature, Finished, NonceCommitments, PresignStart};

use super::*;

/// What a node says that leads a presignature and announces itself for FROST.
pub(super) fn statements() -> [Statement; 2] {
    [start(), Statement::Signing(Message::Announce(announcement()))]
}

fn start() -> Statement {
    let holders = [1, 2, 3].map(NodeId).to_vec();
    let (key, epoch, leader) = (KeyId([2; 32]), Epoch(1), ME);
    let start = PresignStart { key, epoch, leader, holders, batch: 1, sealed: None, nonce: 4, product: 5 };
    Statement::Signing(Message::PresignStart(start))
}

fn announcement() -> Announce {
    let point = ProjectivePoint::GENERATOR;
    let fresh = Fresh::Nonces(Box::new(NonceCommitments { hiding: point, binding: point }));
    Announce { fresh, ..proposal().announcements[1].body.clone() }
}

#[test]
fn shares_and_opened_values_are_changed_for_victims_only() {
    let mut liar = Liar::on("bad_sig_share = { node = 2, aim = { victims = [1] } }");
    assert_eq!(liar.say(3, share(1)), [share(1)]);
    assert_eq!(liar.say(1, share(1)), [share(2)]);
    assert_ne!(liar.say(1, opening()), [opening()]);
    assert_eq!(liar.say(1, ack(1)), [ack(1)]);
    assert!(liar.acted());
}

#[test]
fn of_a_presignature_the_value_that_is_named_is_wrong_and_no_other() {
    let values = |statement: &Statement| match statement {
        Statement::Signing(Message::PresignShare(PresignShare { opening, .. })) => [opening.w, opening.u, opening.v],
        other => panic!("opened values: {other:?}"),
    };
    for (value, wrong) in [("w", 0), ("u", 1), ("v", 2)] {
        let said = Liar::on(&format!("bad_sig_share = {{ node = 2, value = \"{value}\" }}")).say(1, opening());
        for (at, (was, is)) in values(&opening()).iter().zip(values(&said[0])).enumerate() {
            assert_eq!(*was != is, at == wrong, "{value}");
        }
    }
}

#[test]
fn a_wrong_start_names_the_triples_the_other_way_round_or_another_holder_to_the_last_holder() {
    let started = |what: &str, to: u16| match &Liar::on(what).say(to, start())[..] {
        [Statement::Signing(Message::PresignStart(start))] => start.clone(),
        other => panic!("a start: {other:?}"),
    };
    let right = started("silent = { node = 2 }", 2);
    assert_eq!(started("wrong_start = { node = 2 }", 1), right, "the last holder is node 3");
    let other = started("wrong_start = { node = 2 }", 3);
    assert_eq!((other.nonce, other.product, &other.holders), (5, 4, &right.holders));
    let other = started("wrong_start = { node = 2, holders = true }", 3);
    assert_eq!((other.nonce, other.holders), (4, [2, 3, 4].map(NodeId).to_vec()));
    assert_eq!(started("wrong_start = { node = 2, aim = { victims = [1] } }", 3), right);
}

#[test]
fn who_announces_nonces_that_it_does_not_have_gives_every_other_holder_a_share_of_them() {
    let mut liar = Liar::on("wrong_nonces = { node = 2 }");
    let said = liar.say(1, Statement::Signing(Message::Announce(announcement())));
    let [Statement::Signing(Message::Announce(other))] = &said[..] else { panic!("{said:?}") };
    assert_ne!(other.fresh, announcement().fresh);
    let mut propose = Propose { presignature: None, ..proposal() };
    let in_answer = |liar: &mut Liar, propose: &Propose| {
        liar.conduct.inbound(NodeId(1), &Statement::Signing(Message::Propose(propose.clone())))
    };
    assert_eq!(in_answer(&mut liar, &propose), [], "not of what it announced");
    assert!(!liar.acted());
    propose.announcements[1].body = other.clone();
    let shares = in_answer(&mut liar, &propose);
    let answers = |(_, said): &(NodeId, Statement)| {
        matches!(
            said, Statement::Signing(Message::Share(share)) if share.proposal == lit_node::wire::Signable::digest(&propose)
        )
    };
    assert!(shares.iter().all(answers) && liar.acted());
    assert_eq!(shares.iter().map(|(to, _)| to.0).collect::<Vec<_>>(), [1, 1, 3, 3], "of each scheme");
}

#[test]
fn who_denies_receipt_announces_itself_again_to_whoever_tells_it_the_signature() {
    let mut liar = Liar::on("deny_receipt = { node = 2, times = 1 }");
    let announce = Statement::Signing(Message::Announce(announcement()));
    let point = ProjectivePoint::GENERATOR;
    let (session, proposal, holders) = (announcement().session, Digest([9; 32]), [1, 3, 4].map(NodeId).to_vec());
    let signature = CombinedSignature::Schnorr { r: point, z: Scalar::ONE };
    let finished = Finished { session, attempt: 0, proposal, holders, nonce: point, signature };
    let finished = Statement::Signing(Message::Finished(Box::new(finished)));
    assert_eq!(liar.conduct.inbound(NodeId(3), &finished), [], "it has announced nothing");
    assert_eq!(liar.say(1, announce.clone()), std::slice::from_ref(&announce));
    assert_eq!(liar.conduct.inbound(NodeId(3), &finished), [(NodeId(3), announce)]);
    assert_eq!(liar.conduct.inbound(NodeId(3), &finished), [], "once");
}
