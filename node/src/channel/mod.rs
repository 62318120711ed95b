//! Authenticated, encrypted pairwise channels with reliable delivery over a hostile datagram link.
//!
//! The link may lose, duplicate, reorder, replay, alter and invent frames, and lie about who sent them. Above it,
//! every message that is [sent](Channels::send) is delivered exactly once as long as neither end restarts, in no
//! particular order, as coming from the node that holds the sender's static key.
//!
//! # Handshake
//! Noise KK: both static keys are known from the roster; the prologue binds protocol version, network, epoch,
//! initiator and responder; each message carries its sender's boot number and a random instance id. At a node's
//! first boot the lower number initiates; a restarted node initiates to everybody, because peers cannot know that
//! their channels with it are dead. Message 1 (*hello*) is repeated until any channel with the peer is open;
//! a repeated hello is answered with the very same message 2 (*welcome*). A node initiates at most once per peer
//! and boot, so two instances share at most two channels (when both initiate: *glare*). Either works; each end
//! accepts frames on both and sends on the one it adopted last.
//!
//! # Why replays do no harm
//! Message 1 proves that the peer's key made it at some time, not that the peer is there now. Therefore a responder
//! keeps the channel that it answers with *unconfirmed*, beside the session in use and without any effect on it: it
//! does not send on it, and neither numbering nor queues change. It is adopted when a first frame on it
//! authenticates. Its keys depend on our fresh ephemeral key and the initiator's, so whoever seals that frame knows
//! the secret of the initiator's ephemeral key: the peer itself, in the run that began this handshake, which has
//! seen our answer. For an initiator, message 2 proves the same by the same token, as it answers a fresh ephemeral
//! key; so an initiator adopts the channel at once, and asks for a frame until one comes, so that the
//! responder gets its proof even if there is nothing to say.
//!
//! What remains for a replayed hello is to be a nuisance, and that is bounded: a hello of an instance that we have a
//! session with, or of an earlier boot than one we know (of the session or the unconfirmed channel), is dropped.
//! There is one unconfirmed channel per peer, and since boots only grow, a hello that was recorded earlier can never
//! displace that of the peer's present run. A replay of the present run's own hello is answered as the repetition
//! it is. A hello costs X25519 operations before it can be told from garbage; the meter shows them.
//!
//! Dropping the hello of an instance that we have a session with locks nobody out. Either we initiated the session:
//! then we go on asking for a frame on it until that instance adopts it. Or that instance initiated it: then
//! it had adopted it before we did.
//!
//! A welcome is matched to our one open handshake, which ends when it succeeds. It may come from a run of the peer
//! that has ended since; then that peer's next run initiates by itself and replaces the session. A welcome or frame
//! that would bring back an earlier boot than the session's is dropped.
//!
//! # Transport
//! Each frame is sealed under its own number ([`noise`]), and a window of numbers ([`replay`]) lets each
//! pass once. Inside, messages are numbered per pair of instances and acknowledged cumulatively and selectively,
//! on whatever frame leaves next or on one of its own after a short delay ([`incoming`]); they are sent again, as new
//! frames, with growing delays ([`outgoing`]) that suit the link ([`pace`]). The queue per peer is bounded: when it
//! overflows, the oldest message is given up, and the *floor* in each frame tells the receiver not to wait for it. When a
//! peer proves to be a new instance, what it has not acknowledged is numbered afresh and sent to it.

mod frame;
mod incoming;
mod noise;
mod outgoing;
mod pace;
mod peer;
mod replay;

#[cfg(test)]
mod tests;

pub use frame::MESSAGE_BYTES_MAX;
pub use noise::public_key;

use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
use std::collections::BTreeMap;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::bugs::{self, Bug};
use crate::entropy::Entropy;
use crate::id::{Boot, Epoch, NodeId, SessionId};
use crate::io::{Label, Time};
use crate::meter::{Meter, Op};
use crate::wire::FRAME_BYTES_MAX;

use frame::Frame;
use noise::{Identity, Presence};
use pace::Backoff;
use peer::{Context, Peer};

