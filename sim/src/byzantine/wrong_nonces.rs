//! A holder whose FROST nonces are not those that it has announced.
//!
//! Its node never answers a proposal of what it did not announce, so the answer is the liar's own: a share that no nonce of
//! its fits. The others have the proposal and the share, both signed, and the liar is convicted.

use std::collections::VecDeque;

use k256::{ProjectivePoint, Scalar};
use lit_node::conduct::Conduct;
use lit_node::id::NodeId;
use lit_node::signing::{Announce, Fresh, Message, Propose, Scheme, Share, ShareScalar};
use lit_node::statement::Statement;
use lit_node::wire::Signable;

use super::Aiming;

/// How many false announcements are remembered.
const ANNOUNCED_MAX: usize = 64;

/// Announces other nonces.
#[derive(Debug)]
pub struct WrongNonces {
    aiming: Aiming,
    announced: VecDeque<Announce>,
}

impl WrongNonces {
    /// Announces wrongly to the coordinators that are aimed at.
    pub fn new(aiming: Aiming) -> Self {
        Self { aiming, announced: VecDeque::new() }
    }

    /// A share for each scheme that the session may be of: an announcement does not tell.
    fn answer(&self, propose: &Propose) -> Vec<(NodeId, Statement)> {
        let (me, proposal) = (self.aiming.me(), propose.digest());
        let others = propose.announcements.iter().map(|announce| announce.signer).filter(|holder| *holder != me);
        let share = |scheme| {
            let (session, attempt) = (propose.session, propose.attempt);
            let share = Share { session, attempt, scheme, proposal, share: ShareScalar(Scalar::ONE) };
            Statement::Signing(Message::Share(share))
        };
        let schemes = [Scheme::SchnorrK256Sha256, Scheme::SchnorrK256Bip340];
        others.flat_map(|holder| schemes.map(|scheme| (holder, share(scheme)))).collect()
    }
}

impl Conduct for WrongNonces {
    fn outbound(&mut self, to: NodeId, mut statement: Statement) -> Vec<(NodeId, Statement)> {
        let is_meant = matches!(
            &statement,
            Statement::Signing(Message::Announce(announce)) if matches!(announce.fresh, Fresh::Nonces(_))
        );
        if is_meant
            && self.aiming.hits(to, &statement)
            && let Statement::Signing(Message::Announce(announce)) = &mut statement
            && let Fresh::Nonces(nonces) = &mut announce.fresh
        {
            nonces.hiding += ProjectivePoint::GENERATOR;
            self.announced.truncate(ANNOUNCED_MAX - 1);
            self.announced.push_front(announce.clone());
        }
        vec![(to, statement)]
    }

    fn inbound(&mut self, _: NodeId, statement: &Statement) -> Vec<(NodeId, Statement)> {
        let Statement::Signing(Message::Propose(propose)) = statement else { return Vec::new() };
        let mut own = propose.announcements.iter().filter(|announce| announce.signer == self.aiming.me());
        if !self.aiming.is_on() || !own.any(|announce| self.announced.contains(&announce.body)) {
            return Vec::new();
        }
        self.aiming.act();
        self.answer(propose)
    }
}
