//! `fetch` (<https://fetch.spec.whatwg.org>) as servers have it: whole bodies and no streams, absolute http(s) URLs, no
//! pages, cookies or caches. Redirects are followed here, one call of the node each.

mod body;
mod headers;
mod request;
mod response;

use boa_engine::object::FunctionObjectBuilder;
use boa_engine::object::builtins::JsArray;
use boa_engine::{Context, JsNativeError, JsResult, JsString, JsValue, NativeFunction, js_string};
use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use url::Url;

use super::error::ActionError;
use super::host::args::type_error;
use super::host::call::{HostCall, HostCallId};
use super::host::{Host, Quota, promised};
use super::parts::Part;
use crate::io::{HttpError, HttpRequest, HttpResponse};
use headers::Headers;
use request::{Plan, RedirectMode, Request};
use response::Response;

/// The longest URL, bytes.
const URL_BYTES_MAX: usize = 64 << 10;
/// How often one `fetch` follows a redirect (Fetch standard, HTTP-redirect fetch).
const REDIRECTS_MAX: u32 = 20;
/// Statuses that point elsewhere.
const REDIRECTS: [u16; 5] = [301, 302, 303, 307, 308];
/// Request headers that describe a body, gone when a redirect drops it.
const BODY_HEADERS: [&str; 5] =
    ["content-encoding", "content-language", "content-length", "content-location", "content-type"];
/// Request headers that another origin must not see.
const CREDENTIALS: [&str; 3] = ["authorization", "cookie", "proxy-authorization"];

/// A request that waits for its answer.
struct Sent {
    /// Which `fetch` it is for.
    fetch: u64,
    request: HttpRequest,
    redirect: RedirectMode,
    hops: u32,
}

/// The requests of one execution that wait.
#[derive(Default)]
struct Open {
    fetches: Cell<u64>,
    waiting: RefCell<BTreeMap<HostCallId, Sent>>,
}

impl Open {
    fn of(context: &Context) -> &Self {
        context.get_data().expect("set when the context was built")
    }
}

/// Defines `fetch`, `Headers`, `Request` and `Response`.
pub(super) fn define(context: &mut Context) -> JsResult<()> {
    context.insert_data(Open::default());
    context.register_global_class::<Headers>()?;
    context.register_global_class::<Request>()?;
    context.register_global_class::<Response>()?;
    let fetch = NativeFunction::from_fn_ptr(|_, args, context| promised(context, |context| fetch(args, context)));
    context.register_global_builtin_callable(js_string!("fetch"), 1, fetch)
}

fn fetch(args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let plan = Plan::read("fetch", args, context)?;
    let signal = plan.signal.clone();
    if let Some(signal) = &signal {
        let aborted = signal.get(js_string!("aborted"), context)?.to_boolean();
        if aborted {
            return Err(boa_engine::JsError::from_opaque(signal.get(js_string!("reason"), context)?));
        }
    }
    Host::of(context).take(Quota::Fetches, context)?;
    let open = Open::of(context);
    let fetch = open.fetches.get();
    open.fetches.set(fetch + 1);
    let redirect = plan.redirect;
    let promise = send(Sent { fetch, request: plan.into_request(), redirect, hops: 0 }, context);
    if let Some(signal) = signal {
        let abort = NativeFunction::from_copy_closure_with_captures(abort, fetch);
        let abort = FunctionObjectBuilder::new(context.realm(), abort).length(1).build();
        Part::Abort.call("onAbort", &[signal.into(), abort.into()], context)?;
    }
    Ok(promise)
}

fn send(sent: Sent, context: &mut Context) -> JsValue {
    let (id, promise) = Host::of(context).ask_numbered(HostCall::Fetch(sent.request.clone()), context);
    Open::of(context).waiting.borrow_mut().insert(id, sent);
    promise
}

