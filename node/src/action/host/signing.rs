//! `Lit.Actions`: functions that sign.

use boa_engine::{Context, JsResult, JsValue};
use sha3::{Digest as _, Keccak256};

use super::args::Args;
use super::call::{HostCall, SignPurpose, Signature};
use super::{Host, Quota};
use crate::action::error::ActionError;
use crate::signing::Scheme;

/// Schemes of the real network whose keys this network does not make.
const NOT_SERVED: [&str; 13] = [
    "Bls12381",
    "Bls12381G1ProofOfPossession",
    "EcdsaP256Sha256",
    "EcdsaP384Sha384",
    "SchnorrEd25519Sha512",
    "SchnorrEd448Shake256",
    "SchnorrP256Sha256",
    "SchnorrP384Sha384",
    "SchnorrRedDecaf377Blake2b512",
    "SchnorrRedJubjubBlake2b512",
    "SchnorrRedPallasBlake2b512",
    "SchnorrRistretto25519Sha512",
    "SchnorrkelSubstrate",
];

/// What a request for a signature says beside key and name.
struct Wanted {
    scheme: Scheme,
    purpose: SignPurpose,
    to_sign: [u8; 32],
    signature: Signature,
}

pub(super) fn ecdsa(args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    ecdsa_as("Lit.Actions.signEcdsa", Signature::ToClient, args, context)
}

pub(super) fn ecdsa_and_combine(args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    ecdsa_as("Lit.Actions.signAndCombineEcdsa", Signature::ToAction, args, context)
}

fn ecdsa_as(
    function: &'static str,
    signature: Signature,
    args: &[JsValue],
    context: &mut Context,
) -> JsResult<JsValue> {
    let args = Args::read(function, args)?;
    let to_sign = args.fixed::<32>("toSign", context)?;
    let (scheme, purpose) = (Scheme::EcdsaK256, SignPurpose::Anything);
    request(&args, Wanted { scheme, purpose, to_sign, signature }, context)
}

/// EIP-191, version 0x45: keccak256("\x19Ethereum Signed Message:\n" + length + message).
pub(super) fn personal(args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let args = Args::read("Lit.Actions.ethPersonalSignMessageEcdsa", args)?;
    let message = args.string("message", context)?.to_std_string_lossy();
    let mut hash = Keccak256::new();
    hash.update(format!("\x19Ethereum Signed Message:\n{}", message.len()));
    hash.update(&message);
    let (scheme, purpose, to_sign) = (Scheme::EcdsaK256, SignPurpose::PersonalMessage, hash.finalize().into());
    request(&args, Wanted { scheme, purpose, to_sign, signature: Signature::ToClient }, context)
}

pub(super) fn sign(args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    sign_as("Lit.Actions.sign", Signature::ToClient, args, context)
}

pub(super) fn sign_and_combine(args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    sign_as("Lit.Actions.signAndCombine", Signature::ToAction, args, context)
}

fn sign_as(function: &'static str, signature: Signature, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let args = Args::read(function, args)?;
    let scheme = scheme(&args, context)?;
    let to_sign = args.fixed::<32>("toSign", context)?;
    request(&args, Wanted { scheme, purpose: SignPurpose::Anything, to_sign, signature }, context)
}

fn scheme(args: &Args, context: &mut Context) -> JsResult<Scheme> {
    const FIELD: &str = "signingScheme";
    const EXPECTED: &str = "\"EcdsaK256Sha256\", \"SchnorrK256Sha256\" or \"SchnorrK256Taproot\"";
    match args.name(FIELD, context)?.as_str() {
        "EcdsaK256Sha256" => Ok(Scheme::EcdsaK256),
        "SchnorrK256Sha256" => Ok(Scheme::SchnorrK256Sha256),
        "SchnorrK256Taproot" | "SchnorrK256Bip340" => Ok(Scheme::SchnorrK256Bip340),
        known if NOT_SERVED.contains(&known) => {
            let error = ActionError::NotSupported(format!("signingScheme {known}"));
            Err(Host::of(context).known_error(error, context))
        }
        other => Err(args.misuse(FIELD, EXPECTED, format!("{:?}", other.chars().take(64).collect::<String>()))),
    }
}

fn request(args: &Args, wanted: Wanted, context: &mut Context) -> JsResult<JsValue> {
    let public_key = args.public_key("publicKey", context)?;
    let sig_name = args.name("sigName", context)?;
    let host = Host::of(context);
    host.take(Quota::Signs, context)?;
    let Wanted { scheme, purpose, to_sign, signature } = wanted;
    Ok(host.ask(HostCall::Sign { scheme, purpose, to_sign, public_key, sig_name, signature }, context))
}
