//! Faults of machines as they begin, take effect and end.

use lit_node::id::{Boot, NodeId};

use super::World;
use super::event::Event;
use super::seat::Seat;
use crate::disk::Loss;
use crate::fault::{DiskFull, Fault};
use crate::heap::{MILLI, Nanos};

/// The node whose machine a fault is about, if it is one that begins and ends.
fn machine(what: &Fault) -> Option<NodeId> {
    match what {
        Fault::Pause(pause) => Some(pause.node),
        Fault::Slow(slow) => Some(slow.node),
        Fault::Clock(step) => Some(step.node),
        Fault::Drift(drift) => Some(drift.node),
        Fault::DiskSlow(slow) => Some(slow.node),
        Fault::DiskFull(full) => Some(full.node),
        _ => None,
    }
}

impl World {
    /// A fault of a machine begins. The second instance of a node that runs twice has a machine of its own, which none
    /// is about.
    pub(super) fn begin_on_machine(&mut self, now: Nanos, fault: usize, what: &Fault) {
        let Some(host) = machine(what).and_then(|node| self.hosts.get_mut(&Seat::from(node))) else { return };
        match what {
            Fault::Pause(_) => {
                host.condition.paused.insert(fault);
            }
            Fault::Slow(slow) => {
                host.condition.slowed.insert(fault, slow.factor);
            }
            Fault::Clock(step) => host.clock.step(fault, step.offset_ms),
            Fault::Drift(drift) => host.clock.drift(fault, drift.ppm, now),
            Fault::DiskSlow(slow) => {
                host.condition.syncs.insert(fault, slow.sync_ms.saturating_mul(MILLI));
            }
            Fault::DiskFull(_) => {
                host.fill(fault, true);
                // It has fired when a write has found no room.
                self.faults.hold(fault);
            }
            _ => {}
        }
    }

    /// It ends; false if the fault is not one of a machine.
    pub(super) fn end_on_machine(&mut self, now: Nanos, fault: usize, what: &Fault) -> bool {
        let Some(seat) = machine(what).map(Seat::from) else { return false };
        let Some(host) = self.hosts.get_mut(&seat) else { return true };
        host.clock.set_right(fault);
        host.condition.slowed.remove(&fault);
        host.condition.syncs.remove(&fault);
        if let Fault::DiskFull(DiskFull { restart_after_ms, .. }) = what {
            host.fill(fault, false);
            if host.condition.halted == Some(fault) && restart_after_ms.is_some() {
                let boot = host.boot;
                self.heap.push(now, seat.tiebreak(), Event::Restart { seat, boot });
            }
        } else if host.condition.paused.remove(&fault) && !host.condition.is_paused() {
            self.go_on(now, seat);
        }
        true
    }

    /// A node's process goes on: first leaves what was about to, then it turns to what has come meanwhile.
    fn go_on(&mut self, now: Nanos, seat: Seat) {
        let held = self.hosts.get_mut(&seat).map(|host| std::mem::take(&mut host.held)).unwrap_or_default();
        for (boot, outputs) in held {
            self.release(now, seat, boot, outputs);
        }
        self.heap.push(now, seat.tiebreak(), Event::Wake { seat });
    }

    /// A node has halted because its disk was full: its process has ended, and the disk keeps all that it has.
    pub(super) fn halted_for_room(&mut self, now: Nanos, seat: Seat, fault: usize) {
        let Fault::DiskFull(DiskFull { restart_after_ms, .. }) = self.faults.get(fault).what else { return };
        let Some(host) = self.hosts.get_mut(&seat) else { return };
        host.crash(Loss::KeepAll, None);
        host.condition.halted = Some(fault);
        let boot: Boot = host.boot;
        self.faults.release(fault);
        self.observer.crashed(now, seat.node);
        if let Some(after) = restart_after_ms {
            let at = now.saturating_add(after.saturating_mul(MILLI));
            self.heap.push(at, seat.tiebreak(), Event::Restart { seat, boot });
        }
    }
}
