//! Resharing: dealings of old holders are judged by the old key, and old holders are convicted by their old names.

use super::*;
use crate::dkg::Handover;
use crate::roster::Roster;
use std::rc::Rc;

/// The new set is validators 1 to 4 of epoch 1; the old one has seven of epoch 0, so nodes 5 to 7 are old-only.
struct Scene<P: KeyCurve> {
    from: Rc<Handover<P>>,
    polynomial: SecretPolynomial<P>,
    context: Context<P>,
}

/// Old-only, so not in the roster of the chain that judges.
const DEALER: NodeId = NodeId(6);

fn scene<P: KeyCurve>() -> Scene<P> {
    let polynomial = SecretPolynomial::<P>::random(5, &mut ChaCha20Rng::from_seed([8; 32]));
    let holders = roster(7);
    let members = holders.iter().map(|(id, member)| (id, member.clone())).collect();
    let holders = Roster::numbered(Epoch(0), 5, members).expect("it fits");
    let commitments = polynomial.commit();
    let (point, members) = (commitments[0], holders.ids().collect());
    let public = PublicKey { epoch: Epoch(0), threshold: 5, point, commitments, members };
    let from = Rc::new(Handover { roster: holders, public });
    let context = Context::handover(session(), &roster(4), Rc::clone(&from), &mut Meter::default());
    Scene { from, polynomial, context }
}

impl<P: KeyCurve> Scene<P> {
    /// What the dealer deals: its share plus `shift`, with a share for node 3 that is off by one if it is `bad`.
    fn dealing(&self, seed: u8, shift: P::Scalar, bad: bool) -> Dealing<P> {
        let mut rng = ChaCha20Rng::from_seed([seed; 32]);
        let constant = self.polynomial.evaluate(DEALER) + shift;
        let polynomial = SecretPolynomial::<P>::sharing(constant, 3, &mut rng);
        let share = |id| match bad && id == NodeId(3) {
            true => polynomial.evaluate(id) + P::Scalar::ONE,
            false => polynomial.evaluate(id),
        };
        deal_shares(&self.context, &roster(4), DEALER, &polynomial, share, &mut rng, &mut Meter::default())
    }

    fn invalid(&self, dealing: Dealing<P>) -> Evidence {
        let (dealing, from) = (sign(dealing, DEALER), Some(self.from.public.clone()));
        P::evidence(KeygenEvidence::InvalidDealing(Box::new(InvalidDealing { dealing, from })))
    }

    fn dispute(&self, dealing: Dealing<P>) -> (Evidence, BoardEvent) {
        let (me, meter) = (NodeId(3), &mut Meter::default());
        let complaint = complain(&self.context, &roster(4), &dealing, me, &decryption(me), meter);
        let complaint = encode(&complaint.expect("a member"));
        let (session, dealer, digest, accuser) = (session(), DEALER, dealing.digest(), me);
        let posted = BoardEvent::DealingDisputed { session, dealer, digest, accuser, complaint: complaint.clone() };
        let (dealing, from) = (sign(dealing, DEALER), Some(self.from.public.clone()));
        let dispute = Dispute { dealing, from, accuser: me, complaint };
        (P::evidence(KeygenEvidence::Dispute(Box::new(dispute))), posted)
    }

    /// A chain that has routed the old key and opened the session, before it says what the session is for.
    fn opened(&self, more: Vec<ChainEvent>) -> ChainView {
        let (key, key_data) = (self.from.public.id(), self.from.public.data_digest());
        let routed = ChainEvent::NetworkKeyRouted { key, public_key: [0; 48], key_data };
        let opened = BoardEvent::SessionOpened {
            session: session(),
            index: 0,
            attempt: 0,
            close_block: 10,
            complaint_block: 20,
        };
        ChainView::new(roster(4), BOARD, [ChainEvent::Board(opened), routed].into_iter().chain(more))
    }

    fn chain(&self, more: Vec<ChainEvent>) -> ChainView {
        self.opened(more).handing_over(session(), self.from.public.id(), self.from.roster.clone())
    }
}

/// Runs a check over secp256k1 and over BLS12-381.
macro_rules! over_both_curves {
    ($check:ident) => {{
        $check::<ProjectivePoint>();
        $check::<Bls12381>();
    }};
}

