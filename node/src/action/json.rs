//! `JSON` with bounded nesting. The engine's own parser and serializer recurse on the native stack without a bound of
//! ours, so parsing (see `parse`), reviving and serializing are written here.

use boa_engine::object::builtins::JsArray;
use boa_engine::property::PropertyKey;
use boa_engine::value::IntegerOrInfinity;
use boa_engine::{
    Context, JsError, JsNativeError, JsObject, JsResult, JsString, JsValue, JsVariant, NativeFunction, js_string,
};

use super::host::Host;
use super::host::args::type_error;
use super::limits::{JSON_DEPTH_MAX, STRING_LENGTH_MAX};
use super::natives::{own_properties, replace};
use super::parse::{self, too_deep};

/// Functions of the engine, kept before any script runs.
struct Engine {
    is_array: JsObject,
}

impl Engine {
    /// Whether the object is an array, seen through proxies (ECMA-262, 7.2.2).
    fn is_array(object: &JsObject, context: &mut Context) -> JsResult<bool> {
        let is_array = context.get_data::<Self>().expect("set when the context was built").is_array.clone();
        Ok(is_array.call(&JsValue::undefined(), &[object.clone().into()], context)?.to_boolean())
    }
}

/// Replaces `JSON.parse` and `JSON.stringify`.
pub(super) fn define(context: &mut Context) -> JsResult<()> {
    let json = context.global_object().get(js_string!("JSON"), context)?;
    let json = json.as_object().ok_or_else(|| type_error("JSON is missing".into()))?;
    replace(&json, "parse", NativeFunction::from_fn_ptr(parse_function), context)?;
    let array = context.intrinsics().constructors().array().constructor();
    let is_array = array.get(js_string!("isArray"), context)?.as_callable();
    let is_array = is_array.ok_or_else(|| type_error("Array.isArray is missing".into()))?;
    context.insert_data(Engine { is_array });
    replace(&json, "stringify", NativeFunction::from_fn_ptr(stringify_function), context)?;
    Ok(())
}

/// Parses a JSON text. Members keep their order, as JavaScript orders them.
///
/// # Errors
/// A `SyntaxError` if the text is not JSON, a `RangeError` if it nests too deeply.
pub(super) fn parse(text: &JsString, context: &mut Context) -> JsResult<JsValue> {
    let host = Host::of(context);
    host.charge(text.len() as u64 / 4, context)?;
    host.produce((text.len() as u64).saturating_mul(4))?;
    parse::parse(&text.to_vec(), context)
}

fn parse_function(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let text = args.first().cloned().unwrap_or_default().to_string(context)?;
    let value = parse(&text, context)?;
    match args.get(1).and_then(JsValue::as_callable) {
        None => Ok(value),
        Some(reviver) => {
            let root = JsObject::with_object_proto(context.intrinsics());
            root.create_data_property_or_throw(js_string!(), value, context)?;
            revive(&root, js_string!().into(), &reviver, 0, context)
        }
    }
}

/// InternalizeJSONProperty (ECMA-262, 25.5.1.1).
fn revive(
    holder: &JsObject,
    key: PropertyKey,
    reviver: &JsObject,
    depth: usize,
    context: &mut Context,
) -> JsResult<JsValue> {
    if depth > JSON_DEPTH_MAX {
        return Err(too_deep());
    }
    let value = holder.get(key.clone(), context)?;
    if let Some(object) = value.as_object() {
        for member in enumerable_keys(&object, context)? {
            let revived = revive(&object, member.clone(), reviver, depth + 1, context)?;
            if revived.is_undefined() {
                object.delete_property_or_throw(member, context)?;
            } else {
                object.create_data_property(member, revived, context)?;
            }
        }
    }
    reviver.call(&holder.clone().into(), &[key_text(&key).into(), value], context)
}

/// Own enumerable string keys, in order. Symbols are left out.
fn enumerable_keys(object: &JsObject, context: &mut Context) -> JsResult<Vec<PropertyKey>> {
    Host::of(context).charge(4 * own_properties(object), context)?;
    let keys = object.own_property_keys(context)?;
    Host::of(context).charge(keys.len() as u64, context)?;
    let mut enumerable = Vec::new();
    for key in keys {
        if matches!(key, PropertyKey::Symbol(_)) {
            continue;
        }
        let plain = object.is_ordinary() || object.is_array();
        let listed = match plain {
            true => object.borrow().properties().get(&key).is_some_and(|found| found.enumerable() == Some(true)),
            // A proxy or another exotic object: whether a trap hides the property cannot be seen without asking it.
            false => object.has_own_property(key.clone(), context)?,
        };
        if listed {
            enumerable.push(key);
        }
    }
    Ok(enumerable)
}

