//! What goes into a node and what comes out of it.

use serde::{Deserialize, Serialize};
use std::fmt;
use thiserror::Error;

use crate::id::{CallId, ConnId, NodeId, SessionId, TimerId};
use crate::meter::Meter;
use crate::note::Note;

/// A reading of the node's own clock: nanoseconds since the Unix epoch. Skew and drift are the driver's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Time(pub u64);

impl Time {
    /// The instant `millis` later.
    #[must_use]
    pub fn plus_millis(self, millis: u64) -> Self {
        Self(self.0.saturating_add(millis.saturating_mul(1_000_000)))
    }

    /// The instant `millis` earlier; the epoch's beginning if there is none.
    #[must_use]
    pub fn minus_millis(self, millis: u64) -> Self {
        Self(self.0.saturating_sub(millis.saturating_mul(1_000_000)))
    }

    /// Whole milliseconds since the Unix epoch.
    pub fn as_millis(self) -> u64 {
        self.0 / 1_000_000
    }
}

/// What a message is about. It never travels: fault rules, triggers, statistics and diagrams use it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Label {
    /// The protocol run that the message belongs to.
    pub session: SessionId,
    /// The protocol, e.g. `dkg`.
    pub protocol: &'static str,
    /// The round within the protocol, from 0.
    pub round: u8,
    /// The kind of message, e.g. `dealing`.
    pub kind: &'static str,
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}@{}", self.protocol, self.kind, self.round, self.session.short())
    }
}

/// Which chain a question goes to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ChainRef {
    /// The chain that holds the network's own contracts.
    Home,
    /// Another chain, by the name that actions use.
    Named(String),
}

/// Which state a view call reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BlockTag {
    /// The newest block that the endpoint knows.
    Latest,
    /// The state after the block of this number.
    Number(u64),
}

/// A question to a chain's RPC endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChainRequest {
    /// A view call.
    Call {
        /// The contract.
        to: [u8; 20],
        /// ABI-encoded call.
        data: Vec<u8>,
        /// The state to read.
        block: BlockTag,
    },
    /// The logs of the network's contracts in an inclusive range of blocks.
    Logs {
        /// First block.
        from_block: u64,
        /// Last block.
        to_block: u64,
    },
    /// The next transaction nonce of an account, pending transactions included.
    Nonce {
        /// The account.
        account: [u8; 20],
    },
    /// The newest block that the endpoint knows.
    Block,
    /// What an account has.
    Balance {
        /// The account.
        account: [u8; 20],
        /// The state to read.
        block: BlockTag,
    },
    /// Submits a signed transaction (EIP-2718 encoding).
    Submit {
        /// The transaction.
        raw: Vec<u8>,
    },
}

/// A log entry of a mined transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainLog {
    /// Block number.
    pub block: u64,
    /// Position among all logs of the block.
    pub index: u32,
    /// The contract that emitted it.
    pub address: [u8; 20],
    /// Topics; the first is the event's signature hash.
    pub topics: Vec<[u8; 32]>,
    /// ABI-encoded fields that are not indexed.
    pub data: Vec<u8>,
}

/// The answer to a [`ChainRequest`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChainReply {
    /// A view call's return data.
    Returned(Vec<u8>),
    /// A view call reverted, with this revert data.
    Reverted(Vec<u8>),
    /// Logs, in block and index order.
    Logs(Vec<ChainLog>),
    /// An account's next nonce.
    Nonce(u64),
    /// A block.
    Block {
        /// Its number.
        number: u64,
        /// Its timestamp, seconds since the Unix epoch.
        timestamp_s: u64,
    },
    /// A balance in wei, big-endian.
    Balance([u8; 32]),
    /// A transaction entered the pool, under this hash.
    Accepted([u8; 32]),
}

/// Why a question to a chain has no answer.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ChainError {
    /// The endpoint does not answer.
    #[error("the RPC endpoint does not answer")]
    Unreachable,
    /// There is no chain of this name.
    #[error("unknown chain {0:?}")]
    UnknownChain(String),
    /// The endpoint refused the transaction, for this reason.
    #[error("transaction refused: {0}")]
    Refused(String),
    /// The endpoint does not have the state of that block.
    #[error("no state for block {0}")]
    NoSuchBlock(u64),
}

