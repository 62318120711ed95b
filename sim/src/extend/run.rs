//! A run of a foreign protocol: nodes as values on the event heap, with links, faults and trace as in every run.

use std::collections::BTreeMap;

use lit_node::id::{Boot, NodeId, SessionId};
use lit_node::io::Label;

use super::host::Host;
use super::outputs::{Output, Outputs};
use super::{Event as Seen, Letter, Oracle, Protocol, Rig, Setup, WireFault};
use crate::byzantine::{Line, Switchboard};
use crate::caught::caught;
use crate::fault::{Crash, DiskLoss, Fault, PowerCut};
use crate::heap::{Heap, MILLI, Nanos};
use crate::network::{Endpoint, Link, LinkFault, Network, Replay, Round, Rounds};
use crate::outcome::{Point, RunOptions, Violation};
use crate::plan::{FaultEvent, FaultPlan};
use crate::scenario::{Limits, Scenario};
use crate::trace::{Actor, Kind, Payload, Record, Trace};
use crate::world::faults::Faults;
use crate::world::links::{self, link_fault};

/// What can happen next.
pub(super) enum Event {
    Start { node: NodeId, boot: Boot },
    Arrive { link: Link, label: Label, bytes: Vec<u8>, sent: Nanos, round: Round },
    Replay { replay: Box<Replay>, bytes: Vec<u8> },
    Timer { node: NodeId, boot: Boot, timer: u64 },
    Begin { fault: usize },
    End { fault: usize },
}

/// A run under way.
pub(super) struct Run<'r, P: Protocol> {
    pub rig: &'r Rig<P>,
    pub scenario: &'r Scenario,
    pub heap: Heap<Event>,
    pub network: Network,
    pub rounds: Rounds,
    pub hosts: BTreeMap<NodeId, Host<P>>,
    pub faults: Faults,
    pub switchboard: Switchboard,
    wire_faults: Vec<(usize, Line, Box<dyn WireFault<P>>)>,
    snapshots: BTreeMap<usize, P::Disk>,
    /// How many messages of each kind each link has seen.
    occurrences: BTreeMap<(Link, &'static str, &'static str), u64>,
    key: [u8; 32],
    act: usize,
    pub corrupted: Vec<NodeId>,
    pub oracles: Vec<Box<dyn Oracle<P>>>,
    pub trace: Trace,
    pub messages: u64,
    pub bytes: u64,
    pub marks: BTreeMap<String, u64>,
    /// What nodes settled on, and when.
    pub decisions: Vec<(Nanos, NodeId, P::Decision)>,
    /// Nodes that panicked.
    pub panics: Vec<Violation>,
    /// A limit of the scenario was reached.
    pub stuck: Option<&'static str>,
}

impl<'r, P: Protocol> Run<'r, P> {
    pub fn new(rig: &'r Rig<P>, scenario: &'r Scenario, plan: &FaultPlan, options: RunOptions) -> Self {
        let key = blake3::derive_key("litsim 1 foreign protocol", &options.seed.to_be_bytes());
        let network = links::network(scenario, &key);
        let switchboard = Switchboard::default();
        let mut run = Self {
            rig,
            scenario,
            heap: Heap::default(),
            network,
            rounds: Rounds::default(),
            hosts: BTreeMap::new(),
            faults: Faults::new(plan.clone()),
            wire_faults: Vec::new(),
            snapshots: BTreeMap::new(),
            occurrences: BTreeMap::new(),
            key,
            act: 0,
            corrupted: plan.corrupted(),
            oracles: rig.oracles.iter().map(|make| make()).collect(),
            trace: Trace::new(options.trace),
            messages: 0,
            bytes: 0,
            marks: BTreeMap::new(),
            decisions: Vec::new(),
            panics: Vec::new(),
            stuck: None,
            switchboard,
        };
        for node in (1..=scenario.network.nodes).map(NodeId) {
            let conducts = run.conducts(node, plan);
            let host = Host { node: None, boot: Boot(0), disk: P::Disk::default(), conducts, armed: None };
            run.hosts.insert(node, host);
            run.heap.push(0, u64::from(node.0), Event::Start { node, boot: Boot(0) });
        }
        for (index, event) in plan.events.iter().enumerate() {
            if let Fault::Custom(custom) = &event.what
                && let (None, Some(make)) = (custom.node, rig.wire_faults.get(custom.name.as_str()))
            {
                run.wire_faults.push((index, run.switchboard.line(index), make(&custom.with)));
            }
        }
        run
    }

