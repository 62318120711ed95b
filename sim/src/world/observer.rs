//! Everything that watches a run: the trace, the oracles, the counters and the marks.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use lit_node::evidence::Exhibit;
use lit_node::id::{Generation, NodeId, SessionId};
use lit_node::io::{ChainError, ChainReply, ChainRequest, HttpRequest, Label};
use lit_node::note::Note;

use super::milestones::Milestones;
use crate::chain::Chain;
use crate::heap::Nanos;
use crate::network::{Endpoint, Link};
use crate::oracle::{self, Oracle};
use crate::outcome::Culprit;
use crate::stream::Appended;
use crate::trace::{Actor, Kind, Payload, Record, Retention, Trace};
use crate::witness::{Reader, Witness};

/// The watchers.
pub(super) struct Observer {
    pub trace: Trace,
    pub witness: Rc<RefCell<Witness>>,
    pub oracles: Vec<Box<dyn Oracle>>,
    /// Messages between nodes.
    pub messages: u64,
    /// Their bytes.
    pub bytes: u64,
    /// How often each noteworthy thing happened.
    pub marks: BTreeMap<String, u64>,
    pub culprits: Vec<Culprit>,
    /// Whom nodes have had to wait for, and which nodes.
    pub suspects: BTreeMap<NodeId, BTreeSet<NodeId>>,
    pub milestones: Milestones,
    ready: BTreeMap<SessionId, BTreeSet<NodeId>>,
}

impl Observer {
    /// Nothing has been seen.
    pub fn new(retention: Retention, oracles: Vec<Box<dyn Oracle>>) -> Self {
        Self {
            trace: Trace::new(retention),
            witness: Rc::default(),
            oracles,
            messages: 0,
            bytes: 0,
            marks: BTreeMap::new(),
            culprits: Vec::new(),
            suspects: BTreeMap::new(),
            milestones: Milestones::default(),
            ready: BTreeMap::new(),
        }
    }

    fn record(&mut self, time_ns: Nanos, kind: Kind, actor: Actor, text: String) {
        let label = String::new();
        self.trace.push(Record { time_ns, kind, actor, peer: None, label, payload: None, text });
    }

    fn mark(&mut self, name: &str) {
        match self.marks.get_mut(name) {
            Some(hits) => *hits += 1,
            None => {
                self.marks.insert(name.to_owned(), 1);
            }
        }
    }

    /// Shows an event to every oracle.
    pub fn oracles(&mut self, at: Nanos, event: oracle::Event<'_>) {
        for oracle in &mut self.oracles {
            oracle.observe(at, event);
        }
    }

    fn on_link(
        &mut self,
        time_ns: Nanos,
        kind: Kind,
        link: &Link,
        label: &Label,
        payload: Option<&[u8]>,
        text: String,
    ) {
        let (actor, peer) = match kind {
            Kind::Deliver => (actor(link.to), actor(link.from)),
            _ => (actor(link.from), actor(link.to)),
        };
        let payload = payload.map(Payload::of);
        let (peer, label) = (Some(peer), label.to_string());
        self.trace.push(Record { time_ns, kind, actor, peer, label, payload, text });
    }

    /// A message leaves.
    pub fn sent(&mut self, now: Nanos, link: &Link, label: &Label, bytes: &[u8]) {
        if let (Endpoint::Node(_), Endpoint::Node(_)) = (link.from, link.to) {
            self.messages += 1;
            self.bytes += bytes.len() as u64;
        }
        self.witness.borrow_mut().read_by(Reader::Anybody, bytes.to_vec());
        self.on_link(now, Kind::Send, link, label, Some(bytes), String::new());
    }

    /// A message arrives.
    pub fn delivered(&mut self, now: Nanos, link: &Link, label: &Label, bytes: &[u8]) {
        self.on_link(now, Kind::Deliver, link, label, Some(bytes), String::new());
    }

