//! Lies of nodes and misuse by clients in words.

use std::fmt;

use lit_node::id::NodeId;

use super::{Fault, StolenKey};

/// What nodes do that lie.
pub(super) fn show_lie(lie: &Fault, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match lie {
        Fault::ClientFlood(flood) => write!(f, "{} requests of {} flood {}", flood.requests, flood.user, flood.node),
        Fault::ClientDrain(drain) => {
            write!(f, "{} asks for {} signatures by {}", drain.user, drain.requests, drain.pkp)
        }
        Fault::ClientDoubleAsk(ask) => write!(f, "{} asks what is asked once more", ask.user),
        Fault::ClientGarbage(garbage) => {
            write!(f, "{} times {} B of garbage of {} for {}", garbage.count, garbage.bytes, garbage.user, garbage.node)
        }
        Fault::Leak(lie) => write!(f, "{} leaks its key share", lie.node),
        Fault::Silent(lie) => write!(f, "{} says nothing", lie.node),
        Fault::Mute(lie) => write!(f, "{} leaves things unsaid{}", lie.node, lie.aim),
        Fault::Late(lie) => write!(f, "{} says things {} events late{}", lie.node, lie.events, lie.aim),
        Fault::Replay(lie) => {
            let of = if lie.other_sessions { " of any session" } else { "" };
            write!(f, "{} says old things{of} again{}", lie.node, lie.aim)
        }
        Fault::Repeat(lie) => write!(f, "{} says things {} times more{}", lie.node, lie.times, lie.aim),
        Fault::Mutate(lie) => write!(f, "{} changes what it says{}", lie.node, lie.aim),
        Fault::CutShort(lie) => write!(f, "{} says only the first {} B{}", lie.node, lie.bytes, lie.aim),
        Fault::Flood(lie) => write!(f, "{} sends {} times {} B of garbage{}", lie.node, lie.count, lie.bytes, lie.aim),
        Fault::Equivocate(lie) => write!(f, "{} deals twice{}", lie.node, lie.aim),
        Fault::WrongShare(lie) => {
            let how = if lie.undecryptable { "shares that do not decrypt" } else { "wrong shares" };
            write!(f, "{} deals {how}{}", lie.node, lie.aim)
        }
        Fault::WrongCommitment(lie) => write!(f, "{} commits to another polynomial", lie.node),
        Fault::WrongProof(lie) => write!(f, "{} proves falsely", lie.node),
        Fault::StaleProof(lie) => write!(f, "{} proves with what it proved before", lie.node),
        Fault::FalseComplaint(lie) => write!(f, "{} complains falsely about {}", lie.node, lie.member),
        Fault::FalseBlame(lie) if lie.own_keys => {
            write!(f, "{} shows evidence against {} with keys of its own", lie.node, lie.member)
        }
        Fault::FalseBlame(lie) => write!(f, "{} forges evidence against {}", lie.node, lie.member),
        Fault::BadSigShare(lie) if lie.value.is_default() => write!(f, "{} gives wrong shares{}", lie.node, lie.aim),
        Fault::BadSigShare(lie) => {
            write!(f, "{} gives wrong shares and values {}{}", lie.node, lie.value.name(), lie.aim)
        }
        Fault::WrongNonces(lie) => write!(f, "{} announces nonces that it does not have{}", lie.node, lie.aim),
        Fault::WrongStart(lie) => {
            let what = if lie.holders { "holders" } else { "triples" };
            write!(f, "{} starts presignatures of other {what}{}", lie.node, lie.aim)
        }
        Fault::WrongLead(lie) => write!(f, "{} {}{}", lie.node, lie.lie.what(), lie.aim),
        Fault::DenyReceipt(lie) => write!(f, "{} denies what it has received{}", lie.node, lie.aim),
        Fault::Rush(lie) => {
            let then = match (lie.copy, lie.ephemeral) {
                (true, _) => ", and copies them",
                (false, Some(StolenKey::Copied)) => ", and takes their ephemeral keys",
                (false, Some(StolenKey::Shifted)) => ", and shifts their ephemeral keys",
                (false, None) => "",
            };
            write!(f, "{} waits for the others{then}{}", lie.node, lie.aim)
        }
        Fault::Withhold(lie) => write!(f, "{} takes values and gives none", lie.node),
        Fault::Spoof(lie) => write!(f, "{} speaks as {}", lie.node, lie.member),
        Fault::IgnorePermissions(lie) => write!(f, "{} signs for everybody", lie.node),
        Fault::WrongDecryptionShare(lie) => {
            write!(f, "{} gives shares of decryption keys that are off by {}", lie.node, lie.off_by)
        }
        Fault::UnreadableShare(lie) if lie.copy => write!(f, "{} passes on what others have sealed", lie.node),
        Fault::UnreadableShare(lie) => write!(f, "{} seals shares so that nobody can open them", lie.node),
        Fault::WrongVote(lie) if lie.times.get() > 1 => {
            write!(f, "{} votes for wrong keys, {} times each", lie.node, lie.times)
        }
        Fault::WrongVote(lie) => write!(f, "{} votes for wrong keys", lie.node),
        Fault::UnfairSets(lie) => {
            write!(f, "{} chooses without {} and with {}", lie.node, list(&lie.exclude), list(&lie.include))
        }
        Fault::SplitProposals(lie) => write!(f, "{} proposes twice{}", lie.node, lie.aim),
        Fault::WrongTriples(lie) => write!(f, "{} says wrong {} of triples{}", lie.node, lie.step.kind(), lie.aim),
        Fault::OpenAfterSeal(lie) => write!(f, "{} opens triples that it has sealed", lie.node),
        Fault::FalseAbort(lie) => write!(f, "{} gives triples up without reason{}", lie.node, lie.aim),
        Fault::WithholdSeal(lie) => write!(f, "{} does not seal triples{}", lie.node, lie.aim),
        Fault::Coalition(lie) => write!(f, "{} pool their secrets", list(&lie.nodes)),
        _ => f.write_str("an honest fault"),
    }
}

fn list(nodes: &[NodeId]) -> String {
    let numbers: Vec<String> = nodes.iter().map(|node| node.0.to_string()).collect();
    if numbers.is_empty() { "nobody".to_owned() } else { format!("nodes {}", numbers.join(", ")) }
}
