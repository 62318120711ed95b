//! What can go wrong. Each fault is defined once: scenarios write it, plans fix it, and the world carries it out.
//!
//! `N` is how a node is named: where it stands in a file, as a number or a choice that is still open, or as the node
//! that the planner chose. The doc comments are what `litsim schema` and `litsim explain` print.

mod aim;
mod behaviour;
mod burden;
mod client;
mod custom;
mod decryption;
mod flow;
mod lead;
mod link;
mod machine;
mod message;
pub mod mix;
mod origin;
mod pace;
mod show;
mod show_lies;
mod show_links;
mod storage;
mod surroundings;
mod twins;
mod wire;

pub use aim::Aim;
pub use behaviour::{
    Against, Aimed, BadSigShare, Coalition, Corruption, CutShort, DenyReceipt, FalseBlame, Flood, Late, OpenedValue,
    Repeat, Replay, Rush, StolenKey, TripleStep, UnfairSets, WrongProof, WrongShare, WrongStart, WrongTriples,
    WrongVote,
};
pub use client::{ClientDoubleAsk, ClientDrain, ClientFlood, ClientGarbage};
pub use custom::Custom;
pub use decryption::{UnreadableShare, WrongDecryptionShare};
pub use flow::{Bandwidth, Gray, LatencyChange, Order, Turn};
pub use lead::{LeadLie, WrongLead};
pub use link::{Cut, Ends, Links, Partition, Reorder, Strike};
pub use machine::{Crash, DiskLoss, PowerCut};
pub use message::{Delay, Discard, ReplayWire};
pub use origin::{GivenAnswer, Origin, OriginAnswer};
pub use pace::{ClockStep, Drift, Pause, Slow};
pub use storage::{DiskFull, DiskSlow};
pub use surroundings::{Endpoints, Gateway, Lie, Reorg, Reset, RpcLag, RpcLie, Serve};
pub use twins::Twins;
pub use wire::{Flip, GARBAGE_BYTES_MAX, Garbage, Truncate};