fn honest<P: KeyCurve>() {
    let scene = scene::<P>();
    let dealing = scene.dealing(1, P::Scalar::ZERO, false);
    let chain = scene.chain(Vec::new());
    let valid = Err(BlameError::NoContradiction("the dealing is valid"));
    assert_eq!(verify(&scene.invalid(dealing.clone()).bytes(), &chain), valid);
    let bare = P::evidence(KeygenEvidence::InvalidDealing(Box::new(InvalidDealing {
        dealing: sign(dealing.clone(), DEALER),
        from: None,
    })));
    let refused = Err(BlameError::Unrelated("a resharing without the key that it hands over"));
    assert_eq!(verify(&bare.bytes(), &chain), refused, "as the dealing of a new key it would be wrong");
    // By the public shares of another sharing of the very same key the dealer's first commitment looks wrong.
    let mut other = scene.from.public.clone();
    let constant = scene.polynomial.evaluate(NodeId(0));
    other.commitments = SecretPolynomial::<P>::sharing(constant, 5, &mut ChaCha20Rng::from_seed([9; 32])).commit();
    let own_keys = P::evidence(KeygenEvidence::InvalidDealing(Box::new(InvalidDealing {
        dealing: sign(dealing.clone(), DEALER),
        from: Some(other),
    })));
    assert_eq!(verify(&own_keys.bytes(), &chain), Err(BlameError::UnknownKey));
    // A third party that takes the session for the generation of a new key finds a stranger, and convicts nobody.
    let unaware = scene.opened(Vec::new());
    assert_eq!(verify(&scene.invalid(dealing).bytes(), &unaware), Err(BlameError::Stranger(DEALER)));
}

#[test]
fn an_honest_dealing_of_an_old_holder_convicts_nobody_by_whatever_key() {
    over_both_curves!(honest);
}

fn lies<P: KeyCurve>() {
    let scene = scene::<P>();
    let (none, one) = (P::Scalar::ZERO, P::Scalar::ONE);
    let chain = scene.chain(Vec::new());
    let convicts = |evidence: &Evidence, chain: &ChainView, node, offence| {
        assert_eq!(verify(&evidence.bytes(), chain), Ok(Culprit { node, offence }));
        is_rigid(evidence, chain);
    };
    convicts(&scene.invalid(scene.dealing(1, one, false)), &chain, DEALER, Offence::InvalidDealing);
    let two = [1, 2].map(|seed| sign(scene.dealing(seed, none, false), DEALER));
    convicts(&P::evidence(KeygenEvidence::TwoDealings(Box::new(two))), &chain, DEALER, Offence::TwoDealings);
    let (bad, _) = scene.dispute(scene.dealing(1, none, true));
    convicts(&bad, &chain, DEALER, Offence::BadShare);
    let (false_complaint, posted) = scene.dispute(scene.dealing(1, none, false));
    assert_eq!(verify(&false_complaint.bytes(), &chain), Err(BlameError::NoComplaint));
    let shown = scene.chain(vec![ChainEvent::Board(posted)]);
    convicts(&false_complaint, &shown, NodeId(3), Offence::FalseComplaint);
}

#[test]
fn an_old_holder_that_lies_and_a_new_one_that_accuses_falsely_are_convicted() {
    over_both_curves!(lies);
}

#[test]
fn a_session_of_another_epoch_is_unknown_to_this_set() {
    // The same validators one epoch on: what they dealt before would be wrong in the new context.
    let dealing = dealing::<ProjectivePoint>(1, false);
    let dealing = sign(dealing, NodeId(2));
    let evidence = Evidence::Keygen(KeygenEvidence::InvalidDealing(Box::new(InvalidDealing { dealing, from: None })));
    let opened =
        BoardEvent::SessionOpened { session: session(), index: 0, attempt: 0, close_block: 10, complaint_block: 20 };
    let members = roster(4).iter().map(|(id, member)| (id, member.clone())).collect();
    let next = Roster::numbered(Epoch(2), 3, members).expect("it fits");
    let judged =
        |roster| verify(&evidence.bytes(), &ChainView::new(roster, BOARD, [ChainEvent::Board(opened.clone())]));
    assert_eq!(judged(next), Err(BlameError::UnknownSession));
    assert_eq!(judged(roster(4)), Err(BlameError::NoContradiction("the dealing is valid")));
}
