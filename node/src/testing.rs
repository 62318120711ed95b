//! A validator set with known keys, for the unit tests of several modules and for fuzzing.

#[cfg(test)]
pub(crate) mod span;

use k256::SecretKey;
use k256::ecdsa::SigningKey;

use crate::blame::Board;
#[cfg(test)]
use crate::blame::{self, ChainView};
use crate::chain::registration::address_of;
use crate::channel::public_key;
#[cfg(test)]
use crate::evidence::Evidence;
use crate::id::{Epoch, NodeId};
#[cfg(test)]
use crate::meter::Meter;
use crate::roster::{Member, Roster};
#[cfg(test)]
use crate::wire::SignatureBytes;

/// The board on which sessions are opened.
pub(crate) const BOARD: Board = Board { chain_id: 31_337, contract: [0xb0; 20] };

/// The key with which a node signs.
pub(crate) fn identity(node: NodeId) -> SigningKey {
    SigningKey::from_slice(&[node.0 as u8 + 100; 32]).expect("a small number is a key")
}

/// The key with which a node decrypts.
pub(crate) fn decryption(node: NodeId) -> SecretKey {
    SecretKey::from_slice(&[node.0 as u8 + 50; 32]).expect("a small number is a key")
}

/// The secret of a node's channels.
pub(crate) fn channel_secret(node: NodeId) -> [u8; 32] {
    [node.0 as u8 + 10; 32]
}

/// Nodes 1 to `members` of epoch 1, of which two thirds are the threshold.
pub(crate) fn roster(members: u16) -> Roster {
    let member = |id: NodeId| Member {
        address: address_of(identity(id).verifying_key()),
        identity: *identity(id).verifying_key(),
        channel_key: public_key(&channel_secret(id)),
        encryption_key: decryption(id).public_key().to_projective(),
    };
    let members = (1..=members).map(NodeId).map(member).collect::<Vec<_>>();
    Roster::new(Epoch(1), (2 * members.len() as u16).div_ceil(3), members).expect("the threshold fits")
}

/// Asserts that whoever changes a bit of this convicts nobody. Of what is long many bytes are under one signature: some
/// of them stand for all.
#[cfg(test)]
#[track_caller]
pub(crate) fn is_rigid(evidence: &Evidence, chain: &ChainView) {
    let bytes = evidence.bytes();
    let stride = if bytes.len() > 5_000 { bytes.len() / 400 } else { 1 };
    for at in (0..bytes.len()).step_by(stride).chain(bytes.len().saturating_sub(200)..bytes.len()) {
        let mut changed = bytes.clone();
        changed[at] ^= 1 << (at % 8);
        assert!(blame::verify(&changed, chain).is_err(), "byte {at} of {}", bytes.len());
    }
    assert!(blame::verify(&bytes[..bytes.len() - 1], chain).is_err());
}

/// Signs as `from`, where something is to be signed.
#[cfg(test)]
pub(crate) fn sign(from: NodeId, digest: Option<[u8; 32]>) -> Option<SignatureBytes> {
    digest.map(|digest| SignatureBytes::sign(&digest, &identity(from), &mut Meter::default()))
}

/// Whether `from` signed what is to be signed, as a node checks before its machines see a message.
#[cfg(test)]
pub(crate) fn is_signed(from: NodeId, digest: Option<[u8; 32]>, signature: Option<SignatureBytes>) -> bool {
    digest.is_none_or(|digest| {
        signature.is_some_and(|s| s.verify(&digest, identity(from).verifying_key(), &mut Meter::default()))
    })
}
