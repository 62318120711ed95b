//! `Lit.Actions`: functions that encrypt, decrypt, and look at access conditions.
//!
//! A ciphertext is base64 of this network's own encoding; its hash is the SHA-256 of the plaintext in hex. Whoever calls
//! meets conditions by the signature that it names in `authSig`, or without one by the request's own; and by the CID of
//! the action that calls.

use aes::cipher::{BlockDecrypt, KeyInit};
use aes::{Aes256, Block};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use boa_engine::object::builtins::JsPromise;
use boa_engine::{Context, JsNativeError, JsResult, JsString, JsValue};
use std::borrow::Cow;

use super::args::Args;
use super::call::{HostCall, Reader};
use super::{Host, Quota};
use crate::action::error::ActionError;
use crate::action::{inspect, json};
use crate::api::AuthSig;
use crate::auth::conditions::Conditions;
use crate::bls::PLAINTEXT_BYTES_MAX;

/// The longest ciphertext as text, UTF-16 units: what the longest plaintext becomes, and to spare.
const CIPHERTEXT_LENGTH_MAX: usize = 2 * PLAINTEXT_BYTES_MAX;
/// The longest text of conditions or of a member of an `authSig`, UTF-16 units.
const TEXT_LENGTH_MAX: usize = 64 << 10;
/// The length of a block of AES, and of the initialisation vector before a ciphertext, bytes.
const BLOCK_BYTES: usize = 16;
/// Fuel for a byte that is decrypted.
const BYTES_PER_FUEL: u64 = 4;

/// Encrypts to whoever meets conditions: `{ ciphertext, dataToEncryptHash }`.
pub(super) fn encrypt(args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let args = Args::read("Lit.Actions.encrypt", args)?;
    let conditions = conditions(&args, "accessControlConditions", context)?;
    let plaintext = args.text_or_bytes("to_encrypt", context)?;
    let (host, max) = (Host::of(context), PLAINTEXT_BYTES_MAX as u64);
    if plaintext.len() as u64 > max {
        let error = ActionError::LimitExceeded { what: Cow::Borrowed("bytes to encrypt"), max };
        return Err(host.known_error(error, context));
    }
    host.take(Quota::Broadcasts, context)?;
    Ok(host.ask(HostCall::Encrypt { conditions, plaintext }, context))
}

/// The plaintext, at each node.
pub(super) fn decrypt_and_combine(args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    decrypt("Lit.Actions.decryptAndCombine", Reader::All, args, context)
}

/// The plaintext at one node, and an empty text at all others.
pub(super) fn decrypt_to_single_node(args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    decrypt("Lit.Actions.decryptToSingleNode", Reader::Leader, args, context)
}

fn decrypt(function: &'static str, reader: Reader, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let args = Args::read(function, args)?;
    let conditions = conditions(&args, "accessControlConditions", context)?;
    let text = args.string("ciphertext", context)?;
    let bytes = (text.len() <= CIPHERTEXT_LENGTH_MAX).then(|| STANDARD.decode(text.to_std_string_lossy()).ok());
    let Some(ciphertext) = bytes.flatten() else {
        return Err(args.misuse("ciphertext", "what encrypt answered, in base64", "a text that is none"));
    };
    let plaintext = args.fixed("dataToEncryptHash", context)?;
    chain(&args, context)?;
    let auth_sig = auth_sig(&args, context)?;
    let host = Host::of(context);
    host.take(Quota::Broadcasts, context)?;
    Ok(host.ask(HostCall::Decrypt { conditions, ciphertext, plaintext, auth_sig, reader }, context))
}

/// Whether conditions are met.
pub(super) fn check_conditions(args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let args = Args::read("Lit.Actions.checkConditions", args)?;
    let conditions = conditions(&args, "conditions", context)?;
    chain(&args, context)?;
    let auth_sig = auth_sig(&args, context)?;
    let host = Host::of(context);
    host.take(Quota::ContractCalls, context)?;
    Ok(host.ask(HostCall::CheckConditions { conditions, auth_sig }, context))
}

