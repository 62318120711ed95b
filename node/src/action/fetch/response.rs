//! The class `Response`: what a fetch resolves to, or what a script makes.

use boa_engine::class::{Class, ClassBuilder};
use boa_engine::property::Attribute;
use boa_engine::{
    Context, Finalize, JsData, JsError, JsNativeError, JsObject, JsResult, JsString, JsValue, NativeFunction, Trace,
    js_string,
};

use super::body::{self, Body, Given};
use super::headers::Headers;
use super::{REDIRECTS, absolute_url};
use crate::action::host::args::type_error;
use crate::action::json;
use crate::io::HttpResponse;

/// Statuses whose responses have no body.
const NULL_BODY: [u16; 4] = [101, 204, 205, 304];
/// The longest reason phrase, UTF-16 units.
const STATUS_TEXT_MAX: usize = 1024;

/// A response.
#[derive(Debug, Trace, Finalize, JsData)]
pub(super) struct Response {
    status: u16,
    status_text: String,
    #[unsafe_ignore_trace]
    kind: &'static str,
    url: String,
    redirected: bool,
    headers: JsObject,
    pub(super) body: Body,
}

fn not_a_response() -> JsError {
    type_error("Response: called on another object".into())
}

impl Response {
    /// The object that a fetch resolves to.
    pub(super) fn fetched(
        response: HttpResponse,
        url: String,
        redirected: bool,
        context: &mut Context,
    ) -> JsResult<JsValue> {
        let HttpResponse { status, headers, body } = response;
        let headers = Headers::from_data(Headers { fields: headers, immutable: true }, context)?;
        let body = Body::new(Some(body).filter(|_| !NULL_BODY.contains(&status)));
        let data = Self { status, status_text: String::new(), kind: "basic", url, redirected, headers, body };
        Ok(Self::from_data(data, context)?.into())
    }

    /// A response of a script's own making, from (body, init).
    fn made(given: Option<Given>, init: &JsValue, context: &mut Context) -> JsResult<Self> {
        let (mut status, mut status_text, mut headers) = (200, String::new(), Headers::default());
        if let Some(init) = init.as_object() {
            let value = init.get(js_string!("status"), context)?;
            if !value.is_undefined() {
                status = read_status(&value, context)?;
            }
            let value = init.get(js_string!("statusText"), context)?;
            if !value.is_undefined() {
                status_text = read_status_text(&value, context)?;
            }
            headers = Headers::read(&init.get(js_string!("headers"), context)?, context)?;
        }
        if let Some(given) = &given {
            if NULL_BODY.contains(&status) {
                return Err(type_error(format!("Response: body: a response with status {status} has none")));
            }
            headers.default_content_type(given.content_type);
        }
        let headers = Headers::from_data(headers, context)?;
        let body = Body::new(given.map(|given| given.bytes));
        Ok(Self { status, status_text, kind: "default", url: String::new(), redirected: false, headers, body })
    }

    fn with<T>(this: &JsValue, read: impl FnOnce(&Self) -> T) -> JsResult<T> {
        let object = this.as_object().ok_or_else(not_a_response)?;
        let response = object.downcast_ref::<Self>().ok_or_else(not_a_response)?;
        Ok(read(&response))
    }

    fn fork(this: &JsValue, context: &mut Context) -> JsResult<JsValue> {
        let headers = Self::with(this, |response| response.headers.clone())?;
        let headers = Headers::from_data(Headers::read(&headers.into(), context)?, context)?;
        let copy = Self::with(this, |response| {
            JsResult::Ok(Self {
                status: response.status,
                status_text: response.status_text.clone(),
                kind: response.kind,
                url: response.url.clone(),
                redirected: response.redirected,
                headers,
                body: response.body.fork()?,
            })
        })??;
        Ok(Self::from_data(copy, context)?.into())
    }

    /// `Response.error()`.
    fn error(context: &mut Context) -> JsResult<JsValue> {
        let mut made = Self::made(None, &JsValue::undefined(), context)?;
        made.headers = Headers::from_data(Headers { fields: Vec::new(), immutable: true }, context)?;
        made.status = 0;
        made.kind = "error";
        Ok(Self::from_data(made, context)?.into())
    }

