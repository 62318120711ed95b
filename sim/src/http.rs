//! Simulated HTTP origins: what actions fetch.
//!
//! An origin (scheme, host, port) has routes; a route has answers, each with the condition under which it is given:
//! to which nodes, when, and at which call. So an origin can tell different nodes different things, change its mind,
//! or fail now and then. Every call is recorded, because a call may have had an effect.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use thiserror::Error;

use lit_node::id::NodeId;
use lit_node::io::{HttpError, HttpRequest, HttpResponse};

/// When an answer is given. The default is always.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct When {
    /// The nodes that get it; `None` for all.
    pub callers: Option<BTreeSet<NodeId>>,
    /// The time, virtual milliseconds; `None` for always.
    pub time_ms: Option<Range<u64>>,
    /// The calls to this route by anybody, counted from 0; `None` for all.
    pub calls: Option<Range<u64>>,
    /// The calls to this route by the same node, counted from 0; `None` for all.
    pub calls_of_caller: Option<Range<u64>>,
}

/// What happens to a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// The origin answers.
    Respond(HttpResponse),
    /// The connection fails.
    Unreachable,
    /// No answer comes in time.
    Timeout,
}

impl Reply {
    /// Status 200 with this body and content type.
    pub fn ok(content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let headers = vec![("content-type".to_string(), content_type.to_string())];
        Self::Respond(HttpResponse { status: 200, headers, body: body.into() })
    }

    /// A bare status.
    pub fn status(status: u16) -> Self {
        Self::Respond(HttpResponse { status, ..HttpResponse::default() })
    }
}

/// One answer of a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The condition.
    pub when: When,
    /// What happens.
    pub reply: Reply,
    /// Milliseconds on top of the origin's latency.
    pub extra_latency_ms: u64,
}

impl Answer {
    /// An answer that is given whenever no earlier one is.
    pub fn always(reply: Reply) -> Self {
        Self { when: When::default(), reply, extra_latency_ms: 0 }
    }
}

/// What an origin does at one method and path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The method, upper case; `*` for any.
    pub method: String,
    /// The path, beginning with `/`. With a `?` it is compared with path and query, else with the path only; a `*`
    /// at its end stands for any rest.
    pub path: String,
    /// Answers; the first whose condition holds is given. If none holds, the status is 404.
    pub answers: Vec<Answer>,
}

impl Route {
    fn matches(&self, method: &str, target: &Target) -> bool {
        let subject = if self.path.contains('?') { &target.path_and_query } else { target.path() };
        let path_matches = match self.path.strip_suffix('*') {
            Some(prefix) => subject.starts_with(prefix),
            None => subject == self.path,
        };
        path_matches && (self.method == "*" || self.method == method)
    }
}

/// A host that answers HTTP.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// How long an answer takes, milliseconds.
    pub latency_ms: u64,
    /// Routes; the first that matches is taken.
    pub routes: Vec<Route>,
}

/// A call that reached an origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Who called.
    pub caller: NodeId,
    /// When, virtual milliseconds.
    pub time_ms: u64,
    /// What was asked.
    pub request: HttpRequest,
}

/// What an origin does instead of what its routes say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OriginFault {
    /// The origin, as it was [inserted](Origins::insert).
    pub origin: String,
    /// The nodes that see it; `None` for all.
    pub callers: Option<BTreeSet<NodeId>>,
    /// What happens; `None` for what the routes say.
    pub reply: Option<Reply>,
    /// Milliseconds on top of the origin's latency.
    pub extra_latency_ms: u64,
}

impl OriginFault {
    fn applies(&self, origin: &str, caller: NodeId) -> bool {
        Target::parse(&self.origin).is_some_and(|target| target.origin == origin)
            && self.callers.as_ref().is_none_or(|callers| callers.contains(&caller))
    }
}

/// A key under which no origin can be.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0:?} is no origin: expected http:// or https:// and a host, without a path")]
pub struct InvalidOrigin(pub String);

/// The normal form of an origin: scheme and host in lower case, and the port if it is not the scheme's own. `None` if
/// this is not just scheme and host.
pub fn origin(text: &str) -> Option<String> {
    Target::parse(text).filter(|target| target.path_and_query == "/").map(|target| target.origin)
}

