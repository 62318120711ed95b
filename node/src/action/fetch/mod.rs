//! `fetch`, `Headers` and `Response`, as far as actions need them: whole bodies, no streams, absolute http(s) URLs.

use boa_engine::class::{Class, ClassBuilder};
use boa_engine::object::builtins::JsArray;
use boa_engine::property::Attribute;
use boa_engine::{
    Context, Finalize, JsData, JsError, JsNativeError, JsObject, JsResult, JsString, JsValue, NativeFunction, Trace,
    js_string,
};
use std::cell::Cell;
use std::rc::Rc;

use super::error::ActionError;
use super::headers::Headers;
use super::host::args::{BYTES_MAX, bytes_of, type_error};
use super::host::call::HostCall;
use super::host::{Host, Quota, promised};
use super::natives::new_bytes;
use super::{inspect, json};
use crate::io::{HttpRequest, HttpResponse};

/// The longest URL, bytes.
const URL_BYTES_MAX: usize = 64 << 10;
/// Methods that `fetch` sends; the standard forbids CONNECT, TRACE and TRACK.
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// Defines `fetch`, `Headers` and `Response`.
pub(super) fn define(context: &mut Context) -> JsResult<()> {
    context.register_global_class::<Headers>()?;
    context.register_global_class::<Response>()?;
    let fetch = NativeFunction::from_fn_ptr(|_, args, context| promised(context, |context| fetch(args, context)));
    context.register_global_builtin_callable(js_string!("fetch"), 1, fetch)
}

fn fetch(args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let Some(url) = args.first().filter(|url| !url.is_undefined()) else {
        return Err(type_error("fetch: url: expected a string, got nothing".into()));
    };
    let url = url.to_string(context)?;
    if url.len() > URL_BYTES_MAX {
        return Err(type_error(format!("fetch: url: at most {URL_BYTES_MAX} bytes")));
    }
    let url = absolute_url(&url.to_std_string_lossy())?;
    let init = args.get(1).cloned().unwrap_or_default();
    let request = read_request(url, &init, context)?;
    let host = Host::of(context);
    host.take(Quota::Fetches, context)?;
    Ok(host.ask(HostCall::Fetch(request), context))
}

/// Accepts http and https URLs with a host; scheme and host are case-insensitive, the fragment is not sent.
fn absolute_url(url: &str) -> JsResult<String> {
    let refuse = || type_error("fetch: url: expected an absolute http or https URL".into());
    let url = url.trim_matches(|c: char| c <= ' ');
    let url = url.split('#').next().unwrap_or_default();
    let (scheme, rest) = url.split_once("://").ok_or_else(refuse)?;
    let scheme = scheme.to_ascii_lowercase();
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let forbidden = |c: char| c <= ' ' || c == '\\' || c == '@' || c == '\u{7f}';
    let known = scheme == "http" || scheme == "https";
    if !known || authority.is_empty() || authority.contains(forbidden) || url.len() > URL_BYTES_MAX {
        return Err(refuse());
    }
    let path: String =
        path.chars().map(|c| if c <= ' ' || c == '\u{7f}' { escape(c) } else { c.to_string() }).collect();
    let slash = if path.starts_with('/') { "" } else { "/" };
    Ok(format!("{scheme}://{}{slash}{path}", authority.to_ascii_lowercase()))
}

fn escape(character: char) -> String {
    format!("%{:02X}", u32::from(character))
}

fn read_request(url: String, init: &JsValue, context: &mut Context) -> JsResult<HttpRequest> {
    let mut request = HttpRequest { method: "GET".into(), url, ..HttpRequest::default() };
    let Some(init) = init.as_object() else { return Ok(request) };
    let method = init.get(js_string!("method"), context)?;
    if !method.is_undefined() {
        let method = method.to_string(context)?;
        request.method = method.get(..method.len().min(16)).unwrap_or_default().to_std_string_lossy();
        request.method.make_ascii_uppercase();
    }
    if !METHODS.contains(&request.method.as_str()) {
        return Err(type_error(format!("fetch: method: expected one of {}", METHODS.join(", "))));
    }
    let mut headers = Headers::read(&init.get(js_string!("headers"), context)?, context)?;
    request.headers = std::mem::take(&mut headers.fields);
    let body = init.get(js_string!("body"), context)?;
    if body.is_null_or_undefined() {
        return Ok(request);
    }
    if request.method == "GET" || request.method == "HEAD" {
        return Err(type_error(format!("fetch: body: a {} request has none", request.method)));
    }
    let is_text = body.as_string().is_some();
    Host::of(context).charge(body.as_string().map_or(0, |text| text.len() as u64 / 4), context)?;
    request.body = match (body.as_string(), bytes_of(&body, context)?) {
        (Some(text), _) if text.len() > BYTES_MAX => {
            return Err(type_error(format!("fetch: body: at most {BYTES_MAX} bytes")));
        }
        (Some(text), _) => text.to_std_string_lossy().into_bytes(),
        (None, Some(bytes)) => bytes,
        (None, None) => {
            let got = inspect::kind(&body);
            return Err(type_error(format!("fetch: body: expected a string or bytes, got {got}")));
        }
    };
    if is_text && !request.headers.iter().any(|(name, _)| name == "content-type") {
        request.headers.push(("content-type".into(), "text/plain;charset=UTF-8".into()));
    }
    Ok(request)
}