    /// `Response.redirect(url, status = 302)`.
    fn redirect(args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
        let url = args.first().cloned().unwrap_or_default().to_string(context)?;
        let url = absolute_url(&url.to_std_string_lossy())?;
        let status = match args.get(1).filter(|status| !status.is_undefined()) {
            Some(status) => status.to_uint16(context)?,
            None => 302,
        };
        if !REDIRECTS.contains(&status) {
            return Err(range_error("Response.redirect: status: expected 301, 302, 303, 307 or 308"));
        }
        let mut made = Self::made(None, &JsValue::undefined(), context)?;
        let headers = Headers { fields: vec![("location".into(), url)], immutable: true };
        made.headers = Headers::from_data(headers, context)?;
        made.status = status;
        Ok(Self::from_data(made, context)?.into())
    }

    /// `Response.json(data, init)`.
    fn json(args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
        let data = args.first().cloned().unwrap_or_default();
        let text = json::stringify(&data, context)?;
        let Some(text) = text.as_string() else {
            return Err(type_error("Response.json: data: expected something that JSON can say".into()));
        };
        let bytes = text.to_std_string_lossy().into_bytes();
        let given = Given { bytes, content_type: Some("application/json") };
        let made = Self::made(Some(given), &args.get(1).cloned().unwrap_or_default(), context)?;
        Ok(Self::from_data(made, context)?.into())
    }
}

fn range_error(message: &str) -> JsError {
    JsNativeError::range().with_message(message.to_owned()).into()
}

fn read_status(value: &JsValue, context: &mut Context) -> JsResult<u16> {
    match value.to_uint16(context)? {
        status @ 200..=599 => Ok(status),
        _ => Err(range_error("Response: status: expected a number from 200 to 599")),
    }
}

fn read_status_text(value: &JsValue, context: &mut Context) -> JsResult<String> {
    let text = value.to_string(context)?;
    let fits = text.len() <= STATUS_TEXT_MAX && text.iter().all(|unit| matches!(unit, 9 | 0x20..=0x7e | 0x80..=0xff));
    match fits {
        true => Ok(text.to_std_string_lossy()),
        false => Err(type_error("Response: statusText: expected a short text of one line".into())),
    }
}

impl Class for Response {
    const NAME: &'static str = "Response";

    fn data_constructor(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<Self> {
        let given = Given::read("Response", &args.first().cloned().unwrap_or_default(), context)?;
        Self::made(given, &args.get(1).cloned().unwrap_or_default(), context)
    }

    fn init(class: &mut ClassBuilder<'_>) -> JsResult<()> {
        type Getter = fn(&JsValue) -> JsResult<JsValue>;
        const GETTERS: [(&str, Getter); 7] = [
            ("status", |this| Response::with(this, |response| JsValue::from(response.status))),
            ("ok", |this| Response::with(this, |response| JsValue::from((200..300).contains(&response.status)))),
            ("statusText", |this| {
                Response::with(this, |response| JsString::from(response.status_text.as_str()).into())
            }),
            ("headers", |this| Response::with(this, |response| response.headers.clone().into())),
            ("type", |this| Response::with(this, |response| JsString::from(response.kind).into())),
            ("url", |this| Response::with(this, |response| JsString::from(response.url.as_str()).into())),
            ("redirected", |this| Response::with(this, |response| response.redirected.into())),
        ];
        for (name, getter) in GETTERS {
            let function = NativeFunction::from_copy_closure(move |this, _, _| getter(this));
            let function = function.to_js_function(class.context().realm());
            class.accessor(JsString::from(name), Some(function), None, Attribute::CONFIGURABLE);
        }
        body::init(class);
        class.method(js_string!("clone"), 0, NativeFunction::from_fn_ptr(|this, _, context| Self::fork(this, context)));
        type Static = fn(&[JsValue], &mut Context) -> JsResult<JsValue>;
        const STATICS: [(&str, usize, Static); 3] = [
            ("error", 0, |_, context| Response::error(context)),
            ("json", 1, Response::json),
            ("redirect", 1, Response::redirect),
        ];
        for (name, length, function) in STATICS {
            let function = NativeFunction::from_copy_closure(move |_, args, context| function(args, context));
            class.static_method(JsString::from(name), length, function);
        }
        Ok(())
    }
}
