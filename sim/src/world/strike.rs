//! Faults of the plan as they begin and end.

use lit_node::id::SessionId;
use lit_node::io::Label;

use super::event::Event;
use super::{World, faults};
use crate::heap::{MILLI, Nanos};
use crate::network::{Endpoint, Link};
use crate::plan::Fault;

impl World {
    pub(super) fn begin_fault(&mut self, now: Nanos, index: usize) {
        if !self.faults.begin(index) {
            return;
        }
        let event = self.faults.get(index).clone();
        self.observer.fault(now, &format!("{} begins: {}", event.id, event.what));
        if let Some((fault, for_ms)) = faults::link_fault(&event) {
            self.network.begin(fault);
            if let Some(for_ms) = for_ms {
                let at = now.saturating_add(for_ms.saturating_mul(MILLI));
                self.heap.push(at, 0, Event::End { fault: index });
            }
        }
        match event.what {
            Fault::Crash { node, cut: Some(cut), .. } => {
                if let Some(host) = self.hosts.get_mut(&node) {
                    host.arm(index, cut);
                }
                self.faults.hold(index);
            }
            Fault::Crash { node, .. } => self.crash_node(now, node, index),
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

    pub(super) fn end_fault(&mut self, now: Nanos, index: usize) {
        let event = self.faults.get(index).clone();
        match event.what {
            Fault::Crash { node, restart_after_ms: Some(_), .. } => {
                if let Some(boot) = self.hosts.get(&node).map(|host| host.boot) {
                    self.heap.push(now, u64::from(node.0), Event::Restart { node, boot });
                }
                return;
            }
            Fault::Leak { node } => self.factory.set_leaking(node, false),
            _ if faults::link_fault(&event).is_some() => self.network.end(&event.id.0),
            _ => return,
        }
        self.observer.fault(now, &format!("{} ends", event.id));
    }
}
