//! The network is begun anew: as those who run its nodes do it.

use lit_node::id::Boot;

use super::World;
use super::seat::Seat;
use crate::disk::Loss;
use crate::heap::Nanos;

impl World {
    /// Puts the next generation of the network in force. Nodes that are up are stopped and started again, at once and on
    /// their old disks, with its contracts and with new keys; one that is down is told of it when it starts.
    pub(super) fn begin_network_anew(&mut self, now: Nanos) {
        let Some((generation, contracts)) = self.factory.begin_anew() else { return };
        let up: Vec<Seat> = self.hosts.iter().filter(|(_, host)| host.is_up()).map(|(seat, _)| *seat).collect();
        for &seat in &up {
            self.show_disk(now, seat.node, false);
            if let Some(host) = self.hosts.get_mut(&seat) {
                host.crash(Loss::LoseUnsynced, None);
                host.boot = Boot(host.boot.0 + 1);
            }
            self.observer.crashed(now, seat.node);
        }
        self.book.begin_anew(generation, contracts);
        self.observer.begun_anew(now, generation);
        for seat in up {
            self.start_node(seat, now);
        }
    }
}
