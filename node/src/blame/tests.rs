//! Evidence convicts whom it should, nobody once a byte is changed, and nobody by keys of its own.

mod ecdsa;
mod reshare;

use group::ff::Field;
use k256::ProjectivePoint;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use std::collections::BTreeMap;

use super::*;
use crate::chain::{BoardEvent, ChainEvent};
use crate::curve::{Bls12381, SecretPolynomial};
use crate::dkg::{Context, Dealing, Dispute, InvalidDealing, KeyCurve, KeygenEvidence, complain, deal, deal_shares};
use crate::id::{Boot, Digest, Epoch, RequestId, SessionId};
use crate::key::{KeyShare, PublicKey};
use crate::signing::tests::keys;
use crate::signing::{
    Announce, Fresh, OpenedEvidence, Opening, PresignOpened, PresignShare, PresignStart, ProposalEvidence, Propose,
    Scheme, Share, ShareEvidence, ShareScalar, SigningEvidence, frost, session_id,
};
use crate::testing::{BOARD, decryption, identity, is_rigid, roster};
use crate::wire::encode;

const REQUEST: RequestId = RequestId([7; 32]);
const DIGEST: Digest = Digest([0x5a; 32]);

fn sign<T: Signable>(body: T, signer: NodeId) -> Signed<T> {
    Signed::new(body, signer, &identity(signer), &mut Meter::default())
}

/// The first attempt at the first key.
fn session() -> SessionId {
    BOARD.session(Epoch(1), 0, 0)
}

/// A chain that has routed this key and opened [`session`].
fn chain(members: u16, key: &PublicKey, more: Vec<ChainEvent>) -> ChainView {
    let opened =
        BoardEvent::SessionOpened { session: session(), index: 0, attempt: 0, close_block: 10, complaint_block: 20 };
    let public_key = key.uncompressed();
    let routed = ChainEvent::KeyRouted { key: key.id(), public_key, key_data: key.data_digest() };
    ChainView::new(roster(members), BOARD, [ChainEvent::Board(opened), routed].into_iter().chain(more))
}

/// A FROST run of the first k holders of a key, as they signed it; `liar` adds one to its share.
struct Run {
    key: PublicKey,
    proposal: Signed<Propose>,
    shares: BTreeMap<NodeId, Signed<Share>>,
}

fn run(members: u16, salt: u8, liar: Option<NodeId>) -> Run {
    let mut rng = ChaCha20Rng::from_seed([salt; 32]);
    let mut meter = Meter::default();
    let dealt: BTreeMap<NodeId, KeyShare> = keys::deal(members, salt);
    let key = dealt[&NodeId(1)].public.clone();
    let holders = key.members[..usize::from(key.threshold)].to_vec();
    let session = session_id(&REQUEST, "sig", (key.id(), key.epoch), Scheme::SchnorrK256Sha256);
    let (mut nonces, mut commitments, mut announcements) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
    for holder in &holders {
        let (own, public) = frost::commit(Scheme::SchnorrK256Sha256, &dealt[holder], &mut rng, &mut meter).unwrap();
        nonces.insert(*holder, own);
        commitments.insert(*holder, public);
        let fresh = Fresh::Nonces(Box::new(public));
        let (coordinator_boot, boot) = (Boot(0), Boot(0));
        let body = Announce { session, attempt: 0, coordinator_boot, turn: 0, boot, serial: 0, digest: DIGEST, fresh };
        announcements.push(sign(body, *holder));
    }
    let proposal = sign(Propose { session, attempt: 0, presignature: None, announcements }, NodeId(1));
    let run = frost::Run::new(Scheme::SchnorrK256Sha256, &key, &DIGEST, &commitments, &mut meter).unwrap();
    let share = |(holder, own)| {
        let mut scalar = run.sign(own, &dealt[&holder], &mut meter).unwrap();
        if liar == Some(holder) {
            scalar += k256::Scalar::ONE;
        }
        let (scheme, proposal) = (Scheme::SchnorrK256Sha256, proposal.body.digest());
        (holder, sign(Share { session, attempt: 0, scheme, proposal, share: ShareScalar(scalar) }, holder))
    };
    let shares = nonces.into_iter().map(share).collect();
    Run { key, proposal, shares }
}

