//! Reads JSON texts (RFC 8259) into values. The engine's own parser compiles the text as a program, and recurses.

use boa_engine::object::builtins::JsArray;
use boa_engine::property::PropertyKey;
use boa_engine::{Context, JsError, JsNativeError, JsObject, JsResult, JsString, JsValue};

use super::host::Host;
use super::limits::JSON_DEPTH_MAX;

/// What a member or an element takes up, bytes.
const MEMBER_BYTES: u64 = 24;
/// The longest literal of a number, digits.
const NUMBER_LENGTH_MAX: usize = 4096;

struct Parser<'a> {
    text: &'a [u16],
    at: usize,
    depth: usize,
}

/// Parses a whole text. Of members with one name, the last counts.
///
/// # Errors
/// A `SyntaxError` if the text is not JSON, a `RangeError` if it nests deeper than [`JSON_DEPTH_MAX`] levels.
pub(super) fn parse(text: &[u16], context: &mut Context) -> JsResult<JsValue> {
    let mut parser = Parser { text, at: 0, depth: 0 };
    let value = parser.value(context)?;
    parser.blanks();
    match parser.at == text.len() {
        true => Ok(value),
        false => Err(parser.unexpected()),
    }
}

/// The error for texts and values that nest too deeply.
pub(super) fn too_deep() -> JsError {
    JsNativeError::range().with_message(format!("JSON: nested more than {JSON_DEPTH_MAX} levels deep")).into()
}

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).map(|&unit| u8::try_from(unit).unwrap_or(0))
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn unexpected(&self) -> JsError {
        let found = match self.text.get(self.at) {
            None => "end of text".to_owned(),
            Some(&unit) => format!("{:?}", char::from_u32(unit.into()).unwrap_or(char::REPLACEMENT_CHARACTER)),
        };
        let message = format!("JSON: unexpected {found} at position {}", self.at);
        JsNativeError::syntax().with_message(message).into()
    }

    fn expect(&mut self, byte: u8) -> JsResult<()> {
        self.blanks();
        if self.peek() != Some(byte) {
            return Err(self.unexpected());
        }
        self.at += 1;
        Ok(())
    }

    fn value(&mut self, context: &mut Context) -> JsResult<JsValue> {
        Host::of(context).charge(4, context)?;
        self.blanks();
        match self.peek() {
            Some(b'{') => self.nested(context, Self::object),
            Some(b'[') => self.nested(context, Self::array),
            Some(b'"') => Ok(self.string()?.into()),
            Some(b't') => self.word("true", JsValue::from(true)),
            Some(b'f') => self.word("false", JsValue::from(false)),
            Some(b'n') => self.word("null", JsValue::null()),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => Err(self.unexpected()),
        }
    }

    fn nested(
        &mut self,
        context: &mut Context,
        inner: fn(&mut Self, &mut Context) -> JsResult<JsValue>,
    ) -> JsResult<JsValue> {
        if self.depth == JSON_DEPTH_MAX {
            return Err(too_deep());
        }
        self.depth += 1;
        self.at += 1;
        let value = inner(self, context);
        self.depth -= 1;
        value
    }

    fn object(&mut self, context: &mut Context) -> JsResult<JsValue> {
        let object = JsObject::with_object_proto(context.intrinsics());
        self.blanks();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(object.into());
        }
        loop {
            self.blanks();
            let name = PropertyKey::from(self.string()?);
            self.expect(b':')?;
            let value = self.value(context)?;
            Host::of(context).produce(MEMBER_BYTES)?;
            object.create_data_property_or_throw(name, value, context)?;
            self.blanks();
            if self.peek() != Some(b',') {
                break;
            }
            self.at += 1;
        }
        self.expect(b'}')?;
        Ok(object.into())
    }

    fn array(&mut self, context: &mut Context) -> JsResult<JsValue> {
        let mut items = Vec::new();
        self.blanks();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(JsArray::from_iter(items, context).into());
        }
        loop {
            items.push(self.value(context)?);
            Host::of(context).produce(MEMBER_BYTES)?;
            self.blanks();
            if self.peek() != Some(b',') {
                break;
            }
            self.at += 1;
        }
        self.expect(b']')?;
        Ok(JsArray::from_iter(items, context).into())
    }

    fn word(&mut self, word: &str, value: JsValue) -> JsResult<JsValue> {
        for byte in word.bytes() {
            if self.peek() != Some(byte) {
                return Err(self.unexpected());
            }
            self.at += 1;
        }
        Ok(value)
    }

    fn digits(&mut self) -> JsResult<()> {
        if !matches!(self.peek(), Some(b'0'..=b'9')) {
            return Err(self.unexpected());
        }
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        Ok(())
    }

    fn number(&mut self) -> JsResult<JsValue> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            _ => self.digits()?,
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        let literal = &self.text[start..self.at];
        if literal.len() > NUMBER_LENGTH_MAX {
            let message = format!("JSON: a number of more than {NUMBER_LENGTH_MAX} digits");
            return Err(JsNativeError::range().with_message(message).into());
        }
        let literal = String::from_utf16_lossy(literal);
        let number: f64 = literal.parse().map_err(|_| self.unexpected())?;
        // Small integers are kept as such, as the engine does; -0 is none.
        match number as i32 {
            whole if f64::from(whole) == number && (whole != 0 || number.is_sign_positive()) => Ok(whole.into()),
            _ => Ok(number.into()),
        }
    }

    /// Texts may hold lone surrogates, as JavaScript's strings do.
    fn string(&mut self) -> JsResult<JsString> {
        if self.peek() != Some(b'"') {
            return Err(self.unexpected());
        }
        self.at += 1;
        let start = self.at;
        let mut units: Option<Vec<u16>> = None;
        loop {
            let unit = *self.text.get(self.at).ok_or_else(|| self.unexpected())?;
            if unit == u16::from(b'"') {
                break;
            }
            if unit < 0x20 {
                return Err(self.unexpected());
            }
            if unit == u16::from(b'\\') {
                let decoded = units.get_or_insert_with(|| self.text[start..self.at].to_vec());
                let escape = decode_escape(&self.text[self.at + 1..]);
                let Some((character, width)) = escape else {
                    self.at += 1;
                    return Err(self.unexpected());
                };
                decoded.push(character);
                self.at += 1 + width;
            } else {
                if let Some(decoded) = &mut units {
                    decoded.push(unit);
                }
                self.at += 1;
            }
        }
        let text = JsString::from(units.as_deref().unwrap_or(&self.text[start..self.at]));
        self.at += 1;
        Ok(text)
    }
}

/// What follows a backslash: the unit that it means, and how many units of text it takes.
fn decode_escape(text: &[u16]) -> Option<(u16, usize)> {
    let unit = match u8::try_from(*text.first()?).ok()? {
        byte @ (b'"' | b'\\' | b'/') => byte,
        b'b' => 8,
        b'f' => 12,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'u' => {
            let digits = text.get(1..5)?.iter().map(|&unit| char::from_u32(unit.into())?.to_digit(16));
            let unit = digits
                .map(|digit| digit.map(|digit| digit as u16))
                .try_fold(0_u16, |unit, digit| Some(unit << 4 | digit?));
            return Some((unit?, 5));
        }
        _ => return None,
    };
    Some((u16::from(unit), 1))
}