/// The object that a fetch resolves to.
pub(super) fn response(response: HttpResponse, context: &mut Context) -> JsResult<JsValue> {
    let host = Host::of(context);
    let max = host.limits.fetch_bytes;
    if response.body.len() as u64 > max {
        return Err(host.known_error(ActionError::LimitExceeded { what: "bytes of a fetched body", max }, context));
    }
    host.produce(response.body.len() as u64)?;
    let headers = Headers::from_data(Headers { fields: response.headers }, context)?;
    let data = Response { status: response.status, body: Rc::new(response.body), used: Cell::new(false), headers };
    Ok(Response::from_data(data, context)?.into())
}

/// A fetched response.
#[derive(Debug, Trace, Finalize, JsData)]
pub(super) struct Response {
    status: u16,
    #[unsafe_ignore_trace]
    body: Rc<Vec<u8>>,
    #[unsafe_ignore_trace]
    used: Cell<bool>,
    headers: JsObject,
}

impl Response {
    fn with<T>(this: &JsValue, read: impl FnOnce(&Self) -> T) -> JsResult<T> {
        let object = this.as_object().ok_or_else(not_a_response)?;
        let response = object.downcast_ref::<Self>().ok_or_else(not_a_response)?;
        Ok(read(&response))
    }

    /// Takes the body, once.
    fn body(this: &JsValue, context: &mut Context) -> JsResult<Rc<Vec<u8>>> {
        let (body, used) = Self::with(this, |response| (response.body.clone(), response.used.replace(true)))?;
        if used {
            return Err(type_error("Response: the body was already read".into()));
        }
        let host = Host::of(context);
        host.charge(body.len() as u64 / 4, context)?;
        host.produce(body.len() as u64)?;
        Ok(body)
    }

    fn text(this: &JsValue, context: &mut Context) -> JsResult<JsString> {
        let body = Self::body(this, context)?;
        let text = String::from_utf8_lossy(&body);
        Ok(JsString::from(text.strip_prefix('\u{feff}').unwrap_or(&text)))
    }
}

fn not_a_response() -> JsError {
    type_error("Response: called on another object".into())
}

/// A promise that is settled with what `body` returns or throws.
fn settled(context: &mut Context, body: impl FnOnce(&mut Context) -> JsResult<JsValue>) -> JsResult<JsValue> {
    promised(context, |context| {
        let value = body(context)?;
        Ok(boa_engine::object::builtins::JsPromise::resolve(value, context)?.into())
    })
}

impl Class for Response {
    const NAME: &'static str = "Response";

    fn data_constructor(_: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<Self> {
        Err(JsNativeError::typ().with_message("Response: only fetch makes responses").into())
    }

    fn init(class: &mut ClassBuilder<'_>) -> JsResult<()> {
        type Getter = fn(&JsValue) -> JsResult<JsValue>;
        const GETTERS: [(&str, Getter); 5] = [
            ("status", |this| Response::with(this, |response| JsValue::from(response.status))),
            ("ok", |this| Response::with(this, |response| JsValue::from((200..300).contains(&response.status)))),
            ("statusText", |this| Response::with(this, |_| js_string!().into())),
            ("headers", |this| Response::with(this, |response| response.headers.clone().into())),
            ("bodyUsed", |this| Response::with(this, |response| response.used.get().into())),
        ];
        for (name, getter) in GETTERS {
            let function = NativeFunction::from_copy_closure(move |this, _, _| getter(this));
            let function = function.to_js_function(class.context().realm());
            class.accessor(JsString::from(name), Some(function), None, Attribute::CONFIGURABLE);
        }
        let text = NativeFunction::from_fn_ptr(|this, _, context| {
            settled(context, |context| Ok(Self::text(this, context)?.into()))
        });
        let json = NativeFunction::from_fn_ptr(|this, _, context| {
            settled(context, |context| json::parse(&Self::text(this, context)?, context))
        });
        let bytes = NativeFunction::from_fn_ptr(|this, _, context| {
            settled(context, |context| {
                let body = Self::body(this, context)?;
                Ok(new_bytes(body.to_vec(), context)?.into())
            })
        });
        let buffer = NativeFunction::from_fn_ptr(|this, _, context| {
            settled(context, |context| {
                let body = Self::body(this, context)?;
                new_bytes(body.to_vec(), context)?.buffer(context)
            })
        });
        class.method(js_string!("text"), 0, text);
        class.method(js_string!("json"), 0, json);
        class.method(js_string!("bytes"), 0, bytes);
        class.method(js_string!("arrayBuffer"), 0, buffer);
        Ok(())
    }
}

/// An array of strings, for header iteration.
pub(super) fn string_array<'a>(items: impl Iterator<Item = &'a str>, context: &mut Context) -> JsArray {
    let items: Vec<JsValue> = items.map(|text| JsString::from(text).into()).collect();
    JsArray::from_iter(items, context)
}