/// All origins that there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origins {
    origins: BTreeMap<String, Origin>,
    /// Calls by origin, route and caller.
    counts: BTreeMap<(String, usize, NodeId), u64>,
    calls: Vec<Call>,
    /// What origins do wrong at present, by the position of the fault; the first that applies decides.
    pub faults: BTreeMap<usize, OriginFault>,
}

impl Origins {
    /// Adds an origin, e.g. `https://api.example:8443`; one at the same address is replaced.
    ///
    /// # Errors
    /// If `at` is not scheme and host.
    pub fn insert(&mut self, at: &str, origin: Origin) -> Result<(), InvalidOrigin> {
        let normal = self::origin(at).ok_or_else(|| InvalidOrigin(at.to_string()))?;
        self.origins.insert(normal, origin);
        Ok(())
    }

    /// The fault that decides what `caller` is answered, if one does.
    pub fn fault(&self, request: &HttpRequest, caller: NodeId) -> Option<usize> {
        let target = Target::parse(&request.url)?;
        self.faults.iter().find(|(_, fault)| fault.applies(&target.origin, caller)).map(|(position, _)| *position)
    }

    /// Answers a call by `caller` at `time_ms`: after how many milliseconds, and what.
    pub fn call(
        &mut self,
        request: &HttpRequest,
        caller: NodeId,
        time_ms: u64,
    ) -> (u64, Result<HttpResponse, HttpError>) {
        let (latency_ms, answer) = self.route(request, caller, time_ms);
        self.disturbed(request, caller, latency_ms, answer)
    }

    /// What becomes of an answer, and after how long, when what is wrong with its origin has had its way.
    pub fn disturbed(
        &self,
        request: &HttpRequest,
        caller: NodeId,
        latency_ms: u64,
        answer: Result<HttpResponse, HttpError>,
    ) -> (u64, Result<HttpResponse, HttpError>) {
        match self.fault(request, caller).and_then(|position| self.faults.get(&position)) {
            Some(fault) => {
                let reply = fault.reply.as_ref().map_or(answer, Reply::give);
                (latency_ms.saturating_add(fault.extra_latency_ms), reply)
            }
            None => (latency_ms, answer),
        }
    }

    /// What the routes say.
    fn route(&mut self, request: &HttpRequest, caller: NodeId, time_ms: u64) -> (u64, Result<HttpResponse, HttpError>) {
        let Some(target) = Target::parse(&request.url) else {
            return (0, Err(HttpError::UnknownHost(request.url.clone())));
        };
        let Some(origin) = self.origins.get(&target.origin) else {
            return (0, Err(HttpError::UnknownHost(target.origin)));
        };
        self.calls.push(Call { caller, time_ms, request: request.clone() });
        let not_found = (origin.latency_ms, Ok(HttpResponse { status: 404, ..HttpResponse::default() }));
        let Some(route) = origin.routes.iter().position(|route| route.matches(&request.method, &target)) else {
            return not_found;
        };
        let (calls, of_caller) = count(&mut self.counts, &target.origin, route, caller);
        let answers = &origin.routes[route].answers;
        match answers.iter().find(|answer| answer.when.holds(caller, time_ms, calls, of_caller)) {
            Some(answer) => (origin.latency_ms.saturating_add(answer.extra_latency_ms), answer.reply.give()),
            None => not_found,
        }
    }

    /// Every call that reached an origin, in order.
    pub fn calls(&self) -> &[Call] {
        &self.calls
    }
}

impl When {
    fn holds(&self, caller: NodeId, time_ms: u64, calls: u64, of_caller: u64) -> bool {
        let within = |range: &Option<Range<u64>>, value| range.as_ref().is_none_or(|range| range.contains(&value));
        self.callers.as_ref().is_none_or(|callers| callers.contains(&caller))
            && within(&self.time_ms, time_ms)
            && within(&self.calls, calls)
            && within(&self.calls_of_caller, of_caller)
    }
}

impl Reply {
    fn give(&self) -> Result<HttpResponse, HttpError> {
        match self {
            Self::Respond(response) => Ok(response.clone()),
            Self::Unreachable => Err(HttpError::Unreachable),
            Self::Timeout => Err(HttpError::Timeout),
        }
    }
}

