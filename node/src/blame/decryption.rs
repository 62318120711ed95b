//! Judges evidence of decryption.

use super::{BlameError, ChainView, Culprit, Offence, expect, signed};
use crate::bls::ShareEvidence;
use crate::meter::Meter;

/// An honest holder signs a share of the identity that the statement names, and that share is right by the public shares
/// that the votes for the network's key commit to.
pub(super) fn verify(evidence: &ShareEvidence, chain: &ChainView) -> Result<Culprit, BlameError> {
    let ShareEvidence { key, share } = evidence;
    let node = share.signer;
    signed(share, chain.roster())?;
    expect(chain.holds(key), BlameError::UnknownKey)?;
    expect(share.body.key == key.id(), BlameError::Unrelated("a share of another key"))?;
    expect(share.body.epoch == key.epoch, BlameError::Unrelated("a share of another epoch"))?;
    expect(key.members.contains(&node), BlameError::Unrelated("a share of a stranger to the key"))?;
    let is_right = share.body.is_right(node, key, &mut Meter::default());
    expect(!is_right, BlameError::NoContradiction("the share is right"))?;
    Ok(Culprit { node, offence: Offence::WrongDecryptionShare })
}
