//! From what a protocol wants to say to sealed bytes, and back: conduct, signature, channel.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::core::Core;
use crate::channel::{self, Channels};
use crate::id::{Boot, NodeId};
use crate::io::{Output, Outputs, Time};
use crate::meter::Op;
use crate::note::Note;
use crate::statement::Statement;
use crate::wire::{FRAME_BYTES_MAX, SignatureBytes, decode, encode};

/// What a channel carries.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Envelope {
    statement: Statement,
    signature: Option<SignatureBytes>,
}

/// A statement that was received, its signature checked.
pub(super) struct Heard {
    pub from: NodeId,
    pub statement: Statement,
    pub signature: Option<SignatureBytes>,
}

/// A peer has opened a channel to this boot of the node.
pub(super) struct Arrival {
    pub peer: NodeId,
    /// Which run of the peer it is.
    pub boot: Boot,
    /// Whether this boot of the node has known an earlier run of the peer.
    pub again: bool,
}

/// The way to and from the peers.
pub(super) struct Peers {
    pub channels: Channels,
}

impl Peers {
    /// Sends everything in the outbox; what goes to the node itself is returned.
    pub fn speak(&mut self, core: &mut Core, now: Time, out: &mut Outputs) -> Vec<Heard> {
        let mut signatures = BTreeMap::new();
        let (mut to_self, mut effects) = (Vec::new(), Vec::new());
        while let Some((to, statement)) = core.outbox.pop_front() {
            for (to, statement) in core.conduct.outbound(to, statement) {
                // One statement to n recipients is signed once.
                let signature = statement.signing_digest().map(|digest| {
                    *signatures
                        .entry(digest)
                        .or_insert_with(|| SignatureBytes::sign(&digest, &core.config.identity, &mut out.meter))
                });
                if to == core.me {
                    to_self.push(Heard { from: to, statement, signature });
                    continue;
                }
                out.meter.add(Op::Message, 1);
                let label = statement.label();
                let bytes = match statement {
                    Statement::Raw(bytes) => bytes,
                    statement => encode(&Envelope { statement, signature }),
                };
                if self.channels.send(to, bytes, label, now, &mut out.meter, &mut effects).is_err() {
                    out.note(Note::Dropped { from: core.me, reason: "statement that no channel takes" });
                }
            }
        }
        let heard = self.carry_out(effects, core, out);
        debug_assert!(heard.0.is_empty(), "sending delivers nothing");
        to_self
    }

    /// Turns channel effects into outputs, and delivered bytes into checked statements. Second: peers that have come.
    pub fn carry_out(
        &mut self,
        effects: Vec<channel::Effect>,
        core: &Core,
        out: &mut Outputs,
    ) -> (Vec<Heard>, Vec<Arrival>) {
        let (mut heard, mut arrivals) = (Vec::new(), Vec::new());
        for effect in effects {
            match effect {
                channel::Effect::Transmit { to, label, bytes } => out.push(Output::Send { to, label, bytes }),
                channel::Effect::Deliver { from, bytes } => match open(core, from, &bytes, out) {
                    Ok(statement) => heard.push(statement),
                    Err(reason) => out.note(Note::Dropped { from, reason }),
                },
                channel::Effect::Opened { peer, boot } => {
                    out.note(Note::ChannelOpen { peer });
                    arrivals.push(Arrival { peer, boot, again: false });
                }
                channel::Effect::PeerRestarted { peer, boot } => arrivals.push(Arrival { peer, boot, again: true }),
                channel::Effect::Dropped { from, reason } => {
                    out.note(Note::Dropped { from, reason: reason.name() });
                }
                channel::Effect::Overflowed { to, .. } => {
                    out.note(Note::Dropped { from: to, reason: "queue to this peer is full" });
                }
            }
        }
        (heard, arrivals)
    }
}

/// Decodes an envelope and checks its signature under the key of the channel's peer, never of a name inside it.
fn open(core: &Core, from: NodeId, bytes: &[u8], out: &mut Outputs) -> Result<Heard, &'static str> {
    out.meter.add(Op::Message, 1);
    let Envelope { statement, signature } = core
        .config
        .memo
        .decode(
            "envelope",
            bytes,
            || decode(bytes, FRAME_BYTES_MAX),
            |envelope: &Envelope| envelope.statement.is_dealing(),
        )
        .map_err(|_| "statement does not decode")?;
    let Some(digest) = statement.signing_digest() else {
        return match signature {
            None => Ok(Heard { from, statement, signature }),
            Some(_) => Err("signature on a statement that takes none"),
        };
    };
    let signature = signature.ok_or("statement is not signed")?;
    let member = core.roster.get(from).ok_or("sender is not a validator")?;
    let key = member.identity.to_encoded_point(true);
    let inputs: [&[u8]; 3] = [&digest, key.as_bytes(), &encode(&signature)];
    out.meter.add(Op::SignatureChecked, 1);
    let mut uncharged = crate::meter::Meter::default();
    let valid = core
        .config
        .memo
        .check("statement signature", &inputs, || signature.verify(&digest, &member.identity, &mut uncharged));
    valid.then_some(Heard { from, statement, signature: Some(signature) }).ok_or("statement's signature is wrong")
}
