//! Judges evidence of signing.

use k256::Scalar;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::{BlameError, ChainView, Culprit, Offence, expect, signed};
use crate::id::{Digest, NodeId};
use crate::key::PublicKey;
use crate::meter::Meter;
use crate::signing::ecdsa::{self, presign};
use crate::signing::{
    Fresh, NonceCommitments, OpenedEvidence, OpeningEvidence, PresignStart, PresignatureProof, ProposalEvidence,
    Propose, Scheme, Share, ShareEvidence, SigningEvidence, frost, session_id,
};
use crate::triples::{SealedPolynomials, TripleCommitments};
use crate::wire::{Signable, Signed};

pub(super) fn verify(evidence: &SigningEvidence, chain: &ChainView) -> Result<Culprit, BlameError> {
    match evidence {
        SigningEvidence::TwoProposals(pair) => two_proposals(&pair[0], &pair[1], chain),
        SigningEvidence::ForgedAnnouncement(evidence) => forged_announcement(evidence, chain),
        SigningEvidence::ForgedOpening(evidence) => forged_opening(evidence, chain),
        SigningEvidence::WrongOpening(evidence) => wrong_opening(evidence, chain),
        SigningEvidence::WrongShare(evidence) => wrong_share(evidence, chain),
    }
}

/// An honest coordinator proposes a presignature once, and a holder's nonces once: it remembers both while it runs, and
/// a restarted one has neither presignatures nor announcements that are addressed to it.
fn two_proposals(first: &Signed<Propose>, second: &Signed<Propose>, chain: &ChainView) -> Result<Culprit, BlameError> {
    signed(first, chain.roster())?;
    signed(second, chain.roster())?;
    expect(first.signer == second.signer, BlameError::Unrelated("proposals of two coordinators"))?;
    let contradiction = BlameError::NoContradiction("the proposals have no nonces in common, or are one");
    expect(first.body.contradicts(&second.body), contradiction)?;
    Ok(Culprit { node: first.signer, offence: Offence::TwoProposals })
}

fn forged_announcement(evidence: &ProposalEvidence, chain: &ChainView) -> Result<Culprit, BlameError> {
    let ProposalEvidence { key, request, sig_name, scheme, proposal } = evidence;
    signed(proposal, chain.roster())?;
    expect(key.1 == chain.roster().epoch(), BlameError::Unrelated("a proposal of another epoch"))?;
    let session = session_id(request, sig_name, *key, *scheme);
    expect(proposal.body.session == session, BlameError::Unrelated("a proposal of another key or request"))?;
    let is_forged = any_forged(&proposal.body.announcements, chain)?;
    expect(is_forged, BlameError::NoContradiction("all announcements are signed"))?;
    Ok(Culprit { node: proposal.signer, offence: Offence::ForgedAnnouncement })
}

fn forged_opening(evidence: &OpenedEvidence, chain: &ChainView) -> Result<Culprit, BlameError> {
    let OpenedEvidence { start, opened } = evidence;
    signed(opened, chain.roster())?;
    expect(start.epoch == chain.roster().epoch(), BlameError::Unrelated("values of another epoch"))?;
    let answers = opened.body.presignature == start.digest();
    expect(answers, BlameError::Unrelated("values of another presignature"))?;
    let is_forged = any_forged(&opened.body.openings, chain)?;
    expect(is_forged, BlameError::NoContradiction("all opened values are signed"))?;
    Ok(Culprit { node: opened.signer, offence: Offence::ForgedOpening })
}

/// Whether a validator's signature under any of these is not his. The name of a stranger proves nothing.
fn any_forged<T: Signable>(statements: &[Signed<T>], chain: &ChainView) -> Result<bool, BlameError> {
    for statement in statements {
        match signed(statement, chain.roster()) {
            Ok(()) => {}
            Err(BlameError::Unsigned(_)) => return Ok(true),
            Err(error) => return Err(error),
        }
    }
    Ok(false)
}

