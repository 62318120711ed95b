//! No honest node is proved wrong.

use std::fmt;

use lit_node::blame;
use lit_node::evidence::Exhibit;
use lit_node::id::NodeId;
use lit_node::note::Note;

use super::{Event, Facts, Oracle, Violation};
use crate::heap::Nanos;

/// What an honest node shows as evidence convinces a third party who knows nothing but the chain. Besides it compares
/// everyone whom an honest node names as a culprit with those whom the plan corrupts. Whoever crashes, is slow
/// or cut off has done nothing wrong. What holds for honest nodes holds for clients.
#[derive(Default)]
pub struct CulpritSoundness {
    named: Vec<Named>,
}

/// Who names somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
enum By {
    Node(NodeId),
    Client(String),
}

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Node(node) => node.fmt(f),
            Self::Client(user) => f.write_str(user),
        }
    }
}

struct Named {
    at: Nanos,
    by: By,
    node: NodeId,
    what: String,
    evidence: Option<Exhibit>,
}

impl Oracle for CulpritSoundness {
    fn name(&self) -> &'static str {
        "culprit-soundness"
    }

    fn observe(&mut self, at: Nanos, event: Event<'_>) {
        let (by, node, what, evidence) = match event {
            Event::Noted(by, Note::Culprit { node, what, evidence }) => {
                (By::Node(by), *node, what.clone(), evidence.clone())
            }
            Event::Accused { client, node, what, evidence } => {
                (By::Client(client.to_owned()), node, what.to_owned(), Some(evidence.clone()))
            }
            _ => return,
        };
        if !self.named.iter().any(|named| (&named.by, named.node, &named.evidence) == (&by, node, &evidence)) {
            self.named.push(Named { at, by, node, what, evidence });
        }
    }

    fn judge(&mut self, facts: &Facts<'_>) -> Vec<Violation> {
        let corrupted = |node: &NodeId| facts.corrupted.contains(node);
        let by_honest = self.named.iter().filter(|named| !matches!(&named.by, By::Node(by) if corrupted(by)));
        let mut found = Vec::new();
        for Named { at, by, node, what, evidence } in by_honest {
            let nodes = match by {
                By::Node(by) => vec![*by, *node],
                By::Client(_) => vec![*node],
            };
            let violation = |detail| Violation { oracle: "culprit-soundness", at: *at, nodes: nodes.clone(), detail };
            if !corrupted(node) {
                found.push(violation(format!("{by} names {node}, which is honest, as a culprit: {what}")));
            }
            let judged = evidence.as_ref().map(|Exhibit(bytes)| blame::verify(bytes, &facts.chain));
            let fault = match judged {
                Some(Ok(culprit)) if culprit.node == *node => None,
                Some(Ok(culprit)) => Some(format!("it convicts {}", culprit.node)),
                Some(Err(error)) => Some(error.to_string()),
                None => None,
            };
            found
                .extend(fault.map(|fault| violation(format!("the evidence of {by} against {node} ({what}): {fault}"))));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{facts, witness};
    use super::*;
    use k256::ecdsa::SigningKey;
    use lit_node::evidence::Evidence;
    use lit_node::id::{Boot, Epoch};
    use lit_node::meter::Meter;
    use lit_node::triples::{self, Proof, Start};
    use lit_node::wire::Signed;

    /// Two batches to which node 1, the only validator of these facts, gave one number.
    fn two_starts() -> Exhibit {
        let start = |count| {
            let holders = [1, 2].map(NodeId).to_vec();
            Start { epoch: Epoch(1), leader: NodeId(1), boot: Boot(0), batch: 7, holders, count, patience: 0 }
        };
        let identity = SigningKey::from_slice(&[1; 32]).unwrap();
        let two = [1, 2].map(|count| Signed::new(start(count), NodeId(1), &identity, &mut Meter::default()));
        let proof = Proof::TwoStarts(Box::new(two));
        Evidence::Triples(Box::new(triples::Evidence { start: start(1), culprit: NodeId(1), proof })).exhibit()
    }

    #[test]
    fn every_exhibit_is_judged_and_must_convict_whom_it_is_shown_against() {
        let judged = |exhibits: &[(u16, Exhibit)]| {
            let mut oracle = CulpritSoundness::default();
            for (node, exhibit) in exhibits {
                let (node, what) = (NodeId(*node), "TwoStarts".to_owned());
                let note = Note::Culprit { node, what, evidence: Some(exhibit.clone()) };
                oracle.observe(1, Event::Noted(NodeId(2), &note));
            }
            let found = oracle.judge(&Facts { corrupted: &[NodeId(1), NodeId(4)], ..facts(&witness()) });
            found.into_iter().map(|violation| violation.detail).collect::<Vec<_>>()
        };
        assert_eq!(judged(&[(1, two_starts()), (1, two_starts())]), [""; 0]);
        let other = judged(&[(4, two_starts())]);
        assert!(matches!(&other[..], [one] if one.ends_with("it convicts node 1")), "{other:?}");
        assert_eq!(judged(&[(1, two_starts()), (1, Exhibit(vec![1]))]).len(), 1, "the second one convinces nobody");
    }

    #[test]
    fn only_the_corrupted_may_be_named_and_what_they_say_of_others_does_not_count() {
        let judged = |by: u16, node: u16| {
            let mut oracle = CulpritSoundness::default();
            let note = Note::Culprit { node: NodeId(node), what: "WrongShare".into(), evidence: None };
            oracle.observe(1, Event::Noted(NodeId(by), &note));
            oracle.observe(2, Event::Noted(NodeId(by), &note));
            oracle.judge(&Facts { corrupted: &[NodeId(4)], ..facts(&witness()) }).len()
        };
        assert_eq!(judged(1, 4), 0);
        assert_eq!(judged(4, 1), 0);
        assert_eq!(judged(1, 2), 1);
    }

    #[test]
    fn evidence_that_convinces_nobody_else_is_none() {
        let mut oracle = CulpritSoundness::default();
        let evidence = Some(Exhibit(vec![1, 2, 3]));
        let note = Note::Culprit { node: NodeId(4), what: "WrongShare".into(), evidence };
        oracle.observe(1, Event::Noted(NodeId(1), &note));
        let found = oracle.judge(&Facts { corrupted: &[NodeId(4)], ..facts(&witness()) });
        assert!(
            matches!(&found[..], [one] if one.detail.starts_with("the evidence of node 1 against node 4")),
            "{found:?}"
        );
    }

    #[test]
    fn a_client_that_names_somebody_is_judged_like_an_honest_node() {
        let judged = |node: u16| {
            let mut oracle = CulpritSoundness::default();
            let evidence = Exhibit(vec![1, 2, 3]);
            let accused =
                Event::Accused { client: "alice", node: NodeId(node), what: "WrongShare", evidence: &evidence };
            oracle.observe(1, accused);
            oracle.observe(2, accused);
            let found = oracle.judge(&Facts { corrupted: &[NodeId(4)], ..facts(&witness()) });
            found.into_iter().map(|violation| (violation.nodes, violation.detail)).collect::<Vec<_>>()
        };
        assert!(
            matches!(&judged(4)[..], [(nodes, text)] if nodes == &[NodeId(4)] && text.contains("evidence of alice"))
        );
        assert_eq!(judged(2).len(), 2, "and it is honest");
    }
}