use lit_node::id::NodeId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What can go wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "FaultKind")]
pub enum Fault<N = NodeId> {
    /// Messages get lost.
    Loss(Strike<N>),
    /// Messages arrive twice.
    Duplicate(Strike<N>),
    /// Messages are held back, so that later ones overtake them.
    Reorder(Reorder<N>),
    /// Nodes of different sets cannot reach each other.
    Partition(Partition<N>),
    /// Links are dead.
    Cut(Cut<N>),
    /// Links take longer, or less long.
    Latency(LatencyChange<N>),
    /// Links are narrow: messages queue up, and get lost when the queue is full.
    Bandwidth(Bandwidth<N>),
    /// Links look alive, but lose or delay large messages, or some of all messages.
    Gray(Gray<N>),
    /// An adversary orders the messages: those of some nodes come first, or last.
    Order(Order<N>),
    /// Messages of a label are late.
    Delay(Delay<N>),
    /// Messages of a label get lost.
    Drop(Discard<N>),
    /// Bytes that went over a link come again, perhaps from or to another node.
    ReplayWire(ReplayWire<N>),
    /// A node stops, and loses everything that is not on its disk.
    Crash(Crash<N>),
    /// A node's process stands still.
    Pause(Pause<N>),
    /// A node's processor is slow.
    Slow(Slow<N>),
    /// A node's clock is set wrong.
    Clock(ClockStep<N>),
    /// A node's clock goes too fast or too slowly.
    Drift(Drift<N>),
    /// A node's disk is full.
    DiskFull(DiskFull<N>),
    /// A node's disk is slow.
    DiskSlow(DiskSlow<N>),
    /// A node runs twice.
    Twins(Twins<N>),
    /// Endpoints show nodes an old state of the home chain.
    RpcLag(RpcLag<N>),
    /// Endpoints show nodes the home chain as it was when the fault began.
    RpcStale(Endpoints<N>),
    /// Endpoints do not answer nodes.
    RpcDown(Endpoints<N>),
    /// Endpoints lie to nodes.
    RpcLie(RpcLie<N>),
    /// The newest blocks of the home chain are replaced.
    Reorg(Reorg),
    /// The network is begun anew, as a test network is wiped: all keys, sessions and ciphertexts of the former one are void.
    Reset(Reset),
    /// The IPFS gateway does not serve what it is asked for.
    Gateway(Gateway<N>),
    /// A web server does not answer as usual.
    Origin(Origin<N>),
    /// The message that triggers this arrives with one bit wrong.
    Flip(Flip),
    /// Of the message that triggers this only the beginning arrives.
    Truncate(Truncate),
    /// A node gets random bytes from the link of another one.
    Garbage(Garbage<N>),
    /// A node puts its key share where its announcements should have random bytes.
    Leak(Corruption<N>),
    /// A node says nothing, to nobody.
    Silent(Corruption<N>),
    /// A node leaves some of its statements unsaid.
    Mute(Aimed<N>),
    /// A node holds statements back until it has said or heard so many others.
    Late(Late<N>),
    /// A node says something that it has said before beside each statement.
    Replay(Replay<N>),
    /// A node says the same thing several times.
    Repeat(Repeat<N>),
    /// A node changes one bit of its statements, which it then signs as usual.
    Mutate(Aimed<N>),
    /// A node says only the beginning of its statements.
    CutShort(CutShort<N>),
    /// A node sends bytes that mean nothing beside its statements, over its encrypted channels.
    Flood(Flood<N>),
    /// A node gives some members another dealing than the rest: f members if the aim names no victims.
    Equivocate(Aimed<N>),
    /// A node gives some members shares in its dealings that do not match what it commits to.
    WrongShare(WrongShare<N>),
    /// A node commits to another polynomial in its dealings than the one that it proves to know.
    WrongCommitment(Corruption<N>),
    /// A node proves falsely that it knows what is in its dealings.
    WrongProof(WrongProof<N>),
    /// A node deals the same in every key generation, with the proof that it made for the first one.
    StaleProof(Corruption<N>),
    /// A node complains about an honest dealer, which opens its own share in that dealing to everybody.
    FalseComplaint(Against<N>),
    /// A node claims that another member lied, with evidence of its own making: that it proposed two things for the same
    /// nonces, that it announced or opened other values than it did, that its shares are wrong by other public shares.
    FalseBlame(FalseBlame<N>),
    /// A node gives wrong shares of signatures and wrong values of presignatures.
    BadSigShare(BadSigShare<N>),
    /// A node announces FROST nonces that it does not have, and answers proposals of them with shares all the same.
    WrongNonces(Aimed<N>),
    /// A node that leads a presignature names other triples to some of its holders, or other holders.
    WrongStart(WrongStart<N>),
    /// A node lies about what nodes do together for an action (`runOnce`, `broadcastAndCollect`).
    WrongLead(WrongLead<N>),
    /// A node acts as if it had received nothing: it acknowledges no dealing, asks for what it has again and again, and
    /// says of batches of triples that it waits for others.
    DenyReceipt(DenyReceipt<N>),
    /// A node says what is said in a round only when it has heard enough others say it.
    Rush(Rush<N>),
    /// A node takes part until it holds the others' values, and gives none of its own: shares of signatures, values of
    /// presignatures, certificates of its dealings.
    Withhold(Corruption<N>),
    /// A node names another member in what it says: as dealer, as acknowledger, as leader; and proposes in sessions that
    /// others coordinate.
    Spoof(Against<N>),
    /// A node signs for everybody, whatever the chain says about permissions, and gives everybody its shares of
    /// decryption keys.
    IgnorePermissions(Corruption<N>),
    /// A node gives wrong shares of decryption keys, under its signature.
    WrongDecryptionShare(WrongDecryptionShare<N>),
    /// A node seals its shares of decryption keys with a shifted ephemeral point, or passes on what others have sealed.
    UnreadableShare(UnreadableShare<N>),
    /// A node votes on chain for other keys than those that were generated.
    WrongVote(WrongVote<N>),
    /// A node that coordinates signatures chooses unfairly who takes part.
    UnfairSets(UnfairSets<N>),
    /// A node that coordinates signatures proposes different things for the same nonces: every other member gets another
    /// proposal if the aim names no victims.
    SplitProposals(Aimed<N>),
    /// A node says something wrong in a step of making triples, to its victims or to all.
    WrongTriples(WrongTriples<N>),
    /// A node seals each batch of triples, gives it up all the same, and opens some seed, to make others open theirs.
    OpenAfterSeal(Corruption<N>),
    /// A node gives up each batch of triples in its midst and says that another holder has lied: the lowest of the
    /// aim's victims, or of all.
    FalseAbort(Aimed<N>),
    /// A node takes part in making triples until it has its own, and leaves its seal unsaid.
    WithholdSeal(Aimed<N>),
    /// Nodes pool all their secrets, try to put keys together from their shares, and publish signatures that nobody asked
    /// for if they can.
    Coalition(Coalition<N>),
    /// A client floods a node with requests.
    ClientFlood(ClientFlood<N>),
    /// A client asks all nodes for many signatures by one key at once.
    ClientDrain(ClientDrain),
    /// A client asks every node what another client asks, or the same one, in the very same bytes.
    ClientDoubleAsk(ClientDoubleAsk),
    /// A client sends a node what is no request, and requests that break off.
    ClientGarbage(ClientGarbage<N>),
    /// A fault or behaviour that the engine of another protocol adds; the threshold-key network has none.
    Custom(Custom<N>),
}

