//! Noise KK handshakes and the sealing of frames, on top of `snow`.
//!
//! The pattern is `Noise_KK_25519_ChaChaPoly_SHA256` (Noise Protocol Framework, revision 34, section 7.5). Ephemeral
//! keys come from this boot's entropy stream through a resolver of our own, never from the operating system.
//!
//! A frame may be longer than a Noise message (65535 bytes), so a frame's plaintext is cut into pieces that are
//! sealed under the nonces `frame number << 8 | index << 1 | last`, the STREAM construction (Hoang, Reyhanitabar,
//! Rogaway, Vizár 2015): pieces cannot be reordered, dropped or moved between frames, and as a frame number is
//! used once, so is a nonce.

use rand_chacha::ChaCha20Rng;
use rand_core::RngCore;
use snow::params::{CipherChoice, DHChoice, HashChoice, NoiseParams};
use snow::resolvers::{CryptoResolver, DefaultResolver};
use snow::types::{Cipher, Dh, Hash, Random};
use snow::{Builder, HandshakeState, StatelessTransportState};
use std::cell::Cell;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::id::{Boot, Epoch, NodeId};
use crate::meter::{Meter, Op};
use crate::wire;

use super::frame::{ChannelId, DATA_HEADER_BYTES, Frame};

const PATTERN: &str = "Noise_KK_25519_ChaChaPoly_SHA256";
const PROTOCOL: &str = "lit-node/channel/1";
const TAG_BYTES: usize = 16;
const PIECE_BYTES_MAX: usize = 65535;
const PRESENCE_BYTES: usize = 4 + 16;
/// Length of either handshake message: an ephemeral key, and a sealed [`Presence`].
pub const HANDSHAKE_BYTES: usize = 32 + PRESENCE_BYTES + TAG_BYTES;
/// Frame numbers stay below this, so that a nonce fits 64 bits and is never the one that Noise reserves.
const FRAME_NUMBER_END: u64 = 1 << 55;
/// X25519 operations to begin a handshake: our public key, the ephemeral key, es and ss.
const BEGIN_AGREEMENTS: u64 = 4;
/// X25519 operations to end a handshake: ee and se.
const END_AGREEMENTS: u64 = 2;
/// Bytes hashed for one handshake message, nearly all of them in HKDF's HMACs.
const HASHED_BYTES: u64 = 2048;

/// How many bytes sealing makes of `plain` bytes.
pub const fn sealed_bytes(plain: usize) -> usize {
    plain + plain.div_ceil(PIECE_BYTES_MAX - TAG_BYTES) * TAG_BYTES
}

/// The X25519 public key of a channel secret, as it stands in the roster.
///
/// # Panics
/// Never: the resolver knows the curve.
pub fn public_key(secret: &[u8; 32]) -> [u8; 32] {
    let mut dh = DefaultResolver.resolve_dh(&DHChoice::Curve25519).expect("the curve is built in");
    dh.set(secret);
    dh.pubkey().try_into().expect("X25519 keys have 32 bytes")
}

/// Which run of a node speaks: told in the handshake, under its authentication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Presence {
    /// How often the node was started before.
    pub boot: Boot,
    /// Drawn at random at each start.
    pub instance: [u8; 16],
}

impl Presence {
    fn encode(self) -> [u8; PRESENCE_BYTES] {
        let mut bytes = [0; PRESENCE_BYTES];
        bytes[..4].copy_from_slice(&self.boot.0.to_be_bytes());
        bytes[4..].copy_from_slice(&self.instance);
        bytes
    }

    fn decode(bytes: &[u8; PRESENCE_BYTES]) -> Self {
        let (boot, instance) = bytes.split_first_chunk().expect("20 = 4 + 16");
        Self { boot: Boot(u32::from_be_bytes(*boot)), instance: instance.try_into().expect("20 = 4 + 16") }
    }
}

/// Why a handshake message was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a handshake message that does not authenticate")]
pub struct HandshakeRefused;

/// What a node needs for handshakes with anyone.
pub struct Identity {
    /// The network: two networks never share a channel.
    pub network: [u8; 32],
    /// The epoch: nor do two epochs.
    pub epoch: Epoch,
    /// This node.
    pub me: NodeId,
    /// This run of it.
    pub presence: Presence,
    /// The static X25519 secret.
    pub secret: Zeroizing<[u8; 32]>,
}

