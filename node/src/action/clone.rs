//! `structuredClone` (HTML standard, section 2.7): data, with cycles and shared parts, without functions.

use boa_engine::builtins::error::Error;
use boa_engine::object::builtins::{JsArray, JsArrayBuffer, JsDataView, JsDate, JsMap, JsRegExp, JsSet, JsTypedArray};
use boa_engine::property::PropertyKey;
use boa_engine::{Context, JsBigInt, JsError, JsObject, JsResult, JsString, JsValue, NativeFunction, js_string};
use std::collections::BTreeMap;

use super::crypto::exception;
use super::host::Host;
use super::inspect;
use super::limits::JSON_DEPTH_MAX;
use super::natives::{list_of, new_bytes, own_properties, view_bytes};

/// Fuel for a call, and for looking at a value.
const CALL_FUEL: u64 = 16;
const VALUE_FUEL: u64 = 8;
/// What a member takes up, bytes.
const MEMBER_BYTES: u64 = 48;
/// The most buffers that are handed over at once.
const TRANSFERS_MAX: usize = 1024;
/// Members of an error that are copied.
const OF_ERRORS: [&str; 3] = ["message", "stack", "cause"];

/// Defines the global `structuredClone`.
pub(super) fn define(context: &mut Context) -> JsResult<()> {
    let clone = NativeFunction::from_fn_ptr(|_, args, context| {
        Host::enter(CALL_FUEL, context, |context| structured_clone(args, context))
    });
    context.register_global_builtin_callable(js_string!("structuredClone"), 1, clone)
}

fn structured_clone(args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let transfer = match args.get(1).and_then(JsValue::as_object) {
        Some(options) => options.get(js_string!("transfer"), context)?,
        None => JsValue::undefined(),
    };
    let buffers = transferred(&transfer, context)?;
    let copy = Copier::default().value(&args.first().cloned().unwrap_or_default(), 0, context)?;
    for buffer in buffers {
        buffer.detach(&JsValue::undefined())?;
    }
    Ok(copy)
}

/// The buffers that the caller gives away.
fn transferred(list: &JsValue, context: &mut Context) -> JsResult<Vec<JsArrayBuffer>> {
    let Some(object) = list.as_object() else { return Ok(Vec::new()) };
    let Some(list) = list_of(&object, context)? else {
        return Err(no_clone("transfer: expected a list", context));
    };
    let list = JsArray::from_object(list)?;
    let length = list.length(context)? as usize;
    if length > TRANSFERS_MAX {
        return Err(no_clone("transfer: too many", context));
    }
    let mut buffers: Vec<JsArrayBuffer> = Vec::new();
    for index in 0..length {
        let item = list.get(index, context)?;
        let buffer = item.as_object().and_then(|object| JsArrayBuffer::from_object(object).ok());
        let fresh = buffer.filter(|it| it.data().is_some() && !buffers.iter().any(|known| JsObject::equals(known, it)));
        match fresh {
            Some(buffer) => buffers.push(buffer),
            None => return Err(no_clone("transfer: expected array buffers, each once", context)),
        }
    }
    Ok(buffers)
}

fn no_clone(what: &str, context: &mut Context) -> JsError {
    exception(&format!("structuredClone: {what}"), "DataCloneError", context)
}

/// One run; remembers what was copied.
#[derive(Default)]
struct Copier {
    /// By the address of the original, which stays where it is for as long as it is held here.
    copies: BTreeMap<usize, (JsObject, JsObject)>,
}

fn address(object: &JsObject) -> usize {
    std::ptr::from_ref(object.as_ref()).addr()
}

