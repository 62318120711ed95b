//! Faults of the plan as they begin and end.

use lit_node::id::SessionId;
use lit_node::io::Label;

use super::event::Event;
use super::seat::Seat;
use super::{World, links};
use crate::fault::{Crash, Fault, Garbage};
use crate::heap::{MILLI, Nanos};
use crate::network::{Link, LinkFault, Replay};
use crate::plan::FaultEvent;

impl World {
    pub(super) fn begin_fault(&mut self, now: Nanos, index: usize) {
        if !self.faults.begin(index) {
            return;
        }
        self.disturbed = now;
        let event = self.faults.get(index).clone();
        self.observer.fault(now, &format!("{} begins: {}", event.id, event.what));
        if let Some(for_ms) = event.for_ms {
            let at = now.saturating_add(for_ms.saturating_mul(MILLI));
            self.heap.push(at, 0, Event::End { fault: index });
        }
        if let Some(fault) = self.link_fault(&event) {
            self.network.begin(now, fault);
            self.faults.await_message(index);
        }
        if event.what.fires_when_acted_on() {
            // It has fired when the lie has been told.
            self.faults.hold(index);
            self.factory.switchboard.switch(index, true);
        }
        match &event.what {
            Fault::Crash(crash) => match crash.cut() {
                Some(cut) => {
                    if let Some(host) = self.hosts.get_mut(&Seat::from(crash.node)) {
                        host.arm(index, cut);
                    }
                    self.faults.hold(index);
                }
                None => self.crash_node(now, crash.node, index),
            },
            Fault::Garbage(garbage) => self.send_garbage(now, &event.id.0, garbage),
            Fault::ClientFlood(flood) => self.flood(now, &event.id.0, flood),
            Fault::ClientDrain(drain) => self.drain(now, index, drain),
            Fault::ClientGarbage(garbage) => self.client_garbage(now, &event.id.0, garbage),
            Fault::Twins(twins) => self.begin_twins(now, index, twins),
            Fault::Reset(_) => self.begin_network_anew(now),
            Fault::Reorg(reorg) => self.reorganise(now, index, reorg.depth),
            what if self.surroundings.begin(index, what) => self.faults.hold(index),
            what => self.begin_on_machine(now, index, what),
        }
    }

    fn link_fault(&self, event: &FaultEvent) -> Option<LinkFault> {
        links::link_fault(event, self.scenario.network.delta_ms.get())
    }

    /// Captured bytes come again, if the fault that captured them is still on.
    pub(super) fn replay(&mut self, now: Nanos, replay: &Replay, bytes: Vec<u8>) {
        if self.network.is_on(&replay.by) {
            self.faults.touched(&replay.by);
            self.send(now, replay.link, &replay.label, bytes);
        }
    }

    /// Bytes that no node sent arrive over a node's link.
    fn send_garbage(&mut self, now: Nanos, id: &str, garbage: &Garbage) {
        let session = SessionId::derive("garbage", &[id.as_bytes()]);
        let label = Label { session, protocol: "garbage", round: 0, kind: "bytes" };
        let mut bytes = vec![0; garbage.bytes as usize];
        blake3::Hasher::new_keyed(&self.factory.keys().bytes(id, "garbage")).finalize_xof().fill(&mut bytes);
        self.send(now, Link::between(garbage.from, garbage.to), &label, bytes);
    }

    pub(super) fn end_fault(&mut self, now: Nanos, index: usize) {
        self.disturbed = now;
        let event = self.faults.get(index).clone();
        match &event.what {
            Fault::Crash(Crash { node, restart_after_ms: Some(_), .. }) => {
                let seat = Seat::from(*node);
                if let Some(boot) = self.hosts.get(&seat).map(|host| host.boot) {
                    self.heap.push(now, seat.tiebreak(), Event::Restart { seat, boot });
                }
                return;
            }
            what if what.fires_when_acted_on() => self.factory.switchboard.switch(index, false),
            Fault::Twins(twins) => self.end_twins(now, index, twins.node),
            _ if self.link_fault(&event).is_some() => self.network.end(now, &event.id.0),
            what if self.surroundings.end(index) || self.end_on_machine(now, index, what) => {}
            _ => return,
        }
        self.observer.fault(now, &format!("{} ends", event.id));
    }
}
