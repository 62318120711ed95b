//! The class `Headers`: an ordered list of fields with case-insensitive names.

use boa_engine::class::{Class, ClassBuilder};
use boa_engine::object::builtins::JsArray;
use boa_engine::property::PropertyKey;
use boa_engine::{Context, Finalize, JsData, JsError, JsObject, JsResult, JsString, JsValue, NativeFunction, Trace};

use super::string_array;
use crate::action::host::Host;
use crate::action::host::args::type_error;
use crate::action::inspect;
use crate::action::natives::{list_of, own_properties};

/// How many fields a request may have.
const FIELDS_MAX: usize = 256;
/// The longest name or value, bytes.
const FIELD_BYTES_MAX: usize = 16 << 10;

/// Header fields in order; names lower case.
#[derive(Debug, Default, Trace, Finalize, JsData)]
pub(super) struct Headers {
    #[unsafe_ignore_trace]
    pub(super) fields: Vec<(String, String)>,
    /// Those of an answer cannot be changed.
    pub(super) immutable: bool,
}

impl Headers {
    /// Reads `Headers`, a list of pairs, or a plain object.
    pub(super) fn read(value: &JsValue, context: &mut Context) -> JsResult<Self> {
        let mut headers = Self::default();
        if value.is_null_or_undefined() {
            return Ok(headers);
        }
        let Some(object) = value.as_object() else {
            return Err(type_error(format!("Headers: expected an object, got {}", inspect::kind(value))));
        };
        if let Some(other) = object.downcast_ref::<Self>() {
            let bytes: usize = other.fields.iter().map(|(name, value)| name.len() + value.len()).sum();
            let host = Host::of(context);
            host.charge(bytes as u64 / 16, context)?;
            host.produce(bytes as u64)?;
            headers.fields.clone_from(&other.fields);
            return Ok(headers);
        }
        let listed = list_of(&object, context)?;
        let is_list = listed.is_some();
        let object = listed.unwrap_or(object);
        Host::of(context).charge(8 * own_properties(&object), context)?;
        for key in object.own_property_keys(context)? {
            if matches!(key, PropertyKey::Symbol(_)) || is_list && !matches!(key, PropertyKey::Index(_)) {
                continue;
            }
            let value = object.get(key.clone(), context)?;
            let (name, value) = if is_list { pair(&value, context)? } else { (JsValue::from(key), value) };
            let (name, value) = (text_argument(&name, context)?, text_argument(&value, context)?);
            headers.append(&name, &value)?;
        }
        Ok(headers)
    }

    /// Adds a field; fields of one name are joined with a comma (RFC 9110, section 5.3), but cookies stay apart.
    fn append(&mut self, name: &str, value: &str) -> JsResult<()> {
        let (name, value) = checked(name, value)?;
        self.check_mutable()?;
        let room = self.fields.len() < FIELDS_MAX;
        match self.fields.iter_mut().find(|(known, _)| *known == name && name != COOKIE) {
            Some((_, joined)) if joined.len() + value.len() <= FIELD_BYTES_MAX => {
                joined.push_str(", ");
                joined.push_str(&value);
            }
            None if room => self.fields.push((name, value)),
            _ => return Err(type_error(format!("Headers: more than {FIELDS_MAX} fields or a field too long"))),
        }
        Ok(())
    }

    fn check_mutable(&self) -> JsResult<()> {
        match self.immutable {
            true => Err(type_error("Headers: those of an answer cannot be changed".into())),
            false => Ok(()),
        }
    }

    /// Names the type of a body, unless the script did.
    pub(super) fn default_content_type(&mut self, content_type: Option<&str>) {
        if let Some(value) = content_type.filter(|_| self.get("content-type").is_none()) {
            self.fields.push(("content-type".into(), value.to_owned()));
        }
    }

    fn set(&mut self, name: &str, value: &str) -> JsResult<()> {
        checked(name, value)?;
        self.check_mutable()?;
        let lower = name.to_ascii_lowercase();
        self.fields.retain(|(known, _)| *known != lower);
        self.append(name, value)
    }

    fn get(&self, name: &str) -> Option<String> {
        let name = name.to_ascii_lowercase();
        let values: Vec<&str> =
            self.fields.iter().filter(|(known, _)| *known == name).map(|(_, value)| value.as_str()).collect();
        if values.is_empty() { None } else { Some(values.join(", ")) }
    }

    fn with<T>(this: &JsValue, act: impl FnOnce(&mut Self) -> T) -> JsResult<T> {
        let refuse = || type_error("Headers: called on another object".into());
        let object = this.as_object().ok_or_else(refuse)?;
        let mut headers = object.downcast_mut::<Self>().ok_or_else(refuse)?;
        Ok(act(&mut headers))
    }

    /// All fields, sorted by name as the Fetch standard lists them.
    fn sorted(this: &JsValue) -> JsResult<Vec<(String, String)>> {
        let mut fields = Self::with(this, |headers| headers.fields.clone())?;
        fields.sort_by(|(a, _), (b, _)| a.cmp(b));
        Ok(fields)
    }
}

/// The one field of which each value stands alone (RFC 6265, section 3).
const COOKIE: &str = "set-cookie";

