//! Bytes as texts, for `Buffer` and ethers.

use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use boa_engine::{Context, JsResult, JsString, JsValue};

use super::{Primitive, bytes_argument, new_hex, new_text, text_argument};
use crate::action::host::Host;
use crate::action::host::args::type_error;
use crate::action::natives::new_bytes;

/// Takes texts whose last digit has bits to spare, as Node.js does.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

pub(super) const FROM_HEX: Primitive = ("fromHex", |args, context| {
    let text = text_argument(args, 0, context)?.to_std_string_lossy();
    let bytes = hex::decode(text).map_err(|_| type_error("expected hex".into()))?;
    Ok(new_bytes(bytes, context)?.into())
});

pub(super) const TO_HEX: Primitive = ("toHex", |args, context| {
    let bytes = bytes_argument(args, 0, context)?;
    new_hex(&bytes, context)
});

pub(super) const PRIMITIVES: [Primitive; 8] = [
    FROM_HEX,
    TO_HEX,
    ("fromBase64", |args, context| {
        let text = text_argument(args, 0, context)?.to_std_string_lossy();
        let bytes = LENIENT.decode(text).map_err(|_| type_error("expected base64".into()))?;
        Ok(new_bytes(bytes, context)?.into())
    }),
    ("toBase64", |args, context| {
        let bytes = bytes_argument(args, 0, context)?;
        new_text(&STANDARD.encode(bytes), context)
    }),
    ("fromLatin1", |args, context| {
        let text = text_argument(args, 0, context)?;
        let bytes = text.iter().map(|unit| unit as u8).collect();
        Ok(new_bytes(bytes, context)?.into())
    }),
    ("toLatin1", to_latin1),
    ("fromUtf8", |args, context| {
        let bytes = text_argument(args, 0, context)?.to_std_string_lossy().into_bytes();
        Ok(new_bytes(bytes, context)?.into())
    }),
    ("toUtf8", |args, context| {
        let bytes = bytes_argument(args, 0, context)?;
        new_text(&String::from_utf8_lossy(&bytes), context)
    }),
];

fn to_latin1(args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let bytes = bytes_argument(args, 0, context)?;
    let host = Host::of(context);
    host.produce(2 * bytes.len() as u64)?;
    let units: Vec<u16> = bytes.iter().copied().map(u16::from).collect();
    Ok(JsString::from(units.as_slice()).into())
}
