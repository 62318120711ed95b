//! Judges evidence of key generation and resharing.

use std::rc::Rc;

use super::chain_view::Shown;
use super::{BlameError, ChainView, Culprit, Offence, expect, signed};
use crate::curve::Curve;
use crate::dkg::{
    Context, Dealing, Dispute, Flaw, Handover, InvalidDealing, KeygenEvidence, Ruling, Unjudgeable, judge,
};
use crate::id::{NodeId, SessionId};
use crate::key::PublicKey;
use crate::memo::Memo;
use crate::meter::Meter;
use crate::wire::{Signable, Signed};

pub(super) fn verify<P: Curve>(evidence: &KeygenEvidence<P>, chain: &ChainView) -> Result<Culprit, BlameError> {
    match evidence {
        KeygenEvidence::TwoDealings(pair) => two_dealings(&pair[0], &pair[1], chain),
        KeygenEvidence::InvalidDealing(evidence) => invalid_dealing(evidence, chain),
        KeygenEvidence::Dispute(dispute) => disputed(dispute, chain),
    }
}

/// A dealing that its dealer signed for a session that the board has opened: a validator for that of a new key, a holder
/// of an old one for that which hands it over.
fn authentic<P: Curve>(dealing: &Signed<Dealing<P>>, chain: &ChainView) -> Result<NodeId, BlameError> {
    let (session, dealer) = (dealing.body.session, dealing.body.dealer);
    let source = chain.opened(session).ok_or(BlameError::UnknownSession)?;
    signed(dealing, source.map_or(chain.roster(), |source| &source.holders))?;
    expect(dealer == dealing.signer, BlameError::Unrelated("a dealing in another's name"))?;
    Ok(dealer)
}

/// What a session is bound to. The key that it hands over, if it does, has to be the one that the chain names, with the
/// public shares that votes commit to: by others an honest dealing would look wrong.
fn context<P: Curve>(
    session: SessionId,
    from: Option<&PublicKey<P>>,
    chain: &ChainView,
) -> Result<Context<P>, BlameError> {
    let meter = &mut Meter::default();
    match (chain.opened(session).ok_or(BlameError::UnknownSession)?, from) {
        (None, None) => Ok(Context::new(session, chain.roster(), meter)),
        (None, Some(_)) => Err(BlameError::Unrelated("a source of a new key")),
        (Some(_), None) => Err(BlameError::Unrelated("a resharing without the key that it hands over")),
        (Some(source), Some(public)) => {
            expect(chain.vouches_for(public) && public.id() == source.key, BlameError::UnknownKey)?;
            let is_held =
                public.epoch == source.holders.epoch() && source.holders.ids().eq(public.members.iter().copied());
            expect(is_held, BlameError::Unrelated("a key of other holders"))?;
            let from = Rc::new(Handover { roster: source.holders.clone(), public: public.clone() });
            Ok(Context::handover(session, chain.roster(), from, meter))
        }
    }
}

fn two_dealings<P: Curve>(
    first: &Signed<Dealing<P>>,
    second: &Signed<Dealing<P>>,
    chain: &ChainView,
) -> Result<Culprit, BlameError> {
    let node = authentic(first, chain)?;
    expect(first.body.session == second.body.session, BlameError::Unrelated("dealings of two sessions"))?;
    expect(authentic(second, chain)? == node, BlameError::Unrelated("dealings of two dealers"))?;
    expect(first.body != second.body, BlameError::NoContradiction("it is one dealing"))?;
    Ok(Culprit { node, offence: Offence::TwoDealings })
}

fn invalid_dealing<P: Curve>(evidence: &InvalidDealing<P>, chain: &ChainView) -> Result<Culprit, BlameError> {
    let InvalidDealing { dealing, from } = evidence;
    let node = authentic(dealing, chain)?;
    let context = context(dealing.body.session, from.as_ref(), chain)?;
    match dealing.body.verify_public(&context, &Memo::off(), &mut Meter::default()) {
        Ok(()) => Err(BlameError::NoContradiction("the dealing is valid")),
        Err(Flaw::OtherSession) => Err(BlameError::UnknownSession),
        Err(Flaw::NotAMember) => Err(BlameError::Stranger(node)),
        Err(_) => Ok(Culprit { node, offence: Offence::InvalidDealing }),
    }
}

fn disputed<P: Curve>(dispute: &Dispute<P>, chain: &ChainView) -> Result<Culprit, BlameError> {
    let Dispute { dealing, from, accuser, complaint } = dispute;
    let dealer = authentic(dealing, chain)?;
    let session = dealing.body.session;
    let context = context(session, from.as_ref(), chain)?;
    match judge(&context, chain.roster(), dealing, *accuser, complaint, &Memo::off(), &mut Meter::default()) {
        Ok(Ruling::Justified(_)) => Ok(Culprit { node: dealer, offence: Offence::BadShare }),
        Ok(Ruling::Unfounded(_)) => {
            let (digest, complaint) = (dealing.body.digest(), complaint.clone());
            let shown = Shown { session, dealer, digest, accuser: *accuser, complaint };
            expect(chain.shows(&shown), BlameError::NoComplaint)?;
            Ok(Culprit { node: *accuser, offence: Offence::FalseComplaint })
        }
        Err(Unjudgeable::NotAMember(stranger)) => Err(BlameError::Stranger(stranger)),
        Err(Unjudgeable::Unsigned) => Err(BlameError::Unsigned(dealer)),
        Err(Unjudgeable::Malformed(error)) => Err(BlameError::Malformed(error)),
        Err(Unjudgeable::Foreign(_)) => Err(BlameError::UnknownSession),
    }
}
