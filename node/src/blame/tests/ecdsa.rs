//! Evidence of presigning and ECDSA signing, judged by the triples that the accused itself has sealed.

use k256::Scalar;
use std::rc::Rc;

use super::*;
use crate::signing::ecdsa::{self, Presign};
use crate::signing::{OpeningEvidence, PresignStart, PresignatureProof};
use crate::triples::{self, Sealed};

/// A signature by the first k of some members, step by step.
struct Steps {
    key: PublicKey,
    start: PresignStart,
    sealed: Sealed,
    openings: Vec<Signed<PresignShare>>,
    proposal: Signed<Propose>,
    shares: BTreeMap<NodeId, Signed<Share>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Lie {
    None,
    Opening(NodeId),
    Share(NodeId),
}

fn steps(members: u16, lie: Lie) -> Steps {
    let (mut rng, mut meter) = (ChaCha20Rng::from_seed([9; 32]), Meter::default());
    let dealt = keys::deal(members, 5);
    let key = dealt[&NodeId(1)].public.clone();
    let holders = key.members[..usize::from(key.threshold)].to_vec();
    let triples = triples::deal(NodeId(1), &holders, 1, 2, &mut rng);
    let sealed = Sealed::of(&triples[&NodeId(1)]);
    let (id, epoch) = (key.id(), key.epoch);
    let start = PresignStart {
        key: id,
        epoch,
        leader: NodeId(1),
        holders: holders.clone(),
        batch: 1,
        sealed: Some(sealed.public),
        nonce: 1,
        product: 0,
    };
    let (mut runs, mut openings) = (Vec::new(), Vec::new());
    for (holder, part) in triples {
        let (nonce, product) = (part.triples[1].clone(), part.triples[0].clone());
        let (run, mut opening) = Presign::begin(start.clone(), Rc::new(dealt[&holder].clone()), nonce, product);
        if lie == Lie::Opening(holder) {
            opening.u += Scalar::ONE;
        }
        runs.push(run);
        let body = PresignShare { presignature: start.digest(), opening };
        openings.push(sign(body, holder));
    }
    let session = session_id(&REQUEST, "sig", (key.id(), key.epoch), Scheme::EcdsaK256);
    let fresh: BTreeMap<NodeId, [u8; 32]> = holders.iter().map(|holder| (*holder, [holder.0 as u8; 32])).collect();
    let announce = |(holder, bytes): (&NodeId, &[u8; 32])| {
        let (coordinator_boot, boot, fresh) = (Boot(0), Boot(0), Fresh::Bytes(*bytes));
        sign(
            Announce { session, attempt: 0, coordinator_boot, turn: 0, boot, serial: 0, digest: DIGEST, fresh },
            *holder,
        )
    };
    let announcements = fresh.iter().map(announce).collect();
    let proposal = sign(Propose { session, attempt: 0, presignature: Some(start.digest()), announcements }, NodeId(1));
    let mut shares = BTreeMap::new();
    for (mut run, holder) in runs.into_iter().zip(holders) {
        for opening in &openings {
            run.accept(opening.signer, opening.body.opening);
        }
        let Ok(presignature) = run.finish(&mut meter) else { continue };
        let signed = ecdsa::Run::sign(presignature, &key, &DIGEST, &Scalar::ZERO, &fresh, &mut meter);
        let (_, mut share) = signed.unwrap();
        if lie == Lie::Share(holder) {
            share += Scalar::ONE;
        }
        let (scheme, proposal, share) = (Scheme::EcdsaK256, proposal.body.digest(), ShareScalar(share));
        shares.insert(holder, sign(Share { session, attempt: 0, scheme, proposal, share }, holder));
    }
    Steps { key, start, sealed, openings, proposal, shares }
}

impl Steps {
    fn chain(&self, members: u16) -> ChainView {
        chain(members, &self.key, Vec::new())
    }

    fn opening(&self, holder: NodeId) -> OpeningEvidence {
        OpeningEvidence {
            key: self.key.clone(),
            start: self.start.clone(),
            opening: self.openings.iter().find(|opening| opening.signer == holder).unwrap().clone(),
            sealed: self.sealed.by(holder, &mut Meter::default()).unwrap(),
        }
    }

