//! Which lies are on, and which have been told: the world switches, behaviours report.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// Switches for all behaviours of a run, by the position of their fault in the plan.
#[derive(Clone, Debug, Default)]
pub struct Switchboard(Rc<RefCell<State>>);

#[derive(Debug, Default)]
struct State {
    on: BTreeSet<usize>,
    told: BTreeMap<usize, u64>,
}

impl Switchboard {
    /// Switches a behaviour on or off.
    pub fn switch(&self, fault: usize, on: bool) {
        let mut state = self.0.borrow_mut();
        if on {
            state.on.insert(fault)
        } else {
            state.on.remove(&fault)
        };
    }

    /// How often a behaviour has done something that an honest node would not.
    pub fn told(&self, fault: usize) -> u64 {
        self.0.borrow().told.get(&fault).copied().unwrap_or(0)
    }

    /// What a behaviour holds on to.
    pub fn line(&self, fault: usize) -> Line {
        Line { fault, board: self.clone() }
    }
}

/// The connection of one behaviour to the switchboard.
#[derive(Clone, Debug)]
pub struct Line {
    fault: usize,
    board: Switchboard,
}

impl Line {
    /// Whether the behaviour should act.
    pub fn is_on(&self) -> bool {
        self.board.0.borrow().on.contains(&self.fault)
    }

    /// The behaviour has just acted: its fault counts as fired.
    pub fn act(&self) {
        *self.board.0.borrow_mut().told.entry(self.fault).or_insert(0) += 1;
    }
}
