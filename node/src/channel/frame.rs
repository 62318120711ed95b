//! What travels: the three kinds of frames on a link, and the segment that is sealed inside a data frame.
//!
//! All integers are big-endian and every field but the last has a fixed size, so that a receiver never allocates
//! what a length field demands.

use crate::bugs::{self, Bug};
use crate::id::NodeId;
use crate::wire::FRAME_BYTES_MAX;

use super::incoming::{Acknowledgement, WINDOW};
use super::noise::{HANDSHAKE_BYTES, sealed_bytes};

/// Names a handshake; chosen by its initiator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HelloId(pub [u8; 8]);

/// Names a channel: the first bytes of the handshake's final transcript hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ChannelId(pub [u8; 8]);

const HELLO: u8 = 1;
const WELCOME: u8 = 2;
const DATA: u8 = 3;
/// Bytes of a data frame before its sealed part: kind, channel, frame number.
pub const DATA_HEADER_BYTES: usize = 1 + 8 + 8;
/// Bytes of a segment before its message: flags, floor, acknowledgement, sequence number.
const SEGMENT_HEADER_BYTES: usize = 1 + 8 + 8 + WINDOW_BYTES + 8;
const WINDOW_BYTES: usize = WINDOW as usize / 8;
const PROMPT: u8 = 1;
const MESSAGE: u8 = 2;

/// The largest message that a channel carries, in bytes: with it, a frame is as long as frames may be.
pub const MESSAGE_BYTES_MAX: usize = FRAME_BYTES_MAX - DATA_HEADER_BYTES - SEGMENT_HEADER_BYTES - 5 * 16;
const _: () = assert!(DATA_HEADER_BYTES + sealed_bytes(SEGMENT_HEADER_BYTES + MESSAGE_BYTES_MAX) <= FRAME_BYTES_MAX);

/// A frame as it travels on a link.
#[derive(Debug, PartialEq, Eq)]
pub enum Frame<'a> {
    /// Handshake message 1.
    Hello {
        /// Who says so; authenticated by the handshake.
        from: NodeId,
        /// For whom it is meant; authenticated by the handshake.
        to: NodeId,
        /// Names the handshake.
        id: HelloId,
        /// The Noise message.
        noise: &'a [u8; HANDSHAKE_BYTES],
    },
    /// Handshake message 2.
    Welcome {
        /// The handshake that it answers.
        id: HelloId,
        /// The Noise message.
        noise: &'a [u8; HANDSHAKE_BYTES],
    },
    /// A sealed segment.
    Data {
        /// The channel.
        channel: ChannelId,
        /// Counts the frames that the sender sealed on this channel.
        number: u64,
        /// The sealed segment.
        sealed: &'a [u8],
    },
}

impl<'a> Frame<'a> {
    /// Reads a frame; `None` for anything that is none.
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        let (&kind, rest) =
            if bugs::planted(Bug::UncheckedLength) { (&bytes[0], &bytes[1..]) } else { bytes.split_first()? };
        match kind {
            HELLO => {
                let (from, rest) = rest.split_first_chunk()?;
                let (to, rest) = rest.split_first_chunk()?;
                let (id, rest) = rest.split_first_chunk()?;
                let (from, to) = (NodeId(u16::from_be_bytes(*from)), NodeId(u16::from_be_bytes(*to)));
                Some(Self::Hello { from, to, id: HelloId(*id), noise: rest.try_into().ok()? })
            }
            WELCOME => {
                let (id, rest) = rest.split_first_chunk()?;
                Some(Self::Welcome { id: HelloId(*id), noise: rest.try_into().ok()? })
            }
            DATA => {
                let (channel, rest) = rest.split_first_chunk()?;
                let (number, sealed) = rest.split_first_chunk()?;
                Some(Self::Data { channel: ChannelId(*channel), number: u64::from_be_bytes(*number), sealed })
            }
            _ => None,
        }
    }

    /// Writes the frame.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Hello { from, to, id, noise } => {
                [&[HELLO][..], &from.0.to_be_bytes(), &to.0.to_be_bytes(), &id.0, *noise].concat()
            }
            Self::Welcome { id, noise } => [&[WELCOME][..], &id.0, *noise].concat(),
            Self::Data { channel, number, sealed } => {
                [&[DATA][..], &channel.0, &number.to_be_bytes(), *sealed].concat()
            }
        }
    }
}

/// What a data frame says once it is opened.
#[derive(Debug, PartialEq, Eq)]
pub struct Segment<'a> {
    /// The lowest message number that the sender still holds; it never sends a lower one again.
    pub floor: u64,
    /// What the sender has received.
    pub acknowledged: Acknowledgement,
    /// Asks for an answer at once.
    pub prompt: bool,
    /// A message and its number.
    pub message: Option<(u64, &'a [u8])>,
}

impl<'a> Segment<'a> {
    /// Reads a segment; `None` for anything that our encoder does not write.
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        let (&flags, rest) = bytes.split_first()?;
        let (floor, rest) = rest.split_first_chunk()?;
        let (cumulative, rest) = rest.split_first_chunk()?;
        let (beyond, rest) = rest.split_first_chunk()?;
        let (number, rest) = rest.split_first_chunk()?;
        let number = u64::from_be_bytes(*number);
        let message = (flags & MESSAGE != 0).then_some((number, rest));
        if flags & !(PROMPT | MESSAGE) != 0 || message.is_none() && (number != 0 || !rest.is_empty()) {
            return None;
        }
        let acknowledged = Acknowledgement { cumulative: u64::from_be_bytes(*cumulative), beyond: *beyond };
        Some(Self { floor: u64::from_be_bytes(*floor), acknowledged, prompt: flags & PROMPT != 0, message })
    }

    /// Writes the segment.
    pub fn encode(&self) -> Vec<u8> {
        let (number, bytes) = self.message.unwrap_or((0, &[]));
        let flags = u8::from(self.prompt) * PROMPT + u8::from(self.message.is_some()) * MESSAGE;
        [
            &[flags][..],
            &self.floor.to_be_bytes(),
            &self.acknowledged.cumulative.to_be_bytes(),
            &self.acknowledged.beyond,
            &number.to_be_bytes(),
            bytes,
        ]
        .concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn whatever_parses_as_a_frame_or_segment_is_what_our_encoder_writes(
            kind in 0..5u8,
            tail in proptest::collection::vec(any::<u8>(), 0..200),
        ) {
            let bytes = [&[kind][..], &tail].concat();
            if let Some(frame) = Frame::parse(&bytes) {
                prop_assert_eq!(frame.encode(), bytes.clone());
            }
            if let Some(segment) = Segment::parse(&bytes) {
                prop_assert_eq!(segment.encode(), bytes);
            }
        }
    }

    #[test]
    fn every_frame_and_segment_round_trips() {
        let noise = [7; HANDSHAKE_BYTES];
        let frames = [
            Frame::Hello { from: NodeId(1), to: NodeId(2), id: HelloId([3; 8]), noise: &noise },
            Frame::Welcome { id: HelloId([3; 8]), noise: &noise },
            Frame::Data { channel: ChannelId([4; 8]), number: 5, sealed: b"sealed" },
        ];
        for frame in frames {
            assert_eq!(Frame::parse(&frame.encode()), Some(frame));
        }
        let acknowledged = Acknowledgement { cumulative: 9, beyond: [1; WINDOW_BYTES] };
        for message in [None, Some((4, &b"m"[..]))] {
            let segment = Segment { floor: 3, acknowledged: acknowledged.clone(), prompt: true, message };
            assert_eq!(Segment::parse(&segment.encode()), Some(segment));
        }
    }
}