fn key_text(key: &PropertyKey) -> JsString {
    match key {
        PropertyKey::String(text) => text.clone(),
        PropertyKey::Index(index) => JsString::from(index.get().to_string().as_str()),
        PropertyKey::Symbol(_) => js_string!(),
    }
}

/// A value as a JSON text; `undefined` if it is nothing that JSON can say.
///
/// # Errors
/// What the value's own functions throw, a `TypeError` for a BigInt or a cycle, a `RangeError` if it nests too deeply.
pub(super) fn stringify(value: &JsValue, context: &mut Context) -> JsResult<JsValue> {
    stringify_function(&JsValue::undefined(), std::slice::from_ref(value), context)
}

fn stringify_function(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let value = args.first().cloned().unwrap_or_default();
    let mut writer = Writer {
        replacer: args.get(1).and_then(JsValue::as_callable),
        allowed: allowed_keys(args.get(1), context)?,
        gap: gap(args.get(2), context)?,
        indent: Vec::new(),
        stack: Vec::new(),
        out: Vec::new(),
    };
    let root = JsObject::with_object_proto(context.intrinsics());
    root.create_data_property_or_throw(js_string!(), value.clone(), context)?;
    let written = writer.property(&root, &js_string!().into(), value, context)?;
    let host = Host::of(context);
    host.charge(writer.out.len() as u64 / 8, context)?;
    host.produce(2 * writer.out.len() as u64)?;
    Ok(if written { JsString::from(writer.out.as_slice()).into() } else { JsValue::undefined() })
}

