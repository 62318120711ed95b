//! Nobody reads what was encrypted to somebody else, and whoever may read it reads what was encrypted.

use std::collections::{BTreeMap, BTreeSet};

use lit_node::id::{Digest, NodeId, RequestId};
use lit_node::note::Note;
use sha2::{Digest as _, Sha256};

use super::{Decrypted, Encryption, Event, Facts, Oracle, Violation};
use crate::heap::Nanos;

/// The hashes of conditions and plaintext: what names a ciphertext.
type Name = (Digest, Digest);

/// Knows what clients have encrypted and to whom, hashes it itself, and compares that with the shares that nodes give,
/// with who really asks for them, and with what comes out. Conditions that nobody has encrypted anything to are
/// their asker's own affair.
#[derive(Default)]
pub struct DecryptionSoundness {
    ciphertexts: BTreeMap<Name, Encryption>,
    /// Who really signed in for each request, if anybody did.
    callers: BTreeMap<RequestId, [u8; 20]>,
    shared: BTreeMap<(RequestId, Name), BTreeSet<NodeId>>,
    /// Shares that were given to somebody who is not the reader.
    unfounded: Vec<(Nanos, NodeId, RequestId)>,
    decrypted: Vec<(Nanos, Decrypted)>,
}

impl DecryptionSoundness {
    /// The name in reports.
    pub const NAME: &str = "decryption-soundness";

    fn shares(&mut self, at: Nanos, node: NodeId, request: RequestId, name: Name) {
        self.shared.entry((request, name)).or_default().insert(node);
        let Some(ciphertext) = self.ciphertexts.get(&name) else { return };
        if self.callers.get(&request) != Some(&ciphertext.reader) {
            self.unfounded.push((at, node, request));
        }
    }

    /// What is wrong with a decryption.
    fn fault(&self, decrypted: &Decrypted, facts: &Facts<'_>) -> Option<String> {
        let Decrypted { request, conditions, plaintext, as_made, came_out } = decrypted;
        let name = (*conditions, *plaintext);
        let Some(ciphertext) = self.ciphertexts.get(&name) else {
            return Some(format!("{request} is about something that nobody has encrypted"));
        };
        let Some(came_out) = came_out else {
            let text = format!("what {request} took for the decryption key does not open the ciphertext");
            return as_made.then_some(text);
        };
        let givers = self.shared.get(&(*request, name)).into_iter().flatten();
        let honest = givers.filter(|node| !facts.corrupted.contains(node)).count();
        let needed = facts.threshold.saturating_sub(facts.corrupted.len()).max(1);
        if *came_out != ciphertext.text {
            Some(format!("{request} obtained something else than was encrypted"))
        } else if honest < needed {
            Some(format!("{request} obtained a plaintext of which {honest} honest nodes gave a share, not {needed}"))
        } else {
            None
        }
    }
}

impl Oracle for DecryptionSoundness {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn observe(&mut self, at: Nanos, event: Event<'_>) {
        match event {
            Event::Encrypted(encryption) => {
                let conditions = sha256(conditions_text(&encryption.reader).as_bytes());
                self.ciphertexts.insert((conditions, sha256(&encryption.text)), encryption.clone());
            }
            Event::Requested(requested) => {
                self.callers.extend(requested.caller.map(|caller| (requested.request, caller.signer)));
            }
            Event::Noted(node, Note::DecryptionShared { request, conditions, plaintext, .. }) => {
                self.shares(at, node, *request, (*conditions, *plaintext));
            }
            Event::Decrypted(decrypted) => self.decrypted.push((at, decrypted.clone())),
            _ => {}
        }
    }

    fn occasions(&self, facts: &Facts<'_>) -> u64 {
        let of_ours = self.shared.iter().filter(|((_, name), _)| self.ciphertexts.contains_key(name));
        let shares = facts.honest(of_ours.flat_map(|(_, givers)| givers.iter().copied()));
        shares + self.decrypted.len() as u64
    }

    fn judge(&mut self, facts: &Facts<'_>) -> Vec<Violation> {
        let violation = |at: &Nanos, nodes, detail| Violation { oracle: Self::NAME, at: *at, nodes, detail };
        let honest = self.unfounded.iter().filter(|(_, node, _)| !facts.corrupted.contains(node));
        let unfounded = honest.map(|(at, node, request)| {
            let detail = format!("{node} gave {request} a share of a decryption key that is somebody else's");
            violation(at, vec![*node], detail)
        });
        let wrong = self
            .decrypted
            .iter()
            .filter_map(|(at, decrypted)| Some(violation(at, Vec::new(), self.fault(decrypted, facts)?)));
        unfounded.chain(wrong).collect()
    }
}

/// The canonical text of the condition that one has signed in with an address.
fn conditions_text(address: &[u8; 20]) -> String {
    [
        r#"[{"chain":"ethereum","conditionType":"evmBasic","contractAddress":"","method":"","parameters":[":userAddress"],"#,
        r#""returnValueTest":{"comparator":"=","value":"0x"#,
        &hex::encode(address),
        r#""},"standardContractType":""}]"#,
    ]
    .concat()
}

