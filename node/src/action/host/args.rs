//! Reads the arguments of host functions. Every misuse is a `TypeError` that names function, field and expectation.

use alloy_primitives::U256;
use boa_engine::builtins::typed_array::TypedArrayKind;
use boa_engine::object::builtins::{JsArrayBuffer, JsTypedArray, JsUint8Array};
use boa_engine::{Context, JsError, JsNativeError, JsObject, JsResult, JsString, JsValue};
use k256::elliptic_curve::sec1::ToEncodedPoint;

use super::Host;
use crate::action::inspect;
use crate::action::natives::members;

/// The longest byte argument, bytes.
pub(in crate::action) const BYTES_MAX: usize = 16 << 20;

/// The longest text that names something, UTF-16 units.
const NAME_LENGTH_MAX: usize = 4096;
/// The longest text of a token id, UTF-16 units; leading zeros are allowed.
const TOKEN_LENGTH_MAX: usize = 128;

/// The single object argument of a host function.
pub(super) struct Args {
    function: &'static str,
    object: JsObject,
}

impl Args {
    pub(super) fn read(function: &'static str, args: &[JsValue]) -> JsResult<Self> {
        match args.first().and_then(JsValue::as_object) {
            Some(object) => Ok(Self { function, object }),
            None => Err(type_error(format!("{function}: expected one object argument"))),
        }
    }

    pub(super) fn misuse(&self, field: &str, expected: &str, got: impl std::fmt::Display) -> JsError {
        type_error(format!("{}: {field}: expected {expected}, got {got}", self.function))
    }

    fn required(&self, field: &str, expected: &str, context: &mut Context) -> JsResult<JsValue> {
        self.optional(field, context)?.ok_or_else(|| self.misuse(field, expected, "nothing"))
    }

    /// A field that need not be there.
    pub(super) fn optional(&self, field: &str, context: &mut Context) -> JsResult<Option<JsValue>> {
        let value = self.object.get(JsString::from(field), context)?;
        Ok(Some(value).filter(|value| !value.is_null_or_undefined()))
    }

    /// A string of at most [`NAME_LENGTH_MAX`] UTF-16 units.
    pub(super) fn name(&self, field: &str, context: &mut Context) -> JsResult<String> {
        let text = self.string(field, context)?;
        match text.len() > NAME_LENGTH_MAX {
            true => Err(self.misuse(field, &format!("at most {NAME_LENGTH_MAX} characters"), text.len())),
            false => Ok(text.to_std_string_lossy()),
        }
    }

    /// A string, not yet copied: it may be too long for its purpose.
    pub(super) fn string(&self, field: &str, context: &mut Context) -> JsResult<JsString> {
        let value = self.required(field, "a string", context)?;
        match value.as_string() {
            Some(text) => {
                Host::of(context).charge(text.len() as u64 / 4, context)?;
                Ok(text)
            }
            None => Err(self.misuse(field, "a string", inspect::kind(&value))),
        }
    }

    pub(super) fn bytes(&self, field: &str, context: &mut Context) -> JsResult<Vec<u8>> {
        const EXPECTED: &str = "bytes (Uint8Array, array of bytes or hex string)";
        let value = self.required(field, EXPECTED, context)?;
        if let Some(text) = value.as_string() {
            Host::of(context).charge(text.len() as u64 / 4, context)?;
            if text.len() > 2 * BYTES_MAX + 2 {
                return Err(self.misuse(field, EXPECTED, "a string that is too long"));
            }
            let text = text.to_std_string_lossy();
            return hex_bytes(&text).ok_or_else(|| self.misuse(field, EXPECTED, "a string that is not hex"));
        }
        match bytes_of(&value, context)? {
            Some(bytes) => Ok(bytes),
            None => Err(self.misuse(field, EXPECTED, inspect::kind(&value))),
        }
    }

    /// A text, as its UTF-8 bytes, or bytes. A text is never taken for hex.
    pub(super) fn text_or_bytes(&self, field: &str, context: &mut Context) -> JsResult<Vec<u8>> {
        const EXPECTED: &str = "a text or bytes (Uint8Array or array of bytes)";
        let value = self.required(field, EXPECTED, context)?;
        if let Some(text) = value.as_string() {
            Host::of(context).charge(text.len() as u64 / 4, context)?;
            if text.len() > BYTES_MAX {
                return Err(self.misuse(field, EXPECTED, "a text that is too long"));
            }
            return Ok(text.to_std_string_lossy().into_bytes());
        }
        match bytes_of(&value, context)? {
            Some(bytes) => Ok(bytes),
            None => Err(self.misuse(field, EXPECTED, inspect::kind(&value))),
        }
    }

    /// A string, or the text of a number or boolean.
    pub(super) fn text(&self, field: &str, context: &mut Context) -> JsResult<JsString> {
        let value = self.required(field, "a string or a number", context)?;
        match value.is_number() || value.is_boolean() {
            true => value.to_string(context),
            false => self.string(field, context),
        }
    }

    pub(super) fn fixed<const N: usize>(&self, field: &str, context: &mut Context) -> JsResult<[u8; N]> {
        let bytes = self.bytes(field, context)?;
        let got = format!("{} bytes", bytes.len());
        bytes.try_into().map_err(|_| self.misuse(field, &format!("{N} bytes"), got))
    }

