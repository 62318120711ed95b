//! Nodes that run twice: the second instance starts on a copy of the disk, with randomness of its own, and each
//! instance exchanges messages with its own set of peers only.

use std::collections::BTreeSet;

use lit_node::id::{Boot, NodeId};

use super::World;
use super::event::Event;
use super::host::Host;
use super::seat::Seat;
use crate::disk::Loss;
use crate::fault;
use crate::heap::Nanos;
use crate::witness::Reader;

/// A node that runs twice.
pub(super) struct Twins {
    /// The fault's id.
    pub id: String,
    /// With whom each instance exchanges messages.
    sees: [BTreeSet<NodeId>; 2],
}

impl World {
    /// The instances of a node that there are.
    pub(super) fn seats(&self, node: NodeId) -> impl Iterator<Item = Seat> + use<> {
        let first = Seat::from(node);
        let second = self.twins.contains_key(&node).then(|| first.twin());
        [first].into_iter().chain(second)
    }

    /// The fault that keeps an instance from a peer, if one does.
    pub(super) fn kept_apart(&self, seat: Seat, peer: NodeId) -> Option<&str> {
        let twins = self.twins.get(&seat.node)?;
        (!twins.sees[usize::from(seat.second)].contains(&peer)).then_some(twins.id.as_str())
    }

    /// Starts the second instance. A node that runs twice already does not run three times.
    pub(super) fn begin_twins(&mut self, now: Nanos, fault: usize, twins: &fault::Twins) {
        let seat = Seat::from(twins.node);
        let Some(first) = self.hosts.get(&seat).filter(|_| !self.twins.contains_key(&twins.node)) else {
            return self.faults.hold(fault);
        };
        let mut second = Host::new(twins.node, usize::from(self.scenario.nodes.cores.get()), first.clock.clone());
        second.boot = Boot(first.boot.0 + 1);
        second.disk = first.disk.copy();
        let sees = twins.sees.each_ref().map(|set| set.iter().copied().collect());
        self.twins.insert(twins.node, Twins { id: self.faults.get(fault).id.0.clone(), sees });
        self.hosts.insert(seat.twin(), second);
        self.start_node(seat.twin(), now);
    }

    /// Stops both instances, and starts the node anew on the disk of the first.
    pub(super) fn end_twins(&mut self, now: Nanos, fault: usize, node: NodeId) {
        let id = &self.faults.get(fault).id.0;
        if self.twins.get(&node).is_none_or(|twins| twins.id != *id) {
            return;
        }
        self.twins.remove(&node);
        let seat = Seat::from(node);
        if let Some(second) = self.hosts.remove(&seat.twin()) {
            self.observer.witness.borrow_mut().read_by(Reader::Anybody, second.disk.raw());
            self.stopped.merge(&second.total);
        }
        let Some(first) = self.hosts.get_mut(&seat).filter(|host| host.is_up()) else { return };
        first.crash(Loss::KeepAll, None);
        // Its peers have met the second instance, whose boot was the next.
        first.boot = Boot(first.boot.0 + 1);
        let boot = first.boot;
        self.observer.crashed(now, node);
        self.heap.push(now, seat.tiebreak(), Event::Restart { seat, boot });
    }
}
