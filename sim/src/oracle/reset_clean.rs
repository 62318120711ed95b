//! A network that is begun anew has nothing in common with what it was.

use std::collections::BTreeSet;
use std::mem;

use lit_node::evidence::Exhibit;
use lit_node::id::{KeyId, NodeId, SessionId};
use lit_node::note::Note;
use lit_node::{blame, bugs};

use super::{Event, Facts, Oracle, Tally, Violation};
use crate::heap::Nanos;

/// Keeps the keys, key generations and evidence of each generation of the network, and looks for them in later ones: in what
/// nodes say, on their disks, and before the judge of evidence.
#[derive(Default)]
pub struct ResetClean {
    /// Of the generation that is in force.
    present: Belongings,
    /// Of all that were before.
    former: Belongings,
    found: Vec<(Nanos, NodeId, String)>,
    /// Uses of keys and looks at disks since the first time that the network was begun anew.
    judged: Tally,
}

#[derive(Default)]
struct Belongings {
    keys: BTreeSet<KeyId>,
    sessions: BTreeSet<SessionId>,
    evidence: Vec<Exhibit>,
}

impl Belongings {
    fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.sessions.is_empty() && self.evidence.is_empty()
    }
}

impl ResetClean {
    /// The name in reports.
    pub const NAME: &str = "reset-clean";

    fn look_at_key(&mut self, at: Nanos, node: NodeId, key: KeyId, does: &str) {
        self.judged.add(node, u64::from(!self.former.is_empty()));
        if self.former.keys.contains(&key) {
            self.found.push((at, node, format!("{node} {does} key {} of a former network", key.short())));
        }
    }

    fn noted(&mut self, at: Nanos, node: NodeId, note: &Note) {
        match note {
            Note::KeyHeld { session, key } => {
                self.look_at_key(at, node, *key, "holds");
                self.present.keys.insert(*key);
                self.present.sessions.insert(*session);
            }
            Note::Authorised { key, .. } => self.look_at_key(at, node, *key, "authorises a signature by"),
            Note::ShareIssued { key, .. } => self.look_at_key(at, node, *key, "gives a share of a signature by"),
            Note::DecryptionShared { key, .. } => self.look_at_key(at, node, *key, "gives a share of a decryption by"),
            Note::Culprit { evidence, .. } => self.present.evidence.extend(evidence.clone()),
            _ => {}
        }
    }
}

impl Oracle for ResetClean {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn observe(&mut self, at: Nanos, event: Event<'_>) {
        match event {
            Event::Noted(node, note) => self.noted(at, node, note),
            Event::Acknowledged { session, .. } => {
                self.present.sessions.insert(session);
            }
            Event::Accused { evidence, .. } | Event::Shown { evidence, .. } => {
                self.present.evidence.push(evidence.clone());
            }
            Event::Reset => {
                let Belongings { keys, sessions, evidence } = mem::take(&mut self.present);
                self.former.keys.extend(keys);
                self.former.sessions.extend(sessions);
                self.former.evidence.extend(evidence);
            }
            Event::PowerCut { node, kept, .. } => {
                self.judged.add(node, u64::from(!self.former.is_empty()));
                // A record's name begins with that of its session.
                let session = |name: &Vec<u8>| name.first_chunk().copied().map(SessionId);
                let former = kept.0.iter().filter_map(session).find(|session| self.former.sessions.contains(session));
                if let Some(session) = former {
                    let session = session.short();
                    let detail = format!("{node} has key generation {session} of a former network on its disk");
                    self.found.push((at, node, detail));
                }
            }
            _ => {}
        }
    }

    fn occasions(&self, facts: &Facts<'_>) -> u64 {
        self.judged.honest(facts) + self.former.evidence.len() as u64
    }

