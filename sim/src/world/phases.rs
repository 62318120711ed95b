//! The second phase: what did not complete while faults were on is asked for again once they have ended.
//!
//! Safety must hold whatever goes wrong. Liveness is promised only when the network is stable and at most f nodes are
//! faulty; so all faults end but those of nodes that lie or stay down, and the step gets its whole bound once more.

use super::World;
use super::step::Running;
use crate::heap::Nanos;

impl World {
    /// Whether the step that has just ended without success is to be asked for again, and if so, ends faults.
    pub(super) fn heals(&mut self, now: Nanos, running: &Running) -> bool {
        let is_second = self.second == Some(running.number);
        if !self.scenario.limits.second_phase || is_second || !running.has_failed() {
            return false;
        }
        let healed = self.faults.heal(|event| !event.is_permanent());
        if healed.is_empty() {
            return false;
        }
        for fault in healed {
            self.end_fault(now, fault);
        }
        let text = format!("faults end; step {} is asked for again", running.step.id);
        self.observer.milestones.reach(now, text.clone());
        self.observer.step(now, &text);
        true
    }
}
