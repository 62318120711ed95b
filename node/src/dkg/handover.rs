//! Resharing: what a session starts from that gives an old key to new holders.
//!
//! Old holder j deals a polynomial whose constant term is its share; everybody checks the first commitment against the
//! public counterpart of that share, so no dealer can change the key. The qualified set is exactly as many dealers as
//! determine the old key, and a new share is the sum of what they dealt, weighted by Lagrange's coefficients over them
//! (Desmedt, Jajodia 1997; Wong, Wang, Wing 2002). The new polynomial is fresh but for its constant term: old shares
//! and new ones do not add up.
//!
//! Dealers are numbered as in the old set, recipients as in the new one. Whoever is in both has one number.

use std::rc::Rc;

use crate::curve::{Curve, Hidden, evaluate_commitments, lagrange_at_zero};
use crate::id::NodeId;
use crate::key::PublicKey;
use crate::roster::Roster;

/// An old key and its holders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handover<P: Curve> {
    /// The set that holds the key.
    pub roster: Roster,
    /// The key.
    pub public: PublicKey<P>,
}

impl<P: Curve> Handover<P> {
    /// What `dealer`'s first commitment must be.
    pub fn share_of(&self, dealer: NodeId) -> P {
        evaluate_commitments(&self.public.commitments, dealer)
    }

    /// What the contributions of `dealers` are weighted by, in their order.
    pub(super) fn weights(dealers: &[NodeId]) -> Vec<P::Scalar> {
        dealers.iter().map(|dealer| lagrange_at_zero(dealers, *dealer)).collect()
    }
}

/// What a session is to bring about.
pub enum Task<P: Curve> {
    /// A new key.
    Generate,
    /// An old key's shares for new holders.
    Reshare {
        /// The old key.
        from: Rc<Handover<P>>,
        /// This node's share of it, if it has one.
        share: Option<Hidden<P::Scalar>>,
    },
}
