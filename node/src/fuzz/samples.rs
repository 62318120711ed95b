//! Honest messages, and what convicts a liar: what mutations start from.

use k256::ProjectivePoint;
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
use std::sync::LazyLock;

use super::committee::{LIAR, identity, roster, shares};
use super::{keygen, signing, triples};
use crate::blame::ChainView;
use crate::bls::{Identity, Purpose, ShareEvidence, ShareStatement, sign_share};
use crate::chain::ChainEvent;
use crate::curve::{Bls12381, Curve};
use crate::dkg;
use crate::evidence::Evidence;
use crate::id::{Digest, NodeId, RequestId, SessionId};
use crate::meter::Meter;
use crate::signing::{Propose, Scheme, SigningEvidence};
use crate::statement::Statement;
use crate::testing::BOARD;
use crate::wire::{FRAME_BYTES_MAX, Signed, decode, encode};

/// How many disturbed runs of each kind are looked at for evidence.
const RUNS: u64 = 12;

/// Everything that honest nodes say to each other, each kind once, encoded as a statement.
pub(super) static STATEMENTS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let mut all: Vec<Statement> = Vec::new();
    fn add<M: serde::Serialize + serde::de::DeserializeOwned>(
        all: &mut Vec<Statement>,
        said: &[Vec<u8>],
        wrap: fn(M) -> Statement,
    ) {
        let messages = said.iter().filter_map(|bytes| decode(bytes, FRAME_BYTES_MAX).ok());
        for statement in messages.map(wrap) {
            let name = |statement: &Statement| (statement.label().protocol, statement.label().kind);
            if !all.iter().any(|known| name(known) == name(&statement)) {
                all.push(statement);
            }
        }
    }
    add(&mut all, &keygen::disturbed::<ProjectivePoint>(&[]).said, Statement::Dkg);
    add(&mut all, &signing::disturbed(Scheme::EcdsaK256, &[]).said, Statement::Signing);
    add(&mut all, &signing::disturbed(Scheme::SchnorrK256Sha256, &[]).said, Statement::Signing);
    add(&mut all, &triples::disturbed(&[]).said, Statement::Triples);
    let network = keygen::disturbed::<Bls12381>(&[]).said;
    all.extend(network.first().and_then(|bytes| decode(bytes, FRAME_BYTES_MAX).ok()).map(Statement::NetworkDkg));
    all.iter().map(encode).collect()
});

/// Evidence of several kinds, with what the chain has to show for it.
pub(super) static EVIDENCE: LazyLock<Vec<(Vec<u8>, ChainView)>> = LazyLock::new(|| {
    let mut all = Vec::new();
    for seed in 0..RUNS {
        let mut data = [0; 200];
        ChaCha20Rng::seed_from_u64(seed).fill_bytes(&mut data);
        let made = [
            {
                let n = keygen::disturbed::<ProjectivePoint>(&data);
                (n.exhibits.clone(), n.chain())
            },
            {
                let n = keygen::disturbed::<Bls12381>(&data);
                (n.exhibits.clone(), n.chain())
            },
            {
                let n = signing::disturbed(Scheme::SchnorrK256Sha256, &data);
                (n.exhibits.clone(), n.chain())
            },
            {
                let n = signing::disturbed(Scheme::EcdsaK256, &data);
                (n.exhibits.clone(), n.chain())
            },
            {
                let n = triples::disturbed(&data);
                (n.exhibits.clone(), n.chain())
            },
        ];
        all.extend(made.into_iter().filter_map(|(exhibits, chain)| Some((exhibits.into_iter().next()?, chain))));
    }
    all.extend([two_dealings(), two_proposals(), wrong_decryption_share()]);
    all
});

/// Two dealings of the liar for the network's key.
fn two_dealings() -> (Vec<u8>, ChainView) {
    let network = keygen::disturbed::<Bls12381>(&[]);
    let said = network.said.iter().filter_map(|bytes| decode::<dkg::Message<Bls12381>>(bytes, FRAME_BYTES_MAX).ok());
    let dealt = |from: NodeId| {
        let mut dealings = said.clone().filter_map(|message| match message {
            dkg::Message::Dealing(dealing) if dealing.dealer == from => Some(*dealing),
            _ => None,
        });
        dealings.next().expect("everybody deals")
    };
    let (own, other) = (dealt(LIAR), dealt(NodeId(1)));
    let changed = dkg::Dealing { proof: other.proof, ..own.clone() };
    let pair = [own, changed].map(|dealing| Signed::new(dealing, LIAR, &identity(LIAR), &mut Meter::default()));
    let evidence = Evidence::NetworkKeygen(dkg::KeygenEvidence::TwoDealings(Box::new(pair)));
    (evidence.bytes(), network.chain())
}

/// Two proposals of one presignature by the liar.
fn two_proposals() -> (Vec<u8>, ChainView) {
    let pair = [0, 1].map(|attempt| {
        let (session, presignature) = (SessionId([1; 32]), Some(Digest([2; 32])));
        let body = Propose { session, attempt, presignature, announcements: Vec::new() };
        Signed::new(body, LIAR, &identity(LIAR), &mut Meter::default())
    });
    let evidence = Evidence::Signing(SigningEvidence::TwoProposals(Box::new(pair)));
    (evidence.bytes(), ChainView::new(roster(), BOARD, []))
}

/// The liar's share of a decryption key, of another identity than the one that it names.
fn wrong_decryption_share() -> (Vec<u8>, ChainView) {
    let (shares, meter) = (shares::<Bls12381>(), &mut Meter::default());
    let key = shares[&LIAR].public.clone();
    let (conditions, plaintext) = (Digest([1; 32]), Digest([2; 32]));
    let other = Identity::new(&conditions, &Digest([3; 32]));
    let share = sign_share(&shares[&LIAR], Purpose::Identity, other.as_bytes(), meter).expect("a point");
    let (request, epoch) = (RequestId([9; 32]), key.epoch);
    let body = ShareStatement { request, key: key.id(), epoch, conditions, plaintext, share };
    let share = Signed::new(body, LIAR, &identity(LIAR), meter);
    let routed = ChainEvent::NetworkKeyRouted {
        key: key.id(),
        public_key: key.point.chain_bytes().try_into().expect("a point of G1"),
        key_data: key.data_digest(),
    };
    let evidence = Evidence::Decryption(Box::new(ShareEvidence { key, share }));
    (evidence.bytes(), ChainView::new(roster(), BOARD, [routed]))
}
