//! Values that each node gives to all others, without a leader.

use std::collections::BTreeSet;

use super::effect::Effect;
use super::message::{Message, Value};
use super::operation::broadcast;
use super::operations::Params;
use crate::env::Env;
use crate::id::{NodeId, SessionId};
use crate::io::Time;

/// An exchange that the action at this node has come to.
pub(super) struct Exchange {
    name: SessionId,
    heard: BTreeSet<NodeId>,
    /// When nobody waits for values any more.
    pub(super) expires: Time,
}

impl Exchange {
    /// Gives this node's value to all, itself included.
    pub(super) fn begin(name: SessionId, value: String, params: &Params, env: &mut Env, fx: &mut Vec<Effect>) -> Self {
        broadcast(&Message::Value(Value { operation: name, value: value.clone() }), env, fx);
        fx.push(Effect::Value(name, env.me, value));
        Self { name, heard: [env.me].into(), expires: env.now.plus_millis(params.lifetime_ms) }
    }

    /// Takes the first value of each peer.
    pub(super) fn on_value(
        &mut self,
        from: NodeId,
        value: String,
        params: &Params,
        env: &mut Env,
        fx: &mut Vec<Effect>,
    ) {
        if value.len() > params.value_bytes_max(env.roster) {
            return env.dropped(from, "a value that is too long");
        }
        if !self.heard.insert(from) {
            return env.dropped(from, "a second value");
        }
        fx.push(Effect::Value(self.name, from, value));
    }
}