impl Copier {
    fn value(&mut self, value: &JsValue, depth: usize, context: &mut Context) -> JsResult<JsValue> {
        Host::of(context).charge(VALUE_FUEL, context)?;
        if value.is_symbol() {
            return Err(no_clone("a symbol cannot be cloned", context));
        }
        let Some(object) = value.as_object() else { return Ok(value.clone()) };
        if let Some((_, copy)) = self.copies.get(&address(&object)) {
            return Ok(copy.clone().into());
        }
        if depth == JSON_DEPTH_MAX {
            return Err(no_clone(&format!("nested more than {JSON_DEPTH_MAX} levels deep"), context));
        }
        Host::of(context).produce(MEMBER_BYTES)?;
        Ok(self.object(&object, depth + 1, context)?.into())
    }

    fn remember(&mut self, original: &JsObject, copy: &JsObject) {
        self.copies.insert(address(original), (original.clone(), copy.clone()));
    }

    fn object(&mut self, object: &JsObject, depth: usize, context: &mut Context) -> JsResult<JsObject> {
        if let Some(copy) = self.leaf(object, depth, context)? {
            self.remember(object, &copy);
            return Ok(copy);
        }
        if let Ok(map) = JsMap::from_object(object.clone()) {
            return self.map(object, &map, depth, context);
        }
        if let Ok(set) = JsSet::from_object(object.clone()) {
            return self.set(object, &set, depth, context);
        }
        if object.is::<Error>() {
            return self.error(object, depth, context);
        }
        let copy = if object.is_array() {
            let length = JsArray::from_object(object.clone())?.length(context)?;
            let copy: JsObject = JsArray::new(context)?.into();
            copy.set(js_string!("length"), JsValue::from(length as f64), true, context)?;
            copy
        } else if object.is_ordinary() && !object.is_callable() {
            JsObject::with_object_proto(context.intrinsics())
        } else {
            let what = inspect::kind(&object.clone().into());
            return Err(no_clone(&format!("{what} of this kind cannot be cloned"), context));
        };
        self.remember(object, &copy);
        self.members(object, &copy, depth, context)?;
        Ok(copy)
    }

    /// Own enumerable members whose keys are texts.
    fn members(&mut self, from: &JsObject, to: &JsObject, depth: usize, context: &mut Context) -> JsResult<()> {
        Host::of(context).charge(4 * own_properties(from), context)?;
        for key in from.own_property_keys(context)? {
            let listed = from.borrow().properties().get(&key).is_some_and(|found| found.enumerable() == Some(true));
            if matches!(key, PropertyKey::Symbol(_)) || !listed {
                continue;
            }
            Host::of(context).produce(MEMBER_BYTES)?;
            let value = from.get(key.clone(), context)?;
            let value = self.value(&value, depth, context)?;
            to.create_data_property_or_throw(key, value, context)?;
        }
        Ok(())
    }

    /// Objects without members that are copied.
    fn leaf(&mut self, object: &JsObject, depth: usize, context: &mut Context) -> JsResult<Option<JsObject>> {
        if let Ok(date) = JsDate::from_object(object.clone()) {
            let time = date.get_time(context)?;
            let constructor = context.intrinsics().constructors().date().constructor();
            return constructor.construct(&[time], None, context).map(Some);
        }
        if let Ok(pattern) = JsRegExp::from_object(object.clone()) {
            let (source, flags) = (pattern.source(context)?, pattern.flags(context)?);
            let host = Host::of(context);
            host.charge(100 + source.len() as u64 * 64, context)?;
            host.produce(1024 + source.len() as u64 * 64)?;
            let (source, flags) = (JsString::from(source.as_str()), JsString::from(flags.as_str()));
            let constructor = context.intrinsics().constructors().regexp().constructor();
            return constructor.construct(&[source.into(), flags.into()], None, context).map(Some);
        }
        if JsArrayBuffer::from_object(object.clone()).is_ok() {
            let bytes = view_bytes(&object.clone().into(), context)?.unwrap_or_default();
            let buffer = new_bytes(bytes, context)?.buffer(context)?;
            return Ok(buffer.as_object());
        }
        self.view(object, depth, context)?.map_or_else(|| boxed(object, context), |copy| Ok(Some(copy)))
    }

