//! `uint8arrayFromString` and `uint8arrayToString`: bytes as text, with the encoding names of the npm package
//! `uint8arrays`, which Lit actions use.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD, STANDARD_NO_PAD};
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use boa_engine::{Context, JsError, JsNativeError, JsResult, JsString, JsValue};

use super::Host;
use super::args::{bytes_of, type_error};
use crate::action::inspect;
use crate::action::natives::new_bytes;

const ANY_PADDING: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const FROM_BASE64: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, ANY_PADDING);
const FROM_BASE64_URL: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, ANY_PADDING);

/// How bytes are written as text.
#[derive(Clone, Copy)]
enum Encoding {
    Utf8,
    Latin1,
    Hex,
    HexUpper,
    Base64,
    Base64Pad,
    Base64Url,
    Base64UrlPad,
}

impl Encoding {
    fn read(function: &str, value: Option<&JsValue>) -> JsResult<Self> {
        let name = match value {
            None => return Ok(Self::Utf8),
            Some(value) if value.is_undefined() => return Ok(Self::Utf8),
            Some(value) => short(value),
        };
        Ok(match name.as_str() {
            "utf8" | "utf-8" => Self::Utf8,
            "latin1" | "ascii" | "binary" => Self::Latin1,
            "base16" | "hex" => Self::Hex,
            "base16upper" => Self::HexUpper,
            "base64" => Self::Base64,
            "base64pad" => Self::Base64Pad,
            "base64url" => Self::Base64Url,
            "base64urlpad" => Self::Base64UrlPad,
            _ => {
                let known = "utf8, latin1, base16, base16upper, base64, base64pad, base64url or base64urlpad";
                return Err(type_error(format!("{function}: encoding: expected {known}")));
            }
        })
    }

    fn decode(self, text: &JsString) -> Option<Vec<u8>> {
        if let Self::Latin1 = self {
            return text.iter().map(|unit| u8::try_from(unit).ok()).collect();
        }
        let text = text.to_std_string_lossy();
        match self {
            Self::Utf8 | Self::Latin1 => Some(text.into_bytes()),
            Self::Hex | Self::HexUpper => hex::decode(text).ok(),
            Self::Base64 | Self::Base64Pad => FROM_BASE64.decode(text).ok(),
            Self::Base64Url | Self::Base64UrlPad => FROM_BASE64_URL.decode(text).ok(),
        }
    }

    fn encode(self, bytes: &[u8]) -> String {
        match self {
            Self::Utf8 => String::from_utf8_lossy(bytes).into_owned(),
            Self::Latin1 => bytes.iter().copied().map(char::from).collect(),
            Self::Hex => hex::encode(bytes),
            Self::HexUpper => hex::encode_upper(bytes),
            Self::Base64 => STANDARD_NO_PAD.encode(bytes),
            Self::Base64Pad => STANDARD.encode(bytes),
            Self::Base64Url => URL_SAFE_NO_PAD.encode(bytes),
            Self::Base64UrlPad => URL_SAFE.encode(bytes),
        }
    }
}

/// `uint8arrayFromString(text, encoding = "utf8")`.
pub(super) fn from_string(args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    const FUNCTION: &str = "Lit.Actions.uint8arrayFromString";
    let Some(text) = args.first().and_then(JsValue::as_string) else {
        let got = args.first().map_or("nothing", inspect::kind);
        return Err(type_error(format!("{FUNCTION}: text: expected a string, got {got}")));
    };
    let encoding = Encoding::read(FUNCTION, args.get(1))?;
    charge(text.len() as u64, context)?;
    let bytes = encoding.decode(&text).ok_or_else(|| invalid(FUNCTION))?;
    Ok(new_bytes(bytes, context)?.into())
}

/// `uint8arrayToString(bytes, encoding = "utf8")`.
pub(super) fn to_string(args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    const FUNCTION: &str = "Lit.Actions.uint8arrayToString";
    let value = args.first().cloned().unwrap_or_default();
    let Some(bytes) = bytes_of(&value, context)? else {
        let got = inspect::kind(&value);
        return Err(type_error(format!("{FUNCTION}: bytes: expected a Uint8Array, got {got}")));
    };
    let encoding = Encoding::read(FUNCTION, args.get(1))?;
    charge(bytes.len() as u64, context)?;
    Ok(JsString::from(encoding.encode(&bytes).as_str()).into())
}

fn charge(length: u64, context: &mut Context) -> JsResult<()> {
    let host = Host::of(context);
    host.charge(length / 4, context)?;
    host.produce(length.saturating_mul(4))
}

/// A name, if it is short enough to be one.
fn short(value: &JsValue) -> String {
    let name = value.as_string().filter(|name| name.len() <= 16);
    name.map(|name| name.to_std_string_lossy()).unwrap_or_default()
}

fn invalid(function: &str) -> JsError {
    JsNativeError::syntax().with_message(format!("{function}: text: not in the named encoding")).into()
}
