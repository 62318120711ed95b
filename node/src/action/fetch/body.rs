//! Bodies of requests and responses: bytes that are read once, whole.

use boa_engine::class::ClassBuilder;
use boa_engine::object::builtins::JsPromise;
use boa_engine::property::Attribute;
use boa_engine::{Context, Finalize, JsData, JsResult, JsString, JsValue, NativeFunction, Trace, js_string};
use std::cell::Cell;
use std::rc::Rc;

use super::request::Request;
use super::response::Response;
use crate::action::host::args::{BYTES_MAX, type_error};
use crate::action::host::{Host, promised};
use crate::action::json;
use crate::action::natives::{new_bytes, view_bytes, view_length};
use crate::action::parts::Part;

/// A body, or that there is none.
#[derive(Clone, Debug, Default, Trace, Finalize, JsData)]
pub(super) struct Body {
    #[unsafe_ignore_trace]
    bytes: Option<Rc<Vec<u8>>>,
    #[unsafe_ignore_trace]
    used: Rc<Cell<bool>>,
}

/// What a script gives as a body.
pub(super) struct Given {
    pub(super) bytes: Vec<u8>,
    /// The content type that goes with it, unless the script names one.
    pub(super) content_type: Option<&'static str>,
}

impl Given {
    /// Reads a string, bytes, or `URLSearchParams`; anything else counts as its text, as on the web.
    pub(super) fn read(function: &str, value: &JsValue, context: &mut Context) -> JsResult<Option<Self>> {
        if value.is_null_or_undefined() {
            return Ok(None);
        }
        let too_long = || type_error(format!("{function}: body: at most {BYTES_MAX} bytes"));
        if view_length(value, context)?.is_some_and(|length| length > BYTES_MAX) {
            return Err(too_long());
        }
        if let Some(bytes) = view_bytes(value, context)? {
            return Ok(Some(Self { bytes, content_type: None }));
        }
        let is_params = value.is_object()
            && Part::Url.is_loaded(context)
            && Part::Url.call("isParams", std::slice::from_ref(value), context)?.to_boolean();
        let (text, content_type) = if is_params {
            let text = Part::Url.call("paramsText", std::slice::from_ref(value), context)?;
            (text.to_string(context)?, "application/x-www-form-urlencoded;charset=UTF-8")
        } else {
            (value.to_string(context)?, "text/plain;charset=UTF-8")
        };
        if text.len() > BYTES_MAX {
            return Err(too_long());
        }
        let host = Host::of(context);
        host.charge(text.len() as u64 / 4, context)?;
        host.produce(text.len() as u64)?;
        Ok(Some(Self { bytes: text.to_std_string_lossy().into_bytes(), content_type: Some(content_type) }))
    }
}

impl Body {
    pub(super) fn new(bytes: Option<Vec<u8>>) -> Self {
        Self { bytes: bytes.map(Rc::new), used: Rc::default() }
    }

    pub(super) fn is_present(&self) -> bool {
        self.bytes.is_some()
    }

    pub(super) fn is_used(&self) -> bool {
        self.used.get()
    }

    /// A body with the same bytes, which is read on its own.
    ///
    /// # Errors
    /// A `TypeError` if this one was read.
    pub(super) fn fork(&self) -> JsResult<Self> {
        match self.is_used() {
            true => Err(already_read()),
            false => Ok(Self { bytes: self.bytes.clone(), used: Rc::default() }),
        }
    }

    /// Takes the bytes, once; no body reads as no bytes as often as one likes.
    pub(super) fn take(&self, context: &mut Context) -> JsResult<Rc<Vec<u8>>> {
        let Some(bytes) = &self.bytes else { return Ok(Rc::default()) };
        if self.used.replace(true) {
            return Err(already_read());
        }
        let host = Host::of(context);
        host.charge(bytes.len() as u64 / 4, context)?;
        host.produce(bytes.len() as u64)?;
        Ok(bytes.clone())
    }

    /// The body of a `Request` or `Response`.
    fn of(this: &JsValue) -> JsResult<Self> {
        let object = this.as_object();
        let request = object.as_ref().and_then(|it| it.downcast_ref::<Request>().map(|it| it.body.clone()));
        let body = request.or_else(|| object.as_ref()?.downcast_ref::<Response>().map(|it| it.body.clone()));
        body.ok_or_else(|| type_error("called on something that is neither a Request nor a Response".into()))
    }
}

fn already_read() -> boa_engine::JsError {
    type_error("the body was already read".into())
}

/// A promise that is settled with what `read` returns or throws.
fn settled(context: &mut Context, read: impl FnOnce(&mut Context) -> JsResult<JsValue>) -> JsResult<JsValue> {
    promised(context, |context| {
        let value = read(context)?;
        Ok(JsPromise::resolve(value, context)?.into())
    })
}

fn text(this: &JsValue, context: &mut Context) -> JsResult<JsString> {
    let bytes = Body::of(this)?.take(context)?;
    let text = String::from_utf8_lossy(&bytes);
    Ok(JsString::from(text.strip_prefix('\u{feff}').unwrap_or(&text)))
}

type Reader = fn(&JsValue, &mut Context) -> JsResult<JsValue>;

const READERS: [(&str, Reader); 4] = [
    ("text", |this, context| Ok(text(this, context)?.into())),
    ("json", |this, context| json::parse(&text(this, context)?, context)),
    ("bytes", |this, context| {
        let bytes = Body::of(this)?.take(context)?;
        Ok(new_bytes(bytes.to_vec(), context)?.into())
    }),
    ("arrayBuffer", |this, context| {
        let bytes = Body::of(this)?.take(context)?;
        new_bytes(bytes.to_vec(), context)?.buffer(context)
    }),
];

/// Defines the methods that read a body, and `bodyUsed`.
pub(super) fn init(class: &mut ClassBuilder<'_>) {
    for (name, reader) in READERS {
        let read = NativeFunction::from_copy_closure(move |this, _, context| {
            settled(context, |context| reader(this, context))
        });
        class.method(JsString::from(name), 0, read);
    }
    let used = NativeFunction::from_copy_closure(|this, _, _| Ok(Body::of(this)?.is_used().into()));
    let used = used.to_js_function(class.context().realm());
    class.accessor(js_string!("bodyUsed"), Some(used), None, Attribute::CONFIGURABLE);
}