    /// A message is lost.
    pub fn dropped(&mut self, now: Nanos, link: &Link, label: &Label, by: &[String]) {
        self.mark("message.lost");
        self.on_link(now, Kind::Drop, link, label, None, by.join(", "));
    }

    /// A node states a fact.
    pub fn note(&mut self, now: Nanos, node: NodeId, note: &Note) {
        match note {
            Note::KeyReady { .. } => self.mark("key.ready"),
            Note::KeyHeld { session, .. } => {
                self.ready.entry(*session).or_default().insert(node);
            }
            Note::Led { .. } => self.mark("action.led"),
            Note::Authorised { .. } => self.mark("signature.authorised"),
            Note::ShareIssued { .. } => self.mark("signature.share"),
            Note::Refused { code, .. } => self.mark(&format!("refused.{code}")),
            Note::Dropped { reason, .. } => self.mark(&format!("dropped: {reason}")),
            Note::ChannelOpen { peer } => {
                self.mark("channel.open");
                self.milestones.channel(now, node, *peer);
            }
            Note::DecryptionShared { .. } => self.mark("decryption.share"),
            Note::Culprit { node: culprit, what, .. } => {
                let named_by = &mut self.culprit(now, *culprit, what).named_by;
                if !named_by.contains(&node) {
                    named_by.push(node);
                }
            }
            Note::Suspected { node: suspect } => {
                self.mark("suspected");
                self.suspects.entry(*suspect).or_default().insert(node);
            }
            _ => {}
        }
        self.record(now, Kind::Note, Actor::Node(node.0), format!("{note:?}"));
        self.oracles(now, oracle::Event::Noted(node, note));
    }

    /// A client, given by position and name, has proof that a node lied.
    pub fn accused(&mut self, now: Nanos, (index, name): (u16, &str), node: NodeId, what: &str, evidence: &Exhibit) {
        let clients = &mut self.culprit(now, node, what).clients;
        if !clients.iter().any(|known| known == name) {
            clients.push(name.to_owned());
        }
        let text = format!("Culprit {{ node: {node:?}, what: {what:?}, evidence: {evidence:?} }}");
        self.record(now, Kind::Note, Actor::Client(index.into()), text);
        self.oracles(now, oracle::Event::Accused { client: name, node, what, evidence });
    }

    /// The entry of a culprit and of what it did.
    fn culprit(&mut self, now: Nanos, node: NodeId, evidence: &str) -> &mut Culprit {
        let known = self.culprits.iter().position(|known| known.node == node && known.evidence == evidence);
        let at = known.unwrap_or_else(|| {
            let (named_by, clients, at_ms) = (Vec::new(), Vec::new(), now / crate::heap::MILLI);
            self.culprits.push(Culprit { node, named_by, clients, evidence: evidence.to_owned(), at_ms });
            self.culprits.len() - 1
        });
        &mut self.culprits[at]
    }

    /// A node starts or stops.
    pub fn boot(&mut self, now: Nanos, node: NodeId, what: &str) {
        self.mark(if what.starts_with("starts, boot 0") { "node.started" } else { "node.disturbed" });
        self.record(now, Kind::Boot, Actor::Node(node.0), what.to_owned());
    }

    /// A node crashes: it holds no key until it says so again.
    pub fn crashed(&mut self, now: Nanos, node: NodeId) {
        self.ready.values_mut().for_each(|nodes| {
            nodes.remove(&node);
        });
        self.boot(now, node, "crashes");
        self.oracles(now, oracle::Event::Crashed(node));
    }

    /// The network is begun anew: nobody is to hold a key of the former one.
    pub fn begun_anew(&mut self, now: Nanos, generation: Generation) {
        self.ready.clear();
        let text = format!("the network is begun anew: generation {generation}");
        self.milestones.reach(now, text.clone());
        self.step(now, &text);
        self.oracles(now, oracle::Event::Reset);
    }