impl Identity {
    /// Begins a handshake with `peer`: message 1, and the state that awaits message 2.
    pub fn initiate(
        &self,
        peer: NodeId,
        key: &[u8; 32],
        rng: ChaCha20Rng,
        meter: &mut Meter,
    ) -> ([u8; HANDSHAKE_BYTES], Initiator) {
        count(BEGIN_AGREEMENTS, meter);
        let mut state = self.handshake((self.me, peer), key, rng, |builder| builder.build_initiator());
        (self.write(&mut state), Initiator { state: Box::new(state) })
    }

    /// Answers message 1 of `peer`: message 2, the channel, and who is at its other end.
    ///
    /// The channel must not be *sent* on before a frame came in on it: message 1 may be a replay.
    pub fn respond(
        &self,
        peer: NodeId,
        key: &[u8; 32],
        message: &[u8; HANDSHAKE_BYTES],
        rng: ChaCha20Rng,
        meter: &mut Meter,
    ) -> Result<([u8; HANDSHAKE_BYTES], Transport, Presence), HandshakeRefused> {
        count(BEGIN_AGREEMENTS, meter);
        let mut state = self.handshake((peer, self.me), key, rng, |builder| builder.build_responder());
        let presence = read(&mut state, message)?;
        count(END_AGREEMENTS, meter);
        let answer = self.write(&mut state);
        Ok((answer, Transport::new(state), presence))
    }

    fn handshake(
        &self,
        (initiator, responder): (NodeId, NodeId),
        key: &[u8; 32],
        rng: ChaCha20Rng,
        build: fn(Builder<'_>) -> Result<HandshakeState, snow::Error>,
    ) -> HandshakeState {
        let params: NoiseParams = PATTERN.parse().expect("a Noise pattern");
        let prologue = wire::encode(&(PROTOCOL, self.network, self.epoch, initiator, responder));
        Builder::with_resolver(params, Box::new(Seeded(Cell::new(Some(rng)))))
            .local_private_key(&self.secret[..])
            .and_then(|builder| builder.remote_public_key(key))
            .and_then(|builder| builder.prologue(&prologue))
            .and_then(build)
            .expect("both keys have 32 bytes and the resolver knows the primitives")
    }

    fn write(&self, state: &mut HandshakeState) -> [u8; HANDSHAKE_BYTES] {
        let mut message = [0; HANDSHAKE_BYTES];
        let written = state.write_message(&self.presence.encode(), &mut message);
        assert_eq!(written.ok(), Some(HANDSHAKE_BYTES), "it is our turn, and the buffer has the length of the message");
        message
    }
}

fn read(state: &mut HandshakeState, message: &[u8; HANDSHAKE_BYTES]) -> Result<Presence, HandshakeRefused> {
    let mut payload = [0; PRESENCE_BYTES];
    state.read_message(message, &mut payload).map_err(|_| HandshakeRefused)?;
    Ok(Presence::decode(&payload))
}

fn count(agreements: u64, meter: &mut Meter) {
    meter.add(Op::KeyAgreement, agreements);
    meter.add(Op::HashByte, HASHED_BYTES);
    meter.add(Op::AeadByte, (PRESENCE_BYTES + TAG_BYTES) as u64);
}

/// A handshake that awaits message 2.
pub struct Initiator {
    state: Box<HandshakeState>,
}

impl Initiator {
    /// Reads message 2. After a refusal the handshake goes on waiting for the right one.
    pub fn finish(
        mut self,
        message: &[u8; HANDSHAKE_BYTES],
        meter: &mut Meter,
    ) -> Result<(Transport, Presence), (Self, HandshakeRefused)> {
        count(END_AGREEMENTS, meter);
        match read(&mut self.state, message) {
            Ok(presence) => Ok((Transport::new(*self.state), presence)),
            Err(refused) => Err((self, refused)),
        }
    }
}

/// The keys of a channel. Wiped by `snow`'s primitives as far as they do; printing shows the channel's name only.
pub struct Transport {
    id: ChannelId,
    state: StatelessTransportState,
    next: u64,
}

impl Transport {
    fn new(state: HandshakeState) -> Self {
        let id = *state.get_handshake_hash().first_chunk().expect("a SHA-256 hash has 32 bytes");
        let state = state.into_stateless_transport_mode().expect("the handshake is finished");
        Self { id: ChannelId(id), state, next: 0 }
    }