    fn conducts(&self, node: NodeId, plan: &FaultPlan) -> Vec<(Line, Box<dyn super::Conduct<P>>)> {
        let mut list = Vec::new();
        for (index, event) in plan.events.iter().enumerate() {
            if let Fault::Custom(custom) = &event.what
                && custom.node == Some(node)
                && let Some(make) = self.rig.conducts.get(custom.name.as_str())
            {
                list.push((self.switchboard.line(index), make(self.setup(node, Boot(0)), &custom.with)));
            }
        }
        list
    }

    fn setup(&self, me: NodeId, boot: Boot) -> Setup {
        let network = &self.scenario.network;
        Setup {
            me,
            nodes: network.nodes,
            threshold: network.threshold,
            faulty_max: network.faulty_max(),
            delta_ms: network.delta_ms.get(),
            boot,
            seed: self.key,
        }
    }

    /// Runs until nothing is left to happen in the last act, a limit is reached, or to a point.
    pub fn run_to(&mut self, point: Point) {
        let limits = &self.scenario.limits;
        self.begin_act();
        loop {
            let Some(next) = self.heap.due() else {
                if self.next_act() {
                    continue;
                }
                return;
            };
            if point.is_reached(self.trace.len(), next) {
                return;
            }
            if let Some(name) = limits.reached(next, self.messages, self.heap.popped()) {
                self.stuck = (P::ENDS || name != Limits::VIRTUAL_TIME).then_some(name);
                return;
            }
            let Some((now, event)) = self.heap.pop() else { return };
            self.handle(now, event);
        }
    }

    fn begin_act(&mut self) {
        let Some(act) = self.scenario.acts.get(self.act) else { return };
        let now = self.heap.now();
        self.record(now, Kind::Step, Actor::World, format!("act {} begins", act.name));
        for (index, event) in self.faults.of(&act.name, None) {
            if let Fault::Crash(Crash { node, disk: DiskLoss::Rollback, .. }) = event.what
                && let Some(host) = self.hosts.get(&node)
            {
                self.snapshots.insert(index, host.disk.clone());
            }
        }
        for (fault, at) in self.faults.arm(&act.name, None, now) {
            self.heap.push(at, 0, Event::Begin { fault });
        }
    }

    /// Ends the act; whether there is another one.
    fn next_act(&mut self) -> bool {
        let Some(act) = self.scenario.acts.get(self.act) else { return false };
        let now = self.heap.now();
        for fault in self.faults.disarm(&act.name, None) {
            self.end_fault(now, fault);
        }
        self.record(now, Kind::Step, Actor::World, format!("act {} ends", act.name));
        self.act += 1;
        self.begin_act();
        // A restart that the end of a fault brought about is still to come.
        self.act < self.scenario.acts.len() || self.heap.due().is_some()
    }

    fn handle(&mut self, now: Nanos, event: Event) {
        match event {
            Event::Start { node, boot } => self.start(now, node, boot),
            Event::Arrive { link, label, bytes, sent, round } => {
                self.arrive(now, link, &label, &bytes, (sent, round));
            }
            Event::Replay { replay, bytes } => self.replay(now, &replay, bytes),
            Event::Timer { node, boot, timer } => {
                if self.hosts.get(&node).is_some_and(|host| host.boot == boot && host.node.is_some()) {
                    self.record(now, Kind::Timer, Actor::Node(node.0), timer.to_string());
                    self.call(now, node, |node, out| node.on_timer(now / MILLI, timer, out));
                }
            }
            Event::Begin { fault } => self.begin_fault(now, fault),
            Event::End { fault } => {
                if self.faults.end(fault) {
                    self.end_fault(now, fault);
                }
            }
        }
    }

    fn start(&mut self, now: Nanos, id: NodeId, boot: Boot) {
        let setup = self.setup(id, boot);
        let Some(host) = self.hosts.get_mut(&id).filter(|host| host.node.is_none() && host.boot <= boot) else {
            return;
        };
        host.boot = boot;
        host.node = Some(P::new(&self.rig.options, setup, host.disk.clone()));
        self.record(now, Kind::Boot, Actor::Node(id.0), format!("starts, boot {boot}"));
        self.show(now, &Seen::Started(id, boot));
        self.call(now, id, |node, out| node.start(now / MILLI, out));
    }

