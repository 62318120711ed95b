//! Nodes as events touch them: started, crashed, given inputs, and their outputs carried out.

use lit_node::entropy::Entropy;
use lit_node::id::{Boot, Epoch, NodeId};
use lit_node::io::{Input, Label, Output, Outputs};
use lit_node::meter::Meter;
use lit_node::node::{Load, Node};
use lit_node::note::Note;
use lit_node::store::{Scope, Store, Table};

use super::event::Event;
use super::seat::Seat;
use super::{SUPPLY_MS, World};
use crate::disk::{Disk, Loss};
use crate::fault::{Crash, DiskLoss, Fault};
use crate::heap::{MILLI, Nanos};
use crate::network::{Endpoint, Link};
use crate::oracle::{self, Kept};
use crate::witness::Reader;

/// How many bytes of messages a node may keep for a peer.
const QUEUE_BYTES_MAX: usize = 16 << 20;

/// The names of the records of key generations that a disk holds durably. A disk that cannot be read holds none.
fn kept(disk: &Disk, master_key: &[u8; 32]) -> Kept {
    let image = Disk::new();
    image.rollback(&disk.snapshot());
    let (entropy, mut uncounted) = (Entropy::new(&[0; 32], Boot(0)), Meter::default());
    let names = Store::open(Box::new(image.open()), master_key, &entropy, &mut uncounted)
        .and_then(|store| store.list(Table::DkgSession, Scope::Epoch(Epoch(1))));
    Kept(names.unwrap_or_default().into_iter().collect())
}

impl World {
    /// Opens a node on its disk and tells it that it has started, and of the newest block.
    pub(super) fn start_node(&mut self, seat: Seat, now: Nanos) {
        let id = seat.node;
        let Some(host) = self.hosts.get_mut(&seat) else { return };
        let mut outputs = Outputs::default();
        let (config, conduct) = self.factory.parts(seat, host.boot);
        match Node::open(config, Box::new(host.disk.open()), conduct, &mut outputs) {
            Ok(node) => host.start(node, now, &outputs.meter),
            Err(error) => {
                let boot = host.boot;
                self.observer.boot(now, id, &format!("cannot start: {error}"));
                return self.heap.push(now, seat.tiebreak(), Event::PowerFails { seat, boot });
            }
        }
        let boot = host.boot;
        let again = if seat.second { " as second instance" } else { "" };
        self.observer.boot(now, id, &format!("starts, boot {boot}{again}"));
        self.heap.push(now, seat.tiebreak(), Event::Release { seat, boot, outputs: outputs.list });
        self.give(now, seat, Input::Started);
        if let Some((number, timestamp_s)) = self.surroundings.head_for(id) {
            self.give(now, seat, Input::Head { number, timestamp_s });
        }
    }

    /// Stops a node as a fault of the plan says, and starts it again when the fault says so.
    pub(super) fn crash_node(&mut self, now: Nanos, id: NodeId, fault: usize) {
        let Fault::Crash(Crash { restart_after_ms, disk, .. }) = self.faults.get(fault).what else { return };
        self.show_disk(now, id, disk == DiskLoss::Rollback);
        let seat = Seat::from(id);
        let Some(host) = self.hosts.get_mut(&seat) else { return };
        // What is on the disk before the crash may be gone after it.
        self.observer.witness.borrow_mut().read_by(Reader::Anybody, host.disk.raw());
        let seed = self.factory.keys().bytes(&format!("fault {fault}"), "torn write");
        let loss = match disk {
            DiskLoss::Unsynced | DiskLoss::Rollback => Loss::LoseUnsynced,
            DiskLoss::Torn => Loss::TornWrite { seed: u64::from_be_bytes(seed[..8].try_into().expect("8 of 32")) },
        };
        host.crash(loss, self.snapshots.get(&fault));
        let boot = host.boot;
        self.observer.crashed(now, id);
        if let Some(after) = restart_after_ms {
            let at = now.saturating_add(after.saturating_mul(MILLI));
            self.heap.push(at, seat.tiebreak(), Event::Restart { seat, boot });
        }
    }

    /// Shows oracles what a power cut now leaves on a node's disk.
    pub(super) fn show_disk(&mut self, now: Nanos, id: NodeId, rolled_back: bool) {
        let Some(host) = self.hosts.get(&Seat::from(id)) else { return };
        let kept = kept(&host.disk, &self.factory.keys().node_secret(id, "store"));
        self.observer.oracles(now, oracle::Event::PowerCut { node: id, kept: &kept, rolled_back });
    }