/// Decrypts AES-256-CBC: the initialisation vector comes first, and the padding is PKCS #7's. The answer is hex, as it is
/// on the real network.
pub(super) fn aes_decrypt(args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let args = Args::read("Lit.Actions.aesDecrypt", args)?;
    let key = args.fixed::<32>("symmetricKey", context)?;
    let ciphertext = args.bytes("ciphertext", context)?;
    Host::of(context).charge(ciphertext.len() as u64 / BYTES_PER_FUEL, context)?;
    Host::of(context).produce(2 * ciphertext.len() as u64)?;
    let (blocks, rest) = ciphertext.as_chunks::<BLOCK_BYTES>();
    let [vector, blocks @ ..] = blocks else {
        let got = format!("{} bytes", ciphertext.len());
        return Err(args.misuse("ciphertext", "16 bytes of initialisation vector and what is encrypted", got));
    };
    match open_cbc(&key, vector, blocks).filter(|_| rest.is_empty()) {
        Some(bytes) => Ok(JsPromise::resolve(JsString::from(hex::encode(bytes).as_str()), context)?.into()),
        None => Err(JsNativeError::error()
            .with_message("Lit.Actions.aesDecrypt: the ciphertext does not open with this key")
            .into()),
    }
}

/// Cipher block chaining (NIST SP 800-38A, 6.2); `None` if what comes out has no padding (RFC 5652, 6.3).
fn open_cbc(key: &[u8; 32], vector: &[u8; BLOCK_BYTES], blocks: &[[u8; BLOCK_BYTES]]) -> Option<Vec<u8>> {
    let cipher = Aes256::new(key.into());
    let mut plain = Vec::with_capacity(blocks.len() * BLOCK_BYTES);
    let mut before = vector;
    for block in blocks {
        let mut opened = Block::from(*block);
        cipher.decrypt_block(&mut opened);
        plain.extend(opened.iter().zip(before).map(|(opened, before)| opened ^ before));
        before = block;
    }
    let padding = usize::from(*plain.last()?);
    let start = plain.len().checked_sub(padding).filter(|_| (1..=BLOCK_BYTES).contains(&padding))?;
    let is_sound = plain[start..].iter().all(|byte| usize::from(*byte) == padding);
    plain.truncate(start);
    is_sound.then_some(plain)
}

/// Conditions in the form of the real network.
fn conditions(args: &Args, field: &str, context: &mut Context) -> JsResult<Conditions> {
    const EXPECTED: &str = "an array of conditions";
    let Some(value) = args.optional(field, context)? else { return Err(args.misuse(field, EXPECTED, "nothing")) };
    if !value.is_object() {
        return Err(args.misuse(field, EXPECTED, inspect::kind(&value)));
    }
    let text = json::stringify(&value, context)?.as_string().filter(|text| text.len() <= TEXT_LENGTH_MAX);
    let Some(text) = text else {
        return Err(args.misuse(field, EXPECTED, "something that has no JSON text, or a long one"));
    };
    Conditions::parse(&text.to_std_string_lossy()).map_err(|error| args.misuse(field, EXPECTED, error))
}

/// The name of a chain: of which `authSig` is, on the real network. Conditions name theirs themselves.
fn chain(args: &Args, context: &mut Context) -> JsResult<()> {
    match args.optional("chain", context)? {
        Some(name) if !name.is_string() => Err(args.misuse("chain", "a string", inspect::kind(&name))),
        _ => Ok(()),
    }
}

/// Somebody's signature, if there is one.
fn auth_sig(args: &Args, context: &mut Context) -> JsResult<Option<AuthSig>> {
    let Some(value) = args.optional("authSig", context)? else { return Ok(None) };
    let Some(object) = value.as_object() else {
        return Err(args.misuse("authSig", "an object", inspect::kind(&value)));
    };
    let mut member = |name: &str| {
        let text = object.get(JsString::from(name), context)?;
        match text.as_string().filter(|text| text.len() <= TEXT_LENGTH_MAX) {
            Some(text) => Ok(text.to_std_string_lossy()),
            None => Err(args.misuse(&format!("authSig.{name}"), "a string", inspect::kind(&text))),
        }
    };
    Ok(Some(AuthSig {
        sig: member("sig")?,
        derived_via: member("derivedVia")?,
        signed_message: member("signedMessage")?,
        address: member("address")?,
    }))
}
