//! The class `Request`, and how `fetch` reads its arguments.

use boa_engine::class::{Class, ClassBuilder};
use boa_engine::property::Attribute;
use boa_engine::{Context, Finalize, JsData, JsObject, JsResult, JsString, JsValue, NativeFunction, Trace, js_string};

use super::body::{self, Body, Given};
use super::headers::Headers;
use super::{URL_BYTES_MAX, absolute_url};
use crate::action::host::args::type_error;
use crate::action::parts::Part;
use crate::io::HttpRequest;

/// Methods that are sent; the standard forbids CONNECT, TRACE and TRACK.
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// What to do when the answer points elsewhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum RedirectMode {
    /// Ask there.
    #[default]
    Follow,
    /// Fail.
    Error,
    /// Hand the answer to the script.
    Manual,
}

impl RedirectMode {
    const NAMES: [(&'static str, Self); 3] =
        [("follow", Self::Follow), ("error", Self::Error), ("manual", Self::Manual)];

    fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, mode)| *mode == self).map_or("follow", |(name, _)| name)
    }
}

/// The arguments of `fetch` or `new Request`, read and checked.
pub(super) struct Plan {
    method: String,
    url: String,
    headers: Headers,
    pub(super) redirect: RedirectMode,
    pub(super) signal: Option<JsObject>,
    body: Option<Vec<u8>>,
}

impl Plan {
    /// Reads (input, init): a URL or a `Request`, and what it is to differ in.
    pub(super) fn read(function: &str, args: &[JsValue], context: &mut Context) -> JsResult<Self> {
        let Some(input) = args.first().filter(|input| !input.is_undefined()) else {
            return Err(type_error(format!("{function}: url: expected a string, got nothing")));
        };
        let init = args.get(1).and_then(JsValue::as_object);
        let replaces_body = match &init {
            Some(init) => !init.get(js_string!("body"), context)?.is_null_or_undefined(),
            None => false,
        };
        let mut plan = match input.as_object().filter(JsObject::is::<Request>) {
            Some(request) => Self::of(&request, replaces_body, context)?,
            None => Self::at(function, input, context)?,
        };
        if let Some(init) = init {
            plan.change(function, &init, context)?;
        }
        Ok(plan)
    }

    fn at(function: &str, url: &JsValue, context: &mut Context) -> JsResult<Self> {
        let url = url.to_string(context)?;
        if url.len() > URL_BYTES_MAX {
            return Err(type_error(format!("{function}: url: at most {URL_BYTES_MAX} bytes")));
        }
        Ok(Self {
            method: "GET".into(),
            url: absolute_url(&url.to_std_string_lossy())?,
            headers: Headers::default(),
            redirect: RedirectMode::default(),
            signal: None,
            body: None,
        })
    }

    /// What a request says; its body is taken out of it, if it is wanted.
    fn of(request: &JsObject, replaces_body: bool, context: &mut Context) -> JsResult<Self> {
        let data = request.downcast_ref::<Request>().ok_or_else(not_a_request)?;
        let (headers, body) = (data.headers.clone(), data.body.clone());
        let (method, url, redirect, signal) =
            (data.method.clone(), data.url.clone(), data.redirect, data.signal.clone());
        drop(data);
        let body = match body.is_present() && !replaces_body {
            true => Some(body.take(context)?.to_vec()),
            false => None,
        };
        Ok(Self { method, url, headers: Headers::read(&headers.into(), context)?, redirect, signal, body })
    }

    /// Takes over what the options name.
    fn change(&mut self, function: &str, init: &JsObject, context: &mut Context) -> JsResult<()> {
        let method = init.get(js_string!("method"), context)?;
        if !method.is_undefined() {
            let method = method.to_string(context)?;
            self.method = method.get(..method.len().min(16)).unwrap_or_default().to_std_string_lossy();
            self.method.make_ascii_uppercase();
        }
        if !METHODS.contains(&self.method.as_str()) {
            return Err(type_error(format!("{function}: method: expected one of {}", METHODS.join(", "))));
        }
        let headers = init.get(js_string!("headers"), context)?;
        if !headers.is_undefined() {
            self.headers = Headers::read(&headers, context)?;
        }
        let mode = init.get(js_string!("redirect"), context)?;
        if !mode.is_undefined() {
            let mode = mode.to_string(context)?;
            let known = RedirectMode::NAMES.iter().find(|(name, _)| mode == *name);
            let (_, mode) =
                known.ok_or_else(|| type_error(format!("{function}: redirect: expected follow, error or manual")))?;
            self.redirect = *mode;
        }
        let signal = init.get(js_string!("signal"), context)?;
        if !signal.is_undefined() {
            self.signal = read_signal(function, &signal, context)?;
        }
        let body = init.get(js_string!("body"), context)?;
        let given = Given::read(function, &body, context)?;
        if (given.is_some() || self.body.is_some()) && (self.method == "GET" || self.method == "HEAD") {
            return Err(type_error(format!("{function}: body: a {} request has none", self.method)));
        }
        if let Some(given) = given {
            self.headers.default_content_type(given.content_type);
            self.body = Some(given.bytes);
        }
        Ok(())
    }

