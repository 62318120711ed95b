//! A dealer whose dealings are publicly valid, but hold bad shares for some members.

use std::collections::BTreeSet;

use group::ff::Field;
use lit_node::conduct::Conduct;
use lit_node::curve::{Bls12381, Curve, SecretPolynomial};
use lit_node::dkg::{Context, Dealing, Message, deal_shares};
use lit_node::id::NodeId;
use lit_node::meter::Meter;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use super::aiming::seed;
use super::{Aiming, Part};

/// Deals bad shares to its victims.
pub struct BadDealer {
    part: Part,
    aiming: Aiming,
    undecryptable: bool,
    key: [u8; 32],
}

impl BadDealer {
    /// Deals shares that do not decrypt, or that do not match.
    pub fn new(part: Part, aiming: Aiming, undecryptable: bool, key: [u8; 32]) -> Self {
        Self { part, aiming, undecryptable, key }
    }

    /// The same dealing with ciphertexts that do not open.
    fn spoil<P: Curve>(&self, context: &Context<P>, mut dealing: Dealing<P>, victims: &BTreeSet<NodeId>) -> Dealing<P> {
        for position in victims.iter().filter_map(|victim| context.position(*victim)) {
            dealing.ciphertexts[position].tag[0] ^= 1;
        }
        dealing
    }

    /// A dealing of a polynomial of its own, with shares beside it.
    fn deal_anew<P: Curve>(&self, context: &Context<P>, victims: &BTreeSet<NodeId>) -> Dealing<P> {
        let Part { me, roster } = &self.part;
        let mut rng = ChaCha20Rng::from_seed(seed(&self.key, "dealing", context.session()));
        let threshold = u16::try_from(context.threshold()).expect("a roster's threshold is a u16");
        let polynomial = SecretPolynomial::<P>::random(threshold, &mut rng);
        let share = |member: NodeId| {
            let right = polynomial.evaluate(member);
            if victims.contains(&member) { right + P::Scalar::ONE } else { right }
        };
        deal_shares(context, roster, *me, &polynomial, share, &mut rng, &mut Meter::default())
    }

    fn lie<P: Curve>(&mut self, dealing: Dealing<P>) -> Dealing<P> {
        let label = Message::Dealing(Box::new(dealing.clone())).label();
        let aiming = &mut self.aiming;
        let victims: BTreeSet<NodeId> = self.part.roster.ids().filter(|id| aiming.hits_label(*id, &label)).collect();
        if victims.is_empty() {
            return dealing;
        }
        self.aiming.act();
        let context = Context::new(dealing.session, &self.part.roster, &mut Meter::default());
        if self.undecryptable { self.spoil(&context, dealing, &victims) } else { self.deal_anew(&context, &victims) }
    }
}

impl Conduct for BadDealer {
    fn deal(&mut self, dealing: Dealing) -> Dealing {
        self.lie(dealing)
    }

    fn deal_network_key(&mut self, dealing: Dealing<Bls12381>) -> Dealing<Bls12381> {
        self.lie(dealing)
    }
}
