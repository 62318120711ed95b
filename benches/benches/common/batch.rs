//! A batch of triples among honest holders: all messages are encoded and decoded, their signatures made and checked,
//! nothing is memoised.

use std::collections::{BTreeMap, VecDeque};

use k256::ProjectivePoint;
use k256::ecdsa::SigningKey;
use lit_node::conduct::Honest;
use lit_node::entropy::Entropy;
use lit_node::env::Env;
use lit_node::id::{Boot, Epoch, NodeId};
use lit_node::io::Time;
use lit_node::memo::Memo;
use lit_node::meter::Meter;
use lit_node::roster::{Member, Roster};
use lit_node::triples::{Effect, Generator, Message, Params};
use lit_node::wire::{FRAME_BYTES_MAX, SignatureBytes, decode, encode};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

/// A network whose messages arrive in the order in which they were sent.
pub struct Network {
    roster: Roster,
    keys: BTreeMap<NodeId, SigningKey>,
    generators: BTreeMap<NodeId, Generator>,
    under_way: VecDeque<(NodeId, NodeId, Vec<u8>, Option<SignatureBytes>)>,
    ready: usize,
}

impl Network {
    /// n nodes of which `threshold` are enough, with batches of at least `count` triples.
    pub fn new(n: u16, threshold: u16, count: u16) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(n.into());
        let keys: BTreeMap<NodeId, SigningKey> = (1..=n).map(|id| (NodeId(id), SigningKey::random(&mut rng))).collect();
        let member = |(id, key): (&NodeId, &SigningKey)| Member {
            address: [id.0 as u8; 20],
            identity: *key.verifying_key(),
            channel_key: [0; 32],
            encryption_key: ProjectivePoint::GENERATOR,
        };
        let roster = Roster::new(Epoch(1), threshold, keys.iter().map(member).collect());
        let params = Params::new(1000, count);
        let generators = keys.keys().map(|id| (*id, Generator::new(params))).collect();
        Self { roster: roster.expect("the threshold fits"), keys, generators, under_way: VecDeque::new(), ready: 0 }
    }

    fn on(&mut self, id: NodeId, act: impl FnOnce(&mut Generator, &mut Env, &mut Vec<Effect>)) {
        let (mut fx, mut meter, mut notes, mut honest) = (Vec::new(), Meter::default(), Vec::new(), Honest);
        let mut env = Env {
            me: id,
            boot: Boot(0),
            now: Time(1),
            roster: &self.roster,
            identity: &self.keys[&id],
            entropy: &Entropy::new(&[id.0 as u8; 32], Boot(0)),
            conduct: &mut honest,
            meter: &mut meter,
            notes: &mut notes,
            memo: &Memo::off(),
        };
        act(self.generators.get_mut(&id).expect("a member"), &mut env, &mut fx);
        for effect in fx {
            match effect {
                Effect::Send { to, message } => {
                    let sign = |digest| SignatureBytes::sign(&digest, &self.keys[&id], &mut Meter::default());
                    let signature = message.signing_digest().map(sign);
                    self.under_way.push_back((id, to, encode(&message), signature));
                }
                Effect::Ready { .. } => self.ready += 1,
                other => panic!("all are honest: {other:?}"),
            }
        }
    }

    /// Makes one batch among the first k nodes; how many of them are done.
    pub fn batch(mut self) -> usize {
        let holders: Vec<NodeId> = self.roster.ids().take(self.roster.threshold()).collect();
        self.on(NodeId(1), |generator, env, fx| {
            generator.start(&holders, 0, env, fx).expect("the holders fit");
        });
        while let Some((from, to, bytes, signature)) = self.under_way.pop_front() {
            let message: Message = decode(&bytes, FRAME_BYTES_MAX).expect("honest messages decode");
            if let (Some(digest), Some(signature)) = (message.signing_digest(), &signature) {
                assert!(signature.verify(&digest, self.keys[&from].verifying_key(), &mut Meter::default()));
            }
            self.on(to, |generator, env, fx| generator.on_message(from, message, signature, env, fx));
        }
        self.ready
    }
}