    /// The channel's name.
    pub fn id(&self) -> ChannelId {
        self.id
    }

    /// Seals `plain` (not empty) as the next frame; `None` when the channel's numbers are used up.
    pub fn seal(&mut self, plain: &[u8], meter: &mut Meter) -> Option<Vec<u8>> {
        let number = self.next;
        if number >= FRAME_NUMBER_END {
            return None;
        }
        self.next += 1;
        meter.add(Op::AeadByte, plain.len() as u64);
        let mut frame = Frame::Data { channel: self.id, number, sealed: &[] }.encode();
        frame.resize(DATA_HEADER_BYTES + sealed_bytes(plain.len()), 0);
        let mut rest = &mut frame[DATA_HEADER_BYTES..];
        let mut pieces = (0u64..).zip(plain.chunks(PIECE_BYTES_MAX - TAG_BYTES)).peekable();
        while let Some((index, piece)) = pieces.next() {
            let nonce = piece_nonce(number, index, pieces.peek().is_none());
            let written = self.state.write_message(nonce, piece, rest).expect("the buffer fits the sealed pieces");
            rest = &mut rest[written..];
        }
        Some(frame)
    }

    /// Opens what the peer sealed as frame `number`; `None` if it did not.
    pub fn open(&self, number: u64, sealed: &[u8], meter: &mut Meter) -> Option<Vec<u8>> {
        if number >= FRAME_NUMBER_END || sealed.is_empty() {
            return None;
        }
        meter.add(Op::AeadByte, sealed.len() as u64);
        let mut plain = vec![0; sealed.len()];
        let mut length = 0;
        let mut pieces = (0u64..).zip(sealed.chunks(PIECE_BYTES_MAX)).peekable();
        while let Some((index, piece)) = pieces.next() {
            let nonce = piece_nonce(number, index, pieces.peek().is_none());
            length += self.state.read_message(nonce, piece, &mut plain[length..]).ok()?;
        }
        plain.truncate(length);
        Some(plain)
    }
}

impl std::fmt::Debug for Transport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Transport").field("id", &self.id).field("next", &self.next).finish_non_exhaustive()
    }
}

fn piece_nonce(number: u64, index: u64, last: bool) -> u64 {
    debug_assert!(index < 128, "a frame has at most a handful of pieces");
    number << 8 | index << 1 | u64::from(last)
}

/// The default primitives, with randomness from a stream of ours.
struct Seeded(Cell<Option<ChaCha20Rng>>);

impl CryptoResolver for Seeded {
    fn resolve_rng(&self) -> Option<Box<dyn Random>> {
        // Given away once: two generators in the same state would make the same ephemeral key.
        self.0.take().map(|rng| Box::new(Stream(rng)) as Box<dyn Random>)
    }

    fn resolve_dh(&self, choice: &DHChoice) -> Option<Box<dyn Dh>> {
        DefaultResolver.resolve_dh(choice)
    }

    fn resolve_hash(&self, choice: &HashChoice) -> Option<Box<dyn Hash>> {
        DefaultResolver.resolve_hash(choice)
    }

    fn resolve_cipher(&self, choice: &CipherChoice) -> Option<Box<dyn Cipher>> {
        DefaultResolver.resolve_cipher(choice)
    }
}

struct Stream(ChaCha20Rng);

