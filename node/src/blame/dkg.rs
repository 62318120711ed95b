//! Judges evidence of key generation.

use super::chain_view::Shown;
use super::{BlameError, ChainView, Culprit, Offence, expect, signed};
use crate::curve::Curve;
use crate::dkg::{Context, Dealing, Dispute, Flaw, KeygenEvidence, Ruling, Unjudgeable, judge};
use crate::id::NodeId;
use crate::memo::Memo;
use crate::meter::Meter;
use crate::wire::{Signable, Signed};

pub(super) fn verify<P: Curve>(evidence: &KeygenEvidence<P>, chain: &ChainView) -> Result<Culprit, BlameError> {
    match evidence {
        KeygenEvidence::TwoDealings(pair) => two_dealings(&pair[0], &pair[1], chain),
        KeygenEvidence::InvalidDealing(dealing) => invalid_dealing(dealing, chain),
        KeygenEvidence::Dispute(dispute) => disputed(dispute, chain),
    }
}

/// A dealing that its dealer signed for a key generation that the board has opened.
fn authentic<P: Curve>(dealing: &Signed<Dealing<P>>, chain: &ChainView) -> Result<NodeId, BlameError> {
    signed(dealing, chain.roster())?;
    let (session, dealer) = (dealing.body.session, dealing.body.dealer);
    expect(dealer == dealing.signer, BlameError::Unrelated("a dealing in another's name"))?;
    expect(chain.opened(session), BlameError::UnknownSession)?;
    Ok(dealer)
}

fn two_dealings<P: Curve>(
    first: &Signed<Dealing<P>>,
    second: &Signed<Dealing<P>>,
    chain: &ChainView,
) -> Result<Culprit, BlameError> {
    let node = authentic(first, chain)?;
    expect(authentic(second, chain)? == node, BlameError::Unrelated("dealings of two dealers"))?;
    expect(first.body.session == second.body.session, BlameError::Unrelated("dealings of two key generations"))?;
    expect(first.body != second.body, BlameError::NoContradiction("it is one dealing"))?;
    Ok(Culprit { node, offence: Offence::TwoDealings })
}

fn invalid_dealing<P: Curve>(dealing: &Signed<Dealing<P>>, chain: &ChainView) -> Result<Culprit, BlameError> {
    let node = authentic(dealing, chain)?;
    let mut uncounted = Meter::default();
    let context = Context::<P>::new(dealing.body.session, chain.roster(), &mut uncounted);
    match dealing.body.verify_public(&context, &Memo::off(), &mut uncounted) {
        Ok(()) => Err(BlameError::NoContradiction("the dealing is valid")),
        Err(Flaw::OtherSession | Flaw::NotAMember) => Err(BlameError::UnknownSession),
        Err(_) => Ok(Culprit { node, offence: Offence::InvalidDealing }),
    }
}

fn disputed<P: Curve>(dispute: &Dispute<P>, chain: &ChainView) -> Result<Culprit, BlameError> {
    let Dispute { dealing, accuser, complaint } = dispute;
    let dealer = authentic(dealing, chain)?;
    let session = dealing.body.session;
    let mut uncounted = Meter::default();
    let context = Context::<P>::new(session, chain.roster(), &mut uncounted);
    match judge(&context, chain.roster(), dealing, *accuser, complaint, &Memo::off(), &mut uncounted) {
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
