//! Lies of dealers, over either curve.

use lit_node::curve::{Bls12381, SecretPolynomial};
use lit_node::dkg::{Flaw, KeyCurve};
use lit_node::wire::Signable;

use super::*;

/// The liar's dealing of a polynomial of its own.
fn own<P: KeyCurve>(session: SessionId) -> Dealing<P> {
    of(ME, session)
}

fn of<P: KeyCurve>(dealer: NodeId, session: SessionId) -> Dealing<P> {
    let mut rng = ChaCha20Rng::from_seed([dealer.0 as u8; 32]);
    let polynomial = SecretPolynomial::random(3, &mut rng);
    dkg::deal(&context_of(session), &roster(), dealer, &polynomial, &mut rng, &mut Meter::default())
}

fn context_of<P: KeyCurve>(session: SessionId) -> Context<P> {
    Context::new(session, &roster(), &mut Meter::default())
}

fn verdict<P: KeyCurve>(dealing: &Dealing<P>) -> Result<(), Flaw> {
    dealing.verify_public(&context_of(dealing.session), &Memo::shared(), &mut Meter::default())
}

fn as_statement<P: KeyCurve>(dealing: Dealing<P>) -> Statement {
    P::statement(dkg::Message::Dealing(Box::new(dealing)))
}

/// The one dealing among what was said.
fn dealing_in<P: KeyCurve>(said: &[Statement]) -> Dealing<P> {
    match said.iter().map(P::message).collect::<Vec<_>>()[..] {
        [Some(dkg::Message::Dealing(dealing))] => (**dealing).clone(),
        _ => panic!("one dealing: {said:?}"),
    }
}

#[test]
fn an_equivocator_gives_its_victims_another_dealing_that_is_valid_too() {
    equivocates::<ProjectivePoint>();
    equivocates::<Bls12381>();
}

fn equivocates<P: KeyCurve>() {
    let mut liar = Liar::on("equivocate = { node = 2 }");
    let first = as_statement(own::<P>(SESSION));
    assert_eq!(liar.say(1, first.clone()), std::slice::from_ref(&first));
    let said = liar.say(3, first.clone());
    let second = dealing_in::<P>(&said);
    assert!(second != own::<P>(SESSION) && verdict(&second).is_ok());
    assert!(second.open_share(&context_of(SESSION), NodeId(3), &decryption(NodeId(3)), &mut Meter::default()).is_ok());
    assert_eq!(liar.say(3, first), said, "the same one again");
    assert_eq!(liar.say(3, ack(1)), [ack(1)]);
}

#[test]
fn a_bad_dealers_dealing_is_publicly_right_and_wrong_for_its_victims_only() {
    deals_badly::<ProjectivePoint>();
    deals_badly::<Bls12381>();
}

fn deals_badly<P: KeyCurve>() {
    for mode in ["", ", undecryptable = true"] {
        let mut liar = Liar::on(&format!("wrong_share = {{ node = 2, aim = {{ victims = [3] }}{mode} }}"));
        let dealing = P::dealt(&mut *liar.conduct, own(SESSION));
        assert_eq!(verdict(&dealing), Ok(()));
        for id in [1, 2, 3, 4].map(NodeId) {
            let opened = dealing.open_share(&context_of(SESSION), id, &decryption(id), &mut Meter::default());
            assert_eq!(opened.is_ok(), id != NodeId(3), "{id} {mode}");
        }
        assert!(liar.acted());
    }
}

#[test]
fn wrong_commitments_and_proofs_are_seen_by_everybody() {
    for (what, flaw) in [
        ("wrong_commitment = { node = 2 }", Flaw::Proof),
        ("wrong_proof = { node = 2 }", Flaw::Proof),
        ("wrong_proof = { node = 2, ephemeral = true }", Flaw::EphemeralProof),
    ] {
        is_seen::<ProjectivePoint>(what, flaw);
        is_seen::<Bls12381>(what, flaw);
    }
}

fn is_seen<P: KeyCurve>(what: &str, flaw: Flaw) {
    let mut liar = Liar::on(what);
    let dealing = P::dealt(&mut *liar.conduct, own(SESSION));
    assert_eq!(verdict(&dealing), Err(flaw), "{what}");
    assert!(liar.acted());
}

