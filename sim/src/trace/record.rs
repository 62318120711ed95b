//! One record of a trace, and its canonical encoding.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What a record is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Kind {
    /// A message left.
    Send = 1,
    /// A message arrived.
    Deliver = 2,
    /// A message was lost.
    Drop = 3,
    /// A fault started or ended.
    Fault = 4,
    /// A timer went off.
    Timer = 5,
    /// A disk was synchronised.
    Sync = 6,
    /// A node stated a fact.
    Note = 7,
    /// A node answered a client.
    Reply = 8,
    /// A chain, gateway or web server was asked or answered.
    Surroundings = 9,
    /// A step started or ended.
    Step = 10,
    /// A node started or stopped.
    Boot = 11,
    /// An oracle or the run came to a verdict.
    Verdict = 12,
}

/// Who or what a record is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// The simulator itself.
    World,
    /// A node.
    Node(u16),
    /// A client, by the position of its user.
    Client(u32),
    /// A chain, by position.
    Chain(u16),
    /// The IPFS gateway.
    Ipfs,
    /// The web.
    Http,
}

impl Actor {
    /// A tag and a number: the canonical encoding.
    fn code(self) -> (u8, u32) {
        match self {
            Self::World => (0, 0),
            Self::Node(number) => (1, number.into()),
            Self::Client(number) => (2, number),
            Self::Chain(number) => (3, number.into()),
            Self::Ipfs => (4, 0),
            Self::Http => (5, 0),
        }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::World => f.write_str("world"),
            Self::Node(number) => write!(f, "node {number}"),
            Self::Client(number) => write!(f, "client {number}"),
            Self::Chain(number) => write!(f, "chain {number}"),
            Self::Ipfs => f.write_str("ipfs"),
            Self::Http => f.write_str("http"),
        }
    }
}

/// Bytes that a record stands for, without the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payload {
    /// BLAKE3.
    #[serde(with = "super::hex32")]
    pub hash: [u8; 32],
    /// Length, bytes.
    pub len: u64,
}

impl Payload {
    /// Hashes bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self { hash: *blake3::hash(bytes).as_bytes(), len: bytes.len() as u64 }
    }
}

/// One thing that happened. Holds what it means, never a pointer, a page or an id of the host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// When, nanoseconds of the heap's time.
    pub time_ns: u64,
    /// What it is about.
    pub kind: Kind,
    /// Whom it happened to.
    pub actor: Actor,
    /// The other side, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer: Option<Actor>,
    /// The message's label, the timer's or the fault's name; may be empty.
    pub label: String,
    /// The bytes that went over, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload: Option<Payload>,
    /// More, for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
}

impl Record {
    /// Appends the canonical encoding: fixed-width little-endian numbers, strings after their length. It is
    /// self-delimiting, so that no two sequences of records have the same bytes.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.time_ns.to_le_bytes());
        out.push(self.kind as u8);
        encode_actor(self.actor, out);
        match self.peer {
            Some(peer) => {
                out.push(1);
                encode_actor(peer, out);
            }
            None => out.push(0),
        }
        encode_text(&self.label, out);
        match &self.payload {
            Some(payload) => {
                out.push(1);
                out.extend_from_slice(&payload.hash);
                out.extend_from_slice(&payload.len.to_le_bytes());
            }
            None => out.push(0),
        }
        encode_text(&self.text, out);
    }
}

fn encode_actor(actor: Actor, out: &mut Vec<u8>) {
    let (tag, number) = actor.code();
    out.push(tag);
    out.extend_from_slice(&number.to_le_bytes());
}

fn encode_text(text: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(&(text.len() as u64).to_le_bytes());
    out.extend_from_slice(text.as_bytes());
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, nanos) = (self.time_ns / 1_000_000_000, self.time_ns % 1_000_000_000);
        write!(f, "{seconds}.{nanos:09}s {:?} {}", self.kind, self.actor)?;
        if let Some(peer) = self.peer {
            write!(f, " -> {peer}")?;
        }
        if !self.label.is_empty() {
            write!(f, " {}", self.label)?;
        }
        if let Some(payload) = &self.payload {
            write!(f, " [{} B {}]", payload.len, hex::encode(&payload.hash[..4]))?;
        }
        if !self.text.is_empty() {
            write!(f, " {}", self.text)?;
        }
        Ok(())
    }
}
