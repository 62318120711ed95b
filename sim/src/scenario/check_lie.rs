//! Checks faults of nodes that lie and of clients that misuse nodes.

use std::collections::BTreeSet;

use lit_node::channel::MESSAGE_BYTES_MAX;

use super::check::Checker;
use super::check_fault;
use super::check_machine;
use super::model::{LabelPattern, NodeChoice};
use super::source::{Placed, Span};
use crate::fault::{Aim, Fault, GARBAGE_BYTES_MAX};

type Node = Placed<NodeChoice>;

/// Checks what a lie says as a whole; `span` is the fault's name, for what has no better place.
pub(super) fn lie(c: &mut Checker<'_>, span: &Span, lie: &Fault<Node>) {
    match lie {
        Fault::Mute(lie) | Fault::Mutate(lie) => aim(c, span, &lie.node, &lie.aim, &[]),
        Fault::Late(lie) => aim(c, span, &lie.node, &lie.aim, &[]),
        Fault::Replay(lie) => aim(c, span, &lie.node, &lie.aim, &[]),
        Fault::Repeat(lie) => aim(c, span, &lie.node, &lie.aim, &[]),
        Fault::CutShort(lie) => {
            aim(c, span, &lie.node, &lie.aim, &[]);
            size(c, span, lie.bytes);
        }
        Fault::Flood(lie) => {
            aim(c, span, &lie.node, &lie.aim, &[]);
            size(c, span, lie.bytes);
        }
        Fault::Equivocate(lie) => aim(c, span, &lie.node, &lie.aim, &["dkg/dealing"]),
        Fault::WrongShare(lie) => aim(c, span, &lie.node, &lie.aim, &["dkg/dealing"]),
        Fault::BadSigShare(lie) => aim(c, span, &lie.node, &lie.aim, &SHARES),
        Fault::Rush(lie) => {
            aim(c, span, &lie.node, &lie.aim, &ROUNDS);
            if lie.copy && lie.ephemeral.is_some() {
                c.refuse(span, "a copied dealing has its ephemeral key already", "`copy` or `ephemeral`");
            }
        }
        Fault::SplitProposals(lie) => aim(c, span, &lie.node, &lie.aim, &["ecdsa/propose", "frost/propose"]),
        Fault::WrongNonces(lie) => aim(c, span, &lie.node, &lie.aim, &["frost/announce"]),
        Fault::WrongStart(lie) => aim(c, span, &lie.node, &lie.aim, &["presign/start"]),
        Fault::WrongLead(lie) => aim(c, span, &lie.node, &lie.aim, &[lie.lie.label()]),
        Fault::DenyReceipt(lie) => aim(c, span, &lie.node, &lie.aim, &[]),
        Fault::FalseBlame(lie) => different(c, &lie.node, std::slice::from_ref(&lie.member)),
        Fault::FalseComplaint(lie) | Fault::Spoof(lie) => {
            different(c, &lie.node, std::slice::from_ref(&lie.member));
        }
        Fault::UnfairSets(lie) => {
            if lie.exclude.is_empty() && lie.include.is_empty() {
                c.refuse(span, "this coordinator is fair", "nodes in `exclude` or `include`");
            }
            different(c, &lie.node, &lie.exclude);
        }
        Fault::Coalition(lie) => coalition(c, span, &lie.nodes),
        Fault::ClientFlood(misuse) => user(c, span, &misuse.user),
        Fault::ClientDrain(misuse) => {
            c.wallet(&Placed { value: misuse.user.clone(), span: span.clone() });
        }
        Fault::ClientDoubleAsk(misuse) => user(c, span, &misuse.user),
        Fault::ClientGarbage(misuse) => {
            user(c, span, &misuse.user);
            let bytes = u64::from(misuse.bytes) * u64::from(misuse.count.get());
            if bytes > u64::from(GARBAGE_BYTES_MAX) {
                let expected = format!("at most {GARBAGE_BYTES_MAX} bytes in all messages together");
                c.refuse(span, format!("{bytes} bytes of garbage are too much"), expected);
            }
        }
        other => check_machine::sense(c, span, other),
    }
}

/// What [`Fault::BadSigShare`] spoils.
const SHARES: [&str; 3] = ["presign/share", "ecdsa/share", "frost/share"];
/// What [`Fault::Rush`] holds back.
const ROUNDS: [&str; 3] = ["dkg/dealing", "ecdsa/share", "frost/share"];

/// Checks an aim; `labels` are those that the behaviour can corrupt, if not all.
fn aim(c: &mut Checker<'_>, span: &Span, node: &Node, aim: &Aim<Node>, labels: &[&str]) {
    different(c, node, &aim.victims);
    let Some(label) = &aim.label else { return };
    let fits = |label: &LabelPattern, known: &&str| {
        known.split_once('/').is_some_and(|(protocol, kind)| label.matches(protocol, kind))
    };
    if !labels.is_empty() && !labels.iter().any(|known| fits(label, known)) {
        let expected = labels.iter().map(|label| format!("`{label}`")).collect::<Vec<_>>().join(", ");
        c.refuse(span, format!("this fault does nothing to `{label}`"), format!("one of {expected}"));
    }
    check_fault::known(c, span, label);
    if label.protocol == "channel" {
        c.refuse(span, "a node lies in what it says, which channels carry", "a label of another protocol");
    }
}

/// A node does not speak to or about itself.
fn different(c: &mut Checker<'_>, node: &Node, others: &[Node]) {
    for other in others.iter().filter(|other| other.value == node.value && other.value != NodeChoice::Any) {
        c.refuse(&other.span, format!("{} is the node that lies", other.value), "another node");
    }
}

fn size(c: &mut Checker<'_>, span: &Span, bytes: u32) {
    if bytes as usize > MESSAGE_BYTES_MAX {
        let expected = format!("at most {MESSAGE_BYTES_MAX} bytes; `garbage` sends more, past the channels");
        c.refuse(span, format!("no channel takes {bytes} bytes"), expected);
    }
}

fn coalition(c: &mut Checker<'_>, span: &Span, nodes: &[Node]) {
    if nodes.is_empty() {
        c.refuse(span, "a coalition of nobody", "at least one node");
    }
    let mut seen = BTreeSet::new();
    for node in nodes.iter().filter(|node| node.value != NodeChoice::Any) {
        if !seen.insert(node.value) {
            c.refuse(&node.span, format!("{} is named twice", node.value), "each node once");
        }
    }
}

fn user(c: &mut Checker<'_>, span: &Span, name: &str) {
    c.user(&Placed { value: name.to_owned(), span: span.clone() });
}