    /// Shows oracles how much each node keeps for others.
    pub(super) fn show_loads(&mut self, now: Nanos) {
        let queue_messages = usize::from(self.scenario.nodes.queue_messages.get());
        let bound = Load { queue_messages, queue_bytes: QUEUE_BYTES_MAX };
        for host in self.hosts.values() {
            if let Some(load) = host.load() {
                self.observer.oracles(now, oracle::Event::Loaded { node: host.id, load, bound });
            }
        }
    }

    /// Keeps the disks to which planned crashes roll back.
    pub(super) fn snapshot_for(&mut self, act: &str, step: Option<&str>) {
        for (index, event) in self.faults.of(act, step) {
            if let Fault::Crash(Crash { node, disk: DiskLoss::Rollback, .. }) = event.what
                && let Some(host) = self.hosts.get(&Seat::from(node))
            {
                self.snapshots.insert(index, host.disk.snapshot());
            }
        }
    }

    pub(super) fn give(&mut self, now: Nanos, seat: Seat, input: Input) {
        let Some(host) = self.hosts.get_mut(&seat) else { return };
        host.enqueue(input);
        if let Some(at) = host.next_start(now) {
            self.heap.push(at, seat.tiebreak(), Event::Wake { seat });
        }
    }

    pub(super) fn wake(&mut self, now: Nanos, seat: Seat) {
        let id = seat.node;
        let Some(host) = self.hosts.get_mut(&seat) else { return };
        let syncs = host.disk.counters().syncs;
        while let Some(handled) = host.step(now) {
            let boot = host.boot;
            self.heap.push(handled.done, seat.tiebreak(), Event::Release { seat, boot, outputs: handled.outputs });
            if let Some(text) = handled.panic {
                self.observer.panicked(now, id, &text);
            }
            if handled.halted {
                self.observer.boot(now, id, "halts: its store failed");
                // What it had said before leaves; the power fails when that is out.
                self.heap.push(handled.done, seat.tiebreak(), Event::PowerFails { seat, boot });
            }
        }
        let synced = host.disk.counters().syncs - syncs;
        for forged in self.factory.switchboard.take_published() {
            self.observer.oracles(now, oracle::Event::Accepted(&forged));
        }
        for (by, evidence) in self.factory.switchboard.take_shown() {
            self.observer.oracles(now, oracle::Event::Shown { by, evidence: &evidence });
        }
        if let Some(at) = host.next_start(now).filter(|at| *at > now) {
            self.heap.push(at, seat.tiebreak(), Event::Wake { seat });
        }
        if synced > 0 {
            self.observer.synced(now, id, synced);
        }
    }

    /// The store of a node has failed: by a fault of the plan, or else by itself, which the run's end will show.
    pub(super) fn power_fails(&mut self, now: Nanos, seat: Seat, boot: Boot) {
        let Some(host) = self.hosts.get_mut(&seat).filter(|host| host.boot == boot && !host.is_up()) else { return };
        match (host.disarm(), host.out_of_room()) {
            (Some(fault), _) => {
                self.faults.release(fault);
                self.crash_node(now, seat.node, fault);
            }
            (None, Some(fault)) => self.halted_for_room(now, seat, fault),
            (None, None) => self.observer.oracles(now, oracle::Event::StoreFailed(seat.node)),
        }
    }

    /// What a node wanted done, at the time when its core is done with it.
    pub(super) fn release(&mut self, now: Nanos, seat: Seat, boot: Boot, outputs: Vec<Output>) {
        let mut outputs = outputs.into_iter();
        loop {
            // A fault may stop the node between two of its outputs: the rest is lost, or waits.
            let Some(host) = self.hosts.get_mut(&seat) else { return };
            if host.boot != boot || !host.may_release() {
                return;
            }
            if host.condition.is_paused() {
                return host.hold(boot, outputs.collect());
            }
            let Some(output) = outputs.next() else { return };
            self.carry_out(now, seat, boot, output);
        }
    }

