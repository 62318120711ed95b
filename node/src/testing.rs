//! A validator set with known keys, for the unit tests of several modules.

use k256::ecdsa::SigningKey;
use k256::{ProjectivePoint, SecretKey};

use crate::id::{Epoch, NodeId};
use crate::meter::Meter;
use crate::roster::{Member, Roster};
use crate::wire::SignatureBytes;

/// The key with which a node signs.
pub(crate) fn identity(node: NodeId) -> SigningKey {
    SigningKey::from_slice(&[node.0 as u8 + 100; 32]).unwrap()
}

/// The key with which a node decrypts.
pub(crate) fn decryption(node: NodeId) -> SecretKey {
    SecretKey::from_slice(&[node.0 as u8 + 50; 32]).unwrap()
}

/// Nodes 1 to `members` of epoch 1, of which two thirds are the threshold.
pub(crate) fn roster(members: u16) -> Roster {
    let member = |id: u16| Member {
        address: [id as u8; 20],
        identity: *identity(NodeId(id)).verifying_key(),
        channel_key: [0; 32],
        encryption_key: ProjectivePoint::from(*decryption(NodeId(id)).public_key().as_affine()),
    };
    Roster::new(Epoch(1), (2 * members).div_ceil(3), (1..=members).map(member).collect()).unwrap()
}

/// Signs as `from`, where something is to be signed.
pub(crate) fn sign(from: NodeId, digest: Option<[u8; 32]>) -> Option<SignatureBytes> {
    digest.map(|digest| SignatureBytes::sign(&digest, &identity(from), &mut Meter::default()))
}

/// Whether `from` signed what is to be signed, as a node checks before its machines see a message.
pub(crate) fn is_signed(from: NodeId, digest: Option<[u8; 32]>, signature: Option<SignatureBytes>) -> bool {
    digest.is_none_or(|digest| {
        signature.is_some_and(|s| s.verify(&digest, identity(from).verifying_key(), &mut Meter::default()))
    })
}