/// The replacer's list of keys, if it is an array.
fn allowed_keys(replacer: Option<&JsValue>, context: &mut Context) -> JsResult<Option<Vec<PropertyKey>>> {
    let Some(list) = replacer.and_then(JsValue::as_object).filter(JsObject::is_array) else { return Ok(None) };
    let mut keys: Vec<PropertyKey> = Vec::new();
    let length = JsArray::from_object(list.clone())?.length(context)?;
    for index in 0..length {
        let item = list.get(index, context)?;
        if item.is_string() || item.is_number() {
            let key = item.to_property_key(context)?;
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        Host::of(context).charge(1 + keys.len() as u64 / 8, context)?;
    }
    Ok(Some(keys))
}

fn gap(space: Option<&JsValue>, context: &mut Context) -> JsResult<Vec<u16>> {
    let Some(space) = space else { return Ok(Vec::new()) };
    if let Some(text) = space.as_string() {
        return Ok(text.iter().take(10).collect());
    }
    if !space.is_number() {
        return Ok(Vec::new());
    }
    let width = match space.to_integer_or_infinity(context)? {
        IntegerOrInfinity::Integer(width) => width.clamp(0, 10),
        IntegerOrInfinity::PositiveInfinity => 10,
        IntegerOrInfinity::NegativeInfinity => 0,
    };
    Ok(vec![u16::from(b' '); width as usize])
}

/// `Object("text")`, `Object(1)` and `Object(true)` are serialized as what they wrap.
fn unboxed(object: JsObject, context: &mut Context) -> JsResult<JsValue> {
    let flag = object.downcast_ref::<bool>().map(|flag| *flag);
    if let Some(flag) = flag {
        return Ok(flag.into());
    }
    let (is_text, is_number) = (object.is::<JsString>(), object.is::<f64>());
    let value = JsValue::from(object);
    match (is_text, is_number) {
        (true, _) => Ok(value.to_string(context)?.into()),
        (_, true) => Ok(value.to_number(context)?.into()),
        _ => Ok(value),
    }
}

/// The state of one serialization (ECMA-262, 25.5.2).
struct Writer {
    replacer: Option<JsObject>,
    allowed: Option<Vec<PropertyKey>>,
    gap: Vec<u16>,
    indent: Vec<u16>,
    stack: Vec<JsObject>,
    out: Vec<u16>,
}

impl Writer {
    /// SerializeJSONProperty; says whether anything was written (`undefined` and functions are not).
    fn property(
        &mut self,
        holder: &JsObject,
        key: &PropertyKey,
        value: JsValue,
        context: &mut Context,
    ) -> JsResult<bool> {
        let mut value = value;
        if value.is_object() || value.is_bigint() {
            let to_json = value.to_object(context)?.get(js_string!("toJSON"), context)?;
            if let Some(to_json) = to_json.as_callable() {
                value = to_json.call(&value, &[key_text(key).into()], context)?;
            }
        }
        if let Some(replacer) = self.replacer.clone() {
            value = replacer.call(&holder.clone().into(), &[key_text(key).into(), value], context)?;
        }
        if let Some(object) = value.as_object() {
            value = unboxed(object, context)?;
        }
        self.check_size(context)?;
        match value.variant() {
            JsVariant::Null => self.ascii("null"),
            JsVariant::Boolean(flag) => self.ascii(if flag { "true" } else { "false" }),
            JsVariant::String(text) => self.quoted(&text, context)?,
            JsVariant::Integer32(number) => self.ascii(&number.to_string()),
            JsVariant::Float64(number) if number.is_finite() => {
                let text = value.to_string(context)?;
                self.out.extend(text.iter());
            }
            JsVariant::Float64(_) => self.ascii("null"),
            JsVariant::BigInt(_) => return Err(type_error("JSON: cannot serialize a BigInt".into())),
            JsVariant::Object(object) if !object.is_callable() => return self.object(&object, context),
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn check_size(&self, context: &mut Context) -> JsResult<()> {
        if self.out.len() as u64 > STRING_LENGTH_MAX {
            return Err(too_long());
        }
        Host::of(context).charge(4, context)
    }

    fn object(&mut self, object: &JsObject, context: &mut Context) -> JsResult<bool> {
        if self.stack.len() >= JSON_DEPTH_MAX {
            return Err(too_deep());
        }
        if self.stack.iter().any(|open| JsObject::equals(open, object)) {
            return Err(type_error("JSON: cannot serialize a cyclic object".into()));
        }
        self.stack.push(object.clone());
        let outer = self.indent.len();
        self.indent.extend_from_slice(&self.gap);
        let is_array = Engine::is_array(object, context)?;
        let any = if is_array { self.elements(object, context)? } else { self.members(object, context)? };
        self.indent.truncate(outer);
        if any {
            self.line_break();
        }
        self.out.push(u16::from(if is_array { b']' } else { b'}' }));
        self.stack.pop();
        Ok(true)
    }

    fn members(&mut self, object: &JsObject, context: &mut Context) -> JsResult<bool> {
        let keys = match &self.allowed {
            Some(keys) => keys.clone(),
            None => enumerable_keys(object, context)?,
        };
        self.ascii("{");
        let mut any = false;
        for key in keys {
            let value = object.get(key.clone(), context)?;
            let before = self.out.len();
            if any {
                self.ascii(",");
            }
            self.line_break();
            self.quoted(&key_text(&key), context)?;
            self.ascii(if self.gap.is_empty() { ":" } else { ": " });
            if self.property(object, &key, value, context)? {
                any = true;
            } else {
                self.out.truncate(before);
            }
        }
        Ok(any)
    }

    fn elements(&mut self, array: &JsObject, context: &mut Context) -> JsResult<bool> {
        let length = array.get(js_string!("length"), context)?.to_length(context)?;
        self.ascii("[");
        for index in 0..length {
            if index > 0 {
                self.ascii(",");
            }
            self.line_break();
            let value = array.get(index, context)?;
            let key = JsValue::from(index).to_property_key(context)?;
            if !self.property(array, &key, value, context)? {
                self.ascii("null");
            }
        }
        Ok(length > 0)
    }

    fn ascii(&mut self, text: &str) {
        self.out.extend(text.bytes().map(u16::from));
    }

    fn line_break(&mut self) {
        if !self.gap.is_empty() {
            self.out.push(u16::from(b'\n'));
            self.out.extend_from_slice(&self.indent);
        }
    }

    /// QuoteJSONString: lone surrogates are escaped.
    fn quoted(&mut self, text: &JsString, context: &mut Context) -> JsResult<()> {
        Host::of(context).charge(text.len() as u64 / 2, context)?;
        self.ascii("\"");
        for decoded in char::decode_utf16(text.iter()) {
            if self.out.len() as u64 > STRING_LENGTH_MAX {
                return Err(too_long());
            }
            match decoded {
                Ok('"') => self.ascii("\\\""),
                Ok('\\') => self.ascii("\\\\"),
                Ok('\u{8}') => self.ascii("\\b"),
                Ok('\u{c}') => self.ascii("\\f"),
                Ok('\n') => self.ascii("\\n"),
                Ok('\r') => self.ascii("\\r"),
                Ok('\t') => self.ascii("\\t"),
                Ok(control) if control < ' ' => self.ascii(&format!("\\u{:04x}", u32::from(control))),
                Ok(character) => self.out.extend_from_slice(character.encode_utf16(&mut [0; 2])),
                Err(lone) => self.ascii(&format!("\\u{:04x}", lone.unpaired_surrogate())),
            }
        }
        self.ascii("\"");
        Ok(())
    }
}

fn too_long() -> JsError {
    JsNativeError::range().with_message("JSON: the text becomes too long").into()
}
