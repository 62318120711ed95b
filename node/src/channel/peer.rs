//! Everything between this node and one peer: the open handshake, the unconfirmed channel, the session in use, and
//! the messages both ways.

use rand_chacha::ChaCha20Rng;
use rand_core::RngCore;

use crate::id::NodeId;
use crate::io::{Label, Time};
use crate::meter::Meter;

use super::frame::{ChannelId, Frame, HelloId, Segment};
use super::incoming::{Arrival, Incoming};
use super::noise::{HANDSHAKE_BYTES, Identity, Initiator, Presence, Transport};
use super::outgoing::Outgoing;
use super::replay::ReplayWindow;
use super::{DropReason, Effect, Params, fork, own_label};

/// How many channels of a session stay open. Two instances make at most two, so this only bounds a liar.
const CHANNELS_MAX: usize = 4;

/// What all peers share.
pub struct Context {
    /// How channels behave.
    pub params: Params,
    /// Who this node is in handshakes.
    pub identity: Identity,
}

impl std::fmt::Debug for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context").field("me", &self.identity.me).finish_non_exhaustive()
    }
}

/// Something that is repeated until it is answered.
#[derive(Clone, Copy, Debug)]
struct Retry {
    tries: u32,
    due: Time,
}

impl Retry {
    fn begin(params: &Params, now: Time) -> Self {
        Self { tries: 1, due: params.backoff().next(now, 1) }
    }

    /// Whether it is to be repeated now; plans the next repetition if so.
    fn fire(&mut self, params: &Params, now: Time) -> bool {
        let fires = self.due <= now;
        if fires {
            self.tries = self.tries.saturating_add(1);
            self.due = params.backoff().next(now, self.tries);
        }
        fires
    }
}

/// A handshake that we began.
struct OpenHandshake {
    id: HelloId,
    frame: Vec<u8>,
    state: Initiator,
    retry: Retry,
}

#[derive(Debug)]
struct Channel {
    transport: Transport,
    replay: ReplayWindow,
}

impl Channel {
    fn new(transport: Transport) -> Self {
        Self { transport, replay: ReplayWindow::default() }
    }
}

/// A channel that we answered with, and that waits for its first frame.
struct Unconfirmed {
    hello: [u8; HANDSHAKE_BYTES],
    welcome: [u8; HANDSHAKE_BYTES],
    presence: Presence,
    channel: Channel,
}

/// Live channels with one instance of the peer.
struct Session {
    presence: Presence,
    /// The channel that we send on.
    current: Channel,
    /// Earlier ones, oldest first.
    earlier: Vec<Channel>,
    /// Asks for a first frame on `current`, if we began it.
    probe: Option<Retry>,
}

impl Session {
    fn channels(&mut self) -> impl Iterator<Item = &mut Channel> {
        self.earlier.iter_mut().chain([&mut self.current])
    }
}

/// One peer.
pub struct Peer {
    id: NodeId,
    key: [u8; 32],
    handshake: Option<OpenHandshake>,
    unconfirmed: Option<Unconfirmed>,
    session: Option<Session>,
    outgoing: Outgoing,
    incoming: Incoming,
    overflowed: u64,
}

impl std::fmt::Debug for Peer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Peer").field("id", &self.id).field("open", &self.is_open()).finish_non_exhaustive()
    }
}

impl Peer {
    /// A peer with whom there is no channel yet.
    pub fn new(id: NodeId, key: [u8; 32]) -> Self {
        let (outgoing, incoming) = (Outgoing::default(), Incoming::default());
        Self { id, key, handshake: None, unconfirmed: None, session: None, outgoing, incoming, overflowed: 0 }
    }

    /// Who it is.
    pub fn id(&self) -> NodeId {
        self.id
    }

    /// Whether there is a session.
    pub fn is_open(&self) -> bool {
        self.session.is_some()
    }

    /// How many messages are not acknowledged.
    pub fn queued(&self) -> usize {
        self.outgoing.len()
    }

    /// How many bytes these have.
    pub fn queued_bytes(&self) -> usize {
        self.outgoing.bytes()
    }

    /// Forgets the session, as a transport without authentication does when it is told so.
    pub fn hang_up(&mut self) {
        self.session = None;
    }

    /// How many messages were given up.
    pub fn overflowed(&self) -> u64 {
        self.overflowed
    }

    /// Whether we began this handshake and wait for its answer.
    pub fn awaits(&self, id: HelloId) -> bool {
        self.handshake.as_ref().is_some_and(|handshake| handshake.id == id)
    }

    /// Whether frames on this channel are accepted.
    pub fn knows(&self, id: ChannelId) -> bool {
        let unconfirmed = self.unconfirmed.iter().map(|unconfirmed| &unconfirmed.channel);
        let live = self.session.iter().flat_map(|session| session.earlier.iter().chain([&session.current]));
        unconfirmed.chain(live).any(|channel| channel.transport.id() == id)
    }

    fn channel(&mut self, id: ChannelId) -> Option<&mut Channel> {
        let unconfirmed = self.unconfirmed.iter_mut().map(|unconfirmed| &mut unconfirmed.channel);
        let live = self.session.iter_mut().flat_map(Session::channels);
        unconfirmed.chain(live).find(|channel| channel.transport.id() == id)
    }

