//! How nodes lie: one behaviour a file, each a [`lit_node::conduct::Conduct`] that acts while its fault is on.

mod leak;
mod switchboard;

pub use leak::Leak;
pub use switchboard::{Line, Switchboard};

use lit_node::chain::ContractCall;
use lit_node::conduct::{Conduct, Decision, Honest, Secret};
use lit_node::dkg::Dealing;
use lit_node::id::NodeId;
use lit_node::statement::Statement;

use crate::fault::Fault;
use crate::plan::FaultPlan;

/// The conduct of a node under a plan: honest, or everything that the plan's faults make of it.
pub fn conduct(node: NodeId, plan: &FaultPlan, switchboard: &Switchboard) -> Box<dyn Conduct> {
    let lines = plan.events.iter().enumerate().filter(|(_, event)| event.what.corrupts() == Some(node));
    let behaviours: Vec<_> =
        lines.filter_map(|(index, event)| behaviour(&event.what, switchboard.line(index))).collect();
    if behaviours.is_empty() { Box::new(Honest) } else { Box::new(Corrupted { behaviours }) }
}

/// What a fault makes a node do.
fn behaviour(fault: &Fault, line: Line) -> Option<Box<dyn Conduct>> {
    match fault {
        Fault::Leak(_) => Some(Box::new(Leak::new(line))),
        _ => None,
    }
}

/// Several behaviours of one node. What one of them says the next one may change.
struct Corrupted {
    behaviours: Vec<Box<dyn Conduct>>,
}

impl Conduct for Corrupted {
    fn outbound(&mut self, to: NodeId, statement: Statement) -> Vec<(NodeId, Statement)> {
        self.behaviours.iter_mut().fold(vec![(to, statement)], |said, behaviour| {
            said.into_iter().flat_map(|(to, statement)| behaviour.outbound(to, statement)).collect()
        })
    }

    fn inbound(&mut self, from: NodeId, statement: &Statement) -> Vec<(NodeId, Statement)> {
        self.behaviours.iter_mut().flat_map(|behaviour| behaviour.inbound(from, statement)).collect()
    }

    fn submit(&mut self, call: ContractCall) -> Vec<ContractCall> {
        self.behaviours
            .iter_mut()
            .fold(vec![call], |calls, behaviour| calls.into_iter().flat_map(|call| behaviour.submit(call)).collect())
    }

    fn deal(&mut self, dealing: Dealing) -> Dealing {
        self.behaviours.iter_mut().fold(dealing, |dealing, behaviour| behaviour.deal(dealing))
    }

    fn decide(&mut self, decision: &Decision, honest: bool) -> bool {
        self.behaviours.iter_mut().fold(honest, |choice, behaviour| behaviour.decide(decision, choice))
    }

    fn learn(&mut self, secret: Secret<'_>) {
        for behaviour in &mut self.behaviours {
            behaviour.learn(secret.clone());
        }
    }
}
