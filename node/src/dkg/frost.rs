//! Keys in the form that frost-secp256k1 (RFC 9591) signs with.

use frost_secp256k1::keys::{KeyPackage, PublicKeyPackage, SigningShare, VerifyingShare};
use frost_secp256k1::{Identifier, VerifyingKey};

use crate::id::NodeId;
use crate::key::{KeyShare, PublicKey};

/// The participant identifier of a member.
///
/// # Panics
/// If the member's number is 0, which no roster gives out.
pub fn identifier(member: NodeId) -> Identifier {
    Identifier::try_from(member.0).expect("members are numbered from 1")
}

/// One holder's share as frost's key package.
pub fn key_package(share: &KeyShare) -> KeyPackage {
    KeyPackage::new(
        identifier(share.holder),
        SigningShare::new(share.secret),
        VerifyingShare::new(share.public.share_of(share.holder)),
        VerifyingKey::new(share.public.point),
        share.public.threshold,
    )
}

/// The public parts as frost's public key package.
pub fn public_key_package(public: &PublicKey) -> PublicKeyPackage {
    let shares = public.shares().into_iter().map(|(id, point)| (identifier(id), VerifyingShare::new(point)));
    PublicKeyPackage::new(shares.collect(), VerifyingKey::new(public.point), Some(public.threshold))
}