/// An honest holder opens values only of triples that it has sealed under the hash that names the presignature.
fn wrong_opening(evidence: &OpeningEvidence, chain: &ChainView) -> Result<Culprit, BlameError> {
    let OpeningEvidence { key, start, opening, sealed } = evidence;
    let (node, meter) = (opening.signer, &mut Meter::default());
    signed(opening, chain.roster())?;
    expect(chain.holds(key), BlameError::UnknownKey)?;
    let of_key = (start.key, start.epoch) == (key.id(), key.epoch) && key.members.contains(&node);
    expect(of_key, BlameError::Unrelated("a presignature of another key"))?;
    let answers = opening.body.presignature == start.digest() && start.holders.contains(&node);
    expect(answers, BlameError::Unrelated("values of another presignature"))?;
    let [nonce, product] = sealed_triples(start, node, sealed, chain)?;
    let is_right = presign::is_right(&opening.body.opening, node, key.share_of(node), [&nonce, &product], meter);
    expect(!is_right, BlameError::NoContradiction("the opened values are right"))?;
    Ok(Culprit { node, offence: Offence::WrongOpening })
}

fn wrong_share(evidence: &ShareEvidence, chain: &ChainView) -> Result<Culprit, BlameError> {
    let ShareEvidence { key, request, sig_name, proposal, share, presignature } = evidence;
    let node = share.signer;
    signed(proposal, chain.roster())?;
    signed(share, chain.roster())?;
    expect(chain.holds(key), BlameError::UnknownKey)?;
    expect(share.body.proposal == proposal.body.digest(), BlameError::Unrelated("a share of another proposal"))?;
    let session = session_id(request, sig_name, (key.id(), key.epoch), share.body.scheme);
    expect(proposal.body.session == session, BlameError::Unrelated("a proposal of another key or request"))?;
    let announcements = agreeing(&proposal.body, chain)?;
    expect(announcements.contains_key(&node), BlameError::Unrelated("a share of a stranger to the proposal"))?;
    let digest = proposal.body.announcements[0].body.digest;
    let is_right = match share.body.scheme {
        Scheme::SchnorrK256Sha256 | Scheme::SchnorrK256Bip340 => {
            is_right_frost(key, &digest, &announcements, node, &share.body)?
        }
        Scheme::EcdsaK256 => {
            let proof = presignature.as_ref().ok_or(BlameError::Unrelated("an ECDSA share without a presignature"))?;
            let unusable = BlameError::Unrelated("a proposal of another presignature");
            expect(proposal.body.presignature == Some(proof.start.digest()), unusable)?;
            let run = ecdsa_run(key, &digest, &announcements, node, proof, chain)?;
            run.is_right(key, node, &share.body.share.0, &mut Meter::default())
        }
    };
    expect(!is_right, BlameError::NoContradiction("the share is right"))?;
    Ok(Culprit { node, offence: Offence::WrongShare })
}

/// The announcements of a proposal, all signed, and all for the same thing: an honest holder answers no other.
fn agreeing<'p>(propose: &'p Propose, chain: &ChainView) -> Result<BTreeMap<NodeId, &'p Fresh>, BlameError> {
    let list = &propose.announcements;
    let Some(first) = list.first().map(|announce| &announce.body) else {
        return Err(BlameError::Unrelated("a proposal without announcements"));
    };
    for announce in list {
        signed(announce, chain.roster())?;
        let body = &announce.body;
        let agrees = (body.session, body.attempt, body.digest) == (propose.session, propose.attempt, first.digest);
        expect(agrees, BlameError::Unrelated("announcements that do not agree"))?;
    }
    let by_holder: BTreeMap<NodeId, &Fresh> = list.iter().map(|a| (a.signer, &a.body.fresh)).collect();
    expect(by_holder.len() == list.len(), BlameError::Unrelated("two announcements of one holder"))?;
    Ok(by_holder)
}

