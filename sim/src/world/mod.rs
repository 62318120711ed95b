//! The world: one event heap, the nodes and clients as plain values on it, and everything around them.
//!
//! One task owns it all. A crash drops a node, a restart opens it again on the disk that it left behind.

mod build;
mod combine;
mod dealer;
mod engine;
mod event;
mod faults;
mod host;
mod identity;
mod milestones;
mod observer;
mod script;
mod step;
mod surroundings;
mod verdicts;

use std::collections::BTreeMap;
use std::sync::Arc;

use lit_node::id::{Boot, ConnId, NodeId, RequestId, SessionId};
use lit_node::io::{Input, Label, Output, Outputs};
use lit_node::memo::Memo;
use lit_node::node::Node;
use lit_node::note::Note;

pub use self::engine::Simulator;

use self::build::NodeFactory;
use self::dealer::Dealer;
use self::event::Event;
use self::faults::Faults;
use self::host::Host;
use self::observer::Observer;
use self::script::{Book, ClientEffect, Next, Script, client_clock};
use self::step::{Desk, Running};
use self::surroundings::Surroundings;
use crate::disk::{Loss, Snapshot};
use crate::heap::{Heap, MILLI, Nanos};
use crate::network::{Endpoint, Link, Network};
use crate::oracle;
use crate::plan::Fault;
use crate::scenario::{DiskLoss, Scenario};

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
    /// How nodes refused requests.
    refusals: BTreeMap<RequestId, BTreeMap<NodeId, &'static str>>,
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
            Event::End { fault } => self.end_fault(now, fault),
            Event::Restart { node } => {
                if self.hosts.get(&node).is_some_and(|host| !host.is_up()) {
                    if let Some(host) = self.hosts.get_mut(&node) {
                        host.boot = Boot(host.boot.0 + 1);
                    }
                    self.start_node(node, now);
                }
            }
        }
    }

    // ---- nodes

    /// Opens a node on its disk and tells it that it has started, and of the newest block.
    fn start_node(&mut self, id: NodeId, now: Nanos) {
        let Some(host) = self.hosts.get_mut(&id) else { return };
        let mut outputs = Outputs::default();
        let (config, conduct) = self.factory.parts(id, host.boot);
        match Node::open(config, Box::new(host.disk.open()), conduct, &mut outputs) {
            Ok(node) => host.start(node, now, &outputs.meter),
            Err(error) => {
                self.observer.boot(now, id, &format!("cannot start: {error}"));
                return;
            }
        }
        let boot = host.boot;
        self.observer.boot(now, id, &format!("starts, boot {boot}"));
        self.heap.push(now, u64::from(id.0), Event::Release { node: id, boot, outputs: outputs.list });
        self.give(now, id, Input::Started);
        let (number, timestamp_s) = self.surroundings.head(0);
        self.give(now, id, Input::Head { number, timestamp_s });
    }

    fn crash_node(&mut self, now: Nanos, id: NodeId, fault: usize, disk: DiskLoss) {
        let Some(host) = self.hosts.get_mut(&id) else { return };
        let seed = self.factory.keys().bytes(&format!("fault {fault}"), "torn write");
        let loss = match disk {
            DiskLoss::Unsynced | DiskLoss::Rollback => Loss::LoseUnsynced,
            DiskLoss::Torn => Loss::TornWrite { seed: u64::from_be_bytes(seed[..8].try_into().expect("8 of 32")) },
        };
        host.crash(loss, self.snapshots.get(&fault));
        self.observer.boot(now, id, "crashes");
    }

    /// Keeps the disks to which planned crashes roll back.
    fn snapshot_for(&mut self, act: &str, step: Option<&str>) {
        for (index, event) in self.faults.of(act, step) {
            if let Fault::Crash { node, disk: DiskLoss::Rollback, .. } = event.what
                && let Some(host) = self.hosts.get(&node)
            {
                self.snapshots.insert(index, host.disk.snapshot());
            }
        }
    }

    fn give(&mut self, now: Nanos, id: NodeId, input: Input) {
        let Some(host) = self.hosts.get_mut(&id) else { return };
        host.enqueue(input);
        if let Some(at) = host.next_start(now) {
            self.heap.push(at, u64::from(id.0), Event::Wake { node: id });
        }
    }

    fn wake(&mut self, now: Nanos, id: NodeId) {
        let Some(host) = self.hosts.get_mut(&id) else { return };
        let syncs = host.disk.counters().syncs;
        while let Some(handled) = host.step(now) {
            let boot = host.boot;
            self.heap.push(handled.done, u64::from(id.0), Event::Release { node: id, boot, outputs: handled.outputs });
            if let Some(text) = handled.panic {
                self.observer.panicked(now, id, &text);
            }
            if handled.halted {
                self.observer.boot(now, id, "halts: its store failed");
                self.heap.push(now + MILLI, u64::from(id.0), Event::Restart { node: id });
            }
        }
        let synced = host.disk.counters().syncs - syncs;
        if let Some(at) = host.next_start(now).filter(|at| *at > now) {
            self.heap.push(at, u64::from(id.0), Event::Wake { node: id });
        }
        if synced > 0 {
            self.observer.synced(now, id, synced);
        }
    }

    /// What a node wanted done, at the time when its core is done with it.
    fn release(&mut self, now: Nanos, id: NodeId, boot: Boot, outputs: Vec<Output>) {
        for output in outputs {
            // A fault may stop the node between two of its outputs: the rest is lost.
            if self.hosts.get(&id).is_none_or(|host| host.boot != boot || !host.may_release()) {
                return;
            }
            self.carry_out(now, id, boot, output);
        }
    }

    fn carry_out(&mut self, now: Nanos, id: NodeId, boot: Boot, output: Output) {
        match output {
            Output::Send { to, label, bytes } => {
                let link = Link { from: Endpoint::Node(id), to: Endpoint::Node(to) };
                let (mut bytes, triggered) = (bytes, self.faults.on_sent(id, &label));
                for fault in &triggered {
                    if let Fault::Spoil(spoil) = self.faults.get(*fault).what {
                        spoil.apply(&mut bytes);
                    }
                }
                self.send(now, link, &label, bytes);
                for fault in triggered {
                    self.begin_fault(now, fault);
                }
            }
            Output::Reply { conn, bytes } => {
                let Some(connection) = self.connections.get(&conn).copied() else { return };
                let link = Link { from: Endpoint::Node(id), to: Endpoint::Client(connection.client) };
                let label = Label { session: connection.session, protocol: "client", round: 1, kind: "response" };
                self.observer.reply(&bytes);
                self.send(now, link, &label, bytes);
            }
            Output::Chain { call, chain, request } => {
                let at = now + self.surroundings.rpc_one_way();
                self.heap.push(at, u64::from(id.0), Event::Ask { node: id, boot, call, chain, request });
            }
            Output::IpfsGet { call, cid } => {
                let (delay, reply) = self.surroundings.ipfs_get(id, call, &cid);
                self.observer.ipfs(now, id, &cid);
                self.answer(now + delay, id, boot, Input::Ipfs { call, reply });
            }
            Output::HttpFetch { call, request } => {
                let (delay, reply) = self.surroundings.http_fetch(id, &request, now);
                self.observer.http(now, id, &request);
                self.answer(now + delay, id, boot, Input::Http { call, reply });
            }
            Output::SetTimer { timer, at } => {
                let at = self.hosts.get(&id).map_or(now, |host| host.when(at));
                self.answer(at, id, boot, Input::Timer(timer));
            }
            Output::NeedTriples { leader, holders } => {
                for (holder, dealt) in self.dealer.deal(leader, &holders) {
                    let Some(boot) = self.hosts.get(&holder).map(|host| host.boot) else { continue };
                    self.answer(now + DEALER_MS * MILLI, holder, boot, Input::DealtTriples(Box::new(dealt)));
                }
            }
            Output::Note(note) => self.note(now, id, &note),
        }
    }

    fn answer(&mut self, at: Nanos, node: NodeId, boot: Boot, input: Input) {
        self.heap.push(at, u64::from(node.0), Event::Answer { node, boot, input: Box::new(input) });
    }

    fn note(&mut self, now: Nanos, id: NodeId, note: &Note) {
        if let Note::Refused { request, code, .. } = note {
            self.refusals.entry(*request).or_default().insert(id, code);
        }
        if let Note::Authorised { request, key, block, .. } = note {
            // A block may have been mined between the node's question and the endpoint's look.
            let blocks = *block..=self.surroundings.head(0).0;
            let lists: Vec<_> = blocks
                .filter_map(|block| self.surroundings.permission_lists(&self.book.contracts, *key, block))
                .collect();
            let event = oracle::Event::Authorised { node: id, request: *request, key: *key, lists: &lists };
            self.observer.oracles(now, event);
        }
        self.observer.note(now, id, note);
        if matches!(note, Note::Refused { .. }) {
            // The running step may have waited for this node to speak.
            self.with_step(now, |_, _| {});
        }
    }

    // ---- links

    fn send(&mut self, now: Nanos, link: Link, label: &Label, bytes: Vec<u8>) {
        self.observer.sent(now, &link, label, &bytes);
        let verdict = self.network.carry(link, label, bytes);
        if verdict.copies.is_empty() {
            self.observer.dropped(now, &link, label, &verdict.touched_by);
        }
        for (delay, tiebreak, bytes) in verdict.copies {
            self.heap.push(now + delay, tiebreak, Event::Arrive { link, label: label.clone(), bytes });
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

    // ---- chains

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
        let delay = self.surroundings.rpc_one_way();
        for (id, host) in &self.hosts {
            let input = Box::new(Input::Head { number, timestamp_s });
            let event = Event::Answer { node: *id, boot: host.boot, input };
            self.heap.push(now + delay, u64::from(id.0), event);
        }
        self.heap.push(now + delay, 0, Event::ClientBlock);
    }

    // ---- clients

    fn is_running(&self, step: usize) -> bool {
        self.running.as_ref().is_some_and(|(running, _)| running.number == step)
    }

    /// Lets the running step do something, and carries out what it wants.
    fn with_step(&mut self, now: Nanos, act: impl FnOnce(&mut Running, &mut Desk<'_>)) {
        let Some((mut running, started)) = self.running.take() else { return };
        let mut effects = Vec::new();
        let mut desk = Desk {
            now: client_clock(self.clock_base, now),
            book: &mut self.book,
            chain: &self.surroundings.chains[0],
            fx: &mut effects,
        };
        act(&mut running, &mut desk);
        self.serve_client(now, &running, effects);
        if self.may_end(now, &mut running, started) {
            self.end_step(now, running, started);
        } else {
            self.wait_for(now, &running, started);
            self.running = Some((running, started));
        }
    }

    /// A step that failed waits a little for the other nodes' answers, so that its report shows them all.
    fn may_end(&self, now: Nanos, running: &mut Running, started: Nanos) -> bool {
        let delta = self.scenario.network.delta_ms.get() * MILLI;
        if now >= started + step::bound_ms(self.scenario.network.delta_ms.get()) * MILLI + 4 * delta {
            return true;
        }
        let everybody = self.hosts.values().filter(|host| host.is_up()).count();
        let heard = |request: &RequestId| self.refusals.get(request).map_or(0, BTreeMap::len) >= everybody;
        running.has_ended(now, 4 * delta, |requests| requests.iter().all(heard))
    }

    fn wait_for(&mut self, now: Nanos, running: &Running, started: Nanos) {
        let delta = self.scenario.network.delta_ms.get() * MILLI;
        let bound = started + step::bound_ms(self.scenario.network.delta_ms.get()) * MILLI + 4 * delta;
        let own = running.deadline().map(|at| at.0.saturating_sub(self.clock_base).max(now + 1));
        let grace = running.grace_over(4 * delta);
        let at = own.into_iter().chain(grace).chain([bound]).min().unwrap_or(bound);
        self.heap.push(at.max(now + 1), 0, Event::ClientTimer { step: running.number });
    }

    fn serve_client(&mut self, now: Nanos, running: &Running, effects: Vec<ClientEffect>) {
        for effect in effects {
            match effect {
                ClientEffect::Send { node, label, bytes } => {
                    let link = Link { from: Endpoint::Client(running.client), to: Endpoint::Node(node) };
                    self.send(now, link, &label, bytes);
                }
                ClientEffect::Ask(request) => {
                    let at = now + self.surroundings.rpc_one_way();
                    self.heap.push(at, 0, Event::ClientAsk { step: running.number, request });
                }
                ClientEffect::Requested { request, cid, caller } => {
                    self.observer.oracles(now, oracle::Event::Requested(request, &cid, caller));
                }
                ClientEffect::Accepted(accepted) => {
                    self.observer.oracles(now, oracle::Event::Accepted(&accepted));
                }
            }
        }
    }

    fn next_step(&mut self, now: Nanos) {
        match self.script.advance() {
            Next::Step { act, step, first } => {
                let mut timed = Vec::new();
                if first {
                    self.observer.step(now, &format!("act {act} begins"));
                    timed.extend(self.faults.arm(&act, None, now));
                    self.snapshot_for(&act, None);
                }
                self.snapshot_for(&act, Some(&step.id));
                timed.extend(self.faults.arm(&act, Some(&step.id), now));
                for (fault, at) in timed {
                    self.heap.push(at, 0, Event::Begin { fault });
                }
                self.observer.step(now, &format!("step {} begins", step.id));
                let number = self.script.begun;
                let mut effects = Vec::new();
                let mut desk = Desk {
                    now: client_clock(self.clock_base, now),
                    book: &mut self.book,
                    chain: &self.surroundings.chains[0],
                    fx: &mut effects,
                };
                let running = Running::begin(act, step, number, &mut desk);
                self.serve_client(now, &running, effects);
                self.running = Some((running, now));
                self.with_step(now, |_, _| {});
            }
            Next::ActEnds(act) => {
                for fault in self.faults.disarm(&act, None) {
                    self.end_fault(now, fault);
                }
                self.observer.step(now, &format!("act {act} ends"));
                self.heap.push(now, 0, Event::NextStep);
            }
            Next::End => {
                self.ends_at = Some(now + QUIET_DELTAS * self.scenario.network.delta_ms.get() * MILLI);
            }
        }
    }

    fn end_step(&mut self, now: Nanos, running: Running, started: Nanos) {
        for fault in self.faults.disarm(&running.act, Some(&running.step.id)) {
            self.end_fault(now, fault);
        }
        self.hang_up(now);
        let mut refusals = BTreeMap::new();
        for request in &running.requests {
            refusals.extend(self.refusals.remove(request).unwrap_or_default());
        }
        let report = running.report(started / MILLI, now / MILLI, &refusals);
        self.observer.step(now, &format!("step {} ends: {}", report.id, report.outcome.name()));
        self.script.reports.push(report);
        self.heap.push(now, 0, Event::NextStep);
    }

    /// The client of the step that ends closes its connections.
    fn hang_up(&mut self, now: Nanos) {
        let at = now + self.surroundings.rpc_one_way();
        for (conn, connection) in std::mem::take(&mut self.connections) {
            if let Some(boot) = self.hosts.get(&connection.node).map(|host| host.boot) {
                self.answer(at, connection.node, boot, Input::ClientGone { conn });
            }
        }
    }

    fn finish_step_if_any(&mut self) {
        if let Some((running, started)) = self.running.take() {
            let now = self.heap.now();
            self.end_step(now, running, started);
        }
    }

    // ---- faults

    fn begin_fault(&mut self, now: Nanos, index: usize) {
        if !self.faults.begin(index) {
            return;
        }
        let event = self.faults.get(index).clone();
        self.observer.fault(now, &format!("{} begins: {}", event.id, event.what));
        if let Some((fault, for_ms)) = faults::link_fault(&event) {
            self.network.begin(fault);
            if let Some(for_ms) = for_ms {
                self.heap.push(now + for_ms * MILLI, 0, Event::End { fault: index });
            }
        }
        match event.what {
            Fault::Crash { node, restart_after_ms, disk } => {
                self.crash_node(now, node, index, disk);
                if let Some(after) = restart_after_ms {
                    self.heap.push(now + after * MILLI, u64::from(node.0), Event::Restart { node });
                }
            }
            Fault::Garbage { from, to, bytes } => {
                let link = Link { from: Endpoint::Node(from), to: Endpoint::Node(to) };
                let session = SessionId::derive("garbage", &[event.id.0.as_bytes()]);
                let label = Label { session, protocol: "garbage", round: 0, kind: "bytes" };
                let mut garbage = vec![0; bytes as usize];
                blake3::Hasher::new_keyed(&self.factory.keys().bytes(&event.id.0, "garbage"))
                    .finalize_xof()
                    .fill(&mut garbage);
                self.send(now, link, &label, garbage);
            }
            Fault::Leak { node } => self.factory.set_leaking(node, true),
            _ => {}
        }
    }

    fn end_fault(&mut self, now: Nanos, index: usize) {
        let event = self.faults.get(index).clone();
        match event.what {
            Fault::Crash { node, restart_after_ms: Some(_), .. } => {
                return self.heap.push(now, u64::from(node.0), Event::Restart { node });
            }
            Fault::Leak { node } => self.factory.set_leaking(node, false),
            _ if faults::link_fault(&event).is_some() => self.network.end(&event.id.0),
            _ => return,
        }
        self.observer.fault(now, &format!("{} ends", event.id));
    }

    // ---- the end

    /// Whether every node that is up holds every key that any node holds.
    fn is_settled(&self) -> bool {
        self.hosts.values().filter(|host| host.is_up()).all(|host| self.observer.holds_all_keys(host.id))
    }
}