#[test]
fn a_stolen_ephemeral_key_has_no_proof_that_it_is_the_thiefs() {
    is_stolen::<ProjectivePoint>();
    is_stolen::<Bls12381>();
}

fn is_stolen<P: KeyCurve>() {
    for (theft, shift) in [("copied", Scalar::ZERO), ("shifted", Scalar::ONE)] {
        let mut liar = Liar::on(&format!("rush = {{ node = 2, ephemeral = \"{theft}\" }}"));
        let (right, victims) = (own::<P>(SESSION), [NodeId(3), NodeId(4)].map(|dealer| of::<P>(dealer, SESSION)));
        assert!(liar.say(1, as_statement(right.clone())).is_empty(), "it waits");
        let [first, second] = victims.clone().map(as_statement);
        assert!(liar.conduct.inbound(NodeId(3), &first).is_empty());
        let said: Vec<_> = liar.conduct.inbound(NodeId(4), &second).into_iter().map(|(_, said)| said).collect();
        let dealing = dealing_in::<P>(&said);
        let expected = *victims[0].ephemeral.point() + ProjectivePoint::GENERATOR * shift;
        assert_eq!(*dealing.ephemeral.point(), expected, "{theft}");
        assert_eq!((verdict(&dealing), verdict(&right)), (Err(Flaw::EphemeralProof), Ok(())), "{theft}");
        assert_eq!((&dealing.commitments, dealing.dealer), (&right.commitments, ME), "the rest is its own");
        assert!(liar.acted());
    }
}

#[test]
fn a_spoofer_deals_the_networks_key_in_another_name_too() {
    let said = Liar::on("spoof = { node = 2, member = 3 }").say(1, as_statement(own::<Bls12381>(SESSION)));
    assert_eq!(dealing_in::<Bls12381>(&said).dealer, NodeId(3));
}

#[test]
fn a_stale_proof_is_right_in_the_first_key_generation_and_only_there() {
    let mut liar = Liar::on("stale_proof = { node = 2 }");
    let memo = Memo::shared();
    let mut deal_in = |session: SessionId| {
        let context = Context::new(session, &roster(), &mut Meter::default());
        let dealing = liar.conduct.deal(Dealing { session, ..own_dealing() });
        let verdict = dealing.verify_public(&context, &memo, &mut Meter::default());
        (dealing, verdict)
    };
    let (first, verdict) = deal_in(SESSION);
    assert_eq!(verdict, Ok(()));
    let (again, verdict) = deal_in(SessionId([2; 32]));
    assert_eq!(verdict, Err(Flaw::Proof));
    assert_eq!((&first.commitments, &first.proof), (&again.commitments, &again.proof));
    assert_ne!(first.ciphertexts, again.ciphertexts);
}

#[test]
fn who_denies_receipt_acknowledges_nothing_and_asks_so_often_for_what_it_holds() {
    denies::<ProjectivePoint>();
    denies::<Bls12381>();
}

fn denies<P: KeyCurve>() {
    let mut liar = Liar::on("deny_receipt = { node = 2, times = 2, aim = { victims = [1, 3] } }");
    let dealing = of::<P>(NodeId(3), SESSION);
    let (session, dealer, digest) = (SESSION, NodeId(3), dealing.digest());
    let given = as_statement(dealing);
    let question = P::statement(dkg::Message::Fetch { session, dealer, digest });
    for expected in [vec![(NodeId(3), question.clone())], vec![(NodeId(3), question)], Vec::new()] {
        assert_eq!(liar.conduct.inbound(NodeId(3), &given), expected);
    }
    assert_eq!(liar.conduct.inbound(NodeId(4), &given), [], "no victim");
    let ack = P::statement(dkg::Message::Ack(Ack { session, dealer, digest }));
    assert_eq!(liar.say(1, ack.clone()), []);
    assert_eq!(liar.say(4, ack.clone()), [ack]);
    let own = as_statement(own::<P>(SESSION));
    assert_eq!(liar.say(1, own.clone()), [own], "it deals like everybody");
}