    pub(super) fn carry_out(&mut self, now: Nanos, seat: Seat, boot: Boot, output: Output) {
        let id = seat.node;
        match output {
            Output::Send { to, label, bytes } => {
                let link = Link { from: Endpoint::Node(id), to: Endpoint::Node(to) };
                if (label.protocol, label.kind) == ("dkg", "ack") {
                    let said = oracle::Event::Acknowledged { node: id, session: label.session, dealer: to };
                    self.observer.oracles(now, said);
                }
                let (mut bytes, triggered) = (bytes, self.faults.on_sent(id, &label));
                for fault in &triggered {
                    self.faults.get(*fault).what.spoil(&mut bytes);
                }
                match self.kept_apart(seat, to).map(str::to_owned) {
                    Some(fault) => self.observer.dropped(now, &link, &label, &[fault]),
                    None => self.send(now, link, &label, bytes),
                }
                for fault in triggered {
                    self.begin_fault(now, fault);
                }
            }
            Output::Reply { conn, bytes } => {
                let Some(connection) = self.connections.get(&conn).copied() else { return };
                let link = Link { from: Endpoint::Node(id), to: Endpoint::Client(connection.client) };
                let label = Label { session: connection.session, protocol: "client", round: 1, kind: "response" };
                self.observer.oracles(now, oracle::Event::Replied { node: id, bytes: &bytes });
                let (mut bytes, triggered) = (bytes, self.faults.on_sent(id, &label));
                for fault in &triggered {
                    self.faults.get(*fault).what.spoil(&mut bytes);
                }
                self.observer.reply(&bytes);
                self.factory.switchboard.overhear(id, &bytes);
                self.send(now, link, &label, bytes);
                for fault in triggered {
                    self.begin_fault(now, fault);
                }
            }
            Output::Chain { call, chain, request } => {
                let at = now + self.surroundings.rpc_one_way();
                self.heap.push(at, seat.tiebreak(), Event::Ask { seat, boot, call, chain, request });
            }
            Output::IpfsGet { call, cid } => {
                let (delay, reply) = self.surroundings.ipfs_get(id, call, &cid);
                self.count_troubles();
                self.observer.ipfs(now, id, &cid);
                if let Ok(bytes) = &reply {
                    let genuine = self.surroundings.is_genuine(&cid, bytes);
                    self.observer.oracles(now, oracle::Event::Served { node: id, cid: &cid, genuine });
                }
                self.answer(now.saturating_add(delay), seat, boot, Input::Ipfs { call, reply });
            }
            Output::HttpFetch { call, request } => {
                let (delay, reply) = self.surroundings.http_fetch(id, &request, now);
                self.count_troubles();
                self.observer.http(now, id, &request);
                self.observer.oracles(now, oracle::Event::Fetched(id));
                for appended in self.surroundings.take_appended() {
                    self.observer.appended(now, id, &appended);
                }
                self.answer(now.saturating_add(delay), seat, boot, Input::Http { call, reply });
            }
            // The machine has turned its clock's time into the run's.
            Output::SetTimer { timer, at } => self.answer(at.0, seat, boot, Input::Timer(timer)),
            Output::NeedTriples { leader, holders } => {
                let supply = self.supply.as_mut().expect("nodes that make triples themselves ask for none");
                let dealt = match supply.deal(leader, &holders) {
                    Ok(dealt) => dealt,
                    Err(used_up) => {
                        self.stuck = Some(used_up.to_string());
                        return;
                    }
                };
                for (holder, dealt) in dealt {
                    for seat in self.seats(holder) {
                        let Some(boot) = self.hosts.get(&seat).map(|host| host.boot) else { continue };
                        let input = Input::DealtTriples(Box::new(dealt.clone()));
                        self.answer(now + SUPPLY_MS * MILLI, seat, boot, input);
                    }
                }
            }
            Output::Note(note) => self.note(now, id, &note),
        }
    }

    pub(super) fn answer(&mut self, at: Nanos, seat: Seat, boot: Boot, input: Input) {
        self.heap.push(at, seat.tiebreak(), Event::Answer { seat, boot, input: Box::new(input) });
    }

    pub(super) fn note(&mut self, now: Nanos, id: NodeId, note: &Note) {
        let ending = match note {
            Note::Answered { request } | Note::DecryptionShared { request, .. } => Some((*request, "ok")),
            Note::Refused { request, code, .. } => Some((*request, *code)),
            _ => None,
        };
        if let Some((request, ending)) = ending {
            self.endings.entry(request).or_default().insert(id, ending);
        }
        if let Note::Authorised { request, key, frame, block, .. } = note {
            // A block may have been mined between the node's question and the endpoint's look, and the endpoint late.
            let blocks = self.surroundings.endpoints.oldest_read(id, *block)..=self.surroundings.head(0).0;
            let lists: Vec<_> = blocks
                .flat_map(|block| self.surroundings.permission_lists(&self.book.contracts, *key, block))
                .collect();
            let (request, key, frame) = (*request, *key, *frame);
            let event = oracle::Event::Authorised { node: id, request, frame, key, lists: &lists };
            self.observer.oracles(now, event);
        }
        self.observer.note(now, id, note);
        if ending.is_some() {
            // The running step may have waited for this node to speak.
            self.with_step(now, |_, _| {});
        }
    }
}
