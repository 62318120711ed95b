//! No honest node is proved wrong.

use std::fmt;

use lit_node::evidence::Exhibit;
use lit_node::id::NodeId;
use lit_node::note::Note;
use lit_node::signing::Misbehaviour;
use lit_node::{blame, bugs};

use super::{Event, Facts, Oracle, Violation};
use crate::heap::Nanos;

/// What an honest node shows as evidence convinces a third party who knows nothing but the chain. Besides it compares
/// everyone whom an honest node names as a culprit with those whom the plan corrupts. Whoever crashes, is slow
/// or cut off has done nothing wrong. What holds for honest nodes holds for clients.
///
/// A naming without evidence convinces nobody. There is one exception: where triples were dealt, nobody has sealed what
/// would show others that a value or an ECDSA share of a presignature is wrong, and its holders alone can see it.
///
/// What liars show is judged by the code that ships, mistakes included; whom it may convict is what the plan says.
#[derive(Default)]
pub struct CulpritSoundness {
    named: Vec<Named>,
    shown: Vec<Shown>,
    /// How often the network has been begun anew.
    resets: usize,
}

/// What a liar shows.
struct Shown {
    at: Nanos,
    by: NodeId,
    evidence: Exhibit,
    resets: usize,
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
    /// How often the network had been begun anew.
    resets: usize,
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
            Event::Shown { by, evidence } => {
                return self.shown.push(Shown { at, by, evidence: evidence.clone(), resets: self.resets });
            }
            Event::Reset => {
                self.resets += 1;
                return;
            }
            _ => return,
        };
        if !self.named.iter().any(|named| (&named.by, named.node, &named.evidence) == (&by, node, &evidence)) {
            self.named.push(Named { at, by, node, what, evidence, resets: self.resets });
        }
    }

    fn occasions(&self, facts: &Facts<'_>) -> u64 {
        let by_liar = |by: &By| matches!(by, By::Node(by) if facts.corrupted.contains(by));
        let named = self.named.iter().filter(|named| !by_liar(&named.by)).count();
        (named + self.shown.len()) as u64
    }

    fn judge(&mut self, facts: &Facts<'_>) -> Vec<Violation> {
        let corrupted = |node: &NodeId| facts.corrupted.contains(node);
        let by_honest = self.named.iter().filter(|named| !matches!(&named.by, By::Node(by) if corrupted(by)));
        let mut found = misled(&self.shown, facts);
        for Named { at, by, node, what, evidence, resets } in by_honest {
            let nodes = match by {
                By::Node(by) => vec![*by, *node],
                By::Client(_) => vec![*node],
            };
            let violation = |detail| Violation { oracle: "culprit-soundness", at: *at, nodes: nodes.clone(), detail };
            if !corrupted(node) {
                found.push(violation(format!("{by} names {node}, which is honest, as a culprit: {what}")));
            }
            let judged = evidence.as_ref().map(|Exhibit(bytes)| blame::verify(bytes, facts.chain_after(*resets)));
            let fault = match judged {
                Some(Ok(culprit)) if culprit.node == *node => None,
                Some(Ok(culprit)) => Some(format!("it convicts {}", culprit.node)),
                Some(Err(error)) => Some(error.to_string()),
                None if needs_none(what, facts) => None,
                None => Some("there is none".to_owned()),
            };
            found
                .extend(fault.map(|fault| violation(format!("the evidence of {by} against {node} ({what}): {fault}"))));
        }
        found
    }
}

/// Whether what somebody is named for is what only the holders of a presignature of dealt triples can see.
fn needs_none(what: &str, facts: &Facts<'_>) -> bool {
    let is = |misbehaviour: Misbehaviour| format!("{misbehaviour:?}") == what;
    let witness = facts.witness;
    let openings = witness.presignatures.iter().map(|id| Misbehaviour::WrongPresignShare { presignature: *id });
    let shares = witness.ecdsa_proposals.iter().map(|id| Misbehaviour::WrongShare { proposal: *id });
    facts.dealt && openings.chain(shares).any(is)
}