impl Random for Stream {
    fn try_fill_bytes(&mut self, dest: &mut [u8]) -> Result<(), snow::Error> {
        self.0.fill_bytes(dest);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_core::SeedableRng;

    fn identity(me: u16) -> Identity {
        let presence = Presence { boot: Boot(u32::from(me)), instance: [me as u8; 16] };
        let secret = Zeroizing::new([me as u8; 32]);
        Identity { network: [9; 32], epoch: Epoch(1), me: NodeId(me), presence, secret }
    }

    fn rng(seed: u8) -> ChaCha20Rng {
        ChaCha20Rng::from_seed([seed; 32])
    }

    fn key(of: u16) -> [u8; 32] {
        public_key(&[of as u8; 32])
    }

    fn pair() -> (Transport, Transport) {
        let mut meter = Meter::default();
        let (hello, initiator) = identity(1).initiate(NodeId(2), &key(2), rng(1), &mut meter);
        let (welcome, theirs, presence) =
            identity(2).respond(NodeId(1), &key(1), &hello, rng(2), &mut meter).expect("an honest hello");
        assert_eq!(presence, identity(1).presence);
        let mut forged = welcome;
        forged[40] ^= 1;
        let Err((initiator, HandshakeRefused)) = initiator.finish(&forged, &mut meter) else {
            panic!("accepted a forged answer")
        };
        let (ours, presence) = initiator.finish(&welcome, &mut meter).ok().expect("an honest welcome");
        assert_eq!(presence, identity(2).presence);
        assert_eq!(ours.id(), theirs.id());
        (ours, theirs)
    }

    #[test]
    fn both_ends_agree_and_a_frame_of_any_size_opens_to_what_was_sealed() {
        let (mut ours, theirs) = pair();
        let mut meter = Meter::default();
        for (number, size) in (0..).zip([1, 65518, 65519, 65520, 131_038, 131_039, 200_000]) {
            let plain: Vec<u8> = (0..size).map(|i: usize| i as u8).collect();
            let frame = ours.seal(&plain, &mut meter).expect("numbers are left");
            let Some(Frame::Data { number: found, sealed, .. }) = Frame::parse(&frame) else { panic!("no data frame") };
            assert_eq!(found, number);
            assert_eq!(theirs.open(number, sealed, &mut meter).as_ref(), Some(&plain));
            assert_eq!(theirs.open(number + 1, sealed, &mut meter), None);
            assert_eq!(ours.open(number, sealed, &mut meter), None, "a frame cannot be reflected");
        }
    }

    #[test]
    fn pieces_of_a_frame_cannot_be_cut_off_swapped_or_shortened() {
        let (mut ours, theirs) = pair();
        let mut meter = Meter::default();
        let frame = ours.seal(&vec![5; 3 * (PIECE_BYTES_MAX - TAG_BYTES)], &mut meter).expect("numbers are left");
        let sealed = &frame[DATA_HEADER_BYTES..];
        let pieces: Vec<&[u8]> = sealed.chunks(PIECE_BYTES_MAX).collect();
        assert!(theirs.open(0, sealed, &mut meter).is_some());
        let altered = [
            pieces[..2].concat(),
            [pieces[1], pieces[0], pieces[2]].concat(),
            sealed[1..].to_vec(),
            pieces[2].to_vec(),
        ];
        for bytes in altered {
            assert_eq!(theirs.open(0, &bytes, &mut meter), None);
        }
        for length in 0..40 {
            assert_eq!(theirs.open(0, &sealed[..length], &mut meter), None);
        }
    }

    #[test]
    fn the_wrong_key_peer_network_or_epoch_is_refused() {
        let mut meter = Meter::default();
        let (hello, _) = identity(1).initiate(NodeId(2), &key(2), rng(1), &mut meter);
        let wrong_network = Identity { network: [8; 32], ..identity(2) };
        let wrong_epoch = Identity { epoch: Epoch(2), ..identity(2) };
        let refused = |responder: Identity, peer, key: [u8; 32]| {
            responder.respond(NodeId(peer), &key, &hello, rng(2), &mut Meter::default()).is_err()
        };
        assert!(!refused(identity(2), 1, key(1)));
        assert!(refused(identity(2), 1, key(3)));
        assert!(refused(identity(2), 3, key(1)));
        assert!(refused(identity(3), 1, key(1)));
        assert!(refused(wrong_network, 1, key(1)));
        assert!(refused(wrong_epoch, 1, key(1)));
    }

    #[test]
    fn a_channel_whose_numbers_are_used_up_seals_nothing_more() {
        let (mut ours, _) = pair();
        ours.next = FRAME_NUMBER_END - 1;
        assert!(ours.seal(b"last", &mut Meter::default()).is_some());
        assert!(ours.seal(b"over", &mut Meter::default()).is_none());
    }
}