/// An HTTP request made by an action.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpRequest {
    /// Method, upper case.
    pub method: String,
    /// Absolute URL.
    pub url: String,
    /// Header fields in order; names lower case.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
}

/// An HTTP response.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpResponse {
    /// Status code.
    pub status: u16,
    /// Header fields in order; names lower case.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
}

/// Why an HTTP exchange failed without a status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Error)]
pub enum HttpError {
    /// No such origin.
    #[error("no host answers at {0:?}")]
    UnknownHost(String),
    /// The connection broke or never opened.
    #[error("connection failed")]
    Unreachable,
    /// No answer in time.
    #[error("timed out")]
    Timeout,
    /// The node does not ask, for this reason.
    #[error("{0}")]
    Refused(String),
}

/// Why the IPFS gateway gave no bytes.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum IpfsError {
    /// The gateway knows no such object.
    #[error("the gateway has no object {0}")]
    NotFound(String),
    /// The gateway does not answer.
    #[error("the gateway does not answer")]
    Unreachable,
}

/// Something that happened to a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// The driver starts the node; comes once, first.
    Started,
    /// Bytes from the link to `from`. The link is not authenticated: the channel is.
    Peer {
        /// Which link.
        from: NodeId,
        /// Untrusted bytes.
        bytes: Vec<u8>,
    },
    /// A client's request.
    Client {
        /// The connection to answer on.
        conn: ConnId,
        /// Untrusted bytes.
        bytes: Vec<u8>,
    },
    /// A client's connection is gone.
    ClientGone {
        /// The connection.
        conn: ConnId,
    },
    /// The home chain has a new block.
    Head {
        /// Its number.
        number: u64,
        /// Its timestamp, seconds since the Unix epoch.
        timestamp_s: u64,
    },
    /// An answer from a chain.
    Chain {
        /// The question.
        call: CallId,
        /// The answer.
        reply: Result<ChainReply, ChainError>,
    },
    /// An answer from the IPFS gateway: the file's bytes, unverified.
    Ipfs {
        /// The question.
        call: CallId,
        /// The answer.
        reply: Result<Vec<u8>, IpfsError>,
    },
    /// An answer to an HTTP request.
    Http {
        /// The question.
        call: CallId,
        /// The answer.
        reply: Result<HttpResponse, HttpError>,
    },
    /// A timer went off.
    Timer(TimerId),
    /// Triples from a trusted dealer (opt-in preprocessing).
    DealtTriples(Box<crate::triples::DealtTriples>),
}

/// Something that a node wants done.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Bytes for the link to a peer.
    Send {
        /// Which link.
        to: NodeId,
        /// What it is about; does not travel.
        label: Label,
        /// The bytes, sealed.
        bytes: Vec<u8>,
    },
    /// Bytes for a client.
    Reply {
        /// The connection.
        conn: ConnId,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// A question to a chain.
    Chain {
        /// Comes back with the answer.
        call: CallId,
        /// Which chain.
        chain: ChainRef,
        /// The question.
        request: ChainRequest,
    },
    /// Asks the IPFS gateway for a file.
    IpfsGet {
        /// Comes back with the answer.
        call: CallId,
        /// The file's CID, as text.
        cid: String,
    },
    /// An HTTP request.
    HttpFetch {
        /// Comes back with the answer.
        call: CallId,
        /// The request.
        request: HttpRequest,
    },
    /// Asks for an [`Input::Timer`] at an instant of the node's clock.
    SetTimer {
        /// Comes back when it is due.
        timer: TimerId,
        /// When.
        at: Time,
    },
    /// Asks the trusted dealer for triples shared among `holders`, for `leader` to assign (opt-in preprocessing).
    NeedTriples {
        /// Who leads what is made of them: the node that asks.
        leader: NodeId,
        /// The holders, ascending.
        holders: Vec<NodeId>,
    },
    /// A fact for logs, traces and oracles; carries no secret.
    Note(Note),
}

/// What one `handle` produced, and the work that it took.
#[derive(Debug, Default)]
pub struct Outputs {
    /// Outputs in order. All are released when the counted work is done.
    pub list: Vec<Output>,
    /// The work.
    pub meter: Meter,
}

impl Outputs {
    /// Appends an output.
    pub fn push(&mut self, output: Output) {
        self.list.push(output);
    }

    /// Appends a note.
    pub fn note(&mut self, note: Note) {
        self.list.push(Output::Note(note));
    }
}