    /// A secp256k1 public key in either SEC1 form, made uncompressed.
    pub(super) fn public_key(&self, field: &str, context: &mut Context) -> JsResult<Vec<u8>> {
        const EXPECTED: &str = "a secp256k1 public key of 65 or 33 bytes";
        let bytes = self.bytes(field, context)?;
        match k256::PublicKey::from_sec1_bytes(&bytes) {
            Ok(key) => Ok(key.to_encoded_point(false).as_bytes().to_vec()),
            Err(_) => Err(self.misuse(field, EXPECTED, format!("{} bytes that are none", bytes.len()))),
        }
    }

    /// A token id: a decimal or 0x-hex string, or a BigInt.
    pub(super) fn token_id(&self, field: &str, context: &mut Context) -> JsResult<[u8; 32]> {
        const EXPECTED: &str = "a token id (decimal or 0x-hex string, or BigInt)";
        let value = self.required(field, EXPECTED, context)?;
        let text = match (value.as_string(), value.as_bigint()) {
            (Some(text), _) if text.len() > TOKEN_LENGTH_MAX => String::new(),
            (Some(text), _) => text.to_std_string_lossy(),
            (None, Some(number)) if number.as_inner().bits() <= 256 => number.to_string_radix(10),
            _ => return Err(self.misuse(field, EXPECTED, inspect::kind(&value))),
        };
        match text.parse::<U256>() {
            Ok(number) if !text.is_empty() => Ok(number.to_be_bytes()),
            _ => Err(self.misuse(field, EXPECTED, "a string that is none")),
        }
    }

    pub(super) fn whole_number(&self, field: &str, context: &mut Context) -> JsResult<u64> {
        const EXPECTED: &str = "a whole number";
        let value = self.required(field, EXPECTED, context)?;
        match value.as_number() {
            Some(number) if number >= 0.0 && number.fract() == 0.0 && number < 9_007_199_254_740_992.0 => {
                Ok(number as u64)
            }
            _ => Err(self.misuse(field, EXPECTED, inspect::kind(&value))),
        }
    }

    /// The type of an authentication method: a whole number, or its text (decimal or 0x-hex).
    pub(super) fn method_type(&self, field: &str, context: &mut Context) -> JsResult<u64> {
        const EXPECTED: &str = "a whole number, or its text";
        let value = self.required(field, EXPECTED, context)?;
        let Some(text) = value.as_string() else { return self.whole_number(field, context) };
        let digits = if text.len() <= TOKEN_LENGTH_MAX { text.to_std_string_lossy() } else { String::new() };
        let number = match digits.strip_prefix("0x") {
            Some(digits) => u64::from_str_radix(digits, 16),
            None => digits.parse(),
        };
        number.map_err(|_| self.misuse(field, EXPECTED, "a string that is none"))
    }

    /// A whole number of at most `max`.
    pub(super) fn whole_number_to(&self, field: &str, max: u64, context: &mut Context) -> JsResult<u64> {
        match self.whole_number(field, context)? {
            number if number <= max => Ok(number),
            number => Err(self.misuse(field, &format!("a whole number of at most {max}"), number)),
        }
    }
}

/// A `TypeError`.
pub(in crate::action) fn type_error(message: String) -> JsError {
    JsNativeError::typ().with_message(message).into()
}

fn hex_bytes(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    (digits.len() / 2 <= BYTES_MAX).then(|| hex::decode(digits).ok()).flatten()
}

/// The bytes of a `Uint8Array` (a `Buffer` is one), a `Uint8ClampedArray`, an `ArrayBuffer` or an array of bytes; `None`
/// for anything else: elements of other sizes have more than one reading.
pub(in crate::action) fn bytes_of(value: &JsValue, context: &mut Context) -> JsResult<Option<Vec<u8>>> {
    let Some(object) = value.as_object() else { return Ok(None) };
    let length = members(value, context);
    Host::of(context).charge(length / 4, context)?;
    if let Ok(array) = JsTypedArray::from_object(object.clone()) {
        return match array.kind() {
            Some(TypedArrayKind::Uint8) => JsUint8Array::from_object(object)?.to_vec(context).map(Some),
            Some(TypedArrayKind::Uint8Clamped) => elements(&object, array.length(context)? as f64, context),
            _ => Ok(None),
        };
    }
    if let Ok(buffer) = JsArrayBuffer::from_object(object.clone()) {
        return Ok(buffer.to_vec());
    }
    let length = inspect::data_property(&object, "length").and_then(|length| length.as_number());
    match length.filter(|_| object.is_array()) {
        Some(length) => elements(&object, length, context),
        None => Ok(None),
    }
}

/// The elements below `length`, if there are not too many and each is a byte.
fn elements(array: &JsObject, length: f64, context: &mut Context) -> JsResult<Option<Vec<u8>>> {
    if length > BYTES_MAX as f64 {
        return Ok(None);
    }
    Host::of(context).charge(4 * length as u64, context)?;
    let mut bytes = Vec::new();
    for index in 0..length as u32 {
        match array.get(index, context)?.as_number() {
            Some(byte) if (0.0..=255.0).contains(&byte) && byte.fract() == 0.0 => bytes.push(byte as u8),
            _ => return Ok(None),
        }
    }
    Ok(Some(bytes))
}