    /// Lets a node do something, and carries out what it wants. A panic of a node is a finding about that node.
    fn call(&mut self, now: Nanos, id: NodeId, work: impl FnOnce(&mut P, &mut Outputs<P>)) {
        let Some(host) = self.hosts.get_mut(&id) else { return };
        let Some(node) = host.node.as_mut() else { return };
        let boot = host.boot;
        let mut outputs = Outputs::default();
        if let Err(text) = caught(|| work(node, &mut outputs)) {
            host.node = None;
            self.record(now, Kind::Boot, Actor::Node(id.0), format!("panics: {text}"));
            if !self.corrupted.contains(&id) {
                let (at_ms, detail) = (now / MILLI, format!("{id} panicked: {text}"));
                self.panics.push(Violation { oracle: "no-honest-panic".into(), at_ms, nodes: vec![id], detail });
            }
            return;
        }
        for output in outputs.list {
            // A fault may have stopped the node between two of its outputs.
            if self.hosts.get(&id).is_some_and(|host| host.node.is_some() && host.boot == boot) {
                self.carry_out(now, id, boot, output);
            }
        }
    }

    fn carry_out(&mut self, now: Nanos, id: NodeId, boot: Boot, output: Output<P>) {
        match output {
            Output::Send { to, message } if to == id => self.deliver(now, id, id, message),
            Output::Send { to, message } => self.say(now, id, to, message),
            Output::Timer { timer, after_ms } => {
                let at = now.saturating_add(after_ms.saturating_mul(MILLI));
                self.heap.push(at, u64::from(id.0), Event::Timer { node: id, boot, timer });
            }
            Output::Note(note) => {
                self.record(now, Kind::Note, Actor::Node(id.0), format!("{note:?}"));
                self.show(now, &Seen::Noted(id, &note));
            }
            Output::Decide(decision) => {
                self.record(now, Kind::Note, Actor::Node(id.0), format!("decides {decision:?}"));
                self.show(now, &Seen::Decided(id, &decision));
                self.decisions.push((now, id, decision));
            }
            Output::Save(disk) => {
                let Some(host) = self.hosts.get_mut(&id) else { return };
                if let Some(fault) = host.cut() {
                    self.faults.release(fault);
                    return self.crash(now, id, fault);
                }
                host.disk = disk;
                self.record(now, Kind::Sync, Actor::Node(id.0), String::new());
            }
        }
    }

    /// What a node says to itself passes no link.
    fn deliver(&mut self, now: Nanos, from: NodeId, to: NodeId, message: P::Message) {
        let (protocol, kind) = P::label(&message);
        let label = Label { session: SessionId::default(), protocol, round: 0, kind };
        let link = Link { from: Endpoint::Node(from), to: Endpoint::Node(to) };
        let round = self.rounds.here(link.from);
        self.heap.push(now, u64::from(to.0), Event::Arrive { link, label, bytes: encode(&message), sent: now, round });
    }

    /// A node's message passes its conduct, then faults, then its link.
    fn say(&mut self, now: Nanos, from: NodeId, to: NodeId, message: P::Message) {
        let mut said = vec![(to, message)];
        let Some(host) = self.hosts.get_mut(&from) else { return };
        for (line, conduct) in host.conducts.iter_mut().filter(|(line, _)| line.is_on()) {
            let before: Vec<_> = said.iter().map(|(to, message)| (*to, encode(message))).collect();
            said = said.into_iter().flat_map(|(to, message)| conduct.outbound(to, message)).collect();
            // It has fired when it has said what an honest node would not.
            if !said.iter().map(|(to, message)| (*to, encode(message))).eq(before) {
                line.act();
            }
        }
        for (to, message) in said.into_iter().filter(|(to, _)| *to != from) {
            self.post(now, Letter { from, to, message, lost: false, delay_ms: 0 });
        }
    }

    fn post(&mut self, now: Nanos, mut letter: Letter<P>) {
        let (protocol, kind) = P::label(&letter.message);
        let label = Label { session: SessionId::default(), protocol, round: 0, kind };
        let link = Link::between(letter.from, letter.to);
        let occurrence = self.occurrences.entry((link, protocol, kind)).or_insert(0);
        *occurrence += 1;
        let occurrence = *occurrence;
        for (fault, line, wire_fault) in self.wire_faults.iter_mut().filter(|(_, line, _)| line.is_on()) {
            let before = (encode(&letter.message), letter.lost, letter.delay_ms);
            let mut hasher = blake3::Hasher::new_keyed(&self.key);
            // Lengths first where a text might run into the next one.
            for text in [self.faults.get(*fault).id.0.as_str(), &link.to_string(), protocol, kind] {
                hasher.update(&(text.len() as u64).to_be_bytes()).update(text.as_bytes());
            }
            hasher.update(&occurrence.to_be_bytes());
            let draw = u64::from_be_bytes(hasher.finalize().as_bytes()[..8].try_into().expect("8 of 32 bytes"));
            wire_fault.strike(&mut letter, draw);
            if before != (encode(&letter.message), letter.lost, letter.delay_ms) {
                line.act();
            }
        }
        let mut bytes = encode(&letter.message);
        let triggered = self.faults.on_sent(letter.from, &label);
        for fault in &triggered {
            self.faults.get(*fault).what.spoil(&mut bytes);
        }
        self.transmit(now, link, &label, bytes, letter.lost, letter.delay_ms.saturating_mul(MILLI));
        for fault in triggered {
            self.begin_fault(now, fault);
        }
    }

