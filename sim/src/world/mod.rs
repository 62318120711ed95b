//! The world: one event heap, the nodes and clients as plain values on it, and everything around them.
//!
//! One task owns it all. A crash drops a node, a restart opens it again on the disk that it left behind.

mod build;
mod clients;
mod clock;
mod combine;
mod condition;
mod endpoint;
mod engine;
mod event;
pub(crate) mod faults;
mod host;
mod identity;
pub(crate) mod links;
mod logins;
mod machines;
mod milestones;
mod misuse;
mod nodes;
mod observer;
mod phases;
mod pooling;
mod resetting;
mod script;
mod seat;
mod sign_in;
mod step;
mod strike;
mod surroundings;
#[cfg(test)]
mod tests;
mod troubles;
mod twins;
mod verdicts;

use std::collections::BTreeMap;
use std::sync::Arc;

use lit_node::id::{Boot, ConnId, NodeId, RequestId, SessionId};
use lit_node::io::{Input, Label};
use lit_node::memo::Memo;
use lit_node::meter::Meter;

pub use self::engine::Simulator;

use self::build::NodeFactory;
use self::event::Event;
use self::faults::Faults;
use self::host::Host;
use self::observer::Observer;
use self::script::{Book, Script};
use self::seat::Seat;
use self::step::Running;
use self::surroundings::Surroundings;
use self::twins::Twins;
use crate::disk::Snapshot;
use crate::heap::{Heap, MILLI, Nanos};
use crate::network::{Endpoint, Link, Network, Round, Rounds};
use crate::oracle;
use crate::outcome::Point;
use crate::pool::Supply;
use crate::scenario::Scenario;

/// The domain that users sign in for.
const SIGN_IN_DOMAIN: &str = "litsim.example";
/// How long triples take from outside the nodes, milliseconds.
const SUPPLY_MS: u64 = 5;
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
    rounds: Rounds,
    hosts: BTreeMap<Seat, Host>,
    /// The nodes that run twice.
    twins: BTreeMap<NodeId, Twins>,
    /// The work of second instances that are gone.
    stopped: Meter,
    /// The nodes of which nothing can be demanded: they lie, are lied to, or run twice at some time.
    corrupted: Vec<NodeId>,
    factory: NodeFactory,
    surroundings: Surroundings,
    supply: Option<Supply>,
    faults: Faults,
    book: Book,
    script: Script,
    running: Option<(Running, Nanos)>,
    /// The step that is asked for a second time.
    second: Option<usize>,
    /// The connections of the running step's client.
    connections: BTreeMap<ConnId, Connection>,
    connections_made: u64,
    observer: Observer,
    /// The disks to which crashes roll back, by fault.
    snapshots: BTreeMap<usize, Snapshot>,
    /// How nodes ended requests: `ok`, or the code of the refusal.
    endings: BTreeMap<RequestId, BTreeMap<NodeId, &'static str>>,
    /// When a key was last minted, or a fault began or ended.
    disturbed: Nanos,
    /// When the run ends, once the script has.
    ends_at: Option<Nanos>,
    /// A limit of the scenario was reached, or its pool of triples is used up.
    stuck: Option<String>,
    clock_base: u64,
}

impl World {
    /// Runs until the script has ended and nodes have had time to catch up, or a limit is reached.
    pub fn run(&mut self) {
        self.run_to(Point::End);
        self.finish_step_if_any();
    }

    /// Runs to a point, or to the end if that comes first.
    pub fn run_to(&mut self, point: Point) {
        self.open();
        self.advance(point);
    }

    /// Goes on to a later point, or to the end if that comes first.
    fn advance(&mut self, point: Point) {
        while let Some(next) = self.heap.due() {
            if point.is_reached(self.observer.trace.len(), next) {
                break;
            }
            let Some((now, event)) = self.heap.pop() else { break };
            if self.ends_at.is_some_and(|end| now >= end) {
                break;
            }
            let limits = &self.scenario.limits;
            if let Some(name) = limits.reached(now, self.observer.messages, self.heap.popped()) {
                self.stuck = Some(format!("limits.{name} was reached"));
                break;
            }
            self.handle(now, event);
            if self.stuck.is_some() || self.ends_at.is_some() && self.is_settled() {
                break;
            }
        }
    }

    /// A node's machine and protocol state now, without secrets.
    pub fn describe(&self, node: NodeId) -> Option<serde_json::Value> {
        let host = self.hosts.get(&Seat::from(node))?;
        Some(serde_json::json!({
            "node": node,
            "time_ns": self.heap.now(),
            "records": self.observer.trace.len(),
            "up": host.is_up(),
            "boot": host.boot,
            "inputs_waiting": host.waiting(),
            "state": host.describe(),
        }))
    }

    fn open(&mut self) {
        let network = &self.scenario.network;
        let (chain_id, nodes) = (self.book.chain_id, self.hosts.len());
        self.observer.milestones.chain(chain_id, &self.book.contracts, nodes, network.threshold);
        let seats: Vec<Seat> = self.hosts.keys().copied().collect();
        for seat in seats {
            self.start_node(seat, 0);
        }
        for chain in 0..self.surroundings.chains.len() {
            self.heap.push(self.surroundings.block_time(chain), 0, Event::Block { chain });
        }
        // Clients come when the nodes have had time to start: with the first block.
        self.heap.push(self.surroundings.block_time(0), 0, Event::NextStep);
    }