/// How channels behave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Params {
    /// Names the network; enters every handshake.
    pub network: [u8; 32],
    /// The epoch of the roster; enters every handshake.
    pub epoch: Epoch,
    /// How long an acknowledgement waits for a frame to ride on, milliseconds.
    pub acknowledge_ms: u64,
    /// Delay until something unanswered is sent again, milliseconds, where nothing is known of the link yet; doubles
    /// from try to try.
    pub retry_ms: u64,
    /// The shortest such delay on a fast link, milliseconds; no less than an acknowledgement waits, and 1 at least.
    pub retry_min_ms: u64,
    /// The longest such delay, milliseconds.
    pub retry_max_ms: u64,
    /// How many unacknowledged messages are kept for a peer.
    pub queue_messages: usize,
    /// How many bytes of unacknowledged messages are kept for a peer.
    pub queue_bytes: usize,
}

impl Params {
    /// Parameters for links that usually deliver within `delta_ms` milliseconds.
    pub fn new(network: [u8; 32], epoch: Epoch, delta_ms: u64) -> Self {
        let delta_ms = delta_ms.max(1);
        Self {
            network,
            epoch,
            acknowledge_ms: delta_ms / 4,
            retry_ms: delta_ms.saturating_mul(3),
            retry_min_ms: delta_ms / 2,
            retry_max_ms: delta_ms.saturating_mul(24),
            queue_messages: 4096,
            queue_bytes: 16 * 1024 * 1024,
        }
    }

    fn backoff(&self) -> Backoff {
        Backoff { first_ms: self.retry_ms, min_ms: self.retry_min_ms, max_ms: self.retry_max_ms }
    }
}

/// Why a message was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SendError {
    /// There is no channel to this node: it is not in the roster, or it is this node.
    #[error("no channel to {0}")]
    UnknownPeer(NodeId),
    /// The message is longer than [`MESSAGE_BYTES_MAX`].
    #[error("a message of {len} bytes exceeds the bound of {MESSAGE_BYTES_MAX}")]
    TooLong {
        /// Length of the message, bytes.
        len: usize,
    },
}

/// Why something that came in was dropped. None of it is proof against anybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Error)]
pub enum DropReason {
    /// Longer than [`FRAME_BYTES_MAX`].
    #[error("frame too long")]
    TooLong,
    /// No frame, or an authenticated frame with no segment in it.
    #[error("malformed frame")]
    Malformed,
    /// A hello for another node, or from one that is not in the roster.
    #[error("misaddressed hello")]
    Misaddressed,
    /// A handshake message that does not authenticate.
    #[error("unauthentic handshake")]
    UnauthenticHandshake,
    /// A hello of an instance that has a session already.
    #[error("repeated hello")]
    RepeatedHello,
    /// A handshake with an earlier boot than is known of the peer.
    #[error("handshake of an earlier boot")]
    EarlierBoot,
    /// A welcome to no open handshake.
    #[error("unexpected welcome")]
    UnexpectedWelcome,
    /// A frame on a channel that does not exist, or no longer.
    #[error("unknown channel")]
    UnknownChannel,
    /// A frame number that was accepted before or is too old.
    #[error("replayed frame")]
    ReplayedFrame,
    /// A frame that does not open.
    #[error("unauthentic frame")]
    UnauthenticFrame,
    /// A message that had been delivered before.
    #[error("repeated message")]
    RepeatedMessage,
    /// A message beyond the window.
    #[error("message out of window")]
    OutOfWindow,
}

impl DropReason {
    /// The reason as fixed text, for notes.
    pub fn name(self) -> &'static str {
        match self {
            Self::TooLong => "frame too long",
            Self::Malformed => "malformed frame",
            Self::Misaddressed => "misaddressed hello",
            Self::UnauthenticHandshake => "unauthentic handshake",
            Self::RepeatedHello => "repeated hello",
            Self::EarlierBoot => "handshake of an earlier boot",
            Self::UnexpectedWelcome => "unexpected welcome",
            Self::UnknownChannel => "unknown channel",
            Self::ReplayedFrame => "replayed frame",
            Self::UnauthenticFrame => "unauthentic frame",
            Self::RepeatedMessage => "repeated message",
            Self::OutOfWindow => "message out of window",
        }
    }
}