/// Counts a call to a route; how many there were before, by anybody and by `caller`.
fn count(
    counts: &mut BTreeMap<(String, usize, NodeId), u64>,
    origin: &str,
    route: usize,
    caller: NodeId,
) -> (u64, u64) {
    let key = |node| (origin.to_string(), route, NodeId(node));
    let all = counts.range(key(0)..=key(u16::MAX)).map(|(_, calls)| *calls).sum();
    let own = counts.entry(key(caller.0)).or_insert(0);
    *own += 1;
    (all, *own - 1)
}

/// A URL, taken apart as far as routing needs.
pub(crate) struct Target {
    /// Scheme and host in lower case, and the port if it is not the scheme's own.
    pub origin: String,
    /// Path and query, without fragment; begins with `/`.
    pub path_and_query: String,
}

impl Target {
    pub fn parse(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let scheme = scheme.to_ascii_lowercase();
        let default_port = match scheme.as_str() {
            "http" => ":80",
            "https" => ":443",
            _ => return None,
        };
        let rest = rest.split('#').next().unwrap_or(rest);
        let (authority, path_and_query) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let host = authority.to_ascii_lowercase();
        let host = host.strip_suffix(default_port).unwrap_or(&host);
        if host.is_empty() || host.contains(['@', ' ']) {
            return None;
        }
        let slash = if path_and_query.starts_with('/') { "" } else { "/" };
        Some(Self { origin: format!("{scheme}://{host}"), path_and_query: format!("{slash}{path_and_query}") })
    }

