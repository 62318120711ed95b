//! Making triples.

use super::Choices;
use super::committee::{MEMBERS, THRESHOLD};
use super::network::{Machine, Network, Outcome};
use crate::env::Env;
use crate::evidence::Evidence;
use crate::id::NodeId;
use crate::io::Time;
use crate::triples::{Effect, Generator, Message, Params};
use crate::wire::SignatureBytes;

/// A generator, and what came of its batches.
pub(super) struct Maker {
    generator: Generator,
    ready: usize,
}

impl Machine for Maker {
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
        self.generator.on_message(from, message, signature, env, fx);
    }

    fn deadline(&self) -> Option<Time> {
        self.generator.deadline()
    }

    fn tick(&mut self, env: &mut Env, fx: &mut Vec<Effect>) {
        self.generator.tick(env, fx);
    }

    fn outcome(effect: Effect) -> Outcome<Self> {
        match effect {
            Effect::Send { to, message } => Outcome::Send(to, message),
            Effect::Culprit { node, evidence, .. } => Outcome::Name(node, Some(Evidence::Triples(evidence))),
            other => Outcome::Other(other),
        }
    }

    fn carry_out(network: &mut Network<Self>, by: NodeId, effect: Effect) {
        if let Effect::Ready { .. } = effect {
            network.on(by, |maker, _, _| maker.ready += 1);
        }
    }

    fn kept(&self) -> (usize, usize) {
        (self.generator.len(), usize::from(MEMBERS) * params().remembered_per_leader_max)
    }
}

/// With little room, so that a liar can fill it.
fn params() -> Params {
    Params { parallel_per_leader_max: 2, remembered_per_leader_max: 3, ..Params::new(100, 1) }
}

fn begun() -> Network<Maker> {
    let mut network = Network::new(|_| Maker { generator: Generator::new(params()), ready: 0 });
    let holders: Vec<NodeId> = (1..=THRESHOLD).map(NodeId).collect();
    network.on(NodeId(1), |maker, env, fx| {
        maker.generator.start(&holders, 0, env, fx).expect("the holders fit");
    });
    network
}

/// A batch that choices disturb, at its end.
pub(super) fn disturbed(data: &[u8]) -> Network<Maker> {
    let mut network = begun();
    network.run(&mut Choices::new(data));
    network
}

/// A batch of which the liar is one holder.
pub(super) fn target(data: &[u8]) {
    let mut ready = 0;
    disturbed(data).on_all(|_, maker, _, _| ready += maker.ready);
    assert!(!data.is_empty() || ready == usize::from(THRESHOLD), "undisturbed, all holders have their triples");
}
