//! Presigning and signing, on triples from a trusted dealer that every holder has sealed, so that wrong values and shares
//! convict.

use k256::ProjectivePoint;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use std::rc::Rc;
use std::sync::Arc;

use super::Choices;
use super::committee::{LIAR, MEMBERS, shares};
use super::network::{Machine, Network, Outcome};
use crate::chain::ChainEvent;
use crate::env::Env;
use crate::evidence::Evidence;
use crate::id::{Digest, NodeId, RequestId};
use crate::io::Time;
use crate::signing::{CombinedSignature, Effect, Message, Params, PoolLevels, Scheme, Signers, Subject};
use crate::triples::{Sealed, deal};
use crate::wire::SignatureBytes;

const DIGEST: Digest = Digest([0x5a; 32]);
/// Enough for every node to coordinate once.
const ATTEMPTS_MAX: u32 = 5;
/// Little room, so that a liar can fill it.
const EARLY_PER_PEER_MAX: usize = 16;

/// Signing state machines of one node, and what came of them.
pub(super) struct Signer {
    signers: Signers,
    batches: u64,
    signature: Option<CombinedSignature>,
}

impl Machine for Signer {
    type Message = Message;
    type Effect = Effect;

    fn signing_digest(message: &Message) -> Option<[u8; 32]> {
        let _ = message.label();
        message.signing_digest()
    }

    fn on_message(
        &mut self,
        from: NodeId,
        message: Message,
        signature: Option<SignatureBytes>,
        env: &mut Env,
        fx: &mut Vec<Effect>,
    ) {
        self.signers.on_message(from, message, signature, env, fx);
        let _ = (self.signers.progress(), self.signers.pool_levels());
    }

    fn deadline(&self) -> Option<Time> {
        self.signers.deadline()
    }

    fn tick(&mut self, env: &mut Env, fx: &mut Vec<Effect>) {
        self.signers.tick(env, fx);
    }

    fn outcome(effect: Effect) -> Outcome<Self> {
        match effect {
            Effect::Send { to, message } => Outcome::Send(to, message),
            Effect::Culprit { node, evidence, .. } => Outcome::Name(node, evidence.map(|e| Evidence::Signing(*e))),
            other => Outcome::Other(other),
        }
    }

    fn carry_out(network: &mut Network<Self>, by: NodeId, effect: Effect) {
        match effect {
            Effect::NeedTriples { leader, holders, .. } => {
                assert_eq!(leader, by, "whoever leads asks");
                let mut batch = 0;
                network.on(by, |signer, _, _| {
                    signer.batches += 1;
                    batch = signer.batches << 16 | u64::from(by.0);
                });
                let mut rng = ChaCha20Rng::seed_from_u64(batch);
                for (holder, mut part) in deal(leader, &holders, batch, 4, &mut rng) {
                    part.sealed = Some(Arc::new(Sealed::of(&part)));
                    network.on(holder, |signer, env, fx| signer.signers.on_triples(part, env, fx));
                }
            }
            Effect::Done { signature, .. } => network.on(by, |signer, _, _| signer.signature = Some(signature)),
            _ => {}
        }
    }

    fn kept(&self) -> (usize, usize) {
        // A liar starts a presignature for each pair of triples that it leads, and for no others.
        let PoolLevels { running, ready, .. } = self.signers.pool_levels();
        (self.signers.early() + running + ready, usize::from(MEMBERS) * EARLY_PER_PEER_MAX + 2 * self.batches as usize)
    }
}

fn begun(scheme: Scheme) -> Network<Signer> {
    let params = Params {
        attempts_max: ATTEMPTS_MAX,
        early_per_peer_max: EARLY_PER_PEER_MAX,
        ..Params::new(100, MEMBERS.into())
    };
    let mut network = Network::new(|_| Signer { signers: Signers::new(params), batches: 0, signature: None });
    let keys = shares::<ProjectivePoint>();
    let public = &keys[&LIAR].public;
    let (key, public_key, key_data) = (public.id(), public.uncompressed(), public.data_digest());
    network.events.push(ChainEvent::KeyRouted { key, public_key, key_data });
    network.on_all(|id, signer, env, fx| {
        let (request, key) = (RequestId([7; 32]), Rc::new(keys[&id].clone()));
        let subject = Subject { request, sig_name: "sig".into(), key, digest: DIGEST, scheme };
        signer.signers.authorise(subject, env, fx);
    });
    network
}

/// A session that choices disturb, at its end.
pub(super) fn disturbed(scheme: Scheme, data: &[u8]) -> Network<Signer> {
    let mut network = begun(scheme);
    network.run(&mut Choices::new(data));
    network
}

fn run(scheme: Scheme, data: &[u8]) {
    let mut network = disturbed(scheme, data);
    let key = shares::<ProjectivePoint>()[&NodeId(1)].public.point;
    let mut signatures = 0;
    network.on_all(|id, signer, _, _| {
        let Some(signature) = signer.signature.filter(|_| id != LIAR) else { return };
        assert!(signature.verify(&key, &DIGEST), "{id} has a wrong signature");
        signatures += 1;
    });
    assert!(!data.is_empty() || signatures == 3, "undisturbed, all have the signature");
}

/// One ECDSA signature.
pub(super) fn ecdsa_target(data: &[u8]) {
    run(Scheme::EcdsaK256, data);
}

/// One Schnorr signature; by the first bit, over which of the two schemes.
pub(super) fn frost_target(data: &[u8]) {
    let is_bip340 = data.first().is_some_and(|byte| byte & 1 == 1);
    run(if is_bip340 { Scheme::SchnorrK256Bip340 } else { Scheme::SchnorrK256Sha256 }, data);
}
