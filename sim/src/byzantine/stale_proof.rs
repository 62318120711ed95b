//! A dealer that deals the same polynomial in every key generation, and shows the proof of the first one each time. Of the
//! network's key, over another curve, there is one generation only, so about that one it does not lie.

use lit_node::conduct::Conduct;
use lit_node::curve::Polynomial;
use lit_node::dkg::{Context, Dealing, Proof, deal};
use lit_node::id::SessionId;
use lit_node::meter::Meter;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use super::aiming::seed;
use super::{Line, Part};

/// Proves once, and never again.
pub struct StaleProof {
    part: Part,
    line: Line,
    key: [u8; 32],
    first: Option<(SessionId, Proof)>,
}

impl StaleProof {
    /// A dealer whose polynomial derives from `key`.
    pub fn new(part: Part, line: Line, key: [u8; 32]) -> Self {
        Self { part, line, key, first: None }
    }
}

impl Conduct for StaleProof {
    fn deal(&mut self, dealing: Dealing) -> Dealing {
        if !self.line.is_on() {
            return dealing;
        }
        let (roster, mut uncounted) = (&self.part.roster, Meter::default());
        let context = Context::new(dealing.session, roster, &mut uncounted);
        let threshold = u16::try_from(context.threshold()).expect("a roster's threshold is a u16");
        let mut always = ChaCha20Rng::from_seed(seed(&self.key, "polynomial", SessionId::default()));
        let polynomial = Polynomial::random(threshold, &mut always);
        let mut rng = ChaCha20Rng::from_seed(seed(&self.key, "dealing", dealing.session));
        let mut same = deal(&context, roster, self.part.me, &polynomial, &mut rng, &mut uncounted);
        let (session, proof) = self.first.get_or_insert((same.session, same.proof));
        if *session != same.session {
            same.proof = *proof;
            self.line.act();
        }
        same
    }
}