fn share_evidence(run: &Run, holder: NodeId) -> Evidence {
    Evidence::Signing(SigningEvidence::WrongShare(Box::new(ShareEvidence {
        key: run.key.clone(),
        request: REQUEST,
        sig_name: "sig".into(),
        proposal: run.proposal.clone(),
        share: run.shares[&holder].clone(),
        presignature: None,
    })))
}

#[test]
fn a_wrong_frost_share_convicts_its_maker_and_a_right_one_nobody() {
    for members in [4, 7, 10] {
        let run = run(members, 3, Some(NodeId(2)));
        let chain = chain(members, &run.key, Vec::new());
        for holder in run.shares.keys() {
            let judged = verify(&share_evidence(&run, *holder).bytes(), &chain);
            match holder.0 {
                2 => assert_eq!(judged, Ok(Culprit { node: NodeId(2), offence: Offence::WrongShare })),
                _ => assert_eq!(judged, Err(BlameError::NoContradiction("the share is right"))),
            }
        }
    }
    let run = run(4, 3, Some(NodeId(2)));
    is_rigid(&share_evidence(&run, NodeId(2)), &chain(4, &run.key, Vec::new()));
}

#[test]
fn a_right_share_is_not_made_wrong_by_another_key_session_or_proposal() {
    let (right, other) = (run(4, 3, None), run(4, 4, None));
    let foreign = PublicKey { point: other.key.point, commitments: other.key.commitments.clone(), ..right.key.clone() };
    let evidence = |change: &dyn Fn(&mut ShareEvidence)| {
        let Evidence::Signing(SigningEvidence::WrongShare(mut evidence)) = share_evidence(&right, NodeId(2)) else {
            panic!("evidence of a share");
        };
        change(&mut evidence);
        Evidence::Signing(SigningEvidence::WrongShare(evidence)).bytes()
    };
    let ours = chain(4, &right.key, Vec::new());
    let keys = evidence(&|e| e.key = foreign.clone());
    assert_eq!(verify(&keys, &ours), Err(BlameError::UnknownKey), "keys of its own prove nothing");
    let both = chain(4, &foreign, Vec::new());
    let unrelated = BlameError::Unrelated("a proposal of another key or request");
    assert_eq!(verify(&keys, &both), Err(unrelated.clone()), "nor does a routed key that the share is not of");
    assert_eq!(verify(&evidence(&|e| e.sig_name.push('2')), &ours), Err(unrelated));
    let proposal = evidence(&|e| e.proposal = other.proposal.clone());
    assert_eq!(verify(&proposal, &ours), Err(BlameError::Unrelated("a share of another proposal")));
    let unrouted = ChainView::new(roster(4), BOARD, []);
    assert_eq!(verify(&evidence(&|_| ()), &unrouted), Err(BlameError::UnknownKey));
}

#[test]
fn two_proposals_of_the_same_nonces_convict_their_coordinator_only() {
    let first = run(4, 3, None);
    let chain = chain(4, &first.key, Vec::new());
    let mut second = first.proposal.body.clone();
    let mut own = second.announcements[0].body.clone();
    own.turn = 1;
    second.announcements[0] = sign(own, NodeId(1));
    let pair = |a: &Signed<Propose>, b: &Signed<Propose>| {
        Evidence::Signing(SigningEvidence::TwoProposals(Box::new([a.clone(), b.clone()])))
    };
    let evidence = pair(&first.proposal, &sign(second.clone(), NodeId(1)));
    let culprit = Culprit { node: NodeId(1), offence: Offence::TwoProposals };
    assert_eq!(verify(&evidence.bytes(), &chain), Ok(culprit));
    is_rigid(&evidence, &chain);
    let none = Err(BlameError::NoContradiction("the proposals have no nonces in common, or are one"));
    assert_eq!(verify(&pair(&first.proposal, &first.proposal).bytes(), &chain), none);
    let unrelated = Err(BlameError::Unrelated("proposals of two coordinators"));
    assert_eq!(verify(&pair(&first.proposal, &sign(second.clone(), NodeId(3))).bytes(), &chain), unrelated);
    let forged = Signed { signer: NodeId(1), ..sign(second, NodeId(3)) };
    assert_eq!(verify(&pair(&first.proposal, &forged).bytes(), &chain), Err(BlameError::Unsigned(NodeId(1))));
}

