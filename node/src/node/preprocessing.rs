//! Where triples come from: this node's part in making them, or a dealer outside.

use std::collections::BTreeMap;

use super::{Config, Preprocessing};
use crate::env::Env;
use crate::id::NodeId;
use crate::io::{Output, Time};
use crate::signing::Params;
use crate::triples::{self, DealtTriples, Effect, Generator, Message, Refused};
use crate::wire::SignatureBytes;

/// What came of an event.
pub(super) enum Made {
    /// A message for a peer.
    Say(NodeId, Message),
    /// Triples for the pool.
    Triples(Box<DealtTriples>),
    /// A batch that this node leads has come to nothing.
    Failed(Vec<NodeId>),
    /// A peer let a batch wait that this node leads.
    Suspect(NodeId),
    /// A peer is convicted.
    Culprit(NodeId, triples::Misbehaviour, Box<triples::Evidence>),
}

/// A source of triples.
pub(super) enum Source {
    /// Asks a dealer.
    Dealer,
    /// Makes them.
    Protocol(Maker),
}

/// This node's part in making triples.
pub(super) struct Maker {
    generator: Generator,
    /// Holders for whom a batch is to be started when another one has ended, and how many triples it should have.
    waiting: BTreeMap<Vec<NodeId>, usize>,
}

impl Source {
    /// The source that the configuration names. Tells signing how long it may have to wait for triples.
    pub fn new(config: &Config, holders: usize, signing: &mut Params) -> Self {
        match config.preprocessing {
            Preprocessing::Dealer => Self::Dealer,
            Preprocessing::Protocol => {
                let params = triples::Params::new(config.delta_ms, config.triple_batch);
                signing.triples_ms = params.patient(triples::PATIENCE_MAX).batch_ms(holders);
                signing.triples_room_ms = params.run_ms(holders) / 2;
                Self::Protocol(Maker { generator: Generator::new(params), waiting: BTreeMap::new() })
            }
        }
    }

    /// `count` triples are needed, for `leader`, which is this node, and these holders. A dealer is to be asked for them
    /// by the output.
    ///
    /// # Errors
    /// The question to the dealer.
    pub fn need(
        &mut self,
        leader: NodeId,
        holders: Vec<NodeId>,
        count: usize,
        env: &mut Env,
    ) -> Result<Vec<Made>, Box<Output>> {
        let Self::Protocol(maker) = self else { return Err(Box::new(Output::NeedTriples { leader, holders })) };
        let wanted = maker.waiting.entry(holders).or_default();
        *wanted = count.max(*wanted);
        Ok(maker.run(env, |_, _, _| {}))
    }

    /// Takes in a message of a peer.
    pub fn on_message(
        &mut self,
        from: NodeId,
        message: Message,
        signature: Option<SignatureBytes>,
        env: &mut Env,
    ) -> Vec<Made> {
        match self {
            Self::Dealer => {
                env.dropped(from, "a message about triples, which a dealer hands out");
                Vec::new()
            }
            Self::Protocol(maker) => {
                maker.run(env, |generator, env, fx| generator.on_message(from, message, signature, env, fx))
            }
        }
    }

    /// A peer has been restarted.
    pub fn peer_restarted(&mut self, peer: NodeId, env: &mut Env) -> Vec<Made> {
        let Self::Protocol(maker) = self else { return Vec::new() };
        maker.run(env, |generator, env, fx| generator.peer_restarted(peer, env, fx))
    }

    /// Lets time pass.
    pub fn tick(&mut self, env: &mut Env) -> Vec<Made> {
        let Self::Protocol(maker) = self else { return Vec::new() };
        maker.run(env, Generator::tick)
    }

    /// When [`Source::tick`] is next due.
    pub fn deadline(&self) -> Option<Time> {
        match self {
            Self::Dealer => None,
            Self::Protocol(maker) => maker.generator.deadline(),
        }
    }

    /// Whether triples that a dealer hands out are wanted.
    pub fn is_dealer(&self) -> bool {
        matches!(self, Self::Dealer)
    }

    /// How many batches are under way or remembered.
    pub fn batches(&self) -> usize {
        match self {
            Self::Dealer => 0,
            Self::Protocol(maker) => maker.generator.len(),
        }
    }
}

impl Maker {
    /// Runs a step, then starts what has waited for its turn.
    fn run(&mut self, env: &mut Env, step: impl FnOnce(&mut Generator, &mut Env, &mut Vec<Effect>)) -> Vec<Made> {
        let mut effects = Vec::new();
        step(&mut self.generator, env, &mut effects);
        let mut refused = Vec::new();
        while let Some((holders, count)) = self.waiting.pop_first() {
            match self.generator.start(&holders, count, env, &mut effects) {
                Ok(_) => {}
                Err(Refused::Busy) => {
                    self.waiting.insert(holders, count);
                    break;
                }
                Err(_) => refused.push(Made::Failed(holders)),
            }
        }
        let mut made = conclude(effects, env.me);
        made.append(&mut refused);
        made
    }
}

/// Only a leader learns from the failure of a batch: who else is in it is not for its other holders to choose, so they
/// could be made to suspect anybody. What is proved concerns all.
fn conclude(effects: Vec<Effect>, me: NodeId) -> Vec<Made> {
    let made = |effect| match effect {
        Effect::Send { to, message } => Some(Made::Say(to, message)),
        Effect::Ready { triples, .. } => Some(Made::Triples(triples)),
        Effect::Failed { leader, holders, .. } => (leader == me).then_some(Made::Failed(holders)),
        Effect::Suspect { leader, node } => (leader == me).then_some(Made::Suspect(node)),
        Effect::Culprit { node, what, evidence } => Some(Made::Culprit(node, what, evidence)),
    };
    effects.into_iter().filter_map(made).collect()
}