    /// A node's disk was synchronised.
    pub fn synced(&mut self, now: Nanos, node: NodeId, times: u64) {
        self.record(now, Kind::Sync, Actor::Node(node.0), times.to_string());
    }

    /// A node panicked.
    pub fn panicked(&mut self, now: Nanos, node: NodeId, text: &str) {
        self.record(now, Kind::Boot, Actor::Node(node.0), format!("panics: {text}"));
        self.oracles(now, oracle::Event::Panicked(node, text));
    }

    /// A step or act begins or ends.
    pub fn step(&mut self, now: Nanos, text: &str) {
        self.record(now, Kind::Step, Actor::World, text.to_owned());
    }

    /// A fault begins or ends.
    pub fn fault(&mut self, now: Nanos, text: &str) {
        self.record(now, Kind::Fault, Actor::World, text.to_owned());
    }

    /// A chain made a block.
    pub fn block(&mut self, now: Nanos, chain: usize, number: u64, state: &Chain) {
        let chain = Actor::Chain(u16::try_from(chain).unwrap_or(u16::MAX));
        let text = format!("block {number}, state 0x{}", hex::encode(state.state_digest()));
        self.record(now, Kind::Surroundings, chain, text);
    }

    /// A chain's endpoint answers a node.
    pub fn asked(&mut self, now: Nanos, node: NodeId, request: &ChainRequest, reply: &Result<ChainReply, ChainError>) {
        if let ChainRequest::Submit { raw: public } | ChainRequest::Call { data: public, .. } = request {
            self.witness.borrow_mut().read_by(Reader::Anybody, public.clone());
        }
        let hash = blake3::hash(format!("{request:?}{reply:?}").as_bytes());
        let kind = match request {
            ChainRequest::Call { .. } => "call",
            ChainRequest::Logs { .. } => "logs",
            ChainRequest::Nonce { .. } => "nonce",
            ChainRequest::Block => "block",
            ChainRequest::Balance { .. } => "balance",
            ChainRequest::Submit { .. } => "submit",
        };
        let text = format!("{kind} {}", hex::encode(&hash.as_bytes()[..8]));
        self.record(now, Kind::Surroundings, Actor::Node(node.0), text);
    }

    /// A node asks the gateway.
    pub fn ipfs(&mut self, now: Nanos, node: NodeId, cid: &str) {
        self.record(now, Kind::Surroundings, Actor::Node(node.0), format!("ipfs {cid}"));
    }

    /// A node fetches.
    pub fn http(&mut self, now: Nanos, node: NodeId, request: &HttpRequest) {
        self.witness.borrow_mut().read_by(Reader::Anybody, format!("{request:?}").into_bytes());
        self.witness.borrow_mut().read_by(Reader::Anybody, request.body.clone());
        let text = format!("{} {}", request.method, request.url);
        // Without the query: what is counted is how often a server was called for something.
        let call = text.split(['?', '#']).next().unwrap_or_default().to_owned();
        self.mark(&call);
        self.record(now, Kind::Surroundings, Actor::Node(node.0), text);
    }

    /// A stream takes what a node sent.
    pub fn appended(&mut self, now: Nanos, node: NodeId, appended: &Appended) {
        let text = format!("{} takes {} for stream {}", appended.service, appended.id, appended.stream);
        self.record(now, Kind::Surroundings, Actor::Node(node.0), text);
        self.oracles(now, oracle::Event::Appended(appended));
    }

    /// A node answers a client.
    pub fn reply(&mut self, bytes: &[u8]) {
        self.witness.borrow_mut().read_by(Reader::Anybody, bytes.to_vec());
    }

    /// Whether `node` holds every key that any node holds.
    pub fn holds_all_keys(&self, node: NodeId) -> bool {
        self.ready.values().all(|nodes| nodes.contains(&node))
    }
}

fn actor(end: Endpoint) -> Actor {
    match end {
        Endpoint::Node(id) => Actor::Node(id.0),
        Endpoint::Client(index) => Actor::Client(index.into()),
    }
}