    /// Begins a handshake.
    pub fn initiate(&mut self, cx: &Context, mut rng: ChaCha20Rng, now: Time, meter: &mut Meter, fx: &mut Vec<Effect>) {
        let mut id = HelloId([0; 8]);
        rng.fill_bytes(&mut id.0);
        let (noise, state) = cx.identity.initiate(self.id, &self.key, rng, meter);
        let frame = Frame::Hello { from: cx.identity.me, to: self.id, id, noise: &noise }.encode();
        fx.push(Effect::Transmit { to: self.id, label: own_label("hello"), bytes: frame.clone() });
        self.handshake = Some(OpenHandshake { id, frame, state, retry: Retry::begin(&cx.params, now) });
    }

    /// Answers a hello that names this peer, unless it is known to be old.
    pub fn on_hello(
        &mut self,
        cx: &Context,
        id: HelloId,
        hello: &[u8; HANDSHAKE_BYTES],
        rng: &mut ChaCha20Rng,
        meter: &mut Meter,
        fx: &mut Vec<Effect>,
    ) -> Result<(), DropReason> {
        let mut answer = |noise: &[u8; HANDSHAKE_BYTES]| {
            let bytes = Frame::Welcome { id, noise }.encode();
            fx.push(Effect::Transmit { to: self.id, label: own_label("welcome"), bytes });
        };
        // The id is not authenticated: with another one it is the same hello, and must not make another channel, since
        // the peer may be using the first one by now.
        if let Some(known) = self.unconfirmed.as_ref().filter(|known| known.hello == *hello) {
            answer(&known.welcome);
            return Ok(());
        }
        let (welcome, transport, presence) = cx
            .identity
            .respond(self.id, &self.key, hello, fork(rng), meter)
            .map_err(|_| DropReason::UnauthenticHandshake)?;
        if self.session.as_ref().is_some_and(|session| session.presence.instance == presence.instance) {
            return Err(DropReason::RepeatedHello);
        }
        let known =
            [self.session.as_ref().map(|s| s.presence.boot), self.unconfirmed.as_ref().map(|u| u.presence.boot)];
        if known.into_iter().flatten().any(|boot| presence.boot < boot) {
            return Err(DropReason::EarlierBoot);
        }
        answer(&welcome);
        let channel = Channel::new(transport);
        self.unconfirmed = Some(Unconfirmed { hello: *hello, welcome, presence, channel });
        Ok(())
    }

    /// Ends the handshake that we began.
    pub fn on_welcome(
        &mut self,
        cx: &Context,
        welcome: &[u8; HANDSHAKE_BYTES],
        now: Time,
        meter: &mut Meter,
        fx: &mut Vec<Effect>,
    ) -> Result<(), DropReason> {
        let Some(OpenHandshake { id, frame, state, retry }) = self.handshake.take() else {
            return Err(DropReason::UnexpectedWelcome);
        };
        match state.finish(welcome, meter) {
            Err((state, _)) => {
                self.handshake = Some(OpenHandshake { id, frame, state, retry });
                Err(DropReason::UnauthenticHandshake)
            }
            Ok((transport, presence)) => {
                self.adopt(presence, Channel::new(transport), fx)?;
                if let Some(session) = &mut self.session {
                    session.probe = Some(Retry::begin(&cx.params, now));
                }
                if !self.flush(cx, now, meter, fx) {
                    self.transmit(None, meter, fx);
                }
                Ok(())
            }
        }
    }

    /// Opens a frame on one of the channels that we [know](Self::knows).
    pub fn open(
        &mut self,
        id: ChannelId,
        number: u64,
        sealed: &[u8],
        meter: &mut Meter,
    ) -> Result<Vec<u8>, DropReason> {
        let channel = self.channel(id).ok_or(DropReason::UnknownChannel)?;
        if !channel.replay.is_fresh(number) {
            return Err(DropReason::ReplayedFrame);
        }
        let plain = channel.transport.open(number, sealed, meter).ok_or(DropReason::UnauthenticFrame)?;
        channel.replay.accept(number);
        Ok(plain)
    }

    /// Takes what an authenticated frame on channel `id` says.
    pub fn on_segment(
        &mut self,
        cx: &Context,
        id: ChannelId,
        plain: &[u8],
        now: Time,
        meter: &mut Meter,
        fx: &mut Vec<Effect>,
    ) -> Result<(), DropReason> {
        let confirmed = self.unconfirmed.take_if(|unconfirmed| unconfirmed.channel.transport.id() == id);
        if let Some(Unconfirmed { presence, channel, .. }) = confirmed {
            self.adopt(presence, channel, fx)?;
        }
        if let Some(session) = self.session.as_mut().filter(|session| session.current.transport.id() == id) {
            session.probe = None;
        }
        let segment = Segment::parse(plain).ok_or(DropReason::Malformed)?;
        let plausible = self.outgoing.acknowledge(&segment.acknowledged, now);
        self.incoming.advance(segment.floor);
        let result = segment.message.map_or(Ok(()), |message| self.receive(cx, message, now, fx));
        let sent = self.flush(cx, now, meter, fx);
        let due = self.incoming.due().is_some_and(|due| due <= now);
        if !sent && (segment.prompt || due) {
            self.transmit(None, meter, fx);
        }
        if plausible { result } else { Err(DropReason::Malformed) }
    }

