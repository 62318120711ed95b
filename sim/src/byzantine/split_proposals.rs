//! A coordinator that proposes different things for the same nonces to different holders.
//!
//! It announces anew for itself and signs that, so that each proposal alone is in order; only together do they convict.

use k256::ProjectivePoint;
use k256::ecdsa::SigningKey;
use lit_node::conduct::{Conduct, Secret, SecretKind};
use lit_node::id::NodeId;
use lit_node::meter::Meter;
use lit_node::signing::{Fresh, Message, Propose};
use lit_node::statement::Statement;
use lit_node::wire::Signed;

use super::{Aiming, Part};

/// Proposes something else to its victims.
pub struct SplitProposals {
    aiming: Aiming,
    identity: Option<SigningKey>,
}

impl SplitProposals {
    /// Splits what it proposes; without victims, every other member is one.
    pub fn new(part: &Part, aiming: Aiming) -> Self {
        let others = part.roster.ids().filter(|id| *id != part.me).step_by(2).collect();
        let aiming = if aiming.has_victims() { aiming } else { aiming.at(others) };
        Self { aiming, identity: None }
    }

    /// The same proposal with another announcement of its own.
    fn other(&self, mut propose: Propose) -> Option<Propose> {
        let (me, identity) = (self.aiming.me(), self.identity.as_ref()?);
        let own = propose.announcements.iter_mut().find(|announce| announce.signer == me)?;
        let mut body = own.body.clone();
        match &mut body.fresh {
            Fresh::Bytes(bytes) => bytes[0] ^= 1,
            Fresh::Nonces(nonces) => nonces.hiding += ProjectivePoint::GENERATOR,
        }
        *own = Signed::new(body, me, identity, &mut Meter::default());
        Some(propose)
    }
}

impl Conduct for SplitProposals {
    fn outbound(&mut self, to: NodeId, statement: Statement) -> Vec<(NodeId, Statement)> {
        let Statement::Signing(Message::Propose(propose)) = &statement else { return vec![(to, statement)] };
        if !self.aiming.hits(to, &statement) {
            return vec![(to, statement)];
        }
        match self.other(propose.clone()) {
            Some(other) => {
                self.aiming.act();
                vec![(to, Statement::Signing(Message::Propose(other)))]
            }
            None => vec![(to, statement)],
        }
    }

    fn learn(&mut self, secret: Secret<'_>) {
        if secret.kind == SecretKind::Identity {
            self.identity = SigningKey::from_slice(secret.bytes).ok();
        }
    }
}