/// A name must be a token and a value free of line breaks (RFC 9110, sections 5.1 and 5.5).
fn checked(name: &str, value: &str) -> JsResult<(String, String)> {
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    let value = value.trim_matches([' ', '\t', '\r', '\n']);
    let fits = name.len() <= FIELD_BYTES_MAX && value.len() <= FIELD_BYTES_MAX;
    if name.is_empty() || !name.bytes().all(token) || value.contains(['\r', '\n', '\0']) || !fits {
        return Err(type_error("Headers: expected a valid field name and value".into()));
    }
    Ok((name.to_ascii_lowercase(), value.to_owned()))
}

fn pair(value: &JsValue, context: &mut Context) -> JsResult<(JsValue, JsValue)> {
    let refuse = || -> JsError { type_error("Headers: expected pairs of name and value".into()) };
    let object: JsObject = value.as_object().filter(JsObject::is_array).ok_or_else(refuse)?;
    if JsArray::from_object(object.clone())?.length(context)? != 2 {
        return Err(refuse());
    }
    Ok((object.get(0, context)?, object.get(1, context)?))
}

fn name_argument(args: &[JsValue], index: usize, context: &mut Context) -> JsResult<String> {
    text_argument(&args.get(index).cloned().unwrap_or_default(), context)
}

/// A name or value, which counts as what a field holds of it.
fn text_argument(value: &JsValue, context: &mut Context) -> JsResult<String> {
    let text = value.to_string(context)?;
    if text.len() > FIELD_BYTES_MAX {
        return Err(type_error(format!("Headers: a name or value has at most {FIELD_BYTES_MAX} bytes")));
    }
    let host = Host::of(context);
    host.charge(8 + text.len() as u64 / 8, context)?;
    host.produce(text.len() as u64)?;
    Ok(text.to_std_string_lossy())
}

impl Class for Headers {
    const NAME: &'static str = "Headers";

    fn data_constructor(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<Self> {
        Self::read(&args.first().cloned().unwrap_or_default(), context)
    }

    fn init(class: &mut ClassBuilder<'_>) -> JsResult<()> {
        type Method = fn(&JsValue, &[JsValue], &mut Context) -> JsResult<JsValue>;
        const METHODS: [(&str, Method); 10] = [
            ("get", get),
            ("has", has),
            ("set", |this, args, context| change(this, args, context, Headers::set)),
            ("append", |this, args, context| change(this, args, context, Headers::append)),
            ("delete", delete),
            ("getSetCookie", cookies),
            ("keys", |this, _, context| names(this, context)),
            ("values", |this, _, context| values(this, context)),
            ("entries", |this, _, context| entries(this, context)),
            ("forEach", for_each),
        ];
        for (name, method) in METHODS {
            class.method(JsString::from(name), 1, NativeFunction::from_fn_ptr(method));
        }
        let iterate = NativeFunction::from_fn_ptr(|this, _, context| entries(this, context));
        class.method(boa_engine::JsSymbol::iterator(), 0, iterate);
        Ok(())
    }
}

fn get(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let name = name_argument(args, 0, context)?;
    Headers::with(this, |headers| headers.get(&name).map_or(JsValue::null(), |value| JsString::from(value).into()))
}

fn cookies(this: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let fields = Headers::with(this, |headers| headers.fields.clone())?;
    let cookies = fields.iter().filter(|(name, _)| name == COOKIE).map(|(_, value)| value.as_str());
    Ok(string_array(cookies, context).into())
}

fn has(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let name = name_argument(args, 0, context)?;
    Headers::with(this, |headers| headers.get(&name).is_some().into())
}

fn delete(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let name = name_argument(args, 0, context)?.to_ascii_lowercase();
    Headers::with(this, |headers| {
        headers.check_mutable()?;
        headers.fields.retain(|(known, _)| *known != name);
        Ok(JsValue::undefined())
    })?
}

fn change(
    this: &JsValue,
    args: &[JsValue],
    context: &mut Context,
    act: fn(&mut Headers, &str, &str) -> JsResult<()>,
) -> JsResult<JsValue> {
    let (name, value) = (name_argument(args, 0, context)?, name_argument(args, 1, context)?);
    Headers::with(this, |headers| act(headers, &name, &value))??;
    Ok(JsValue::undefined())
}

fn names(this: &JsValue, context: &mut Context) -> JsResult<JsValue> {
    let fields = Headers::sorted(this)?;
    string_array(fields.iter().map(|(name, _)| name.as_str()), context).values(context)
}

fn values(this: &JsValue, context: &mut Context) -> JsResult<JsValue> {
    let fields = Headers::sorted(this)?;
    string_array(fields.iter().map(|(_, value)| value.as_str()), context).values(context)
}

fn entries(this: &JsValue, context: &mut Context) -> JsResult<JsValue> {
    let fields = Headers::sorted(this)?;
    let pairs: Vec<JsValue> = fields
        .iter()
        .map(|(name, value)| string_array([name.as_str(), value.as_str()].into_iter(), context).into())
        .collect();
    JsArray::from_iter(pairs, context).values(context)
}

fn for_each(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let Some(callback) = args.first().and_then(JsValue::as_callable) else {
        return Err(type_error("Headers.forEach: callback: expected a function".into()));
    };
    for (name, value) in Headers::sorted(this)? {
        let (name, value) = (JsString::from(name.as_str()), JsString::from(value.as_str()));
        callback.call(&JsValue::undefined(), &[value.into(), name.into(), this.clone()], context)?;
    }
    Ok(JsValue::undefined())
}