    fn share(&self, holder: NodeId) -> ShareEvidence {
        let sealed = self.sealed.by(holder, &mut Meter::default()).unwrap();
        let (start, openings) = (self.start.clone(), self.openings.clone());
        ShareEvidence {
            key: self.key.clone(),
            request: REQUEST,
            sig_name: "sig".into(),
            proposal: self.proposal.clone(),
            share: self.shares[&holder].clone(),
            presignature: Some(Box::new(PresignatureProof { start, openings, sealed })),
        }
    }
}

fn of_opening(evidence: OpeningEvidence) -> Evidence {
    Evidence::Signing(SigningEvidence::WrongOpening(Box::new(evidence)))
}

fn of_share(evidence: ShareEvidence) -> Evidence {
    Evidence::Signing(SigningEvidence::WrongShare(Box::new(evidence)))
}

/// Node 2 lies: evidence against it convicts, until any byte changes, and the same about others convicts nobody.
fn convicts_node_2_only(lie: Lie, offence: Offence, right: &'static str, evidence: fn(&Steps, NodeId) -> Evidence) {
    let liar = NodeId(2);
    for members in [4, 7, 10] {
        let steps = steps(members, lie);
        for holder in &steps.start.holders {
            let wanted = if *holder == liar {
                Ok(Culprit { node: liar, offence })
            } else {
                Err(BlameError::NoContradiction(right))
            };
            assert_eq!(verify(&evidence(&steps, *holder).bytes(), &steps.chain(members)), wanted);
        }
    }
    let steps = steps(4, lie);
    is_rigid(&evidence(&steps, liar), &steps.chain(4));
}

#[test]
fn wrong_opened_values_convict_their_maker_and_right_ones_nobody() {
    let evidence = |steps: &Steps, holder| of_opening(steps.opening(holder));
    convicts_node_2_only(Lie::Opening(NodeId(2)), Offence::WrongOpening, "the opened values are right", evidence);
}

#[test]
fn a_wrong_ecdsa_share_convicts_its_maker_and_a_right_one_nobody() {
    let evidence = |steps: &Steps, holder| of_share(steps.share(holder));
    convicts_node_2_only(Lie::Share(NodeId(2)), Offence::WrongShare, "the share is right", evidence);
}

#[test]
fn right_values_are_not_made_wrong_by_other_triples_another_key_or_anothers_seal() {
    let (other, steps) = (steps(7, Lie::None), steps(4, Lie::None));
    let chain = steps.chain(4);
    let judged = |change: &dyn Fn(&mut OpeningEvidence)| {
        let mut evidence = steps.opening(NodeId(2));
        change(&mut evidence);
        verify(&of_opening(evidence).bytes(), &chain)
    };
    assert_eq!(judged(&|_| {}), Err(BlameError::NoContradiction("the opened values are right")));
    let swapped = judged(&|e| (e.start.nonce, e.start.product) = (e.start.product, e.start.nonce));
    assert_eq!(swapped, Err(BlameError::Unrelated("values of another presignature")));
    assert_eq!(judged(&|e| e.key = other.key.clone()), Err(BlameError::UnknownKey));
    let seal = steps.sealed.by(NodeId(3), &mut Meter::default()).unwrap();
    assert_eq!(judged(&|e| e.sealed = seal.clone()), Err(BlameError::Unrelated("a seal of another holder")));
    let points = judged(&|e| e.sealed.points.0.truncate(64 * 9));
    assert_eq!(points, Err(BlameError::Unrelated("triples that nobody sealed")));
    let resealed = |e: &mut OpeningEvidence| {
        let mut body = e.sealed.seal.body;
        body.public.0[0] ^= 1;
        e.sealed.seal = sign(body, NodeId(2));
    };
    let unlike = BlameError::Unrelated("triples that are sealed otherwise");
    assert_eq!(judged(&resealed), Err(unlike), "not even by a seal of its own");
}

#[test]
fn a_right_share_is_not_made_wrong_by_what_others_say_they_opened() {
    let steps = steps(4, Lie::None);
    let chain = steps.chain(4);
    let judged = |change: &dyn Fn(&mut PresignatureProof)| {
        let mut evidence = steps.share(NodeId(2));
        change(evidence.presignature.as_mut().unwrap());
        verify(&of_share(evidence).bytes(), &chain)
    };
    assert_eq!(judged(&|_| {}), Err(BlameError::NoContradiction("the share is right")));
    let another = |proof: &mut PresignatureProof| {
        let mut body = proof.openings[2].body.clone();
        body.opening.v += Scalar::ONE;
        proof.openings[2] = sign(body, NodeId(3));
    };
    assert_eq!(judged(&another), Err(BlameError::Unrelated("opened values that make no presignature")));
    // What a holder opened before it was restarted, of a batch with the same number, is another presignature's.
    let again = |proof: &mut PresignatureProof| proof.start.sealed = Some(Digest([3; 32]));
    assert_eq!(judged(&again), Err(BlameError::Unrelated("a proposal of another presignature")));
    let fewer = judged(&|proof| _ = proof.openings.pop());
    assert_eq!(fewer, Err(BlameError::Unrelated("not of the holders of the presignature")));
    let mut bare = steps.share(NodeId(2));
    bare.presignature = None;
    let judged = verify(&of_share(bare).bytes(), &chain);
    assert_eq!(judged, Err(BlameError::Unrelated("an ECDSA share without a presignature")));
}