impl<N> Fault<N> {
    /// The same fault with every node named anew, in the order of the fields.
    pub fn map<M>(&self, name: &mut dyn FnMut(&N) -> M) -> Fault<M> {
        match self {
            Self::Loss(strike) => Fault::Loss(strike.map(name)),
            Self::Duplicate(strike) => Fault::Duplicate(strike.map(name)),
            Self::Reorder(reorder) => Fault::Reorder(reorder.map(name)),
            Self::Partition(partition) => Fault::Partition(partition.map(name)),
            Self::Cut(cut) => Fault::Cut(cut.map(name)),
            Self::Latency(pace) => Fault::Latency(pace.map(name)),
            Self::Bandwidth(bandwidth) => Fault::Bandwidth(bandwidth.map(name)),
            Self::Gray(gray) => Fault::Gray(gray.map(name)),
            Self::Order(order) => Fault::Order(order.map(name)),
            Self::Delay(delay) => Fault::Delay(delay.map(name)),
            Self::Drop(drop) => Fault::Drop(drop.map(name)),
            Self::ReplayWire(replay) => Fault::ReplayWire(replay.map(name)),
            Self::Crash(crash) => Fault::Crash(crash.map(name)),
            Self::Pause(pause) => Fault::Pause(pause.map(name)),
            Self::Slow(slow) => Fault::Slow(slow.map(name)),
            Self::Clock(step) => Fault::Clock(step.map(name)),
            Self::Drift(drift) => Fault::Drift(drift.map(name)),
            Self::DiskFull(full) => Fault::DiskFull(full.map(name)),
            Self::DiskSlow(slow) => Fault::DiskSlow(slow.map(name)),
            Self::Twins(twins) => Fault::Twins(twins.map(name)),
            Self::RpcLag(lag) => Fault::RpcLag(lag.map(name)),
            Self::RpcStale(endpoints) => Fault::RpcStale(endpoints.map(name)),
            Self::RpcDown(endpoints) => Fault::RpcDown(endpoints.map(name)),
            Self::RpcLie(lie) => Fault::RpcLie(lie.map(name)),
            Self::Reorg(reorg) => Fault::Reorg(*reorg),
            Self::Reset(reset) => Fault::Reset(*reset),
            Self::Gateway(gateway) => Fault::Gateway(gateway.map(name)),
            Self::Origin(origin) => Fault::Origin(origin.map(name)),
            Self::Flip(flip) => Fault::Flip(*flip),
            Self::Truncate(truncate) => Fault::Truncate(*truncate),
            Self::Garbage(garbage) => Fault::Garbage(garbage.map(name)),
            Self::Leak(corruption) => Fault::Leak(corruption.map(name)),
            Self::Silent(corruption) => Fault::Silent(corruption.map(name)),
            Self::Mute(aimed) => Fault::Mute(aimed.map(name)),
            Self::Late(late) => Fault::Late(late.map(name)),
            Self::Replay(replay) => Fault::Replay(replay.map(name)),
            Self::Repeat(repeat) => Fault::Repeat(repeat.map(name)),
            Self::Mutate(aimed) => Fault::Mutate(aimed.map(name)),
            Self::CutShort(cut) => Fault::CutShort(cut.map(name)),
            Self::Flood(flood) => Fault::Flood(flood.map(name)),
            Self::Equivocate(aimed) => Fault::Equivocate(aimed.map(name)),
            Self::WrongShare(wrong) => Fault::WrongShare(wrong.map(name)),
            Self::WrongCommitment(corruption) => Fault::WrongCommitment(corruption.map(name)),
            Self::WrongProof(wrong) => Fault::WrongProof(wrong.map(name)),
            Self::StaleProof(corruption) => Fault::StaleProof(corruption.map(name)),
            Self::FalseComplaint(against) => Fault::FalseComplaint(against.map(name)),
            Self::FalseBlame(against) => Fault::FalseBlame(against.map(name)),
            Self::BadSigShare(bad) => Fault::BadSigShare(bad.map(name)),
            Self::WrongNonces(aimed) => Fault::WrongNonces(aimed.map(name)),
            Self::WrongStart(wrong) => Fault::WrongStart(wrong.map(name)),
            Self::WrongLead(wrong) => Fault::WrongLead(wrong.map(name)),
            Self::DenyReceipt(deny) => Fault::DenyReceipt(deny.map(name)),
            Self::Rush(rush) => Fault::Rush(rush.map(name)),
            Self::Withhold(corruption) => Fault::Withhold(corruption.map(name)),
            Self::Spoof(against) => Fault::Spoof(against.map(name)),
            Self::IgnorePermissions(corruption) => Fault::IgnorePermissions(corruption.map(name)),
            Self::WrongDecryptionShare(wrong) => Fault::WrongDecryptionShare(wrong.map(name)),
            Self::UnreadableShare(unreadable) => Fault::UnreadableShare(unreadable.map(name)),
            Self::WrongVote(wrong) => Fault::WrongVote(wrong.map(name)),
            Self::UnfairSets(unfair) => Fault::UnfairSets(unfair.map(name)),
            Self::SplitProposals(aimed) => Fault::SplitProposals(aimed.map(name)),
            Self::WrongTriples(wrong) => Fault::WrongTriples(wrong.map(name)),
            Self::OpenAfterSeal(corruption) => Fault::OpenAfterSeal(corruption.map(name)),
            Self::FalseAbort(aimed) => Fault::FalseAbort(aimed.map(name)),
            Self::WithholdSeal(aimed) => Fault::WithholdSeal(aimed.map(name)),
            Self::Coalition(coalition) => Fault::Coalition(coalition.map(name)),
            Self::ClientFlood(flood) => Fault::ClientFlood(flood.map(name)),
            Self::ClientDrain(drain) => Fault::ClientDrain(drain.clone()),
            Self::ClientDoubleAsk(ask) => Fault::ClientDoubleAsk(ask.clone()),
            Self::ClientGarbage(garbage) => Fault::ClientGarbage(garbage.map(name)),
            Self::Custom(custom) => Fault::Custom(custom.map(name)),
        }
    }