/// Rejects what a `fetch` waits for with the signal's reason; an answer that comes later is not looked at.
fn abort(_: &JsValue, args: &[JsValue], fetch: &u64, context: &mut Context) -> JsResult<JsValue> {
    let mut waiting = Open::of(context).waiting.borrow_mut();
    let id = waiting.iter().find(|(_, sent)| sent.fetch == *fetch).map(|(id, _)| *id);
    if let Some(id) = id {
        waiting.remove(&id);
    }
    drop(waiting);
    if let Some(resolvers) = id.and_then(|id| Host::of(context).answered(id)) {
        let reason = args.first().cloned().unwrap_or_default();
        resolvers.reject.call(&JsValue::undefined(), &[reason], context)?;
    }
    Ok(JsValue::undefined())
}

/// What the promise of a call resolves to: a `Response`, or the promise of the next request after a redirect.
///
/// # Errors
/// What the promise is rejected with.
pub(super) fn answered(
    call: HostCallId,
    answer: Result<HttpResponse, HttpError>,
    context: &mut Context,
) -> JsResult<JsValue> {
    let sent = Open::of(context).waiting.borrow_mut().remove(&call);
    let sent = sent.ok_or_else(|| type_error("fetch failed: nobody asked".into()))?;
    let response = answer.map_err(|error| JsNativeError::typ().with_message(format!("fetch failed: {error}")))?;
    let host = Host::of(context);
    let max = host.limits.fetch_bytes;
    if response.body.len() as u64 > max {
        return Err(host
            .known_error(ActionError::LimitExceeded { what: Cow::Borrowed("bytes of a fetched body"), max }, context));
    }
    host.produce(response.body.len() as u64)?;
    let location = response.headers.iter().find(|(name, _)| name == "location").map(|(_, value)| value.clone());
    match (location.filter(|_| REDIRECTS.contains(&response.status)), sent.redirect) {
        (Some(_), RedirectMode::Error) => {
            Err(type_error(format!("fetch failed: redirected (status {})", response.status)))
        }
        (Some(location), RedirectMode::Follow) => {
            let next = redirected(sent, response.status, &location)?;
            Ok(send(next, context))
        }
        _ => Response::fetched(response, sent.request.url, sent.hops > 0, context),
    }
}

/// The request after a redirect (Fetch standard, HTTP-redirect fetch).
fn redirected(mut sent: Sent, status: u16, location: &str) -> JsResult<Sent> {
    if sent.hops == REDIRECTS_MAX {
        return Err(type_error(format!("fetch failed: redirected more than {REDIRECTS_MAX} times")));
    }
    let refuse = || type_error("fetch failed: redirected to something that is no http or https URL".into());
    let here = Url::parse(&sent.request.url).map_err(|_| refuse())?;
    let there = here.join(location).map_err(|_| refuse())?;
    let url = absolute_url(there.as_str()).map_err(|_| refuse())?;
    let request = &mut sent.request;
    let is_read = request.method == "GET" || request.method == "HEAD";
    if matches!(status, 301 | 302) && request.method == "POST" || status == 303 && !is_read {
        request.method = "GET".into();
        request.body.clear();
        request.headers.retain(|(name, _)| !BODY_HEADERS.contains(&name.as_str()));
    }
    if here.origin() != there.origin() {
        request.headers.retain(|(name, _)| !CREDENTIALS.contains(&name.as_str()));
    }
    request.url = url;
    sent.hops += 1;
    Ok(sent)
}

/// Accepts http and https URLs without credentials; the fragment is not sent.
fn absolute_url(url: &str) -> JsResult<String> {
    let refuse = || type_error("fetch: url: expected an absolute http or https URL".into());
    if url.len() > URL_BYTES_MAX {
        return Err(refuse());
    }
    let mut url = Url::parse(url).map_err(|_| refuse())?;
    let known = url.scheme() == "http" || url.scheme() == "https";
    if !known || !url.username().is_empty() || url.password().is_some() {
        return Err(refuse());
    }
    url.set_fragment(None);
    Ok(url.into())
}

/// An array of strings, for header iteration.
fn string_array<'a>(items: impl Iterator<Item = &'a str>, context: &mut Context) -> JsArray {
    let items: Vec<JsValue> = items.map(|text| JsString::from(text).into()).collect();
    JsArray::from_iter(items, context)
}
