//! Honest messages, and what convicts a liar: what mutations start from.

use k256::ProjectivePoint;
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
use std::sync::LazyLock;

use super::{keygen, signing, triples};
use crate::curve::Bls12381;
use crate::signing::Scheme;
use crate::statement::Statement;
use crate::wire::{FRAME_BYTES_MAX, decode, encode};

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
pub(super) static EVIDENCE: LazyLock<Vec<(Vec<u8>, crate::blame::ChainView)>> = LazyLock::new(|| {
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
                let n = triples::disturbed(&data);
                (n.exhibits.clone(), n.chain())
            },
        ];
        all.extend(made.into_iter().filter_map(|(exhibits, chain)| Some((exhibits.into_iter().next()?, chain))));
    }
    all
});
