//! Nobody signs on behalf of somebody who has not signed in.

use std::collections::BTreeMap;

use lit_node::id::{NodeId, RequestId};
use lit_node::io::Time;
use lit_node::note::Note;

use super::{Event, Facts, Oracle, SignIn, Violation};
use crate::heap::Nanos;

/// Compares each authorisation with what the simulator knows of the request's authentication signature: who made it, for
/// whom it is passed off, when it ends, and whom it is for. A node may be behind its own clock by the time of its work, so a signature
/// counts as expired if it was so, by the node's clock, when the client sent it.
#[derive(Default)]
pub struct AuthenticCaller {
    callers: BTreeMap<RequestId, SignIn>,
    /// What each node's clock showed when the request was made.
    clocks: BTreeMap<(RequestId, NodeId), Time>,
    unfounded: Vec<(Nanos, NodeId, RequestId, &'static str)>,
}

impl Oracle for AuthenticCaller {
    fn name(&self) -> &'static str {
        "authentic-caller"
    }

    fn observe(&mut self, at: Nanos, event: Event<'_>) {
        match event {
            Event::Requested(requested) => {
                self.callers.extend(requested.caller.map(|caller| (requested.request, caller)));
            }
            Event::Clock { node, request, shows } => {
                self.clocks.insert((request, node), shows);
            }
            Event::Authorised { node, request, .. } => self.granted(at, node, request),
            Event::Noted(node, Note::DecryptionShared { request, .. }) => self.granted(at, node, *request),
            _ => {}
        }
    }

    fn judge(&mut self, facts: &Facts<'_>) -> Vec<Violation> {
        let honest = self.unfounded.iter().filter(|(_, node, ..)| !facts.corrupted.contains(node));
        honest
            .map(|(at, node, request, why)| Violation {
                oracle: "authentic-caller",
                at: *at,
                nodes: vec![*node],
                detail: format!("{node} authorised {request}, though {why}"),
            })
            .collect()
    }
}

impl AuthenticCaller {
    fn granted(&mut self, at: Nanos, node: NodeId, request: RequestId) {
        let Some(caller) = self.callers.get(&request) else { return };
        if caller.claimed != caller.signer {
            self.unfounded.push((at, node, request, "its AuthSig is not by the address that it names"));
        } else if self.clocks.get(&(request, node)).is_some_and(|shown| *shown >= caller.expires) {
            self.unfounded.push((at, node, request, "its AuthSig had expired by the node's clock"));
        } else if caller.only_at.is_some_and(|only| only != node) {
            self.unfounded.push((at, node, request, "its session has signed for another node"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{facts, witness};
    use super::super::{PermissionLists, Requested};
    use super::*;
    use lit_node::id::{Digest, KeyId};

    const REQUEST: RequestId = RequestId([1; 32]);

    fn oracle(claimed: u8, shown: u64, only_at: Option<NodeId>) -> AuthenticCaller {
        let mut oracle = AuthenticCaller::default();
        let caller = SignIn { claimed: [claimed; 20], signer: [7; 20], expires: Time(100), only_at };
        let requested =
            Requested { request: REQUEST, asked: None, cid: vec![1], caller: Some(caller), overwrites: false };
        oracle.observe(0, Event::Requested(&requested));
        oracle.observe(0, Event::Clock { node: NodeId(3), request: REQUEST, shows: Time(shown) });
        oracle.observe(0, Event::Clock { node: NodeId(4), request: REQUEST, shows: Time(1_000) });
        oracle
    }

    fn judged(claimed: u8, shown: u64) -> usize {
        judged_for(claimed, shown, None)
    }

    fn judged_for(claimed: u8, shown: u64, only_at: Option<NodeId>) -> usize {
        let (key, lists) = (KeyId([2; 32]), [PermissionLists::default()]);
        let mut signing = oracle(claimed, shown, only_at);
        signing.observe(1, Event::Authorised { node: NodeId(3), request: REQUEST, frame: 0, key, lists: &lists });
        let mut decrypting = oracle(claimed, shown, only_at);
        let (conditions, plaintext) = (Digest([5; 32]), Digest([6; 32]));
        let shared = Note::DecryptionShared { request: REQUEST, key, conditions, plaintext };
        decrypting.observe(1, Event::Noted(NodeId(3), &shared));
        let [signing, decrypting] = [signing, decrypting].map(|mut oracle| oracle.judge(&facts(&witness())).len());
        assert_eq!(signing, decrypting);
        signing
    }

    #[test]
    fn the_caller_must_be_who_signed_and_in_time_by_the_nodes_own_clock() {
        assert_eq!(judged(7, 99), 0);
        assert_eq!(judged(8, 99), 1);
        assert_eq!(judged(7, 100), 1);
    }

    #[test]
    fn a_session_that_has_signed_for_one_node_is_of_no_use_at_another() {
        assert_eq!(judged_for(7, 99, Some(NodeId(3))), 0);
        assert_eq!(judged_for(7, 99, Some(NodeId(4))), 1);
    }
}