fn sha256(bytes: &[u8]) -> Digest {
    Digest(Sha256::digest(bytes).into())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{facts, witness};
    use super::super::{Requested, SignIn};
    use super::*;
    use lit_node::auth::conditions::Conditions;
    use lit_node::id::KeyId;
    use lit_node::io::Time;

    const REQUEST: RequestId = RequestId([1; 32]);
    const TEXT: &[u8] = b"attack at dawn";
    const ALICE: [u8; 20] = [0xab; 20];
    const MALLORY: [u8; 20] = [7; 20];

    fn name(reader: [u8; 20]) -> Name {
        (sha256(conditions_text(&reader).as_bytes()), sha256(TEXT))
    }

    /// Something was encrypted to Alice, and `signer` asks for it.
    fn asked(signer: Option<[u8; 20]>) -> DecryptionSoundness {
        let mut oracle = DecryptionSoundness::default();
        oracle.observe(0, Event::Encrypted(&Encryption { reader: ALICE, text: TEXT.to_vec() }));
        // Whoever makes nodes believe that he is Alice is not.
        let caller = signer.map(|signer| SignIn { claimed: ALICE, signer, expires: Time(1), only_at: None });
        let requested = Requested { request: REQUEST, caller, ..Requested::default() };
        oracle.observe(0, Event::Requested(&requested));
        oracle
    }

    fn share(oracle: &mut DecryptionSoundness, nodes: &[u16], (conditions, plaintext): Name) {
        let shared = Note::DecryptionShared { request: REQUEST, key: KeyId([2; 32]), conditions, plaintext };
        nodes.iter().for_each(|node| oracle.observe(1, Event::Noted(NodeId(*node), &shared)));
    }

    fn judged(mut oracle: DecryptionSoundness, came_out: Option<&[u8]>, as_made: bool) -> Vec<String> {
        let (conditions, plaintext) = name(ALICE);
        let came_out = came_out.map(<[u8]>::to_vec);
        oracle.observe(2, Event::Decrypted(&Decrypted { request: REQUEST, conditions, plaintext, as_made, came_out }));
        let found = oracle.judge(&Facts { corrupted: &[NodeId(4)], ..facts(&witness()) });
        found.into_iter().map(|violation| violation.detail).collect()
    }

    #[test]
    fn the_oracle_hashes_conditions_as_nodes_do() {
        assert_eq!(name(ALICE).0, Conditions::caller(ALICE).digest());
    }

    #[test]
    fn the_reader_may_have_it_from_a_threshold_of_which_liars_are_a_part() {
        let mut oracle = asked(Some(ALICE));
        share(&mut oracle, &[1, 2, 4], name(ALICE));
        assert!(judged(oracle, Some(TEXT), true).is_empty());
    }

    #[test]
    fn an_honest_node_that_gives_anybody_else_a_share_is_seen_and_a_liar_is_not() {
        for stranger in [Some(MALLORY), None] {
            let mut oracle = asked(stranger);
            share(&mut oracle, &[1, 4], name(ALICE));
            let found = oracle.judge(&Facts { corrupted: &[NodeId(4)], ..facts(&witness()) });
            assert_eq!(found.iter().map(|one| one.nodes.clone()).collect::<Vec<_>>(), [[NodeId(1)]]);
        }
        let mut oracle = asked(Some(MALLORY));
        share(&mut oracle, &[1, 2], name(MALLORY));
        assert!(oracle.judge(&facts(&witness())).is_empty(), "his own conditions are his own affair");
    }

    #[test]
    fn a_plaintext_needs_enough_honest_shares_of_that_very_ciphertext() {
        let mut oracle = asked(Some(ALICE));
        share(&mut oracle, &[1, 4], name(ALICE));
        let found = judged(oracle, Some(TEXT), true);
        assert!(found.len() == 1 && found[0].ends_with("of which 1 honest nodes gave a share, not 2"), "{found:?}");
        let mut oracle = asked(Some(MALLORY));
        share(&mut oracle, &[1, 2, 3], name(MALLORY));
        let found = judged(oracle, Some(TEXT), false);
        assert!(found.len() == 1 && found[0].ends_with("of which 0 honest nodes gave a share, not 2"), "{found:?}");
    }

    #[test]
    fn another_plaintext_and_a_key_that_does_not_open_are_violations() {
        let given = || {
            let mut oracle = asked(Some(ALICE));
            share(&mut oracle, &[1, 2, 3], name(ALICE));
            oracle
        };
        assert_eq!(judged(given(), Some(b"attack at dusk"), true).len(), 1);
        assert_eq!(judged(given(), None, true).len(), 1);
        assert!(judged(given(), None, false).is_empty(), "a key for what he showed need not open what he did not");
    }
}