#[test]
fn whoever_passes_on_forgeries_is_convicted_and_not_the_one_in_whose_name_they_are() {
    let run = run(4, 3, None);
    let chain = chain(4, &run.key, Vec::new());
    let of_epoch = |body: Propose, epoch| {
        let (key, sig_name, scheme) = ((run.key.id(), epoch), "sig".into(), Scheme::SchnorrK256Sha256);
        let proposal = sign(body, NodeId(1));
        let evidence = ProposalEvidence { key, request: REQUEST, sig_name, scheme, proposal };
        Evidence::Signing(SigningEvidence::ForgedAnnouncement(Box::new(evidence)))
    };
    let evidence = |body: Propose| of_epoch(body, run.key.epoch);
    let none = Err(BlameError::NoContradiction("all announcements are signed"));
    assert_eq!(verify(&evidence(run.proposal.body.clone()).bytes(), &chain), none);
    let mut forged = run.proposal.body.clone();
    forged.announcements[1].body.digest = Digest([1; 32]);
    let culprit = Culprit { node: NodeId(1), offence: Offence::ForgedAnnouncement };
    assert_eq!(verify(&evidence(forged.clone()).bytes(), &chain), Ok(culprit));
    is_rigid(&evidence(forged.clone()), &chain);
    let other = BlameError::Unrelated("a proposal of another epoch");
    assert_eq!(verify(&of_epoch(forged.clone(), Epoch(2)).bytes(), &chain), Err(other));
    let members = roster(4).iter().map(|(id, member)| (id, member.clone())).collect();
    let next = ChainView::new(Roster::numbered(Epoch(2), 3, members).expect("it fits"), BOARD, []);
    let unrelated = BlameError::Unrelated("a proposal of another key or request");
    assert_eq!(verify(&of_epoch(forged, Epoch(2)).bytes(), &next), Err(unrelated), "the session's name has its epoch");
    let mut foreign = run.proposal.body.clone();
    foreign.announcements[1].signer = NodeId(5);
    let judged = verify(&evidence(foreign).bytes(), &chain);
    assert_eq!(judged, Err(BlameError::Stranger(NodeId(5))), "a validator of another epoch, perhaps");

    let opening = Opening { w: k256::Scalar::ONE, u: k256::Scalar::ONE, v: k256::Scalar::ONE };
    let holders = run.key.members[..3].to_vec();
    let (key, epoch, leader) = (run.key.id(), run.key.epoch, NodeId(1));
    let start = PresignStart { key, epoch, leader, holders, batch: 1, sealed: None, nonce: 0, product: 1 };
    let share = PresignShare { presignature: start.digest(), opening };
    let opened = |openings| {
        let opened = sign(PresignOpened { presignature: start.digest(), openings }, NodeId(1));
        Evidence::Signing(SigningEvidence::ForgedOpening(Box::new(OpenedEvidence { start: start.clone(), opened })))
    };
    let honest = opened(vec![sign(share.clone(), NodeId(2))]);
    let none = Err(BlameError::NoContradiction("all opened values are signed"));
    assert_eq!(verify(&honest.bytes(), &chain), none);
    let forged = opened(vec![Signed { signer: NodeId(3), ..sign(share, NodeId(2)) }]);
    let culprit = Culprit { node: NodeId(1), offence: Offence::ForgedOpening };
    assert_eq!(verify(&forged.bytes(), &chain), Ok(culprit));
    is_rigid(&forged, &chain);
    let another = BlameError::Unrelated("values of another epoch");
    assert_eq!(verify(&forged.bytes(), &next), Err(another));
}

/// A dealing of node 2 for [`session`], whose share for node 3 is off by one if it is `bad`.
fn dealing<P: KeyCurve>(seed: u8, bad: bool) -> Dealing<P> {
    let (roster, mut meter) = (roster(4), Meter::default());
    let mut rng = ChaCha20Rng::from_seed([seed; 32]);
    let context = Context::new(session(), &roster, &mut meter);
    let polynomial = SecretPolynomial::<P>::random(3, &mut rng);
    if !bad {
        return deal(&context, &roster, NodeId(2), &polynomial, &mut rng, &mut meter);
    }
    let share = |member: NodeId| match member.0 {
        3 => polynomial.evaluate(member) + P::Scalar::ONE,
        _ => polynomial.evaluate(member),
    };
    deal_shares(&context, &roster, NodeId(2), &polynomial, share, &mut rng, &mut meter)
}

