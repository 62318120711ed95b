//! The world: one event heap, the nodes and clients as plain values on it, and everything around them.
//!
//! One task owns it all. A crash drops a node, a restart opens it again on the disk that it left behind.

mod build;
mod clients;
mod combine;
mod dealer;
mod engine;
mod event;
mod faults;
mod host;
mod identity;
mod milestones;
mod nodes;
mod observer;
mod script;
mod step;
mod strike;
mod surroundings;
mod verdicts;

use std::collections::BTreeMap;
use std::sync::Arc;

use lit_node::id::{Boot, ConnId, NodeId, RequestId, SessionId};
use lit_node::io::{Input, Label};
use lit_node::memo::Memo;

pub use self::engine::Simulator;

use self::build::NodeFactory;
use self::dealer::Dealer;
use self::event::Event;
use self::faults::Faults;
use self::host::Host;
use self::observer::Observer;
use self::script::{Book, Script};
use self::step::Running;
use self::surroundings::Surroundings;
use crate::disk::Snapshot;
use crate::heap::{Heap, MILLI, Nanos};
use crate::network::{Endpoint, Link, Network};
use crate::oracle;
use crate::scenario::Scenario;

/// The domain that users sign in for.
const SIGN_IN_DOMAIN: &str = "litsim.example";
/// How long the trusted dealer takes, milliseconds.
const DEALER_MS: u64 = 5;
/// How many multiples of delta nodes get at the end to catch up.
const QUIET_DELTAS: u64 = 120;

/// A connection that a client opened to a node.
#[derive(Clone, Copy)]
struct Connection {
    client: u16,
    node: NodeId,
    session: SessionId,
}

/// A simulated network during a run.
pub(crate) struct World {
    scenario: Arc<Scenario>,
    heap: Heap<Event>,
    network: Network,
    hosts: BTreeMap<NodeId, Host>,
    factory: NodeFactory,
    surroundings: Surroundings,
    dealer: Dealer,
    faults: Faults,
    book: Book,
    script: Script,
    running: Option<(Running, Nanos)>,
    /// The connections of the running step's client.
    connections: BTreeMap<ConnId, Connection>,
    connections_made: u64,
    observer: Observer,
    /// The disks to which crashes roll back, by fault.
    snapshots: BTreeMap<usize, Snapshot>,
    /// Nodes whose store failed without a fault of the plan.
    broken: Vec<NodeId>,
    /// How nodes ended requests: `ok`, or the code of the refusal.
    endings: BTreeMap<RequestId, BTreeMap<NodeId, &'static str>>,
    /// When the run ends, once the script has.
    ends_at: Option<Nanos>,
    /// A step did not end within its bound, or a limit of the scenario was reached.
    stuck: Option<String>,
    handled: u64,
    clock_base: u64,
}

impl World {
    /// Runs until the script has ended and nodes have had time to catch up, or a limit is reached.
    pub fn run(&mut self) {
        self.open();
        let limit = self.scenario.limits.virtual_ms_max * MILLI;
        while let Some((now, event)) = self.heap.pop() {
            if self.ends_at.is_some_and(|end| now >= end) {
                break;
            }
            if now > limit || self.observer.messages > self.scenario.limits.messages_max {
                self.stuck = Some("a limit of the scenario was reached".to_owned());
                break;
            }
            self.handled += 1;
            self.handle(now, event);
            if self.ends_at.is_some() && self.is_settled() {
                break;
            }
        }
        self.finish_step_if_any();
    }

    fn open(&mut self) {
        let network = &self.scenario.network;
        let (chain_id, nodes) = (self.book.chain_id, self.hosts.len());
        self.observer.milestones.chain(chain_id, &self.book.contracts, nodes, network.threshold);
        let ids: Vec<NodeId> = self.hosts.keys().copied().collect();
        for id in ids {
            self.start_node(id, 0);
        }
        for chain in 0..self.surroundings.chains.len() {
            self.heap.push(self.surroundings.block_time(chain), 0, Event::Block { chain });
        }
        // Clients come when the nodes have had time to start: with the first block.
        self.heap.push(self.surroundings.block_time(0), 0, Event::NextStep);
    }