/// What channels want done, or have to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Bytes for a link.
    Transmit {
        /// Which link.
        to: NodeId,
        /// The carried message's label, also when it is sent again; for frames without a message, protocol
        /// `channel` and kind `hello`, `welcome` or `ack`.
        label: Label,
        /// The frame.
        bytes: Vec<u8>,
    },
    /// A message came.
    Deliver {
        /// Who sent it; authenticated.
        from: NodeId,
        /// The message.
        bytes: Vec<u8>,
    },
    /// There is a channel with this peer, for the first time in this boot.
    Opened {
        /// The peer.
        peer: NodeId,
        /// Which run of the peer it is.
        boot: Boot,
    },
    /// The peer has proved to be a new run of itself. What it had not acknowledged is being sent to it anew.
    PeerRestarted {
        /// The peer.
        peer: NodeId,
        /// Which run of the peer it is now.
        boot: Boot,
    },
    /// Something that came in was dropped.
    Dropped {
        /// The authenticated sender where there is one, else the link.
        from: NodeId,
        /// Why.
        reason: DropReason,
    },
    /// The queue for a peer was full, and its oldest message was given up.
    Overflowed {
        /// The peer.
        to: NodeId,
        /// What the message was about.
        label: Label,
    },
}

/// All channels of one node in one epoch.
#[derive(Debug)]
pub struct Channels {
    context: Context,
    peers: BTreeMap<NodeId, Peer>,
    rng: ChaCha20Rng,
}

impl Channels {
    /// Closed channels to every node of `keys` (X25519 public keys from the roster) but this one.
    ///
    /// Opens the entropy stream (network and epoch, `channel`), so it may be called once per boot and epoch: a second
    /// time would repeat ephemeral keys.
    pub fn new(
        params: Params,
        me: NodeId,
        boot: Boot,
        static_secret: [u8; 32],
        keys: impl IntoIterator<Item = (NodeId, [u8; 32])>,
        entropy: &Entropy,
    ) -> Self {
        let session = [&params.network[..], &params.epoch.0.to_be_bytes()].concat();
        let mut rng = entropy.stream(&session, "channel");
        let mut instance = [0; 16];
        rng.fill_bytes(&mut instance);
        let identity = Identity {
            network: params.network,
            epoch: params.epoch,
            me,
            presence: Presence { boot, instance },
            secret: Zeroizing::new(static_secret),
        };
        let others = keys.into_iter().filter(|(id, _)| *id != me);
        let peers = others.map(|(id, key)| (id, Peer::new(id, key))).collect();
        Self { context: Context { params, identity }, peers, rng }
    }

    /// Begins the handshakes that are this node's to begin. Comes once, first.
    pub fn start(&mut self, now: Time, meter: &mut Meter, fx: &mut Vec<Effect>) {
        let Presence { boot, .. } = self.context.identity.presence;
        let me = self.context.identity.me;
        for (id, peer) in &mut self.peers {
            if boot.0 > 0 || me < *id {
                peer.initiate(&self.context, fork(&mut self.rng), now, meter, fx);
            }
        }
    }

    /// Takes a message for `to`: it leaves now if there is a channel and the window allows, else as soon as that is so.
    ///
    /// # Errors
    /// If there can be no channel to `to`, or the message is too long.
    pub fn send(
        &mut self,
        to: NodeId,
        bytes: Vec<u8>,
        label: Label,
        now: Time,
        meter: &mut Meter,
        fx: &mut Vec<Effect>,
    ) -> Result<(), SendError> {
        let peer = self.peers.get_mut(&to).ok_or(SendError::UnknownPeer(to))?;
        if bytes.len() > MESSAGE_BYTES_MAX {
            return Err(SendError::TooLong { len: bytes.len() });
        }
        peer.send(&self.context, bytes, label, now, meter, fx);
        Ok(())
    }