    /// A typed array or `DataView` on a copy of its whole buffer, which other views may share.
    fn view(&mut self, object: &JsObject, depth: usize, context: &mut Context) -> JsResult<Option<JsObject>> {
        let (buffer, offset, length, constructor) = if let Ok(view) = JsDataView::from_object(object.clone()) {
            let constructor = context.intrinsics().constructors().data_view().constructor();
            (
                view.buffer(context)?,
                view.byte_offset(context)? as usize,
                view.byte_length(context)? as usize,
                constructor,
            )
        } else if let Ok(view) = JsTypedArray::from_object(object.clone()) {
            let Some(constructor) = super::natives::typed_constructor(&view, context) else { return Ok(None) };
            (view.buffer(context)?, view.byte_offset(context)?, view.length(context)?, constructor)
        } else {
            return Ok(None);
        };
        let buffer = self.value(&buffer, depth, context)?;
        let args = [buffer, JsValue::from(offset as f64), JsValue::from(length as f64)];
        constructor.construct(&args, None, context).map(Some)
    }

    fn map(&mut self, object: &JsObject, map: &JsMap, depth: usize, context: &mut Context) -> JsResult<JsObject> {
        let mut entries = Vec::new();
        map.for_each_native(|key, value| {
            entries.push((key, value));
            Ok(())
        })?;
        let copy = JsMap::new(context);
        self.remember(object, &copy);
        for (key, value) in entries {
            Host::of(context).produce(MEMBER_BYTES)?;
            let (key, value) = (self.value(&key, depth, context)?, self.value(&value, depth, context)?);
            copy.set(key, value, context)?;
        }
        Ok(copy.into())
    }

    fn set(&mut self, object: &JsObject, set: &JsSet, depth: usize, context: &mut Context) -> JsResult<JsObject> {
        let mut items = Vec::new();
        set.for_each_native(|item| {
            items.push(item);
            Ok(())
        })?;
        let copy = JsSet::new(context);
        self.remember(object, &copy.clone().into());
        for item in items {
            Host::of(context).produce(MEMBER_BYTES)?;
            let item = self.value(&item, depth, context)?;
            copy.add(item, context)?;
        }
        Ok(copy.into())
    }

    /// An error of the same kind, if it is one of the language's.
    fn error(&mut self, object: &JsObject, depth: usize, context: &mut Context) -> JsResult<JsObject> {
        let name = object.get(js_string!("name"), context)?;
        let name = name.as_string().unwrap_or_default();
        let constructors = context.intrinsics().constructors();
        let constructor = match name.to_std_string_lossy().as_str() {
            "EvalError" => constructors.eval_error(),
            "RangeError" => constructors.range_error(),
            "ReferenceError" => constructors.reference_error(),
            "SyntaxError" => constructors.syntax_error(),
            "TypeError" => constructors.type_error(),
            "URIError" => constructors.uri_error(),
            _ => constructors.error(),
        }
        .constructor();
        let copy = constructor.construct(&[], None, context)?;
        self.remember(object, &copy);
        for name in OF_ERRORS {
            let Some(value) = inspect::data_property(object, name) else { continue };
            let value = self.value(&value, depth, context)?;
            let hidden = boa_engine::property::PropertyDescriptor::builder()
                .value(value)
                .writable(true)
                .enumerable(false)
                .configurable(true);
            copy.define_property_or_throw(JsString::from(name), hidden, context)?;
        }
        Ok(copy)
    }
}

/// `Object(1)` and its like.
fn boxed(object: &JsObject, context: &mut Context) -> JsResult<Option<JsObject>> {
    let flag = object.downcast_ref::<bool>().map(|flag| JsValue::from(*flag));
    let number = object.downcast_ref::<f64>().map(|number| JsValue::from(*number));
    let text = object.downcast_ref::<JsString>().map(|text| JsValue::from(text.clone()));
    let big = object.downcast_ref::<JsBigInt>().map(|big| JsValue::from(big.clone()));
    flag.or(number).or(text).or(big).map(|value| value.to_object(context)).transpose()
}
