//! The machine that a node runs on: its disk, its clock, its processor cores and what waits for them.
//!
//! A node is a queue with so many servers: an input waits for a free core, the work that handling it counted occupies
//! the core for as long as the cost table says, and what the node wants done leaves when the work is done.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};

use lit_node::id::{Boot, NodeId};
use lit_node::io::{Input, Output, Outputs, Time};
use lit_node::meter::Meter;
use lit_node::node::{Load, Node, State};

use super::clock::Clock;
use super::condition::Condition;
use crate::disk::{Disk, Loss, Snapshot, Trip};
use crate::fault::PowerCut;
use crate::heap::Nanos;

/// What came of giving an input to a node.
pub struct Handled {
    /// What the node wants done, when the core is done with it; timers are due at instants of the run.
    pub outputs: Vec<Output>,
    /// When that is.
    pub done: Nanos,
    /// The panic's message, if the node panicked.
    pub panic: Option<String>,
    /// Whether the node's store failed, so that it stopped.
    pub halted: bool,
}

/// A node's machine.
pub struct Host {
    /// Which node runs here.
    pub id: NodeId,
    /// How often it has been started, less one.
    pub boot: Boot,
    /// Its disk.
    pub disk: Disk,
    /// Work counted so far, over all boots.
    pub total: Meter,
    /// Its clock.
    pub clock: Clock,
    /// What is wrong with it.
    pub condition: Condition,
    /// What was to leave while the node's process stood still, by boot.
    pub held: Vec<(Boot, Vec<Output>)>,
    node: Option<Node>,
    crashed: bool,
    /// The fault for which the disk will fail.
    armed: Option<usize>,
    waiting: VecDeque<Input>,
    /// When each core is free.
    cores: Vec<Nanos>,
    /// When the last outputs leave.
    released: Nanos,
}

impl Host {
    /// A machine without a running node.
    pub fn new(id: NodeId, cores: usize, clock: Clock) -> Self {
        Self {
            id,
            boot: Boot(0),
            disk: Disk::new(),
            total: Meter::default(),
            clock,
            condition: Condition::default(),
            held: Vec::new(),
            node: None,
            crashed: false,
            armed: None,
            waiting: VecDeque::new(),
            cores: vec![0; cores.max(1)],
            released: 0,
        }
    }

    /// How much the node that runs here keeps for others.
    pub fn load(&self) -> Option<Load> {
        self.node.as_ref().map(Node::load)
    }

    /// Whether a node runs here.
    pub fn is_up(&self) -> bool {
        self.node.is_some()
    }

    /// How many inputs wait for a core.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// The node's protocol state, if one runs here.
    pub fn describe(&self) -> Option<State> {
        self.node.as_ref().map(Node::describe)
    }

    /// Puts a freshly opened node on the machine.
    pub fn start(&mut self, node: Node, now: Nanos, opening: &Meter) {
        self.node = Some(node);
        self.crashed = false;
        self.condition.halted = None;
        self.total.merge(opening);
        let ready = now.saturating_add(self.condition.duration(opening));
        self.cores.fill(ready);
        self.released = now;
    }

    /// Stops the node: whatever it held in memory, whatever waited for it, and whatever it wanted done is gone. So is
    /// what its disk had not been told to sync, or more.
    pub fn crash(&mut self, loss: Loss, rollback: Option<&Snapshot>) {
        // The disk first: a database that is dropped must not write any more.
        self.disk.crash(loss);
        self.stop();
        self.held.clear();
        self.crashed = true;
        if let Some(snapshot) = rollback {
            self.disk.rollback(snapshot);
        }
    }

    /// Lets the disk fail in the midst of the node's work, for a fault of the plan.
    pub fn arm(&mut self, fault: usize, cut: PowerCut) {
        self.armed = Some(fault);
        self.disk.trip_at(match cut {
            PowerCut::Write(n) => Trip::Write(u64::from(n)),
            PowerCut::Sync(n) => Trip::Sync(u64::from(n)),
        });
    }

    /// The fault for which the disk has failed, if any.
    pub fn disarm(&mut self) -> Option<usize> {
        self.armed.take()
    }

    /// Lets the disk be full for a fault, or no longer.
    pub fn fill(&mut self, fault: usize, full: bool) {
        if full {
            self.condition.full.insert(fault)
        } else {
            self.condition.full.remove(&fault)
        };
        self.disk.fill(!self.condition.full.is_empty());
    }

    /// The fault for which the disk is full, if a write has found no room.
    pub fn out_of_room(&self) -> Option<usize> {
        self.condition.full.first().copied().filter(|_| self.disk.refused() > 0)
    }

    /// The node is gone, but what it had said before still leaves.
    fn stop(&mut self) {
        self.node = None;
        self.waiting.clear();
    }

    /// Keeps what was to leave until the node's process goes on.
    pub fn hold(&mut self, boot: Boot, outputs: Vec<Output>) {
        if !outputs.is_empty() {
            self.held.push((boot, outputs));
        }
    }

    /// Whether what the node wanted done may still happen.
    pub fn may_release(&self) -> bool {
        !self.crashed
    }

    /// Queues an input; lost if nothing runs here.
    pub fn enqueue(&mut self, input: Input) {
        if self.node.is_some() {
            self.waiting.push_back(input);
        }
    }

    /// When the next input could be handled: now, or when a core is free. `None` if there is nothing to handle, or
    /// nobody to do it.
    pub fn next_start(&self, now: Nanos) -> Option<Nanos> {
        if self.condition.is_paused() {
            return None;
        }
        let free = self.cores.iter().min().copied().unwrap_or(0);
        (!self.waiting.is_empty()).then_some(free.max(now))
    }

    /// Handles the next input if there is one and a core is free at `now`.
    pub fn step(&mut self, now: Nanos) -> Option<Handled> {
        if self.condition.is_paused() {
            return None;
        }
        let clock = self.clock.reads(now);
        let core = self.cores.iter_mut().min().filter(|free| **free <= now)?;
        let node = self.node.as_mut()?;
        let input = self.waiting.pop_front()?;
        let mut outputs = Outputs::default();
        // A panic of one node is a finding about that node, not the end of the simulation.
        let result = catch_unwind(AssertUnwindSafe(|| node.handle(clock, input, &mut outputs)));
        let halted = result.is_ok() && node.is_halted();
        *core = now.saturating_add(self.condition.duration(&outputs.meter));
        // A later input saw what an earlier one did: what comes of it cannot be out before.
        let done = (*core).max(self.released);
        self.released = done;
        self.total.merge(&outputs.meter);
        let panic = result.err().map(|payload| panic_text(payload.as_ref()));
        if panic.is_some() || halted {
            self.stop();
        }
        for output in &mut outputs.list {
            if let Output::SetTimer { at, .. } = output {
                // By the clock as it is now; nobody resets a timer that has been set when the clock is.
                *at = Time(self.clock.when(now, *at));
            }
        }
        Some(Handled { outputs: outputs.list, done, panic, halted })
    }
}

fn panic_text(payload: &(dyn std::any::Any + Send)) -> String {
    payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "panic without a message".to_owned())
}