#[test]
fn two_dealings_or_an_invalid_one_convict_their_dealer() {
    dealings_convict::<ProjectivePoint>();
    dealings_convict::<Bls12381>();
}

fn dealings_convict<P: KeyCurve>() {
    let dealing = dealing::<P>;
    let chain = chain(4, &run(4, 3, None).key, Vec::new());
    let two = |a, b| P::evidence(KeygenEvidence::TwoDealings(Box::new([sign(a, NodeId(2)), sign(b, NodeId(2))])));
    let evidence = two(dealing(1, false), dealing(2, false));
    let culprit = Culprit { node: NodeId(2), offence: Offence::TwoDealings };
    assert_eq!(verify(&evidence.bytes(), &chain), Ok(culprit));
    is_rigid(&evidence, &chain);
    let one = two(dealing(1, false), dealing(1, false));
    assert_eq!(verify(&one.bytes(), &chain), Err(BlameError::NoContradiction("it is one dealing")));
    assert_eq!(verify(&evidence.bytes(), &ChainView::new(roster(4), BOARD, [])), Err(BlameError::UnknownSession));

    let invalid = |dealing| {
        let dealing = sign(dealing, NodeId(2));
        P::evidence(KeygenEvidence::InvalidDealing(Box::new(InvalidDealing { dealing, from: None })))
    };
    let valid = verify(&invalid(dealing(1, false)).bytes(), &chain);
    assert_eq!(valid, Err(BlameError::NoContradiction("the dealing is valid")));
    let mut wrong = dealing(1, false);
    wrong.proof = dealing(2, false).proof;
    let culprit = Culprit { node: NodeId(2), offence: Offence::InvalidDealing };
    assert_eq!(verify(&invalid(wrong.clone()).bytes(), &chain), Ok(culprit));
    is_rigid(&invalid(wrong), &chain);
}

#[test]
fn a_complaint_convicts_the_dealer_or_if_it_stands_on_the_board_its_maker() {
    complaints_convict::<ProjectivePoint>();
    complaints_convict::<Bls12381>();
}

fn complaints_convict<P: KeyCurve>() {
    let key = run(4, 3, None).key;
    let (roster, mut meter) = (roster(4), Meter::default());
    let context = Context::new(session(), &roster, &mut meter);
    let dispute = |dealing: Dealing<P>, complaint: Vec<u8>| {
        let dealing = sign(dealing, NodeId(2));
        P::evidence(KeygenEvidence::Dispute(Box::new(Dispute { dealing, from: None, accuser: NodeId(3), complaint })))
    };
    let mut complaint = |dealing: &Dealing<P>| {
        let made = complain(&context, &roster, dealing, NodeId(3), &decryption(NodeId(3)), &mut meter);
        encode(&made.unwrap())
    };
    let bad = dealing(1, true);
    let evidence = dispute(bad.clone(), complaint(&bad));
    let plain = chain(4, &key, Vec::new());
    let culprit = Culprit { node: NodeId(2), offence: Offence::BadShare };
    assert_eq!(verify(&evidence.bytes(), &plain), Ok(culprit));
    is_rigid(&evidence, &plain);

    let good = dealing(1, false);
    let complaint = complaint(&good);
    let evidence = dispute(good.clone(), complaint.clone());
    assert_eq!(verify(&evidence.bytes(), &plain), Err(BlameError::NoComplaint), "anybody can make bytes");
    let posted = BoardEvent::DealingDisputed {
        session: session(),
        dealer: NodeId(2),
        digest: good.digest(),
        accuser: NodeId(3),
        complaint,
    };
    let shown = chain(4, &key, vec![ChainEvent::Board(posted)]);
    let culprit = Culprit { node: NodeId(3), offence: Offence::FalseComplaint };
    assert_eq!(verify(&evidence.bytes(), &shown), Ok(culprit));
    is_rigid(&evidence, &shown);
}