    /// Whether the fault changes the very message that triggers it.
    pub fn changes_its_trigger(&self) -> bool {
        matches!(self, Self::Flip(_) | Self::Truncate(_))
    }
}

impl Fault {
    /// The nodes that lie, if this fault makes any. They count as faulty for the whole run.
    pub fn corrupts(&self) -> &[NodeId] {
        use std::slice::from_ref;
        match self {
            Self::Leak(lie)
            | Self::Silent(lie)
            | Self::WrongCommitment(lie)
            | Self::StaleProof(lie)
            | Self::Withhold(lie)
            | Self::IgnorePermissions(lie)
            | Self::OpenAfterSeal(lie) => from_ref(&lie.node),
            Self::Mute(lie)
            | Self::Mutate(lie)
            | Self::Equivocate(lie)
            | Self::WrongNonces(lie)
            | Self::FalseAbort(lie)
            | Self::WithholdSeal(lie)
            | Self::SplitProposals(lie) => from_ref(&lie.node),
            Self::WrongDecryptionShare(lie) => from_ref(&lie.node),
            Self::UnreadableShare(lie) => from_ref(&lie.node),
            Self::WrongTriples(lie) => from_ref(&lie.node),
            Self::FalseComplaint(lie) | Self::Spoof(lie) => from_ref(&lie.node),
            Self::FalseBlame(lie) => from_ref(&lie.node),
            Self::BadSigShare(lie) => from_ref(&lie.node),
            Self::WrongStart(lie) => from_ref(&lie.node),
            Self::WrongLead(lie) => from_ref(&lie.node),
            Self::DenyReceipt(lie) => from_ref(&lie.node),
            Self::Late(lie) => from_ref(&lie.node),
            Self::Replay(lie) => from_ref(&lie.node),
            Self::Repeat(lie) => from_ref(&lie.node),
            Self::CutShort(lie) => from_ref(&lie.node),
            Self::Flood(lie) => from_ref(&lie.node),
            Self::WrongShare(lie) => from_ref(&lie.node),
            Self::WrongProof(lie) => from_ref(&lie.node),
            Self::WrongVote(lie) => from_ref(&lie.node),
            Self::Rush(lie) => from_ref(&lie.node),
            Self::UnfairSets(lie) => from_ref(&lie.node),
            Self::Coalition(coalition) => &coalition.nodes,
            Self::Custom(custom) => custom.node.as_slice(),
            _ => &[],
        }
    }

    /// Whether the fault has fired only when somebody has acted on it, not when it begins.
    pub fn fires_when_acted_on(&self) -> bool {
        !self.corrupts().is_empty() || matches!(self, Self::ClientDoubleAsk(_))
    }

    /// Whether nothing passes from one node to another while the fault is on.
    pub fn severs(&self, from: NodeId, to: NodeId) -> bool {
        match self {
            Self::Partition(partition) => partition.separates(from, to),
            Self::Cut(cut) => cut.links.cover(from, to),
            _ => false,
        }
    }

    /// Changes a message on the way, if that is what this fault does.
    pub fn spoil(&self, message: &mut Vec<u8>) {
        match self {
            Self::Flip(flip) => flip.apply(message),
            Self::Truncate(truncate) => truncate.apply(message),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
