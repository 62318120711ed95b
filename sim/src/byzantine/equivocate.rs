//! A dealer that gives some members another dealing than the rest: both valid, both signed.

use std::collections::BTreeMap;

use k256::ProjectivePoint;
use lit_node::conduct::Conduct;
use lit_node::curve::{Bls12381, SecretPolynomial};
use lit_node::dkg::{Context, KeyCurve, Message, deal};
use lit_node::id::{NodeId, SessionId};
use lit_node::meter::Meter;
use lit_node::statement::Statement;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use super::aiming::seed;
use super::{Aiming, Part};

/// Deals a second polynomial to its victims.
pub struct Equivocate {
    part: Part,
    aiming: Aiming,
    key: [u8; 32],
    /// The second dealing of each key generation.
    second: BTreeMap<SessionId, Statement>,
}

impl Equivocate {
    /// Deals twice. Without victims it aims at the f members after it: the first dealing can still be certified then,
    /// so that the two meet.
    pub fn new(part: Part, aiming: Aiming, key: [u8; 32]) -> Self {
        let others = part.roster.ids().filter(|id| *id > part.me).chain(part.roster.ids().filter(|id| *id < part.me));
        let next: Vec<NodeId> = others.take(part.roster.faulty_max().max(1)).collect();
        let aiming = if aiming.has_victims() { aiming } else { aiming.at(next) };
        Self { part, aiming, key, second: BTreeMap::new() }
    }

    fn second<P: KeyCurve>(&mut self, session: SessionId) -> Statement {
        let Self { part: Part { me, roster }, key, second, .. } = self;
        let make = || {
            let mut uncounted = Meter::default();
            let mut rng = ChaCha20Rng::from_seed(seed(key, "second dealing", session));
            let context = Context::new(session, roster, &mut uncounted);
            let threshold = u16::try_from(roster.threshold()).expect("a roster's threshold is a u16");
            let polynomial = SecretPolynomial::<P>::random(threshold, &mut rng);
            let dealing = deal(&context, roster, *me, &polynomial, &mut rng, &mut uncounted);
            P::statement(Message::Dealing(Box::new(dealing)))
        };
        second.entry(session).or_insert_with(make).clone()
    }
}

impl Conduct for Equivocate {
    fn outbound(&mut self, to: NodeId, statement: Statement) -> Vec<(NodeId, Statement)> {
        if !statement.is_dealing() || !self.aiming.hits(to, &statement) {
            return vec![(to, statement)];
        }
        self.aiming.act();
        let session = statement.label().session;
        let is_network_key = matches!(statement, Statement::NetworkDkg(_));
        let second =
            if is_network_key { self.second::<Bls12381>(session) } else { self.second::<ProjectivePoint>(session) };
        vec![(to, second)]
    }
}
