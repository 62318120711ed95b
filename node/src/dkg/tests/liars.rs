//! Conducts of liars in key generation.

use super::*;
use crate::conduct::Decision;
use std::collections::BTreeSet;

/// A conduct that deals what it was given, complains about whom it was told to, and keeps its dealing from some.
#[derive(Default)]
pub struct Liar {
    pub dealing: Option<Dealing>,
    pub accuses: BTreeSet<NodeId>,
    pub withholds_from: BTreeSet<NodeId>,
    /// What it tells these instead of its dealing.
    pub second: Option<(BTreeSet<NodeId>, Dealing)>,
}

impl Conduct for Liar {
    fn outbound(&mut self, to: NodeId, statement: Statement) -> Vec<(NodeId, Statement)> {
        match (&statement, &self.second) {
            (Statement::Dkg(Message::Dealing(_) | Message::Fetched(_)), _) if self.withholds_from.contains(&to) => {
                Vec::new()
            }
            (Statement::Dkg(Message::Dealing(_)), Some((fooled, second))) if fooled.contains(&to) => {
                vec![(to, Statement::Dkg(Message::Dealing(Box::new(second.clone()))))]
            }
            _ => vec![(to, statement)],
        }
    }

    fn deal(&mut self, dealing: Dealing) -> Dealing {
        self.dealing.take().unwrap_or(dealing)
    }

    fn decide(&mut self, decision: &Decision, honest: bool) -> bool {
        match decision {
            Decision::Complain { dealer, .. } => self.accuses.contains(dealer),
            _ => honest,
        }
    }
}

impl World {
    /// Gives a node a conduct.
    pub fn lie(&mut self, id: NodeId, liar: Liar) {
        self.nodes.get_mut(&id).expect("a member").conduct = Box::new(liar);
    }

    /// Lets a node deal wrong shares to `victims`.
    pub fn lie_by_dealing(&mut self, id: NodeId, victims: &[NodeId]) {
        let dealing = Some(self.committee.bad_dealing(self.params.session, id, u64::from(id.0), victims));
        self.lie(id, Liar { dealing, ..Liar::default() });
    }
}