    fn receive(
        &mut self,
        cx: &Context,
        (number, bytes): (u64, &[u8]),
        now: Time,
        fx: &mut Vec<Effect>,
    ) -> Result<(), DropReason> {
        match self.incoming.accept(number, now, cx.params.acknowledge_ms) {
            Arrival::New => {
                fx.push(Effect::Deliver { from: self.id, bytes: bytes.to_vec() });
                Ok(())
            }
            Arrival::Duplicate => Err(DropReason::RepeatedMessage),
            Arrival::OutOfWindow => Err(DropReason::OutOfWindow),
        }
    }

    /// Makes a channel whose other end is proved to be live the one that we send on.
    fn adopt(&mut self, presence: Presence, channel: Channel, fx: &mut Vec<Effect>) -> Result<(), DropReason> {
        match &mut self.session {
            Some(session) if session.presence.instance == presence.instance => {
                session.earlier.push(std::mem::replace(&mut session.current, channel));
                session.probe = None;
                if session.earlier.len() >= CHANNELS_MAX {
                    session.earlier.remove(0);
                }
            }
            Some(session) if presence.boot < session.presence.boot => return Err(DropReason::EarlierBoot),
            session => {
                let restarted = session.is_some();
                *session = Some(Session { presence, current: channel, earlier: Vec::new(), probe: None });
                self.incoming = Incoming::default();
                self.outgoing.restart();
                let (peer, boot) = (self.id, presence.boot);
                fx.push(if restarted { Effect::PeerRestarted { peer, boot } } else { Effect::Opened { peer, boot } });
            }
        }
        self.handshake = None;
        Ok(())
    }

    /// Takes a message, giving up old ones if the queue is full.
    pub fn send(
        &mut self,
        cx: &Context,
        bytes: Vec<u8>,
        label: Label,
        now: Time,
        meter: &mut Meter,
        fx: &mut Vec<Effect>,
    ) {
        self.outgoing.push(bytes, label);
        while let Some(label) = self.outgoing.shed(cx.params.queue_messages, cx.params.queue_bytes) {
            self.overflowed += 1;
            fx.push(Effect::Overflowed { to: self.id, label });
        }
        self.flush(cx, now, meter, fx);
    }

    /// Sends every message that may be sent now; whether there was one.
    fn flush(&mut self, cx: &Context, now: Time, meter: &mut Meter, fx: &mut Vec<Effect>) -> bool {
        let mut sent = false;
        while self.session.is_some()
            && let Some(number) = self.outgoing.next_to_send(now, cx.params.backoff())
        {
            self.transmit(Some(number), meter, fx);
            sent = true;
        }
        sent
    }

    /// Sends one frame, with the message of this number or with none.
    fn transmit(&mut self, number: Option<u64>, meter: &mut Meter, fx: &mut Vec<Effect>) {
        let Some(session) = &mut self.session else { return };
        let message = number.and_then(|number| Some((number, self.outgoing.get(number)?)));
        let label = message.map_or_else(|| own_label("ack"), |(_, (_, label))| label.clone());
        let segment = Segment {
            floor: self.outgoing.floor(),
            acknowledged: self.incoming.acknowledge(),
            prompt: session.probe.is_some(),
            message: message.map(|(number, (bytes, _))| (number, bytes)),
        };
        if let Some(bytes) = session.current.transport.seal(&segment.encode(), meter) {
            fx.push(Effect::Transmit { to: self.id, label, bytes });
        }
    }

    /// When [`tick`](Self::tick) is next needed.
    pub fn deadline(&self) -> Option<Time> {
        let hello = self.handshake.as_ref().map(|handshake| handshake.retry.due);
        // Without a session nothing can be sent, so nothing but the handshake is due.
        let Some(session) = &self.session else { return hello };
        let probe = session.probe.map(|probe| probe.due);
        [hello, probe, self.outgoing.due(), self.incoming.due()].into_iter().flatten().min()
    }

    /// Repeats what is unanswered, and acknowledges what has come.
    pub fn tick(&mut self, cx: &Context, now: Time, meter: &mut Meter, fx: &mut Vec<Effect>) {
        if let Some(handshake) = &mut self.handshake
            && handshake.retry.fire(&cx.params, now)
        {
            let bytes = handshake.frame.clone();
            fx.push(Effect::Transmit { to: self.id, label: own_label("hello"), bytes });
        }
        let sent = self.flush(cx, now, meter, fx);
        let probe = self.session.as_mut().and_then(|session| session.probe.as_mut());
        let asks = probe.is_some_and(|probe| probe.fire(&cx.params, now));
        let acknowledges = self.incoming.due().is_some_and(|due| due <= now);
        if !sent && (asks || acknowledges) {
            self.transmit(None, meter, fx);
        }
    }
}
