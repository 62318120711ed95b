//! A node that takes part until it has what the others give, and gives nothing: it announces and collects shares, it
//! deals and collects acknowledgements, and then says no more.

use std::collections::BTreeSet;

use alloy_sol_types::SolCall;
use lit_node::chain::ContractCall;
use lit_node::chain::abi::DkgBoard;
use lit_node::conduct::Conduct;
use lit_node::id::{NodeId, SessionId};
use lit_node::signing::Message;
use lit_node::statement::Statement;

use super::Line;

/// Takes and does not give.
#[derive(Debug)]
pub struct Withhold {
    me: NodeId,
    line: Line,
    /// Sessions in which it owes a value.
    owing: BTreeSet<SessionId>,
}

impl Withhold {
    /// Withholds while the line is on.
    pub fn new(me: NodeId, line: Line) -> Self {
        Self { me, line, owing: BTreeSet::new() }
    }
}

impl Conduct for Withhold {
    fn outbound(&mut self, to: NodeId, statement: Statement) -> Vec<(NodeId, Statement)> {
        let session = statement.label().session;
        let is_value = match &statement {
            Statement::Signing(Message::Share(_) | Message::PresignShare(_) | Message::PresignOpened(_)) => true,
            Statement::Signing(Message::Finished(_)) => self.owing.contains(&session),
            _ => false,
        };
        if to == self.me || !is_value || !self.line.is_on() {
            return vec![(to, statement)];
        }
        self.owing.insert(session);
        Vec::new()
    }

    fn inbound(&mut self, _: NodeId, statement: &Statement) -> Vec<(NodeId, Statement)> {
        let is_value = matches!(
            statement,
            Statement::Signing(Message::Share(_) | Message::PresignShare(_) | Message::PresignOpened(_))
        );
        if is_value && self.owing.contains(&statement.label().session) {
            self.line.act();
        }
        Vec::new()
    }

    fn submit(&mut self, call: ContractCall) -> Vec<ContractCall> {
        let is_certificate = call.data.starts_with(&DkgBoard::certifyCall::SELECTOR);
        if !is_certificate || !self.line.is_on() {
            return vec![call];
        }
        self.line.act();
        Vec::new()
    }
}
