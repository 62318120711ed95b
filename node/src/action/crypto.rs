//! `crypto`: random bytes of the execution's own stream, and `crypto.subtle.digest`.

use boa_engine::builtins::typed_array::TypedArrayKind;
use boa_engine::object::ObjectInitializer;
use boa_engine::object::builtins::{JsPromise, JsTypedArray};
use boa_engine::property::Attribute;
use boa_engine::{Context, JsError, JsResult, JsString, JsValue, NativeFunction, js_string};
use rand_core::RngCore as _;
use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha384, Sha512};

use super::host::args::type_error;
use super::host::{Host, promised};
use super::inspect;
use super::natives::{new_bytes, overwrite, view_bytes, view_length};
use super::parts::Part;

/// The most random bytes at once (Web Cryptography, section 10.1.1).
const RANDOM_BYTES_MAX: usize = 65_536;
/// Fuel for a call.
const CALL_FUEL: u64 = 16;
/// The longest name of an algorithm that is looked at, UTF-16 units.
const NAME_LENGTH_MAX: usize = 64;

type Hash = fn(&[u8]) -> Vec<u8>;

const HASHES: [(&str, Hash); 4] = [
    ("SHA-1", |bytes| Sha1::digest(bytes).to_vec()),
    ("SHA-256", |bytes| Sha256::digest(bytes).to_vec()),
    ("SHA-384", |bytes| Sha384::digest(bytes).to_vec()),
    ("SHA-512", |bytes| Sha512::digest(bytes).to_vec()),
];

/// Defines the global `crypto`.
pub(super) fn define(context: &mut Context) -> JsResult<()> {
    let digest = NativeFunction::from_fn_ptr(|_, args, context| {
        Host::enter(CALL_FUEL, context, |context| {
            promised(context, |context| {
                let digest = digest(args, context)?;
                Ok(JsPromise::resolve(digest, context)?.into())
            })
        })
    });
    let fill = NativeFunction::from_fn_ptr(|_, args, context| {
        Host::enter(CALL_FUEL, context, |context| fill(&args.first().cloned().unwrap_or_default(), context))
    });
    let uuid =
        NativeFunction::from_fn_ptr(|_, _, context| Host::enter(CALL_FUEL, context, |context| Ok(uuid(context))));
    let subtle = ObjectInitializer::new(context).function(digest, js_string!("digest"), 2).build();
    let crypto = ObjectInitializer::new(context)
        .function(fill, js_string!("getRandomValues"), 1)
        .function(uuid, js_string!("randomUUID"), 0)
        .property(js_string!("subtle"), subtle, Attribute::READONLY | Attribute::CONFIGURABLE)
        .build();
    context.register_global_property(js_string!("crypto"), crypto, Attribute::WRITABLE | Attribute::CONFIGURABLE)
}

/// A `DOMException`.
pub(super) fn exception(message: &str, name: &str, context: &mut Context) -> JsError {
    let args = [JsString::from(message).into(), JsString::from(name).into()];
    match Part::Abort.call("exception", &args, context) {
        Ok(exception) => JsError::from_opaque(exception),
        Err(error) => error,
    }
}

/// `crypto.getRandomValues(array)`.
fn fill(array: &JsValue, context: &mut Context) -> JsResult<JsValue> {
    let typed = array.as_object().and_then(|object| JsTypedArray::from_object(object).ok());
    let kind = typed.and_then(|typed| typed.kind());
    let whole =
        !matches!(kind, None | Some(TypedArrayKind::Float32 | TypedArrayKind::Float64 | TypedArrayKind::Float16));
    let Some(length) = view_length(array, context)?.filter(|_| whole) else {
        let message = format!("crypto.getRandomValues: expected an array of integers, got {}", inspect::kind(array));
        return Err(exception(&message, "TypeMismatchError", context));
    };
    if length > RANDOM_BYTES_MAX {
        let message = format!("crypto.getRandomValues: at most {RANDOM_BYTES_MAX} bytes, got {length}");
        return Err(exception(&message, "QuotaExceededError", context));
    }
    let host = Host::of(context);
    host.charge(length as u64 / 4, context)?;
    let mut bytes = vec![0; length];
    host.random.borrow_mut().fill_bytes(&mut bytes);
    overwrite(array, &bytes, context)?;
    Ok(array.clone())
}

/// A random UUID (RFC 9562, version 4).
fn uuid(context: &mut Context) -> JsValue {
    let mut bytes = [0; 16];
    Host::of(context).random.borrow_mut().fill_bytes(&mut bytes);
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let digits = hex::encode(bytes);
    let parts = [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]];
    JsString::from(parts.join("-").as_str()).into()
}

/// `crypto.subtle.digest(algorithm, data)`: the bytes of the hash as an `ArrayBuffer`.
fn digest(args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let algorithm = args.first().cloned().unwrap_or_default();
    let name = match algorithm.as_object() {
        Some(algorithm) => algorithm.get(js_string!("name"), context)?,
        None => algorithm,
    };
    let name = name.to_string(context)?;
    let name = name.get(..name.len().min(NAME_LENGTH_MAX)).unwrap_or_default().to_std_string_lossy();
    let Some((_, hash)) = HASHES.iter().find(|(known, _)| known.eq_ignore_ascii_case(&name)) else {
        let message = format!("crypto.subtle.digest: unknown algorithm {name:?}");
        return Err(exception(&message, "NotSupportedError", context));
    };
    let data = args.get(1).cloned().unwrap_or_default();
    let Some(bytes) = view_bytes(&data, context)? else {
        let got = inspect::kind(&data);
        return Err(type_error(format!("crypto.subtle.digest: data: expected bytes, got {got}")));
    };
    Host::of(context).charge(50 + bytes.len() as u64, context)?;
    new_bytes(hash(&bytes), context)?.buffer(context)
}