    pub(super) fn into_request(self) -> HttpRequest {
        let Self { method, url, mut headers, body, .. } = self;
        HttpRequest { method, url, headers: std::mem::take(&mut headers.fields), body: body.unwrap_or_default() }
    }
}

fn read_signal(function: &str, signal: &JsValue, context: &mut Context) -> JsResult<Option<JsObject>> {
    let is_signal = signal.is_object()
        && Part::Abort.is_loaded(context)
        && Part::Abort.call("isSignal", std::slice::from_ref(signal), context)?.to_boolean();
    match (signal.as_object(), signal.is_null()) {
        (_, true) => Ok(None),
        (Some(signal), _) if is_signal => Ok(Some(signal)),
        _ => Err(type_error(format!("{function}: signal: expected an AbortSignal"))),
    }
}

/// A request that a script made.
#[derive(Debug, Trace, Finalize, JsData)]
pub(super) struct Request {
    method: String,
    url: String,
    headers: JsObject,
    #[unsafe_ignore_trace]
    redirect: RedirectMode,
    signal: Option<JsObject>,
    pub(super) body: Body,
}

fn not_a_request() -> boa_engine::JsError {
    type_error("Request: called on another object".into())
}

impl Request {
    fn with<T>(this: &JsValue, read: impl FnOnce(&Self) -> T) -> JsResult<T> {
        let object = this.as_object().ok_or_else(not_a_request)?;
        let request = object.downcast_ref::<Self>().ok_or_else(not_a_request)?;
        Ok(read(&request))
    }

    /// The signal; one that is never aborted, if none was given.
    fn signal(this: &JsValue, context: &mut Context) -> JsResult<JsValue> {
        if let Some(signal) = Self::with(this, |request| request.signal.clone())? {
            return Ok(signal.into());
        }
        let made = Part::Abort.call("newSignal", &[], context)?;
        let object = this.as_object().ok_or_else(not_a_request)?;
        object.downcast_mut::<Self>().ok_or_else(not_a_request)?.signal = made.as_object();
        Ok(made)
    }

    fn fork(this: &JsValue, context: &mut Context) -> JsResult<JsValue> {
        let headers = Self::with(this, |request| request.headers.clone())?;
        let headers = Headers::from_data(Headers::read(&headers.into(), context)?, context)?;
        let copy = Self::with(this, |request| {
            JsResult::Ok(Self {
                method: request.method.clone(),
                url: request.url.clone(),
                headers,
                redirect: request.redirect,
                signal: request.signal.clone(),
                body: request.body.fork()?,
            })
        })??;
        Ok(Self::from_data(copy, context)?.into())
    }
}

impl Class for Request {
    const NAME: &'static str = "Request";
    const LENGTH: usize = 1;

    fn data_constructor(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<Self> {
        let Plan { method, url, headers, redirect, signal, body } = Plan::read("Request", args, context)?;
        let headers = Headers::from_data(headers, context)?;
        Ok(Self { method, url, headers, redirect, signal, body: Body::new(body) })
    }

    fn init(class: &mut ClassBuilder<'_>) -> JsResult<()> {
        type Getter = fn(&JsValue, &mut Context) -> JsResult<JsValue>;
        const GETTERS: [(&str, Getter); 5] = [
            ("method", |this, _| Request::with(this, |request| JsString::from(request.method.as_str()).into())),
            ("url", |this, _| Request::with(this, |request| JsString::from(request.url.as_str()).into())),
            ("headers", |this, _| Request::with(this, |request| request.headers.clone().into())),
            ("redirect", |this, _| Request::with(this, |request| JsString::from(request.redirect.name()).into())),
            ("signal", Request::signal),
        ];
        for (name, getter) in GETTERS {
            let function = NativeFunction::from_copy_closure(move |this, _, context| getter(this, context));
            let function = function.to_js_function(class.context().realm());
            class.accessor(JsString::from(name), Some(function), None, Attribute::CONFIGURABLE);
        }
        body::init(class);
        class.method(js_string!("clone"), 0, NativeFunction::from_fn_ptr(|this, _, context| Self::fork(this, context)));
        Ok(())
    }
}
