//! A committee with all its secrets, and dealings of its members, right and wrong.

use super::*;
use k256::SecretKey;
use k256::ecdsa::SigningKey;

/// A committee with its secrets.
pub struct Committee {
    pub roster: Roster,
    pub identities: BTreeMap<NodeId, SigningKey>,
    pub decryptions: BTreeMap<NodeId, SecretKey>,
}

impl Committee {
    /// n members with k = ceil(2n/3).
    pub fn new(n: u16) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(u64::from(n));
        let identities: Vec<_> = (0..n).map(|_| SigningKey::random(&mut rng)).collect();
        let decryptions: Vec<_> = (0..n).map(|_| SecretKey::random(&mut rng)).collect();
        let members = identities.iter().zip(&decryptions).zip(1..).map(|((identity, decryption), i)| Member {
            address: [i; 20],
            identity: *identity.verifying_key(),
            channel_key: [i; 32],
            encryption_key: decryption.public_key().to_projective(),
        });
        let roster = Roster::new(Epoch(1), (2 * n).div_ceil(3), members.collect()).expect("it fits");
        let ids = || (1..).map(NodeId);
        Self { roster, identities: ids().zip(identities).collect(), decryptions: ids().zip(decryptions).collect() }
    }

    /// Members with these numbers. Each signs with one key in all epochs, and decrypts with another one in each.
    pub fn numbered(epoch: u32, numbers: std::ops::RangeInclusive<u16>, threshold: u16) -> Self {
        let ids = || numbers.clone().map(NodeId);
        let rng = |id: NodeId, epoch: u32| ChaCha20Rng::seed_from_u64(u64::from(epoch) << 32 | u64::from(id.0));
        let identities: BTreeMap<_, _> = ids().map(|id| (id, SigningKey::random(&mut rng(id, 0)))).collect();
        let decryptions: BTreeMap<_, _> = ids().map(|id| (id, SecretKey::random(&mut rng(id, epoch)))).collect();
        let member = |id: NodeId| Member {
            address: [id.0 as u8; 20],
            identity: *identities[&id].verifying_key(),
            channel_key: [id.0 as u8; 32],
            encryption_key: decryptions[&id].public_key().to_projective(),
        };
        let members = ids().map(|id| (id, member(id))).collect();
        let roster = Roster::numbered(Epoch(epoch), threshold, members).expect("it fits");
        Self { roster, identities, decryptions }
    }

    pub fn identity(&self, id: NodeId) -> &SigningKey {
        &self.identities[&id]
    }

    pub fn decryption(&self, id: NodeId) -> &SecretKey {
        &self.decryptions[&id]
    }

    pub fn context(&self, session: SessionId) -> Context {
        Context::new(session, &self.roster, &mut Meter::default())
    }

    /// A right dealing with randomness of `seed`.
    pub fn dealing(&self, session: SessionId, dealer: NodeId, seed: u64) -> Dealing {
        self.bad_dealing(session, dealer, seed, &[])
    }

    /// A dealing that gives `victims` wrong shares.
    pub fn bad_dealing(&self, session: SessionId, dealer: NodeId, seed: u64, victims: &[NodeId]) -> Dealing {
        self.spoilt(&self.context(session), dealer, None, seed, victims)
    }

    /// A dealing in any context, of a random secret or of `secret`, that gives `victims` wrong shares.
    pub fn spoilt<P: Curve>(
        &self,
        context: &Context<P>,
        dealer: NodeId,
        secret: Option<P::Scalar>,
        seed: u64,
        victims: &[NodeId],
    ) -> Dealing<P> {
        let wrong = |id| if victims.contains(&id) { P::Scalar::ONE } else { P::Scalar::ZERO };
        self.shifted(context, dealer, secret, seed, wrong)
    }

    /// A dealing like [`Self::spoilt`] whose shares are wrong by what `wrong` says.
    pub fn shifted<P: Curve>(
        &self,
        context: &Context<P>,
        dealer: NodeId,
        secret: Option<P::Scalar>,
        seed: u64,
        wrong: impl Fn(NodeId) -> P::Scalar,
    ) -> Dealing<P> {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let threshold = self.roster.threshold() as u16;
        let polynomial: SecretPolynomial<P> = match secret {
            Some(secret) => SecretPolynomial::sharing(secret, threshold, &mut rng),
            None => SecretPolynomial::random(threshold, &mut rng),
        };
        let share = |id| polynomial.evaluate(id) + wrong(id);
        deal_shares(context, &self.roster, dealer, &polynomial, share, &mut rng, &mut Meter::default())
    }

    pub fn sign<T: Signable>(&self, body: T, signer: NodeId) -> Signed<T> {
        Signed::new(body, signer, self.identity(signer), &mut Meter::default())
    }
}

impl<P: KeyCurve> Old<P> {
    /// The holders of a key that they have made themselves.
    pub fn generated(committee: Committee) -> Self {
        let mut made = Net::of(committee, None);
        made.open_all();
        made.run(1);
        let shares: BTreeMap<_, _> = made.ids().into_iter().map(|id| (id, made.key_share(id).clone())).collect();
        let public = shares.values().next().expect("a member").public.clone();
        let from = Rc::new(Handover { roster: made.committee.roster.clone(), public });
        Self { committee: made.committee, from, shares }
    }
}