    fn transmit(&mut self, now: Nanos, link: Link, label: &Label, bytes: Vec<u8>, lost: bool, extra: Nanos) {
        self.messages += 1;
        self.bytes += bytes.len() as u64;
        self.on_link(now, Kind::Send, link, label, Some(&bytes), String::new());
        let round = self.rounds.leaves(link.from);
        let mut verdict = self.network.carry(now, link, label, bytes);
        verdict.touched_by.iter().for_each(|fault| self.faults.touched(fault));
        if lost {
            verdict.copies.clear();
        }
        if verdict.copies.is_empty() {
            *self.marks.entry("message.lost".to_owned()).or_insert(0) += 1;
            self.on_link(now, Kind::Drop, link, label, None, verdict.touched_by.join(", "));
        }
        for (delay, tiebreak, bytes) in verdict.copies {
            let at = now.saturating_add(delay).saturating_add(extra);
            self.heap.push(at, tiebreak, Event::Arrive { link, label: label.clone(), bytes, sent: now, round });
        }
        for (replay, bytes) in verdict.replays {
            let (at, tiebreak) = (now.saturating_add(replay.after), replay.tiebreak);
            self.heap.push(at, tiebreak, Event::Replay { replay: Box::new(replay), bytes });
        }
    }

    /// Captured bytes come again, if the fault that captured them is still on.
    fn replay(&mut self, now: Nanos, replay: &Replay, bytes: Vec<u8>) {
        if self.network.is_on(&replay.by) {
            self.faults.touched(&replay.by);
            self.transmit(now, replay.link, &replay.label, bytes, false, 0);
        }
    }

    fn arrive(&mut self, now: Nanos, link: Link, label: &Label, bytes: &[u8], (sent, round): (Nanos, Round)) {
        let (Endpoint::Node(from), Endpoint::Node(to)) = (link.from, link.to) else { return };
        if let Some(cut) = self.network.lost_in_flight(&link, sent, now).map(ToOwned::to_owned) {
            self.faults.touched(&cut);
            return self.on_link(now, Kind::Drop, link, label, None, cut);
        }
        self.on_link(now, Kind::Deliver, link, label, Some(bytes), String::new());
        self.rounds.arrives(link.to, round);
        let Ok(message) = postcard::from_bytes::<P::Message>(bytes) else {
            *self.marks.entry("message.malformed".to_owned()).or_insert(0) += 1;
            return;
        };
        let Some(host) = self.hosts.get_mut(&to).filter(|host| host.node.is_some()) else { return };
        let mut more = Vec::new();
        for (line, conduct) in host.conducts.iter_mut().filter(|(line, _)| line.is_on()) {
            let said = conduct.inbound(from, &message);
            if !said.is_empty() {
                line.act();
            }
            more.extend(said);
        }
        for (peer, message) in more.into_iter().filter(|(peer, _)| *peer != to) {
            self.post(now, Letter { from: to, to: peer, message, lost: false, delay_ms: 0 });
        }
        self.call(now, to, |node, out| node.on_message(now / MILLI, from, message, out));
    }

