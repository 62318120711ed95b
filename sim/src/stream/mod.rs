//! A service that keeps streams, as actions ask it over HTTP: append-only logs of JSON documents, each owned by a public
//! key. Modelled on Ceramic's streams: a genesis fixes the owner, and each commit names the one before it and is signed.
//!
//! | request | body | answer |
//! |---|---|---|
//! | `POST /streams` | `{ owner, data, signature }` | 201 `{ id, tip }` |
//! | `POST /streams/ID/commits` | `{ prev, data, signature }` | 201 `{ id, tip }`; 409 `{ error, tip }` if `prev` is not the tip |
//! | `GET /streams?owner=KEY` | | 200 `{ streams: [{ id, tip }] }`, in the order in which they were made |
//! | `GET /streams/ID` | | 200 `{ id, owner, tip, state, log: [{ id, prev, data, signature }] }` |
//!
//! `owner` is an uncompressed secp256k1 key and `signature` r, s (low) and v (27 or 28), in lower-case hex with 0x. What is
//! signed is keccak256 of the canonical text of `{ data, owner }`, or of `{ data, prev, stream }`: JSON without white space,
//! members in the order of their names' code points, numbers integers that JavaScript holds exactly. `data` is an object, and a
//! commit's a merge patch (RFC 7396): a stream's state is its genesis' data, patched by each commit.
//!
//! Names are CIDs (version 1, raw). A stream's is that of the canonical text that its genesis signs, so that who asks twice
//! for the same stream has one. A commit's is that of its canonical text with the signature, so that two requests that sign
//! the same thing make two commits, of which one is accepted. What was accepted is answered again as the first time.

mod body;
mod document;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use k256::ecdsa::VerifyingKey;
use lit_node::cid;
use lit_node::io::{HttpRequest, HttpResponse};
use serde_json::{Value, json};
use thiserror::Error;

use crate::http::Target;
use body::Body;
pub use document::canonical;

/// The largest body of a request, bytes.
pub const BODY_BYTES_MAX: usize = 16 * 1024;
/// The most commits in one stream, and the most streams of one service.
pub const LOG_MAX: usize = 1024;

/// Where actions find a service (a name that no real host has: RFC 6761).
pub fn origin(name: &str) -> String {
    format!("https://{name}.stream.test")
}

/// Something that a service has accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appended {
    /// The service, by its origin.
    pub service: String,
    /// The stream.
    pub stream: String,
    /// What it is called: the stream's own name for a genesis.
    pub id: String,
    /// The request's body, as it came.
    pub body: Vec<u8>,
}

/// A service and its streams.
#[derive(Clone, Debug)]
pub struct Service {
    origin: String,
    streams: BTreeMap<String, Stream>,
    /// The names of streams, in the order in which they were made.
    order: Vec<String>,
    /// What was accepted and nobody has taken yet.
    appended: Vec<Appended>,
}

#[derive(Clone, Debug)]
struct Stream {
    owner: VerifyingKey,
    owner_text: String,
    state: Value,
    log: Vec<Commit>,
}

