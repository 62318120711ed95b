//! Carries out the fault plan: arms each fault with its act or step, starts it when its trigger comes, and ends it.

use std::collections::BTreeMap;

use lit_node::id::NodeId;
use lit_node::io::Label;

use crate::byzantine::Switchboard;
use crate::heap::{MILLI, Nanos};
use crate::plan::{FaultEvent, FaultPlan, Trigger};

/// Where a fault is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Its act or step has not begun.
    Waiting,
    /// Its trigger may come; so many matching messages have been sent.
    Armed(u32),
    /// It has begun, and may have ended.
    Begun,
    /// Its act or step is over.
    Over,
}

/// The plan during a run.
pub(crate) struct Faults {
    plan: FaultPlan,
    states: Vec<State>,
    /// How often each fault had an effect, by id.
    pub fired: BTreeMap<String, u64>,
    /// Faults of links that have begun, but have not touched a message yet, by id.
    untouched: BTreeMap<String, usize>,
}

impl Faults {
    /// Nothing is armed yet.
    pub fn new(plan: FaultPlan) -> Self {
        let states = vec![State::Waiting; plan.events.len()];
        let fired = plan.events.iter().map(|event| (event.id.0.clone(), 0)).collect();
        Self { plan, states, fired, untouched: BTreeMap::new() }
    }

    /// The fault at a position.
    pub fn get(&self, index: usize) -> &FaultEvent {
        &self.plan.events[index]
    }

    /// The faults of an act (`step` is none) or of a step, with their positions.
    pub fn of(&self, act: &str, step: Option<&str>) -> impl Iterator<Item = (usize, &FaultEvent)> {
        let events = self.plan.events.iter().enumerate();
        events.filter(move |(_, event)| event.act == act && event.during.as_deref() == step)
    }

    /// Arms the faults of an act (`step` is none) or of a step; returns those that begin at a time, with the time.
    pub fn arm(&mut self, act: &str, step: Option<&str>, now: Nanos) -> Vec<(usize, Nanos)> {
        let mut timed = Vec::new();
        for (index, event) in self.plan.events.iter().enumerate() {
            if event.act != act || event.during.as_deref() != step || self.states[index] != State::Waiting {
                continue;
            }
            self.states[index] = State::Armed(0);
            if let Trigger::At { ms } = event.when {
                timed.push((index, now.saturating_add(ms.saturating_mul(MILLI))));
            }
        }
        timed
    }

    /// Ends the faults of an act or step; returns those that were on.
    pub fn disarm(&mut self, act: &str, step: Option<&str>) -> Vec<usize> {
        let mut on = Vec::new();
        for (index, event) in self.plan.events.iter().enumerate() {
            let covered = event.act == act && (step.is_none() || event.during.as_deref() == step);
            if covered && self.states[index] != State::Over {
                if self.states[index] == State::Begun {
                    on.push(index);
                }
                self.states[index] = State::Over;
            }
        }
        on
    }

    /// Ends all faults of acts and steps under way that are `curable`, and keeps those that have not begun from
    /// beginning; returns those that were on.
    pub fn heal(&mut self, curable: impl Fn(&FaultEvent) -> bool) -> Vec<usize> {
        let mut on = Vec::new();
        for (index, _) in self.plan.events.iter().enumerate().filter(|(_, event)| curable(event)) {
            match self.states[index] {
                State::Begun => on.push(index),
                State::Armed(_) => {}
                State::Waiting | State::Over => continue,
            }
            self.states[index] = State::Over;
        }
        on
    }

    /// A node sends a message: returns the faults that begin with it.
    pub fn on_sent(&mut self, from: NodeId, label: &Label) -> Vec<usize> {
        let mut begin = Vec::new();
        for (index, event) in self.plan.events.iter().enumerate() {
            let (State::Armed(seen), Trigger::Sent { label: pattern, node, occurrence }) =
                (&mut self.states[index], &event.when)
            else {
                continue;
            };
            if node.is_some_and(|node| node != from) || !pattern.matches(label.protocol, label.kind) {
                continue;
            }
            *seen += 1;
            if *seen == *occurrence {
                begin.push(index);
            }
        }
        begin
    }

    /// A fault has been prepared, but has had no effect yet.
    pub fn hold(&mut self, index: usize) {
        self.count(index, |fired| fired.saturating_sub(1));
    }

    /// A fault that was held has had its effect.
    pub fn release(&mut self, index: usize) {
        self.count(index, |fired| fired + 1);
    }

    /// A fault of links has begun: it fires when it first touches a message.
    pub fn await_message(&mut self, index: usize) {
        self.hold(index);
        self.untouched.insert(self.plan.events[index].id.0.clone(), index);
    }

    /// A fault of links has touched a message.
    pub fn touched(&mut self, id: &str) {
        if let Some(index) = self.untouched.remove(id) {
            self.release(index);
        }
    }

    /// Adds the lies that were told to the counts of their faults.
    pub fn told(&mut self, switchboard: &Switchboard) {
        for (index, event) in self.plan.events.iter().enumerate() {
            *self.fired.entry(event.id.0.clone()).or_insert(0) += switchboard.told(index);
        }
    }

    fn count(&mut self, index: usize, change: impl Fn(u64) -> u64) {
        if let Some(fired) = self.fired.get_mut(&self.plan.events[index].id.0) {
            *fired = change(*fired);
        }
    }

    /// Marks a fault as over; false if it was not on.
    pub fn end(&mut self, index: usize) -> bool {
        let on = self.states[index] == State::Begun;
        if on {
            self.states[index] = State::Over;
        }
        on
    }

    /// Marks a fault as begun; false if it may not begin (any more).
    pub fn begin(&mut self, index: usize) -> bool {
        let may = matches!(self.states[index], State::Armed(_));
        if may {
            self.states[index] = State::Begun;
            *self.fired.entry(self.plan.events[index].id.0.clone()).or_insert(0) += 1;
        }
        may
    }
}