    fn judge(&mut self, facts: &Facts<'_>) -> Vec<Violation> {
        let violation = |at, nodes, detail| Violation { oracle: Self::NAME, at, nodes, detail };
        let mut seen = BTreeSet::new();
        let found = self.found.iter().filter(|(_, node, _)| !facts.corrupted.contains(node));
        let found = found.filter(|(_, _, detail)| seen.insert(detail.clone()));
        let found = found.map(|(at, node, detail)| violation(*at, vec![*node], detail.clone()));
        let _as_built = bugs::plant(facts.bugs);
        let convicted = self.former.evidence.iter().filter_map(|Exhibit(bytes)| {
            let culprit = blame::verify(bytes, &facts.chain).ok()?;
            let detail = format!("evidence of a former network convicts {}: {}", culprit.node, culprit.offence);
            Some(violation(facts.at, vec![culprit.node], detail))
        });
        found.chain(convicted).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::Kept;
    use super::super::testing::{chain, facts, witness};
    use super::*;
    use k256::ecdsa::SigningKey;
    use lit_node::evidence::Evidence;
    use lit_node::id::{Boot, Digest, Epoch, RequestId};
    use lit_node::meter::Meter;
    use lit_node::triples::{self, Proof, Start};
    use lit_node::wire::Signed;

    const NODE: NodeId = NodeId(2);
    const SESSION: SessionId = SessionId([7; 32]);
    const KEY: KeyId = KeyId([8; 32]);
    const HELD: Note = Note::KeyHeld { session: SESSION, key: KEY };

    fn share() -> Note {
        Note::ShareIssued { request: RequestId([1; 32]), sig_name: "sig".into(), key: KEY, digest: Digest([2; 32]) }
    }

    /// What is seen of a key that was made before a reset, if there is one, and of what is noted after it.
    fn noted(resets: bool, note: &Note) -> usize {
        let mut oracle = ResetClean::default();
        oracle.observe(1, Event::Noted(NODE, &HELD));
        if resets {
            oracle.observe(2, Event::Reset);
        }
        oracle.observe(3, Event::Noted(NODE, note));
        oracle.judge(&facts(&witness())).len()
    }

    #[test]
    fn keys_are_used_until_the_network_is_begun_anew_and_never_again() {
        let shared = Note::DecryptionShared {
            request: RequestId([1; 32]),
            key: KEY,
            conditions: Digest([3; 32]),
            plaintext: Digest([4; 32]),
        };
        for note in [HELD, share(), shared] {
            assert_eq!((noted(false, &note), noted(true, &note)), (0, 1), "{note:?}");
        }
    }

    #[test]
    fn nothing_is_demanded_of_who_lies() {
        let mut oracle = ResetClean::default();
        oracle.observe(1, Event::Noted(NODE, &HELD));
        oracle.observe(2, Event::Reset);
        oracle.observe(3, Event::Noted(NODE, &share()));
        let witness = witness();
        assert!(oracle.judge(&Facts { corrupted: &[NODE], ..facts(&witness) }).is_empty());
    }

    #[test]
    fn what_a_disk_keeps_of_a_former_network_is_seen_once_that_is_over() {
        let kept = Kept([[&SESSION.0[..], b"entry"].concat()].into());
        let cut = |oracle: &mut ResetClean| {
            oracle.observe(4, Event::PowerCut { node: NODE, kept: &kept, rolled_back: false });
            oracle.judge(&facts(&witness())).len()
        };
        let mut oracle = ResetClean::default();
        oracle.observe(1, Event::Acknowledged { node: NODE, session: SESSION, dealer: NodeId(3) });
        assert_eq!(cut(&mut oracle), 0);
        oracle.observe(2, Event::Reset);
        assert_eq!((cut(&mut oracle), cut(&mut oracle)), (1, 1), "and said once");
    }

    #[test]
    fn evidence_of_a_former_network_must_convince_nobody() {
        let start = |count| {
            let holders = [1, 2].map(NodeId).to_vec();
            Start { epoch: Epoch(1), leader: NodeId(1), boot: Boot(0), batch: 7, holders, count, patience: 0 }
        };
        let identity = SigningKey::from_slice(&[1; 32]).unwrap();
        let two = [1, 2].map(|count| Signed::new(start(count), NodeId(1), &identity, &mut Meter::default()));
        let proof = Proof::TwoStarts(Box::new(two));
        let evidence = Evidence::Triples(Box::new(triples::Evidence { start: start(1), culprit: NodeId(1), proof }));
        let evidence = evidence.exhibit();
        let mut oracle = ResetClean::default();
        oracle.observe(1, Event::Shown { by: NODE, evidence: &evidence });
        assert!(oracle.judge(&facts(&witness())).is_empty());
        oracle.observe(2, Event::Reset);
        let witness = witness();
        assert!(oracle.judge(&Facts { chain: chain(2), ..facts(&witness) }).is_empty());
        assert_eq!(oracle.judge(&facts(&witness)).len(), 1, "validators that kept their keys");
    }
}