#[derive(Clone, Debug)]
struct Commit {
    id: String,
    prev: Option<String>,
    data: Value,
    signature: String,
}

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
enum Refusal {
    #[error("the body is no JSON: {0}")]
    NoJson(String),
    #[error("{field}: expected {expected}")]
    Field { field: String, expected: &'static str },
    #[error("signature: not by the stream's owner over keccak256 of {signed}")]
    NotByOwner { signed: String },
    #[error("there is no stream {0}")]
    NoStream(String),
    #[error("there is nothing here: expected /streams, /streams/ID or /streams/ID/commits")]
    NoPath,
    #[error("expected {0}")]
    Method(&'static str),
    #[error("prev: the tip is {tip}")]
    NotTip { tip: String },
    #[error("the body has more than {} bytes", BODY_BYTES_MAX)]
    TooLarge,
    #[error("at most {max} {0}", max = LOG_MAX)]
    Full(&'static str),
}

impl Refusal {
    fn status(&self) -> u16 {
        match self {
            Self::NoJson(_) | Self::Field { .. } => 400,
            Self::NotByOwner { .. } | Self::Full(_) => 403,
            Self::NoStream(_) | Self::NoPath => 404,
            Self::Method(_) => 405,
            Self::NotTip { .. } => 409,
            Self::TooLarge => 413,
        }
    }

    fn body(&self) -> Value {
        match self {
            Self::NotTip { tip } => json!({ "error": self.to_string(), "tip": tip }),
            _ => json!({ "error": self.to_string() }),
        }
    }
}

impl Service {
    /// A service without streams.
    pub fn new(name: &str) -> Self {
        Self { origin: origin(name), streams: BTreeMap::new(), order: Vec::new(), appended: Vec::new() }
    }

    /// Whether a URL is one of this service.
    pub fn is_at(&self, url: &str) -> bool {
        Target::parse(url).is_some_and(|target| target.origin == self.origin)
    }

    /// What was accepted since this was last asked.
    pub fn take_appended(&mut self) -> Vec<Appended> {
        std::mem::take(&mut self.appended)
    }

    /// Answers a request.
    pub fn respond(&mut self, request: &HttpRequest) -> HttpResponse {
        let (status, body) = match self.answer(request) {
            Ok(answer) => answer,
            Err(refusal) => (refusal.status(), refusal.body()),
        };
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        HttpResponse { status, headers, body: body.to_string().into_bytes() }
    }

    fn answer(&mut self, request: &HttpRequest) -> Result<(u16, Value), Refusal> {
        let target = Target::parse(&request.url).ok_or(Refusal::NoPath)?;
        let (path, query) = target.path_and_query.split_once('?').unwrap_or((&target.path_and_query, ""));
        let mut parts = path.strip_prefix("/streams").ok_or(Refusal::NoPath)?.split('/');
        let parts = (parts.next(), parts.next(), parts.next(), parts.next());
        match (request.method.as_str(), parts) {
            ("POST", (Some(""), None, ..)) => self.create(&request.body).map(|answer| (201, answer)),
            ("GET", (Some(""), None, ..)) => self.list(query).map(|answer| (200, answer)),
            ("GET", (Some(""), Some(id), None, _)) => self.show(id).map(|answer| (200, answer)),
            ("POST", (Some(""), Some(id), Some("commits"), None)) => {
                self.append(id, &request.body).map(|answer| (201, answer))
            }
            (_, (Some(""), None, ..)) => Err(Refusal::Method("GET or POST")),
            (_, (Some(""), Some(_), None, _)) => Err(Refusal::Method("GET")),
            (_, (Some(""), Some(_), Some("commits"), None)) => Err(Refusal::Method("POST")),
            _ => Err(Refusal::NoPath),
        }
    }

    /// Makes a stream.
    fn create(&mut self, bytes: &[u8]) -> Result<Value, Refusal> {
        let body = Body::read(bytes, &["owner", "data", "signature"])?;
        let (owner, owner_text) = body.key("owner")?;
        let (data, signature) = (body.document("data")?, body.signature("signature")?);
        let signed = canonical(&json!({ "data": data, "owner": owner_text }));
        document::verify(&owner, &signed, &signature)?;
        let id = cid::cid_v1(signed.as_bytes()).to_string();
        if self.streams.contains_key(&id) {
            return Ok(json!({ "id": id, "tip": id }));
        }
        if self.order.len() >= LOG_MAX {
            return Err(Refusal::Full("streams"));
        }
        let state = document::patched(Value::Null, &data);
        let genesis = Commit { id: id.clone(), prev: None, data, signature: signature.text };
        self.streams.insert(id.clone(), Stream { owner, owner_text, state, log: vec![genesis] });
        self.order.push(id.clone());
        self.accepted(&id, &id, bytes);
        Ok(json!({ "id": id, "tip": id }))
    }

    /// Appends a commit.
    fn append(&mut self, stream: &str, bytes: &[u8]) -> Result<Value, Refusal> {
        let body = Body::read(bytes, &["prev", "data", "signature"])?;
        let (prev, data) = (body.text("prev")?, body.document("data")?);
        let signature = body.signature("signature")?;
        let log = self.streams.get_mut(stream).ok_or_else(|| Refusal::NoStream(stream.to_owned()))?;
        let signed = canonical(&json!({ "data": data, "prev": prev, "stream": stream }));
        document::verify(&log.owner, &signed, &signature)?;
        let whole = json!({ "data": data, "prev": prev, "signature": signature.text, "stream": stream });
        let id = cid::cid_v1(canonical(&whole).as_bytes()).to_string();
        let answer = json!({ "id": id, "tip": id });
        if log.log.iter().any(|commit| commit.id == id) {
            return Ok(answer);
        }
        if log.tip() != prev {
            return Err(Refusal::NotTip { tip: log.tip().to_owned() });
        }
        if log.log.len() >= LOG_MAX {
            return Err(Refusal::Full("commits in a stream"));
        }
        log.state = document::patched(std::mem::take(&mut log.state), &data);
        log.log.push(Commit { id: id.clone(), prev: Some(prev), data, signature: signature.text });
        self.accepted(stream, &id, bytes);
        Ok(answer)
    }

    fn accepted(&mut self, stream: &str, id: &str, body: &[u8]) {
        let service = self.origin.clone();
        self.appended.push(Appended { service, stream: stream.to_owned(), id: id.to_owned(), body: body.to_vec() });
    }

    /// The streams of an owner, or all.
    fn list(&self, query: &str) -> Result<Value, Refusal> {
        let owner = match query.split_once('=') {
            None if query.is_empty() => None,
            Some(("owner", key)) => Some(key),
            _ => return Err(Refusal::Field { field: body::shown(query), expected: "`owner=KEY`" }),
        };
        let known = self.order.iter().filter_map(|id| Some((id, self.streams.get(id)?)));
        let theirs = known.filter(|(_, stream)| owner.is_none_or(|owner| stream.owner_text == owner));
        Ok(
            json!({ "streams": theirs.map(|(id, stream)| json!({ "id": id, "tip": stream.tip() })).collect::<Vec<_>>() }),
        )
    }

    fn show(&self, id: &str) -> Result<Value, Refusal> {
        let stream = self.streams.get(id).ok_or_else(|| Refusal::NoStream(id.to_owned()))?;
        let log = stream.log.iter().map(|commit| {
            json!({ "id": commit.id, "prev": commit.prev, "data": commit.data, "signature": commit.signature })
        });
        Ok(json!({
            "id": id,
            "owner": stream.owner_text,
            "tip": stream.tip(),
            "state": stream.state,
            "log": log.collect::<Vec<_>>(),
        }))
    }
}

impl Stream {
    /// The newest commit.
    fn tip(&self) -> &str {
        self.log.last().map_or("", |commit| &commit.id)
    }
}