    /// Takes bytes that the link to `from_link` delivered, or claims to have.
    pub fn on_frame(&mut self, from_link: NodeId, bytes: &[u8], now: Time, meter: &mut Meter, fx: &mut Vec<Effect>) {
        meter.add(Op::Message, 1);
        let (from, result) = self.dispatch(bytes, now, meter, fx);
        if bugs::planted(Bug::GarbageEndsSession)
            && matches!(result, Err(DropReason::Malformed | DropReason::UnauthenticFrame))
            && let Some(peer) = self.peers.get_mut(&from_link)
        {
            peer.hang_up();
        }
        if let Err(reason) = result {
            fx.push(Effect::Dropped { from: from.unwrap_or(from_link), reason });
        }
    }

    /// Finds the peer that a frame belongs to, and lets it handle the frame. The peer is returned if authenticated.
    fn dispatch(
        &mut self,
        bytes: &[u8],
        now: Time,
        meter: &mut Meter,
        fx: &mut Vec<Effect>,
    ) -> (Option<NodeId>, Result<(), DropReason>) {
        if bytes.len() > FRAME_BYTES_MAX {
            return (None, Err(DropReason::TooLong));
        }
        match Frame::parse(bytes) {
            None => (None, Err(DropReason::Malformed)),
            Some(Frame::Hello { from, to, id, noise }) => {
                let (me, rng) = (self.context.identity.me, &mut self.rng);
                let Some(peer) = self.peers.get_mut(&from).filter(|_| to == me) else {
                    return (None, Err(DropReason::Misaddressed));
                };
                (None, peer.on_hello(&self.context, id, noise, rng, meter, fx))
            }
            Some(Frame::Welcome { id, noise }) => match self.peers.values_mut().find(|peer| peer.awaits(id)) {
                None => (None, Err(DropReason::UnexpectedWelcome)),
                Some(peer) => (None, peer.on_welcome(&self.context, noise, now, meter, fx)),
            },
            Some(Frame::Data { channel, number, sealed }) => {
                let Some(peer) = self.peers.values_mut().find(|peer| peer.knows(channel)) else {
                    return (None, Err(DropReason::UnknownChannel));
                };
                match peer.open(channel, number, sealed, meter) {
                    Err(reason) => (None, Err(reason)),
                    Ok(plain) => (Some(peer.id()), peer.on_segment(&self.context, channel, &plain, now, meter, fx)),
                }
            }
        }
    }

    /// When [`tick`](Self::tick) is next needed.
    pub fn deadline(&self) -> Option<Time> {
        self.peers.values().filter_map(Peer::deadline).min()
    }

    /// Does what is due: repetitions and acknowledgements.
    pub fn tick(&mut self, now: Time, meter: &mut Meter, fx: &mut Vec<Effect>) {
        for peer in self.peers.values_mut() {
            peer.tick(&self.context, now, meter, fx);
        }
    }

    /// Whether there is a channel with `peer`. It may be dead: nobody can know.
    pub fn is_open(&self, peer: NodeId) -> bool {
        self.peers.get(&peer).is_some_and(Peer::is_open)
    }

    /// How many messages for `peer` are not acknowledged.
    pub fn queued(&self, peer: NodeId) -> usize {
        self.peers.get(&peer).map_or(0, Peer::queued)
    }

    /// How many messages wait in the longest queue, and how many bytes in the largest.
    pub fn longest_queue(&self) -> (usize, usize) {
        let messages = self.peers.values().map(Peer::queued).max().unwrap_or(0);
        (messages, self.peers.values().map(Peer::queued_bytes).max().unwrap_or(0))
    }

    /// How many messages for `peer` were given up because its queue was full.
    pub fn overflowed(&self, peer: NodeId) -> u64 {
        self.peers.get(&peer).map_or(0, Peer::overflowed)
    }
}

/// An independent stream for one handshake.
fn fork(rng: &mut ChaCha20Rng) -> ChaCha20Rng {
    let mut seed = Zeroizing::new([0; 32]);
    rng.fill_bytes(&mut *seed);
    ChaCha20Rng::from_seed(*seed)
}

/// The label of a frame that carries no message.
fn own_label(kind: &'static str) -> Label {
    Label { session: SessionId::default(), protocol: "channel", round: 0, kind }
}
