//! Conducts of liars in key generation.

use super::*;
use crate::conduct::Decision;
use std::collections::BTreeSet;

pub const BAD_SHARE: &str = "gave a bad share";
pub const INVALID: &str = "gave an invalid dealing";
pub const FALSE_COMPLAINT: &str = "made a false complaint";
pub const TWO_DEALINGS: &str = "gave two different dealings";

/// A conduct that deals what it was given, complains about whom it was told to, and keeps its dealing from some.
pub struct Liar<P: KeyCurve = ProjectivePoint> {
    pub dealing: Option<Dealing<P>>,
    pub accuses: BTreeSet<NodeId>,
    pub withholds_from: BTreeSet<NodeId>,
    /// What it tells these instead of its dealing.
    pub second: Option<(BTreeSet<NodeId>, Dealing<P>)>,
    /// Says nothing to anybody.
    pub is_silent: bool,
}

impl<P: KeyCurve> Default for Liar<P> {
    fn default() -> Self {
        let (accuses, withholds_from) = Default::default();
        Self { dealing: None, accuses, withholds_from, second: None, is_silent: false }
    }
}

impl<P: KeyCurve> Conduct for Liar<P> {
    fn outbound(&mut self, to: NodeId, statement: Statement) -> Vec<(NodeId, Statement)> {
        match (P::message(&statement), &self.second) {
            _ if self.is_silent => Vec::new(),
            (Some(Message::Dealing(_) | Message::Fetched(_)), _) if self.withholds_from.contains(&to) => Vec::new(),
            (Some(Message::Dealing(_)), Some((fooled, second))) if fooled.contains(&to) => {
                vec![(to, P::statement(Message::Dealing(Box::new(second.clone()))))]
            }
            _ => vec![(to, statement)],
        }
    }

    fn deal(&mut self, dealing: Dealing) -> Dealing {
        self.instead_of(dealing)
    }

    fn deal_network_key(&mut self, dealing: Dealing<Bls12381>) -> Dealing<Bls12381> {
        self.instead_of(dealing)
    }

    fn decide(&mut self, decision: &Decision, honest: bool) -> bool {
        match decision {
            Decision::Complain { dealer, .. } => self.accuses.contains(dealer),
            _ => honest,
        }
    }
}

impl<P: KeyCurve> Liar<P> {
    /// The dealing that it was given, if this is the curve that it lies over.
    fn instead_of<Q: KeyCurve>(&mut self, dealing: Dealing<Q>) -> Dealing<Q> {
        let own = self.dealing.take().map(|own| P::statement(Message::Dealing(Box::new(own))));
        match own.as_ref().and_then(Q::message) {
            Some(Message::Dealing(own)) => (**own).clone(),
            _ => dealing,
        }
    }
}

impl<P: KeyCurve> Net<P> {
    /// Gives a node a conduct.
    pub fn lie(&mut self, id: NodeId, liar: Liar<P>) {
        self.nodes.get_mut(&id).expect("a member").conduct = Box::new(liar);
    }

    /// In which context a node deals, and what: a random secret, or its share of the key that is handed over.
    pub fn to_deal(&self, dealer: NodeId) -> (Context<P>, Option<P::Scalar>) {
        let (session, mut meter) = (self.params.session, Meter::default());
        match &self.old {
            None => (Context::new(session, &self.committee.roster, &mut meter), None),
            Some(old) => {
                let context = Context::handover(session, &self.committee.roster, Rc::clone(&old.from), &mut meter);
                (context, Some(old.shares[&dealer].secret))
            }
        }
    }

    /// Lets a node deal wrong shares to `victims`.
    pub fn lie_by_dealing(&mut self, id: NodeId, victims: &[NodeId]) {
        let (context, secret) = self.to_deal(id);
        let dealing = Some(self.committee.spoilt(&context, id, secret, u64::from(id.0), victims));
        self.lie(id, Liar { dealing, ..Liar::default() });
    }
}
