//! What can happen next.

use lit_node::id::{Boot, CallId, NodeId};
use lit_node::io::{ChainError, ChainRef, ChainReply, ChainRequest, Input, Label, Output};

use crate::heap::Nanos;
use crate::network::{Link, Replay};

/// An entry of the event heap.
pub(super) enum Event {
    /// A message reaches the end of its link.
    Arrive { link: Link, label: Label, bytes: Vec<u8>, sent: Nanos },
    /// Bytes that were captured on a link come again.
    Replay { replay: Box<Replay>, bytes: Vec<u8> },
    /// A processor core of a node may be free.
    Wake { node: NodeId },
    /// A node's core is done: what the node wanted done happens now, if the node has not crashed since.
    Release { node: NodeId, boot: Boot, outputs: Vec<Output> },
    /// A node's question reaches a chain's endpoint.
    Ask { node: NodeId, boot: Boot, call: CallId, chain: ChainRef, request: ChainRequest },
    /// Something from the surroundings reaches a node, if it has not crashed since it asked.
    Answer { node: NodeId, boot: Boot, input: Box<Input> },
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
    PowerFails { node: NodeId, boot: Boot },
    /// A node that crashed in this boot starts again.
    Restart { node: NodeId, boot: Boot },
}
