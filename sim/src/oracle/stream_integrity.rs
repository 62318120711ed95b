//! Streams are what they promise: each one line of commits, all of them by its owner.

use std::collections::{BTreeMap, BTreeSet};

use k256::ecdsa::signature::hazmat::PrehashVerifier;
use k256::ecdsa::{Signature, VerifyingKey};
use lit_node::cid;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use sha3::Keccak256;

use super::{Event, Facts, Oracle, Violation};
use crate::heap::Nanos;
use crate::stream::Appended;

/// The multicodec of a CID over plain bytes.
const RAW: u64 = 0x55;

/// Reads every accepted body for itself, and keeps the owner and the newest commit of each stream.
#[derive(Default)]
pub struct StreamIntegrity {
    streams: BTreeMap<(String, String), Seen>,
    found: Vec<Violation>,
    judged: u64,
}

/// A stream as its accepted bodies make it.
struct Seen {
    owner: VerifyingKey,
    tip: String,
    /// What some commit follows.
    followed: BTreeSet<String>,
}

impl StreamIntegrity {
    /// The name in reports.
    pub const NAME: &'static str = "stream-integrity";

    /// What is wrong with something that was accepted.
    fn look(&mut self, appended: &Appended) -> Result<(), String> {
        let body: Value = serde_json::from_slice(&appended.body).map_err(|_| "it is no JSON".to_owned())?;
        let text = |field: &str| body[field].as_str().ok_or_else(|| format!("it has no {field}"));
        let (data, signature) = (ordered(&body["data"]), text("signature")?);
        let place = (appended.service.clone(), appended.stream.clone());
        let Some(seen) = self.streams.get_mut(&place) else {
            let owner = text("owner")?;
            let signed = format!(r#"{{"data":{data},"owner":"{owner}"}}"#);
            let owner =
                bytes(owner).and_then(|key| VerifyingKey::from_sec1_bytes(&key).ok()).ok_or("the owner is no key")?;
            is_signed(&owner, &signed, signature)?;
            is_named(&appended.id, &signed)?;
            if appended.id != appended.stream {
                return Err("a stream begins with its genesis".into());
            }
            self.streams.insert(place, Seen { owner, tip: appended.id.clone(), followed: BTreeSet::new() });
            return Ok(());
        };
        let (prev, stream) = (text("prev")?, &appended.stream);
        is_signed(&seen.owner, &format!(r#"{{"data":{data},"prev":"{prev}","stream":"{stream}"}}"#), signature)?;
        let whole = format!(r#"{{"data":{data},"prev":"{prev}","signature":"{signature}","stream":"{stream}"}}"#);
        is_named(&appended.id, &whole)?;
        if !seen.followed.insert(prev.to_owned()) {
            return Err(format!("two commits follow {prev}"));
        }
        if seen.tip != prev {
            return Err(format!("it follows {prev}, and the tip was {}", seen.tip));
        }
        seen.tip.clone_from(&appended.id);
        Ok(())
    }
}

impl Oracle for StreamIntegrity {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn observe(&mut self, at: Nanos, event: Event<'_>) {
        let Event::Appended(appended) = event else { return };
        self.judged += 1;
        if let Err(wrong) = self.look(appended) {
            let detail =
                format!("{} accepted {} for stream {}: {wrong}", appended.service, appended.id, appended.stream);
            self.found.push(Violation { oracle: Self::NAME, at, nodes: Vec::new(), detail });
        }
    }

    fn occasions(&self, _: &Facts<'_>) -> u64 {
        self.judged
    }

    fn judge(&mut self, _: &Facts<'_>) -> Vec<Violation> {
        std::mem::take(&mut self.found)
    }
}

/// The text of a document with members in order.
fn ordered(document: &Value) -> String {
    match document {
        Value::Object(members) => {
            let sorted: BTreeMap<&String, String> =
                members.iter().map(|(name, value)| (name, ordered(value))).collect();
            let members: Vec<String> =
                sorted.iter().map(|(name, value)| format!("{}:{value}", Value::from(name.as_str()))).collect();
            format!("{{{}}}", members.join(","))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(ordered).collect::<Vec<_>>().join(",")),
        other => other.to_string(),
    }
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    hex::decode(text.strip_prefix("0x")?).ok()
}

fn is_signed(owner: &VerifyingKey, text: &str, signature: &str) -> Result<(), String> {
    let signature = bytes(signature).filter(|bytes| bytes.len() == 65).ok_or("the signature is none")?;
    let scalars = Signature::from_slice(&signature[..64]).map_err(|_| "the signature is none".to_owned())?;
    owner
        .verify_prehash(&Keccak256::digest(text), &scalars)
        .map_err(|_| format!("the signature is not the owner's over {text}"))
}

fn is_named(id: &str, text: &str) -> Result<(), String> {
    let named =
        cid::parse(id).is_ok_and(|cid| cid.codec() == RAW && cid.hash().digest() == Sha256::digest(text).as_slice());
    named.then_some(()).ok_or_else(|| format!("{id} is not the CID of {text}"))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{facts, witness};
    use super::*;
    use crate::stream::Service;
    use crate::stream::testing::{commit, create, genesis};

    /// What the oracle says of these, accepted in this order.
    fn judged(appended: &[Appended]) -> Vec<String> {
        let mut oracle = StreamIntegrity::default();
        for appended in appended {
            oracle.observe(1, Event::Appended(appended));
        }
        oracle.judge(&facts(&witness())).into_iter().map(|violation| violation.detail).collect()
    }

    /// A stream with two commits.
    fn history() -> Vec<Appended> {
        let mut service = Service::new("posts");
        let id = create(&mut service);
        let first = commit(&mut service, &id, &id, r#"{"b":{"z":1,"a":[{"y":null,"x":"é\n"}]},"a":true}"#);
        commit(&mut service, &id, &first, r#"{"a":null}"#);
        service.take_appended()
    }

    #[test]
    fn a_line_of_commits_by_the_owner_is_in_order() {
        let history = history();
        assert_eq!(history.len(), 3);
        assert_eq!(judged(&history), Vec::<String>::new());
    }

    #[test]
    fn a_fork_a_gap_and_a_repetition_are_violations() {
        let [start, first, second] = history().try_into().expect("three");
        assert_eq!(judged(&[start.clone(), second.clone()]).len(), 1, "a gap");
        let again = judged(&[start.clone(), first.clone(), first.clone()]);
        assert!(again[0].contains("two commits follow"), "{again:?}");
        let (mut fork, id) = (Service::new("posts"), start.id.clone());
        create(&mut fork);
        commit(&mut fork, &id, &id, r#"{"other":1}"#);
        let other = fork.take_appended().remove(1);
        let forked = judged(&[start, first, other]);
        assert!(forked[0].contains("two commits follow"), "{forked:?}");
    }

    #[test]
    fn what_the_owner_did_not_sign_and_a_wrong_name_are_violations() {
        let [start, first, second] = history().try_into().expect("three");
        let altered = Appended {
            body: String::from_utf8(first.body.clone()).expect("text").replace("true", "1").into(),
            ..first.clone()
        };
        assert!(judged(&[start.clone(), altered])[0].contains("not the owner's"));
        let misnamed = Appended { id: second.id.clone(), ..first.clone() };
        assert!(judged(&[start.clone(), misnamed])[0].contains("not the CID"));
        let strange = Appended { body: genesis("{}", 9).into(), ..start.clone() };
        assert!(judged(&[strange])[0].contains("not the CID"), "another's genesis");
        assert!(judged(&[first])[0].contains("no owner"), "a commit without a genesis");
        assert!(judged(&[Appended { body: b"{".to_vec(), ..start }])[0].contains("no JSON"));
    }
}