    fn begin_fault(&mut self, now: Nanos, index: usize) {
        if !self.is_known(index) || !self.faults.begin(index) {
            return;
        }
        let event = self.faults.get(index).clone();
        self.record(now, Kind::Fault, Actor::World, format!("{} begins: {}", event.id, event.what));
        if let Some(ms) = event.for_ms {
            self.heap.push(now.saturating_add(ms.saturating_mul(MILLI)), 0, Event::End { fault: index });
        }
        if let Some(fault) = self.link_fault(&event) {
            self.network.begin(now, fault);
            self.faults.await_message(index);
        }
        match &event.what {
            Fault::Crash(crash) => match crash.cut() {
                Some(PowerCut::Write(n) | PowerCut::Sync(n)) => {
                    self.faults.hold(index);
                    if let Some(host) = self.hosts.get_mut(&crash.node) {
                        host.armed = Some((index, n));
                    }
                }
                None => self.crash(now, crash.node, index),
            },
            Fault::Garbage(garbage) => {
                let mut bytes = vec![0; garbage.bytes as usize];
                let mut hasher = blake3::Hasher::new_keyed(&self.key);
                hasher.update(event.id.0.as_bytes()).finalize_xof().fill(&mut bytes);
                let label = Label { session: SessionId::default(), protocol: "garbage", round: 0, kind: "bytes" };
                self.transmit(now, Link::between(garbage.from, garbage.to), &label, bytes, false, 0);
            }
            Fault::Custom(_) => {
                // It has fired when it has changed something.
                self.faults.hold(index);
                self.switchboard.switch(index, true);
            }
            _ => {}
        }
    }

    /// Whether foreign protocols have what this fault strikes. One that they have not never begins, and its mark says so.
    fn is_known(&self, index: usize) -> bool {
        let event = self.faults.get(index);
        let is_wire = matches!(event.what, Fault::Flip(_) | Fault::Truncate(_) | Fault::Garbage(_));
        let is_own = matches!(event.what, Fault::Crash(_) | Fault::Custom(_));
        is_wire || is_own || self.link_fault(event).is_some()
    }

    fn link_fault(&self, event: &FaultEvent) -> Option<LinkFault> {
        link_fault(event, self.scenario.network.delta_ms.get())
    }

    fn end_fault(&mut self, now: Nanos, index: usize) {
        let event = self.faults.get(index).clone();
        match &event.what {
            Fault::Crash(Crash { node, restart_after_ms: Some(_), .. }) => return self.restart(now, *node),
            Fault::Custom(_) => self.switchboard.switch(index, false),
            _ if self.link_fault(&event).is_some() => self.network.end(now, &event.id.0),
            _ => return,
        }
        self.record(now, Kind::Fault, Actor::World, format!("{} ends", event.id));
    }

    fn crash(&mut self, now: Nanos, id: NodeId, fault: usize) {
        let Fault::Crash(Crash { restart_after_ms, disk, .. }) = self.faults.get(fault).what else { return };
        let Some(host) = self.hosts.get_mut(&id) else { return };
        host.node = None;
        if disk == DiskLoss::Rollback
            && let Some(snapshot) = self.snapshots.get(&fault)
        {
            host.disk = snapshot.clone();
        }
        self.record(now, Kind::Boot, Actor::Node(id.0), "crashes".to_owned());
        self.show(now, &Seen::Crashed(id));
        if let Some(after) = restart_after_ms {
            self.restart(now.saturating_add(after.saturating_mul(MILLI)), id);
        }
    }

    fn restart(&mut self, at: Nanos, node: NodeId) {
        if let Some(host) = self.hosts.get(&node) {
            self.heap.push(at, u64::from(node.0), Event::Start { node, boot: Boot(host.boot.0 + 1) });
        }
    }

    fn show(&mut self, now: Nanos, event: &Seen<'_, P>) {
        self.oracles.iter_mut().for_each(|oracle| oracle.observe(now / MILLI, event));
    }

    pub(super) fn record(&mut self, time_ns: Nanos, kind: Kind, actor: Actor, text: String) {
        self.trace.push(Record { time_ns, kind, actor, peer: None, label: String::new(), payload: None, text });
    }

    fn on_link(&mut self, time_ns: Nanos, kind: Kind, link: Link, label: &Label, bytes: Option<&[u8]>, text: String) {
        let end = |end| match end {
            Endpoint::Node(id) => Actor::Node(id.0),
            Endpoint::Client(index) => Actor::Client(index.into()),
        };
        let (actor, peer) = if kind == Kind::Deliver { (link.to, link.from) } else { (link.from, link.to) };
        let (actor, peer, payload) = (end(actor), Some(end(peer)), bytes.map(Payload::of));
        let label = format!("{}/{}", label.protocol, label.kind);
        self.trace.push(Record { time_ns, kind, actor, peer, label, payload, text });
    }
}

fn encode(message: &impl serde::Serialize) -> Vec<u8> {
    // What cannot be encoded arrives as nothing, which no protocol reads.
    postcard::to_allocvec(message).unwrap_or_default()
}