/// What all holders of a presignature know of the signature that a proposal asks for, by the triples that `node` sealed.
fn ecdsa_run(
    key: &PublicKey,
    digest: &Digest,
    announcements: &BTreeMap<NodeId, &Fresh>,
    node: NodeId,
    proof: &PresignatureProof,
    chain: &ChainView,
) -> Result<ecdsa::Run, BlameError> {
    let PresignatureProof { start, openings, sealed } = proof;
    let meter = &mut Meter::default();
    expect((start.key, start.epoch) == (key.id(), key.epoch), BlameError::Unrelated("a presignature of another key"))?;
    let of_all = |signers: &mut dyn Iterator<Item = NodeId>| signers.eq(start.holders.iter().copied());
    let by_all = of_all(&mut openings.iter().map(|o| o.signer)) && of_all(&mut announcements.keys().copied());
    expect(by_all, BlameError::Unrelated("not of the holders of the presignature"))?;
    for opening in openings {
        signed(opening, chain.roster())?;
        let answers = opening.body.presignature == start.digest();
        expect(answers, BlameError::Unrelated("values of another presignature"))?;
    }
    let [nonce, product] = sealed_triples(start, node, sealed, chain)?.map(Arc::new);
    let values = openings.iter().map(|opening| (opening.signer, opening.body.opening)).collect();
    let terms = presign::Terms::new(start.clone(), key, [&nonce, &product], &values, meter);
    let terms = terms.map_err(|_| BlameError::Unrelated("opened values that make no presignature"))?;
    let bytes = |(holder, fresh): (&NodeId, &&Fresh)| match fresh {
        Fresh::Bytes(bytes) => Some((*holder, *bytes)),
        Fresh::Nonces(_) => None,
    };
    let fresh: Option<BTreeMap<NodeId, [u8; 32]>> = announcements.iter().map(bytes).collect();
    let unusable = BlameError::Unrelated("announcements that make no ECDSA run");
    let run = fresh.and_then(|fresh| ecdsa::Run::new(terms, key, digest, &Scalar::ZERO, &fresh, meter));
    run.ok_or(unusable)
}

/// The triples for nonce and product of a presignature, as `node`, one of its holders, has sealed them.
fn sealed_triples(
    start: &PresignStart,
    node: NodeId,
    sealed: &SealedPolynomials,
    chain: &ChainView,
) -> Result<[TripleCommitments; 2], BlameError> {
    signed(&sealed.seal, chain.roster())?;
    expect(sealed.seal.signer == node, BlameError::Unrelated("a seal of another holder"))?;
    let of_batch = start.sealed == Some(sealed.seal.body.public);
    expect(of_batch, BlameError::Unrelated("triples that are sealed otherwise"))?;
    let pair = sealed.triples(start.holders.len(), [start.nonce, start.product], &mut Meter::default());
    pair.ok_or(BlameError::Unrelated("triples that nobody sealed"))
}

fn is_right_frost(
    key: &PublicKey,
    digest: &Digest,
    announcements: &BTreeMap<NodeId, &Fresh>,
    holder: NodeId,
    share: &Share,
) -> Result<bool, BlameError> {
    let unusable = BlameError::Unrelated("announcements that make no FROST run");
    let expected = usize::from(key.threshold);
    expect(announcements.len() == expected, unusable.clone())?;
    let nonces = |(holder, fresh): (&NodeId, &&Fresh)| match fresh {
        Fresh::Nonces(nonces) if key.members.contains(holder) => Some((*holder, **nonces)),
        _ => None,
    };
    let commitments: Option<BTreeMap<NodeId, NonceCommitments>> = announcements.iter().map(nonces).collect();
    let commitments = commitments.ok_or(unusable.clone())?;
    let run = frost::Run::new(share.scheme, key, digest, &commitments, &mut Meter::default()).map_err(|_| unusable)?;
    Ok(run.is_right(key, holder, &share.share.0))
}