    fn handle(&mut self, now: Nanos, event: Event) {
        match event {
            Event::Arrive { link, label, bytes } => self.arrive(now, link, &label, bytes),
            Event::Wake { node } => self.wake(now, node),
            Event::Release { node, boot, outputs } => self.release(now, node, boot, outputs),
            Event::Ask { node, boot, call, chain, request } => {
                let reply = self.surroundings.ask(&chain, &request);
                self.observer.asked(now, node, &request, &reply);
                let input = Box::new(Input::Chain { call, reply });
                let delay = self.surroundings.rpc_one_way();
                self.heap.push(now + delay, u64::from(node.0), Event::Answer { node, boot, input });
            }
            Event::Answer { node, boot, input } => {
                if self.hosts.get(&node).is_some_and(|host| host.boot == boot) {
                    self.give(now, node, *input);
                }
            }
            Event::Block { chain } => self.block(now, chain),
            Event::ClientBlock => self.with_step(now, |running, desk| running.on_block(desk)),
            Event::ClientAsk { step, request } => {
                let reply = self.surroundings.ask(&lit_node::io::ChainRef::Home, &request);
                let delay = self.surroundings.rpc_one_way();
                self.heap.push(now + delay, 0, Event::ClientAnswer { step, reply });
            }
            Event::ClientAnswer { step, reply } => {
                if self.is_running(step) {
                    self.with_step(now, |running, desk| running.on_chain(reply, desk));
                }
            }
            Event::ClientTimer { step } => {
                if self.is_running(step) {
                    self.with_step(now, |running, desk| running.tick(desk));
                }
            }
            Event::NextStep => self.next_step(now),
            Event::Begin { fault } => self.begin_fault(now, fault),
            Event::End { fault } => {
                if self.faults.end(fault) {
                    self.end_fault(now, fault);
                }
            }
            Event::PowerFails { node, boot } => self.power_fails(now, node, boot),
            Event::Restart { node, boot } => {
                // Another crash may have come since: that one's restart counts, if it has any.
                if let Some(host) = self.hosts.get_mut(&node).filter(|host| !host.is_up() && host.boot == boot) {
                    host.boot = Boot(boot.0 + 1);
                    self.start_node(node, now);
                }
            }
        }
    }

    fn send(&mut self, now: Nanos, link: Link, label: &Label, bytes: Vec<u8>) {
        self.observer.sent(now, &link, label, &bytes);
        let verdict = self.network.carry(link, label, bytes);
        if verdict.copies.is_empty() {
            self.observer.dropped(now, &link, label, &verdict.touched_by);
        }
        for (delay, tiebreak, bytes) in verdict.copies {
            self.heap.push(now.saturating_add(delay), tiebreak, Event::Arrive { link, label: label.clone(), bytes });
        }
    }

    fn arrive(&mut self, now: Nanos, link: Link, label: &Label, bytes: Vec<u8>) {
        if let Some(cut) = self.network.cut(&link) {
            let cut = [cut.to_owned()];
            return self.observer.dropped(now, &link, label, &cut);
        }
        self.observer.delivered(now, &link, label, &bytes);
        match (link.from, link.to) {
            (Endpoint::Node(from), Endpoint::Node(to)) => self.give(now, to, Input::Peer { from, bytes }),
            (Endpoint::Client(client), Endpoint::Node(to)) => {
                self.connections_made += 1;
                let conn = ConnId(self.connections_made);
                self.connections.insert(conn, Connection { client, node: to, session: label.session });
                self.give(now, to, Input::Client { conn, bytes });
            }
            (Endpoint::Node(from), Endpoint::Client(client)) => {
                let session = label.session;
                let mine = self.running.as_ref().is_some_and(|(running, _)| running.hears(client, session));
                if mine {
                    self.with_step(now, |running, desk| running.on_response(from, &bytes, desk));
                }
            }
            (Endpoint::Client(_), Endpoint::Client(_)) => {}
        }
    }

    fn block(&mut self, now: Nanos, chain: usize) {
        let (number, timestamp_s) = self.surroundings.mine(chain, self.clock_base + now);
        self.observer.block(now, chain, number, &self.surroundings.chains[chain]);
        if chain == 0 {
            let logs = self.surroundings.chains[0].logs(number, number);
            self.observer.milestones.block(now, &self.book.contracts, logs);
        }
        self.heap.push(now + self.surroundings.block_time(chain), 0, Event::Block { chain });
        if chain > 0 {
            return;
        }
        self.show_loads(now);
        let delay = self.surroundings.rpc_one_way();
        for (id, host) in &self.hosts {
            let input = Box::new(Input::Head { number, timestamp_s });
            let event = Event::Answer { node: *id, boot: host.boot, input };
            self.heap.push(now + delay, u64::from(id.0), event);
        }
        self.heap.push(now + delay, 0, Event::ClientBlock);
    }

    /// Whether every node that is up holds every key that any node holds.
    fn is_settled(&self) -> bool {
        self.hosts.values().filter(|host| host.is_up()).all(|host| self.observer.holds_all_keys(host.id))
    }
}