    fn path(&self) -> &str {
        self.path_and_query.split('?').next().unwrap_or(&self.path_and_query)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const N1: NodeId = NodeId(1);
    const N2: NodeId = NodeId(2);

    fn get(url: &str) -> HttpRequest {
        HttpRequest { method: "GET".into(), url: url.into(), ..HttpRequest::default() }
    }

    fn text(body: &str) -> Reply {
        Reply::ok("text/plain", body)
    }

    fn route(method: &str, path: &str, answers: Vec<Answer>) -> Route {
        Route { method: method.into(), path: path.into(), answers }
    }

    fn origins(routes: Vec<Route>) -> Origins {
        let mut origins = Origins::default();
        origins.insert("https://API.example", Origin { latency_ms: 30, routes }).expect("an origin");
        origins
    }

    fn body(answer: (u64, Result<HttpResponse, HttpError>)) -> String {
        String::from_utf8(answer.1.expect("an answer").body).expect("text")
    }

    #[test]
    fn a_call_is_routed_by_method_and_path() {
        let one = |body| vec![Answer::always(text(body))];
        let mut origins = origins(vec![
            route("GET", "/price?pair=a", one("a")),
            route("GET", "/price", one("other")),
            route("POST", "/price", one("posted")),
            route("*", "/posts/*", one("prefix")),
        ]);
        let mut ask = |method: &str, path: &str| {
            let request = HttpRequest { method: method.into(), ..get(&format!("https://api.example{path}")) };
            origins.call(&request, N1, 0)
        };
        assert_eq!(body(ask("GET", "/price?pair=a")), "a");
        assert_eq!(body(ask("GET", "/price?pair=b#top")), "other");
        assert_eq!(body(ask("POST", "/price")), "posted");
        assert_eq!(body(ask("DELETE", "/posts/7")), "prefix");
        let (latency_ms, missing) = ask("GET", "/nothing");
        assert_eq!((latency_ms, missing.expect("an answer").status), (30, 404));
        let response = ask("GET", "/price").1.expect("an answer");
        assert_eq!((response.status, response.headers), (200, vec![("content-type".into(), "text/plain".into())]));
    }

    #[test]
    fn an_unknown_host_is_an_error_and_no_call() {
        let mut origins = origins(vec![]);
        let (_, answer) = origins.call(&get("https://nowhere.example/x"), N1, 0);
        assert_eq!(answer, Err(HttpError::UnknownHost("https://nowhere.example".into())));
        // Another scheme or port is another origin.
        for url in ["http://api.example/", "https://api.example:8443/", "ftp://api.example/", "", "https:///x"] {
            assert!(matches!(origins.call(&get(url), N1, 0).1, Err(HttpError::UnknownHost(_))), "{url}");
        }
        assert!(origins.calls().is_empty());
        assert_eq!(origins.call(&get("https://api.EXAMPLE:443"), N1, 0).1.expect("found").status, 404);
    }

    #[test]
    fn answers_differ_by_caller_time_and_call() {
        let when = |when, reply| Answer { when, reply, extra_latency_ms: 0 };
        let mut origins = origins(vec![route(
            "GET",
            "/",
            vec![
                when(When { callers: Some([N2].into()), ..When::default() }, text("for 2")),
                when(When { time_ms: Some(100..200), ..When::default() }, Reply::status(503)),
                when(When { calls: Some(3..4), ..When::default() }, Reply::Timeout),
                when(When { calls_of_caller: Some(3..4), ..When::default() }, Reply::Unreachable),
                Answer { extra_latency_ms: 5, ..Answer::always(text("usual")) },
            ],
        )]);
        let mut ask = |caller, time_ms| origins.call(&get("https://api.example/"), caller, time_ms);
        assert_eq!(body(ask(N2, 150)), "for 2");
        assert_eq!(ask(N1, 150).1.expect("an answer").status, 503);
        assert_eq!(ask(N1, 200).0, 35);
        assert_eq!(ask(N1, 0).1, Err(HttpError::Timeout), "the fourth call of all");
        assert_eq!(ask(N1, 0).1, Err(HttpError::Unreachable), "the fourth call of node 1");
        assert_eq!(body(ask(N1, 0)), "usual");
    }

    #[test]
    fn calls_of_one_node_are_counted_apart() {
        let first = When { calls_of_caller: Some(0..1), ..When::default() };
        let answers = vec![
            Answer { when: first, reply: Reply::Unreachable, extra_latency_ms: 0 },
            Answer::always(text("at last")),
        ];
        let mut origins = origins(vec![route("GET", "/", answers)]);
        let url = get("https://api.example/");
        for node in [N1, N2] {
            assert_eq!(origins.call(&url, node, 0).1, Err(HttpError::Unreachable));
            assert_eq!(body(origins.call(&url, node, 0)), "at last");
        }
        assert_eq!(origins.calls().len(), 4);
        assert_eq!(origins.calls()[2].caller, N2);
    }

    #[test]
    fn a_fault_answers_its_callers_on_every_path_while_it_is_there() {
        let mut origins = origins(vec![route("GET", "/", vec![Answer::always(text("usual"))])]);
        let fault = |reply, extra_latency_ms| OriginFault {
            origin: "https://API.example:443".into(),
            callers: Some([N2].into()),
            reply,
            extra_latency_ms,
        };
        let url = get("https://api.example/");
        origins.faults.insert(5, fault(None, 7));
        assert_eq!(origins.call(&url, N2, 0), (37, Ok(origins.call(&url, N1, 0).1.expect("an answer"))));
        assert_eq!((origins.fault(&url, N2), origins.fault(&url, N1)), (Some(5), None));
        assert_eq!(origins.fault(&get("https://other.example/"), N2), None);
        origins.faults.insert(4, fault(Some(Reply::Unreachable), 0));
        assert_eq!(origins.call(&get("https://api.example/any"), N2, 0), (30, Err(HttpError::Unreachable)));
        assert_eq!(body(origins.call(&url, N1, 0)), "usual");
        origins.faults.clear();
        assert_eq!(body(origins.call(&url, N2, 0)), "usual");
        assert_eq!(origins.calls().len(), 5, "the origin is called all the same");
    }

    #[test]
    fn a_key_with_a_path_or_without_a_scheme_is_no_origin() {
        for at in ["api.example", "https://api.example/v1", "https://", "ws://api.example", "https://u@api.example"] {
            let refused = Origins::default().insert(at, Origin::default());
            assert_eq!(refused, Err(InvalidOrigin(at.into())));
        }
    }

    proptest! {
        #[test]
        fn no_url_makes_a_call_panic(url in ".{0,60}", rest in "[/?#@:a-z]{0,20}") {
            let mut origins = origins(vec![]);
            let _ = origins.call(&get(&url), N1, 0);
            let _ = origins.call(&get(&format!("https://api.example{rest}")), N1, 0);
        }
    }
}
