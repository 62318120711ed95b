//! A node that writes another member's name where its own belongs. The channel and the signature are its own.

use std::collections::BTreeSet;

use lit_node::conduct::Conduct;
use lit_node::id::{Digest, NodeId};
use lit_node::statement::Statement;
use lit_node::wire::Signable;
use lit_node::{dkg, signing};

use super::{Line, Part};

/// Speaks as another member.
pub struct Spoof {
    part: Part,
    line: Line,
    member: NodeId,
    /// Proposals of others that it has made its own.
    proposed: BTreeSet<Digest>,
}

impl Spoof {
    /// Speaks as this member.
    pub fn new(part: Part, line: Line, member: NodeId) -> Self {
        Self { part, line, member, proposed: BTreeSet::new() }
    }
}

impl Conduct for Spoof {
    fn outbound(&mut self, to: NodeId, mut statement: Statement) -> Vec<(NodeId, Statement)> {
        if to == self.part.me || !self.line.is_on() {
            return vec![(to, statement)];
        }
        let name = match &mut statement {
            Statement::Dkg(dkg::Message::Dealing(dealing)) => &mut dealing.dealer,
            Statement::Dkg(dkg::Message::Ack(ack)) => &mut ack.dealer,
            Statement::Dkg(dkg::Message::Fetched(signed)) => &mut signed.signer,
            Statement::NetworkDkg(dkg::Message::Dealing(dealing)) => &mut dealing.dealer,
            Statement::NetworkDkg(dkg::Message::Ack(ack)) => &mut ack.dealer,
            Statement::NetworkDkg(dkg::Message::Fetched(signed)) => &mut signed.signer,
            Statement::Signing(signing::Message::PresignStart(start)) => &mut start.leader,
            _ => return vec![(to, statement)],
        };
        if *name != self.member {
            *name = self.member;
            self.line.act();
        }
        vec![(to, statement)]
    }

    fn inbound(&mut self, _: NodeId, statement: &Statement) -> Vec<(NodeId, Statement)> {
        let Statement::Signing(signing::Message::Propose(propose)) = statement else { return Vec::new() };
        if !self.line.is_on() || !self.proposed.insert(propose.digest()) {
            return Vec::new();
        }
        self.line.act();
        let others = self.part.roster.ids().filter(|id| *id != self.part.me);
        others.map(|to| (to, statement.clone())).collect()
    }
}
