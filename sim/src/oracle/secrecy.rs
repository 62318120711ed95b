//! Nobody reads a secret that is not his.

use lit_node::id::NodeId;

use super::{Facts, Needles, Oracle, Violation};
use crate::witness::Reader;

/// Searches everything that each reader could read in the clear, and every raw disk, for secrets.
#[derive(Default)]
pub struct Secrecy;

impl Oracle for Secrecy {
    fn name(&self) -> &'static str {
        "secrecy"
    }

    fn judge(&mut self, facts: &Facts<'_>) -> Vec<Violation> {
        let secrets: Vec<_> = facts.witness.secrets.iter().collect();
        let needles = Needles::new(secrets.iter().map(|(bytes, _)| *bytes));
        let mut violations = Vec::new();
        let mut found = |place: String, reader: Option<NodeId>, bytes: &[u8]| {
            for number in needles.find(bytes) {
                let (kind, owners) = &secrets[number].1;
                if reader.is_some_and(|reader| owners.contains(&reader)) {
                    continue;
                }
                let owner = owners.iter().map(NodeId::to_string).collect::<Vec<_>>().join(", ");
                violations.push(Violation {
                    oracle: "secrecy",
                    at: 0,
                    nodes: owners.iter().copied().collect(),
                    detail: format!("{place} holds a secret of {owner}: {kind:?}"),
                });
            }
        };
        for (reader, plaintexts) in &facts.witness.plaintexts {
            let (place, node) = match reader {
                Reader::Node(id) => (format!("what {id} received"), Some(*id)),
                Reader::Anybody => ("what anybody can read".to_owned(), None),
            };
            for plaintext in plaintexts {
                found(place.clone(), node, plaintext);
            }
        }
        for (id, raw) in &facts.disks {
            found(format!("the raw disk of {id}"), None, raw);
        }
        violations
    }
}