    fn handle(&mut self, now: Nanos, event: Event) {
        match event {
            Event::Arrive { link, label, bytes, sent, round } => {
                self.arrive(now, link, &label, bytes, (sent, round));
            }
            Event::Replay { replay, bytes } => self.replay(now, &replay, bytes),
            Event::Wake { seat } => self.wake(now, seat),
            Event::Release { seat, boot, outputs } => self.release(now, seat, boot, outputs),
            Event::Ask { seat, boot, call, chain, request } => {
                let reply = self.surroundings.ask(Some(seat.node), &chain, &request);
                self.count_troubles();
                self.observer.asked(now, seat.node, &request, &reply);
                let input = Box::new(Input::Chain { call, reply });
                let delay = self.surroundings.rpc_one_way();
                self.heap.push(now + delay, seat.tiebreak(), Event::Answer { seat, boot, input });
            }
            Event::Answer { seat, boot, input } => {
                if self.hosts.get(&seat).is_some_and(|host| host.boot == boot) {
                    self.give(now, seat, *input);
                }
            }
            Event::Block { chain } => self.block(now, chain),
            Event::ClientBlock => self.with_step(now, |running, desk| running.on_block(desk)),
            Event::ClientAsk { step, request } => {
                let reply = self.surroundings.ask(None, &lit_node::io::ChainRef::Home, &request);
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
            Event::PowerFails { seat, boot } => self.power_fails(now, seat, boot),
            Event::Restart { seat, boot } => {
                // Another crash may have come since: that one's restart counts, if it has any.
                if let Some(host) = self.hosts.get_mut(&seat).filter(|host| !host.is_up() && host.boot == boot) {
                    if let Some(fault) = host.condition.halted {
                        host.fill(fault, false);
                    }
                    host.boot = Boot(boot.0 + 1);
                    self.start_node(seat, now);
                }
            }
        }
    }

    fn send(&mut self, now: Nanos, link: Link, label: &Label, bytes: Vec<u8>) {
        self.observer.sent(now, &link, label, &bytes);
        let round = self.rounds.leaves(link.from);
        let verdict = self.network.carry(now, link, label, bytes);
        verdict.touched_by.iter().for_each(|id| self.faults.touched(id));
        if verdict.copies.is_empty() {
            self.observer.dropped(now, &link, label, &verdict.touched_by);
        }
        for (delay, tiebreak, bytes) in verdict.copies {
            let event = Event::Arrive { link, label: label.clone(), bytes, sent: now, round };
            self.heap.push(now.saturating_add(delay), tiebreak, event);
        }
        for (replay, bytes) in verdict.replays {
            let (at, tiebreak) = (now.saturating_add(replay.after), replay.tiebreak);
            self.heap.push(at, tiebreak, Event::Replay { replay: Box::new(replay), bytes });
        }
    }

    fn arrive(&mut self, now: Nanos, link: Link, label: &Label, bytes: Vec<u8>, (sent, round): (Nanos, Round)) {
        if let Some(cut) = self.network.lost_in_flight(&link, sent, now) {
            let cut = [cut.to_owned()];
            self.faults.touched(&cut[0]);
            return self.observer.dropped(now, &link, label, &cut);
        }
        self.observer.delivered(now, &link, label, &bytes);
        self.rounds.arrives(link.to, round);
        match (link.from, link.to) {
            (Endpoint::Node(from), Endpoint::Node(to)) => {
                for seat in self.seats(to).filter(|seat| self.kept_apart(*seat, from).is_none()).collect::<Vec<_>>() {
                    self.give(now, seat, Input::Peer { from, bytes: bytes.clone() });
                }
            }
            (Endpoint::Client(client), Endpoint::Node(to)) => {
                self.connections_made += 1;
                let conn = ConnId(self.connections_made);
                self.connections.insert(conn, Connection { client, node: to, session: label.session });
                for seat in self.seats(to) {
                    self.give(now, seat, Input::Client { conn, bytes: bytes.clone() });
                }
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

    /// From when on a time bound for something that began at `start` runs: only stable links keep any promise.
    fn bounded_from(&self, start: Nanos) -> Nanos {
        start.max(self.scenario.network.stable_from_ms().saturating_mul(MILLI))
    }

    fn block(&mut self, now: Nanos, chain: usize) {
        let (number, _) = self.surroundings.mine(chain, self.clock_base + now);
        self.observer.block(now, chain, number, &self.surroundings.chains[chain]);
        if chain == 0 {
            self.look_for_mints(now, number);
            let logs = self.surroundings.chains[0].logs(number, number);
            self.observer.milestones.block(now, &self.book.contracts, logs);
        }
        self.heap.push(now + self.surroundings.block_time(chain), 0, Event::Block { chain });
        if chain > 0 {
            return;
        }
        self.show_loads(now);
        let delay = self.surroundings.rpc_one_way();
        for (seat, host) in &self.hosts {
            let Some((number, timestamp_s)) = self.surroundings.head_for(seat.node) else { continue };
            let input = Box::new(Input::Head { number, timestamp_s });
            let event = Event::Answer { seat: *seat, boot: host.boot, input };
            self.heap.push(now + delay, seat.tiebreak(), event);
        }
        self.heap.push(now + delay, 0, Event::ClientBlock);
    }

    /// Whether every node that is up, and of which anything can be demanded, holds every key that any node holds.
    fn is_settled(&self) -> bool {
        self.behind().next().is_none()
    }

    /// Nodes that should hold all keys, and do not.
    fn behind(&self) -> impl Iterator<Item = NodeId> {
        let lacks = |host: &&Host| host.is_up() && !self.observer.holds_all_keys(host.id);
        self.hosts.values().filter(lacks).map(|host| host.id).filter(|node| !self.corrupted.contains(node))
    }
}
