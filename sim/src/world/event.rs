//! What can happen next.

use lit_node::id::{Boot, CallId};
use lit_node::io::{ChainError, ChainRef, ChainReply, ChainRequest, Input, Label, Output};

use super::seat::Seat;
use crate::heap::Nanos;
use crate::network::{Link, Replay, Round};

/// An entry of the event heap.
pub(super) enum Event {
    /// A message reaches the end of its link.
    Arrive { link: Link, label: Label, bytes: Vec<u8>, sent: Nanos, round: Round },
    /// Bytes that were captured on a link come again.
    Replay { replay: Box<Replay>, bytes: Vec<u8> },
    /// A processor core of a node may be free.
    Wake { seat: Seat },
    /// A node's core is done: what the node wanted done happens now, if the node has not crashed since.
    Release { seat: Seat, boot: Boot, outputs: Vec<Output> },
    /// A node's question reaches a chain's endpoint.
    Ask { seat: Seat, boot: Boot, call: CallId, chain: ChainRef, request: ChainRequest },
    /// Something from the surroundings reaches a node, if it has not crashed since it asked.
    Answer { seat: Seat, boot: Boot, input: Box<Input> },
    /// A chain makes its next block.
    Block { chain: usize },
    /// Clients hear of the home chain's new block.
    ClientBlock,
    /// A client's question reaches the home chain's endpoint.
    ClientAsk { step: usize, request: ChainRequest },
    /// The endpoint's answer reaches the client.
    ClientAnswer { step: usize, reply: Result<ChainReply, ChainError> },
    /// The running step wants to look at the time.
    ClientTimer { step: usize },
    /// The next step begins.
    NextStep,
    /// A fault of the plan, by position, begins.
    Begin { fault: usize },
    /// A fault ends.
    End { fault: usize },
    /// The store of a node failed in this boot, and what it had said before is out.
    PowerFails { seat: Seat, boot: Boot },
    /// A node that crashed in this boot starts again.
    Restart { seat: Seat, boot: Boot },
}
