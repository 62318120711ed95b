//! `uint8arrayFromString` and `uint8arrayToString`: bytes as text, with the encoding names of the npm package
//! `uint8arrays`, which Lit actions use.

use boa_engine::{Context, JsError, JsNativeError, JsResult, JsString, JsValue};
use cid::multibase::Base;

use super::Host;
use super::args::{bytes_of, type_error};
use crate::action::inspect;
use crate::action::natives::new_bytes;

/// The package's names of bases.
const BASES: [(&str, Base); 24] = [
    ("base2", Base::Base2),
    ("base8", Base::Base8),
    ("base10", Base::Base10),
    ("base16", Base::Base16Lower),
    ("base16upper", Base::Base16Upper),
    ("base32", Base::Base32Lower),
    ("base32upper", Base::Base32Upper),
    ("base32pad", Base::Base32PadLower),
    ("base32padupper", Base::Base32PadUpper),
    ("base32hex", Base::Base32HexLower),
    ("base32hexupper", Base::Base32HexUpper),
    ("base32hexpad", Base::Base32HexPadLower),
    ("base32hexpadupper", Base::Base32HexPadUpper),
    ("base32z", Base::Base32Z),
    ("base36", Base::Base36Lower),
    ("base36upper", Base::Base36Upper),
    ("base58btc", Base::Base58Btc),
    ("base58flickr", Base::Base58Flickr),
    ("base64", Base::Base64),
    ("base64pad", Base::Base64Pad),
    ("base64url", Base::Base64Url),
    ("base64urlpad", Base::Base64UrlPad),
    ("base256emoji", Base::Base256Emoji),
    ("hex", Base::Base16Lower),
];

/// How bytes are written as text.
#[derive(Clone, Copy)]
enum Encoding {
    Utf8,
    /// A byte is a character; the package takes the low byte of characters that are more.
    Latin1,
    Base(Base),
}

impl Encoding {
    fn read(function: &str, value: Option<&JsValue>) -> JsResult<Self> {
        let name = match value {
            None => return Ok(Self::Utf8),
            Some(value) if value.is_undefined() => return Ok(Self::Utf8),
            Some(value) => short(value),
        };
        match name.as_str() {
            "utf8" | "utf-8" => Ok(Self::Utf8),
            "latin1" | "ascii" | "binary" => Ok(Self::Latin1),
            _ => match BASES.iter().find(|(known, _)| *known == name) {
                Some((_, base)) => Ok(Self::Base(*base)),
                None => {
                    let known: Vec<&str> = BASES.iter().map(|(name, _)| *name).collect();
                    let known = known.join(", ");
                    Err(type_error(format!("{function}: encoding: expected utf8, latin1, ascii, binary, {known}")))
                }
            },
        }
    }

    /// What converting so many bytes or characters costs beside reading them. Where the whole is one number, each digit
    /// touches all others.
    fn fuel(self, length: u64) -> u64 {
        use Base::{Base10, Base36Lower, Base36Upper, Base58Btc, Base58Flickr};
        match self {
            Self::Base(Base10 | Base36Lower | Base36Upper | Base58Btc | Base58Flickr) => {
                length.saturating_mul(length) / 64
            }
            _ => 0,
        }
    }

    fn decode(self, text: &JsString) -> Option<Vec<u8>> {
        match self {
            Self::Utf8 => Some(text.to_std_string_lossy().into_bytes()),
            Self::Latin1 => Some(text.iter().map(|unit| unit.to_le_bytes()[0]).collect()),
            Self::Base(Base::Base16Lower | Base::Base16Upper) => hex::decode(text.to_std_string_lossy()).ok(),
            Self::Base(base) => {
                let text = text.to_std_string_lossy();
                match unpadded(base) {
                    Some(base) => base.decode(text.trim_end_matches('=')).ok(),
                    None => base.decode(text).ok(),
                }
            }
        }
    }

    fn encode(self, bytes: &[u8]) -> String {
        match self {
            Self::Utf8 => String::from_utf8_lossy(bytes).into_owned(),
            Self::Latin1 => bytes.iter().copied().map(char::from).collect(),
            Self::Base(base) => base.encode(bytes),
        }
    }
}

/// The base that reads the text of a base of RFC 4648 once its padding, which the package does not look at, is cut off;
/// `None` for other bases.
fn unpadded(base: Base) -> Option<Base> {
    Some(match base {
        Base::Base32Lower | Base::Base32PadLower => Base::Base32Lower,
        Base::Base32Upper | Base::Base32PadUpper => Base::Base32Upper,
        Base::Base32HexLower | Base::Base32HexPadLower => Base::Base32HexLower,
        Base::Base32HexUpper | Base::Base32HexPadUpper => Base::Base32HexUpper,
        Base::Base64 | Base::Base64Pad => Base::Base64,
        Base::Base64Url | Base::Base64UrlPad => Base::Base64Url,
        _ => return None,
    })
}

/// `uint8arrayFromString(text, encoding = "utf8")`.
pub(super) fn from_string(args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    const FUNCTION: &str = "Lit.Actions.uint8arrayFromString";
    let Some(text) = args.first().and_then(JsValue::as_string) else {
        let got = args.first().map_or("nothing", inspect::kind);
        return Err(type_error(format!("{FUNCTION}: text: expected a string, got {got}")));
    };
    let encoding = Encoding::read(FUNCTION, args.get(1))?;
    charge(encoding, text.len() as u64, context)?;
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
    charge(encoding, bytes.len() as u64, context)?;
    Ok(JsString::from(encoding.encode(&bytes).as_str()).into())
}

fn charge(encoding: Encoding, length: u64, context: &mut Context) -> JsResult<()> {
    let host = Host::of(context);
    host.charge((length / 4).saturating_add(encoding.fuel(length)), context)?;
    host.produce(length.saturating_mul(8))
}

/// A name, if it is short enough to be one.
fn short(value: &JsValue) -> String {
    let name = value.as_string().filter(|name| name.len() <= 20);
    name.map(|name| name.to_std_string_lossy()).unwrap_or_default()
}

fn invalid(function: &str) -> JsError {
    JsNativeError::syntax().with_message(format!("{function}: text: not in the named encoding")).into()
}
