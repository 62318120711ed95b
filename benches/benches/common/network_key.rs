//! The network's own key among k of n holders: a signature, and a ciphertext with its decryption shares.

use std::collections::BTreeMap;

use k256::{ProjectivePoint, Scalar};
use lit_node::bls::{
    Encrypted, Purpose, SealedShare, ShareStatement, SignaturePoint, combine, encrypt, is_signature, sign_share,
    sort_shares,
};
use lit_node::curve::{Bls12381, times_generator};
use lit_node::id::{NodeId, RequestId};
use lit_node::key::{KeyShare, PublicKey};
use lit_node::meter::Meter;
use lit_node::wire::Signed;

use crate::keys::{Committee, DIGEST, me, rng, shares};

const PLAINTEXT: &[u8] = b"attack at dawn";
const REQUEST: RequestId = RequestId([3; 32]);

/// The key, what its first k holders have signed, and what they have answered a client.
pub struct NetworkKey {
    committee: Committee,
    shares: BTreeMap<NodeId, KeyShare<Bls12381>>,
    me: NodeId,
    signed: BTreeMap<NodeId, SignaturePoint>,
    signature: SignaturePoint,
    asker: (Scalar, ProjectivePoint),
    encrypted: Encrypted,
    sealed: BTreeMap<NodeId, SealedShare>,
}

impl NetworkKey {
    /// A key that any k of n hold.
    pub fn new(n: u16, k: u16) -> Self {
        let (committee, shares, me) = (Committee::new(n, k), shares::<Bls12381>(n, k), me(n));
        let signed: BTreeMap<NodeId, SignaturePoint> =
            (1..=k).map(NodeId).map(|holder| (holder, sign(&shares[&holder]))).collect();
        let signature = combine(k.into(), &signed, &mut Meter::default()).expect("enough shares");
        let secret = Scalar::from(77u64);
        let encrypted = encrypted(&shares[&me].public);
        let asker = (secret, times_generator(&secret));
        let mut this = Self { committee, shares, me, signed, signature, asker, encrypted, sealed: BTreeMap::new() };
        this.sealed = (1..=k).map(NodeId).map(|holder| (holder, this.answer(holder))).collect();
        this
    }

    fn public(&self) -> &PublicKey<Bls12381> {
        &self.shares[&self.me].public
    }

    /// A holder's share of a signature.
    pub fn sign(&self) -> SignaturePoint {
        sign(&self.shares[&self.me])
    }

    /// Whether the signature is one.
    pub fn verify(&self) -> bool {
        is_signature(&self.public().point, Purpose::Message, &DIGEST.0, &self.signature, &mut Meter::default())
    }

    /// The signature from k shares, each of which is checked.
    pub fn combine(&self) -> SignaturePoint {
        let meter = &mut Meter::default();
        let sorted = sort_shares(self.public(), Purpose::Message, &DIGEST.0, &self.signed, meter);
        assert!(sorted.wrong.is_empty(), "all are right");
        combine(self.public().threshold.into(), &sorted.right, meter).expect("enough shares")
    }

    /// A client's ciphertext.
    pub fn encrypt(&self) -> Encrypted {
        encrypted(self.public())
    }

    /// What a holder answers who finds the conditions met: its share of the decryption key, signed, and sealed to the
    /// asker.
    pub fn decryption_share(&self) -> SealedShare {
        self.answer(self.me)
    }

    fn answer(&self, holder: NodeId) -> SealedShare {
        let (share, meter) = (&self.shares[&holder], &mut Meter::default());
        let header = &self.encrypted.header;
        let part = sign_share(share, Purpose::Identity, header.identity().as_bytes(), meter).expect("not zero");
        let body = ShareStatement {
            request: REQUEST,
            key: header.key,
            epoch: share.public.epoch,
            conditions: header.conditions,
            plaintext: header.plaintext,
            share: part,
        };
        let signed = Signed::new(body, holder, &self.committee.identities[&holder], meter);
        SealedShare::seal(&signed, &self.asker.1, &mut rng(holder.0), meter)
    }

    /// What the client does with k answers: unseals them, checks signatures and shares, combines, decrypts.
    pub fn decrypt(&self) -> usize {
        let (roster, meter) = (&self.committee.roster, &mut Meter::default());
        let open = |(holder, sealed): (&NodeId, &SealedShare), meter: &mut Meter| {
            let signed = sealed.open(&self.asker.0, *holder, REQUEST, roster, meter).expect("an honest answer");
            (*holder, signed.body.share)
        };
        let opened: BTreeMap<NodeId, SignaturePoint> = self.sealed.iter().map(|answer| open(answer, meter)).collect();
        let identity = self.encrypted.header.identity();
        let sorted = sort_shares(self.public(), Purpose::Identity, identity.as_bytes(), &opened, meter);
        assert!(sorted.wrong.is_empty(), "all are right");
        let key = combine(self.public().threshold.into(), &sorted.right, meter).expect("enough shares");
        let plaintext = self.encrypted.open(&self.public().point, &key, meter).expect("the right key");
        assert_eq!(*plaintext, PLAINTEXT);
        plaintext.len()
    }
}

fn sign(share: &KeyShare<Bls12381>) -> SignaturePoint {
    sign_share(share, Purpose::Message, &DIGEST.0, &mut Meter::default()).expect("not the identity")
}

fn encrypted(public: &PublicKey<Bls12381>) -> Encrypted {
    encrypt(&public.point, DIGEST, PLAINTEXT, &mut rng(1), &mut Meter::default()).expect("it is short")
}
