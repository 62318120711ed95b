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

    fn occasions(&self, facts: &Facts<'_>) -> u64 {
        facts.witness.secrets.len() as u64
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
                    at: facts.at,
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
        // A liar may give away its own share of an honest dealer's polynomial; one more was allowed for.
        for (accuser, share) in facts.witness.disclosed.iter().filter(|(id, _)| !facts.corrupted.contains(id)) {
            found(format!("an unfounded complaint of {accuser}"), None, share);
        }
        for (id, raw) in &facts.disks {
            found(format!("the raw disk of {id}"), None, raw);
        }
        violations
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{facts, witness};
    use super::*;
    use lit_node::conduct::SecretKind;
    use std::collections::{BTreeMap, BTreeSet};

    const SECRET: [u8; 32] = [0x5a; 32];

    #[test]
    fn a_secret_may_be_read_by_its_owners_only() {
        let judged = |reader, bytes: Vec<u8>| {
            let mut witness = witness();
            let mut secret = SECRET;
            secret[0] = 1;
            witness.secrets.insert(secret, (SecretKind::KeyShare, BTreeSet::from([NodeId(1)])));
            witness.read_by(reader, bytes);
            Secrecy.judge(&facts(&witness)).len()
        };
        let mut secret = SECRET;
        secret[0] = 1;
        let carrier = [b"xx".as_slice(), &secret, b"yy"].concat();
        assert_eq!(judged(Reader::Node(NodeId(1)), carrier.clone()), 0);
        assert_eq!(judged(Reader::Node(NodeId(2)), carrier.clone()), 1);
        assert_eq!(judged(Reader::Anybody, hex::encode(secret).into_bytes()), 1);
        assert_eq!(judged(Reader::Anybody, vec![0; 4096]), 0);
    }

    #[test]
    fn a_share_that_an_honest_node_opens_by_complaining_is_a_leak_and_a_liars_own_is_not() {
        let mut witness = witness();
        witness.secrets.insert(SECRET, (SecretKind::DealtShare, BTreeSet::from([NodeId(1)])));
        witness.disclosed.insert((NodeId(1), SECRET));
        assert_eq!(Secrecy.judge(&facts(&witness)).len(), 1);
        let liar = Facts { corrupted: &[NodeId(1)], ..facts(&witness) };
        assert!(Secrecy.judge(&liar).is_empty());
    }

    #[test]
    fn a_secret_on_a_raw_disk_is_found_even_on_its_owners() {
        let mut witness = witness();
        witness.secrets.insert(SECRET, (SecretKind::Nonce, BTreeSet::from([NodeId(1)])));
        let disks = |raw: Vec<u8>| BTreeMap::from([(NodeId(1), raw)]);
        let clean = Facts { disks: disks(vec![7; 9000]), ..facts(&witness) };
        assert!(Secrecy.judge(&clean).is_empty());
        let leaky = Facts { disks: disks([vec![7; 4000], SECRET.to_vec(), vec![7; 4000]].concat()), ..facts(&witness) };
        assert_eq!(Secrecy.judge(&leaky).len(), 1);
    }
}
