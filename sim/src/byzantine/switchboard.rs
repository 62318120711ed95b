//! Which lies are on, and which have been told: the world switches, behaviours report.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;

use lit_node::api::{RESPONSE_BYTES_MAX, Response};
use lit_node::bls::SealedShare;
use lit_node::evidence::Exhibit;
use lit_node::id::{NodeId, RequestId};
use lit_node::wire::decode;

use super::coalition::Pool;
use crate::oracle::Accepted;

/// How many answers an eavesdropper remembers.
const OVERHEARD_MAX: usize = 64;

/// Switches for all behaviours of a run, by the position of their fault in the plan.
#[derive(Clone, Debug, Default)]
pub struct Switchboard(Rc<RefCell<State>>);

#[derive(Debug, Default)]
struct State {
    on: BTreeSet<usize>,
    told: BTreeMap<usize, u64>,
    /// What the members of a coalition know together, by its fault.
    pools: BTreeMap<usize, Pool>,
    /// Signatures that liars have made on their own.
    published: Vec<Accepted>,
    /// Evidence that liars have shown, and who.
    shown: Vec<(NodeId, Exhibit)>,
    /// Whether any liar listens to what nodes answer clients about decryption.
    listens: bool,
    /// What was overheard: the newest first.
    overheard: VecDeque<(RequestId, NodeId, SealedShare)>,
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

    /// Signatures that liars have made on their own since this was last asked.
    pub fn take_published(&self) -> Vec<Accepted> {
        std::mem::take(&mut self.0.borrow_mut().published)
    }

    /// Evidence that liars have shown since this was last asked.
    pub fn take_shown(&self) -> Vec<(NodeId, Exhibit)> {
        std::mem::take(&mut self.0.borrow_mut().shown)
    }

    /// A node's answer to a client travels, in the clear.
    pub fn overhear(&self, node: NodeId, response: &[u8]) {
        let mut state = self.0.borrow_mut();
        if !state.listens {
            return;
        }
        if let Ok(Response::Decrypt { request, result: Ok(part) }) = decode(response, RESPONSE_BYTES_MAX) {
            state.overheard.truncate(OVERHEARD_MAX - 1);
            state.overheard.push_front((request, node, part.share));
        }
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

    /// Lets a member of a coalition at what the members know.
    pub(super) fn pool<R>(&self, act: impl FnOnce(&mut Pool) -> R) -> R {
        act(self.board.0.borrow_mut().pools.entry(self.fault).or_default())
    }

    /// Listens to what nodes answer clients from now on.
    pub(super) fn listen(&self) {
        self.board.0.borrow_mut().listens = true;
    }

    /// The newest sealed share of another node, of this request if there is one.
    pub(super) fn overheard(&self, request: RequestId, me: NodeId) -> Option<SealedShare> {
        let state = self.board.0.borrow();
        let mut others = state.overheard.iter().filter(|(_, node, _)| *node != me);
        let of_request = others.clone().find(|(of, ..)| *of == request);
        of_request.or_else(|| others.next()).map(|(.., share)| share.clone())
    }

    /// Shows evidence to everybody.
    pub(super) fn show(&self, by: NodeId, evidence: Exhibit) {
        self.board.0.borrow_mut().shown.push((by, evidence));
    }

    /// Shows a signature to everybody.
    pub(super) fn publish(&self, signature: Accepted) {
        self.board.0.borrow_mut().published.push(signature);
    }
}