/// Honest nodes that evidence which liars have shown convicts, before a judge that is built like the nodes.
fn misled(shown: &[Shown], facts: &Facts<'_>) -> Vec<Violation> {
    let _as_built = bugs::plant(facts.bugs);
    let verdicts = shown.iter().filter_map(|Shown { at, by, evidence: Exhibit(bytes), resets }| {
        let culprit = blame::verify(bytes, facts.chain_after(*resets)).ok()?;
        Some((*at, *by, culprit)).filter(|(.., culprit)| !facts.corrupted.contains(&culprit.node))
    });
    verdicts
        .map(|(at, by, culprit)| Violation {
            oracle: "culprit-soundness",
            at,
            nodes: vec![by, culprit.node],
            detail: format!("what {by} shows convicts {}, which is honest: {}", culprit.node, culprit.offence),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{chain, facts, witness};
    use super::*;
    use k256::ProjectivePoint;
    use k256::ecdsa::SigningKey;
    use lit_node::bugs::{Bug, BugSet};
    use lit_node::evidence::Evidence;
    use lit_node::id::{Boot, Digest, Epoch, RequestId};
    use lit_node::key::PublicKey;
    use lit_node::meter::Meter;
    use lit_node::signing::{
        Announce, Fresh, NonceCommitments, Propose, Scheme, Share, ShareEvidence, ShareScalar, SigningEvidence,
        session_id,
    };
    use lit_node::triples::{self, Proof, Start};
    use lit_node::wire::{Signable, Signed};

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
            let note = Note::Culprit { node: NodeId(node), what: "TwoStarts".into(), evidence: Some(two_starts()) };
            oracle.observe(1, Event::Noted(NodeId(by), &note));
            oracle.observe(2, Event::Noted(NodeId(by), &note));
            let found = |corrupted| oracle.judge(&Facts { corrupted, ..facts(&witness()) }).len();
            [&[NodeId(1)][..], &[NodeId(by)], &[]].map(found)
        };
        assert_eq!(judged(2, 1), [0, 0, 1]);
    }

    #[test]
    fn a_naming_without_evidence_is_for_what_only_holders_of_dealt_triples_can_see() {
        let (presignature, proposal) = (Digest([1; 32]), Digest([2; 32]));
        let judged = |what: Misbehaviour, dealt: bool| {
            let mut witness = witness();
            witness.presignatures.insert(presignature);
            witness.ecdsa_proposals.insert(proposal);
            let note = Note::Culprit { node: NodeId(4), what: format!("{what:?}"), evidence: None };
            let mut oracle = CulpritSoundness::default();
            oracle.observe(1, Event::Noted(NodeId(1), &note));
            oracle.judge(&Facts { corrupted: &[NodeId(4)], dealt, ..facts(&witness) }).len()
        };
        let of_presignature = [Misbehaviour::WrongPresignShare { presignature }, Misbehaviour::WrongShare { proposal }];
        for what in of_presignature {
            assert_eq!((judged(what, true), judged(what, false)), (0, 1), "{what:?}");
        }
        for other in [
            Misbehaviour::WrongShare { proposal: Digest([3; 32]) },
            Misbehaviour::WrongPresignShare { presignature: proposal },
            Misbehaviour::ForgedOpening { presignature },
            Misbehaviour::TwoProposals { presignature },
            Misbehaviour::NoncesProposedTwice { proposal },
            Misbehaviour::ForgedAnnouncement { proposal },
        ] {
            assert_eq!((judged(other, true), judged(other, false)), (1, 1), "{other:?}");
        }
    }

    /// A share of a FROST signature that node 1 gave, with public shares of the key that somebody has made up.
    fn forged() -> Exhibit {
        let identity = SigningKey::from_slice(&[1; 32]).unwrap();
        let (digest, point) = (Digest([5; 32]), ProjectivePoint::GENERATOR);
        let key =
            PublicKey { epoch: Epoch(1), threshold: 1, point, commitments: vec![point], members: vec![NodeId(1)] };
        let (request, sig_name, scheme) = (RequestId([6; 32]), "sig".to_owned(), Scheme::SchnorrK256Sha256);
        let session = session_id(&request, &sig_name, (key.id(), key.epoch), scheme);
        let fresh = Fresh::Nonces(Box::new(NonceCommitments { hiding: point, binding: point }));
        let (attempt, boot) = (0, Boot(0));
        let announce = Announce { session, attempt, coordinator_boot: boot, turn: 0, boot, serial: 0, digest, fresh };
        let announcements = vec![Signed::new(announce, NodeId(1), &identity, &mut Meter::default())];
        let propose = Propose { session, attempt, presignature: None, announcements };
        let share = ShareScalar(k256::Scalar::ONE);
        let share = Share { session, attempt, scheme, proposal: propose.digest(), share };
        let share = Signed::new(share, NodeId(1), &identity, &mut Meter::default());
        let proposal = Signed::new(propose, NodeId(1), &identity, &mut Meter::default());
        let evidence = ShareEvidence { key, request, sig_name, proposal, share, presignature: None };
        Evidence::Signing(SigningEvidence::WrongShare(Box::new(evidence))).exhibit()
    }

    #[test]
    fn what_a_liar_shows_must_not_convict_the_honest_before_a_judge_with_the_mistakes_of_the_nodes() {
        let judged = |evidence: &Exhibit, corrupted: &[NodeId], bugs: BugSet| {
            let mut oracle = CulpritSoundness::default();
            oracle.observe(1, Event::Shown { by: NodeId(4), evidence });
            let found = oracle.judge(&Facts { corrupted, bugs, ..facts(&witness()) });
            found.into_iter().map(|violation| violation.nodes).collect::<Vec<_>>()
        };
        let (none, bug) = (BugSet::NONE, BugSet::NONE.with(Bug::EvidenceWithOwnKeys));
        let both = vec![NodeId(4), NodeId(1)];
        assert_eq!(judged(&forged(), &[NodeId(4)], none), Vec::<Vec<NodeId>>::new(), "the chain knows no such key");
        assert_eq!(judged(&forged(), &[NodeId(4)], bug), std::slice::from_ref(&both));
        assert_eq!(judged(&forged(), &[NodeId(4), NodeId(1)], bug), Vec::<Vec<NodeId>>::new(), "a liar");
        assert_eq!(judged(&two_starts(), &[NodeId(4)], none), [both], "whatever convicts the honest");
        assert_eq!(judged(&Exhibit(vec![1]), &[NodeId(4)], bug), Vec::<Vec<NodeId>>::new());
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

    #[test]
    fn evidence_is_judged_by_the_network_in_which_it_was_shown() {
        let witness = witness();
        let judged = |reset_first: bool| {
            let mut oracle = CulpritSoundness::default();
            let note = Note::Culprit { node: NodeId(1), what: "TwoStarts".into(), evidence: Some(two_starts()) };
            if reset_first {
                oracle.observe(1, Event::Reset);
            }
            oracle.observe(2, Event::Noted(NodeId(2), &note));
            if !reset_first {
                oracle.observe(3, Event::Reset);
            }
            let (former, chain) = (vec![chain(1)], chain(2));
            oracle.judge(&Facts { former, chain, corrupted: &[NodeId(1)], ..facts(&witness) }).len()
        };
        assert_eq!((judged(false), judged(true)), (0, 1));
    }
}
