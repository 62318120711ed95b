//! secp256k1 for ethers' `SigningKey`: signatures are deterministic (RFC 6979) with the smaller s, as ethers makes them.

use boa_engine::{Context, JsError, JsNativeError, JsResult, JsValue};
use k256::ecdsa::{RecoveryId, Signature, SigningKey, VerifyingKey};
use k256::elliptic_curve::point::AffineCoordinates;
use k256::elliptic_curve::sec1::ToEncodedPoint;
use k256::{PublicKey, SecretKey};

use super::{Primitive, bytes_argument, new_hex};
use crate::action::host::Host;

/// Fuel for a multiplication of a point.
const POINT_FUEL: u64 = 5_000;

pub(super) const PRIMITIVES: [Primitive; 5] = [
    // (private or public key, compressed) -> the public key.
    ("publicKey", |args, context| {
        let key = bytes_argument(args, 0, context)?;
        Host::of(context).charge(POINT_FUEL, context)?;
        let key = match key.len() {
            32 => secret(&key)?.public_key(),
            _ => public(&key)?,
        };
        let compressed = args.get(1).is_some_and(JsValue::to_boolean);
        new_hex(key.to_encoded_point(compressed).as_bytes(), context)
    }),
    // (public key, public key) -> their sum, compressed.
    ("addPoints", |args, context| {
        let (left, right) = (bytes_argument(args, 0, context)?, bytes_argument(args, 1, context)?);
        Host::of(context).charge(POINT_FUEL, context)?;
        let sum = public(&left)?.to_projective() + public(&right)?.to_projective();
        let sum = PublicKey::from_affine(sum.to_affine()).map_err(|_| invalid("point at infinity"))?;
        new_hex(sum.to_encoded_point(true).as_bytes(), context)
    }),
    // (digest, private key) -> r, s and v, 65 bytes.
    ("sign", |args, context| {
        let (digest, key) = (bytes_argument(args, 0, context)?, bytes_argument(args, 1, context)?);
        Host::of(context).charge(2 * POINT_FUEL, context)?;
        let key = SigningKey::from(secret(&key)?);
        let (signature, recovery) = key.sign_prehash_recoverable(&digest).map_err(|_| invalid("digest"))?;
        let mut bytes = signature.to_bytes().to_vec();
        bytes.push(27 + recovery.to_byte());
        new_hex(&bytes, context)
    }),
    // (private key, public key) -> the x coordinate of their product.
    ("sharedSecret", |args, context| {
        let (key, other) = (bytes_argument(args, 0, context)?, bytes_argument(args, 1, context)?);
        Host::of(context).charge(POINT_FUEL, context)?;
        let shared = public(&other)?.to_projective() * *secret(&key)?.to_nonzero_scalar();
        new_hex(&shared.to_affine().x(), context)
    }),
    ("recover", recover),
];

/// (digest, r, s, recovery parameter) -> the public key, uncompressed.
fn recover(args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let digest = bytes_argument(args, 0, context)?;
    let (r, s) = (bytes_argument(args, 1, context)?, bytes_argument(args, 2, context)?);
    Host::of(context).charge(2 * POINT_FUEL, context)?;
    let recovery = args.get(3).and_then(JsValue::as_number).filter(|id| (0.0..4.0).contains(id));
    let recovery = recovery.and_then(|id| RecoveryId::from_byte(id as u8)).ok_or_else(|| invalid("recovery id"))?;
    let (r, s) = (scalar(&r)?, scalar(&s)?);
    let signature = Signature::from_scalars(r, s).map_err(|_| invalid("signature"))?;
    // A signature with the greater s is one with the smaller s and the other sign of the point.
    let (signature, recovery) = match signature.normalize_s() {
        Some(small) => (small, RecoveryId::new(!recovery.is_y_odd(), recovery.is_x_reduced())),
        None => (signature, recovery),
    };
    let key = VerifyingKey::recover_from_prehash(&digest, &signature, recovery).map_err(|_| invalid("signature"))?;
    new_hex(key.to_encoded_point(false).as_bytes(), context)
}

fn scalar(bytes: &[u8]) -> JsResult<[u8; 32]> {
    bytes.try_into().map_err(|_| invalid("signature"))
}

fn secret(bytes: &[u8]) -> JsResult<SecretKey> {
    SecretKey::from_slice(bytes).map_err(|_| invalid("private key"))
}

fn public(bytes: &[u8]) -> JsResult<PublicKey> {
    PublicKey::from_sec1_bytes(bytes).map_err(|_| invalid("public key"))
}

fn invalid(what: &str) -> JsError {
    JsNativeError::error().with_message(format!("secp256k1: invalid {what}")).into()
}
