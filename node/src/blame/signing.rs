//! Judges evidence of signing.

use std::collections::BTreeMap;

use super::{BlameError, ChainView, Culprit, Offence, expect, signed};
use crate::id::{Digest, NodeId};
use crate::key::PublicKey;
use crate::meter::Meter;
use crate::signing::{
    Fresh, NonceCommitments, PresignOpened, Propose, Scheme, Share, ShareEvidence, SigningEvidence, frost, session_id,
};
use crate::wire::{Signable, Signed};

pub(super) fn verify(evidence: &SigningEvidence, chain: &ChainView) -> Result<Culprit, BlameError> {
    match evidence {
        SigningEvidence::TwoProposals(pair) => two_proposals(&pair[0], &pair[1], chain),
        SigningEvidence::ForgedAnnouncement(proposal) => forged_announcement(proposal, chain),
        SigningEvidence::ForgedOpening(opened) => forged_opening(opened, chain),
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

fn forged_announcement(proposal: &Signed<Propose>, chain: &ChainView) -> Result<Culprit, BlameError> {
    signed(proposal, chain.roster())?;
    let is_forged = proposal.body.announcements.iter().any(|announce| signed(announce, chain.roster()).is_err());
    expect(is_forged, BlameError::NoContradiction("all announcements are signed"))?;
    Ok(Culprit { node: proposal.signer, offence: Offence::ForgedAnnouncement })
}

fn forged_opening(opened: &Signed<PresignOpened>, chain: &ChainView) -> Result<Culprit, BlameError> {
    signed(opened, chain.roster())?;
    let is_forged = opened.body.openings.iter().any(|opening| signed(opening, chain.roster()).is_err());
    expect(is_forged, BlameError::NoContradiction("all opened values are signed"))?;
    Ok(Culprit { node: opened.signer, offence: Offence::ForgedOpening })
}

fn wrong_share(evidence: &ShareEvidence, chain: &ChainView) -> Result<Culprit, BlameError> {
    let ShareEvidence { key, request, sig_name, proposal, share } = evidence;
    let node = share.signer;
    signed(proposal, chain.roster())?;
    signed(share, chain.roster())?;
    expect(chain.key_data(key.id()) == Some(key.data_digest()), BlameError::UnknownKey)?;
    expect(share.body.proposal == proposal.body.digest(), BlameError::Unrelated("a share of another proposal"))?;
    let session = session_id(request, sig_name, key, share.body.scheme);
    expect(proposal.body.session == session, BlameError::Unrelated("a proposal of another key or request"))?;
    let announcements = agreeing(&proposal.body, chain)?;
    expect(announcements.contains_key(&node), BlameError::Unrelated("a share of a stranger to the proposal"))?;
    let digest = proposal.body.announcements[0].body.digest;
    let is_right = match share.body.scheme {
        Scheme::SchnorrK256Sha256 | Scheme::SchnorrK256Bip340 => {
            is_right_frost(key, &digest, &announcements, node, &share.body)?
        }
        Scheme::EcdsaK256 => return Err(BlameError::Unrelated("not a FROST share")),
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
