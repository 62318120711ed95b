//! Nobody signs on behalf of somebody who has not signed in.

use std::collections::BTreeMap;

use lit_node::auth::method::Method;
use lit_node::auth::permission::AuthMethod;
use lit_node::id::{NodeId, RequestId};
use lit_node::io::Time;
use lit_node::note::Note;

use super::{Event, Facts, Oracle, PermissionLists, Proven, SignIn, Tally, Violation};
use crate::heap::Nanos;

/// Compares each authorisation with what the simulator knows of the request's authentication signature and proofs: who made
/// them, for whom they are passed off, when they end, and whom and what they are for. A node may be behind its own clock by the
/// time of its work, so a signature counts as expired if it was so, by the node's clock, when the client sent it.
#[derive(Default)]
pub struct AuthenticCaller {
    callers: BTreeMap<RequestId, SignIn>,
    proofs: BTreeMap<RequestId, Vec<Proven>>,
    /// What each node's clock showed when the request was made.
    clocks: BTreeMap<(RequestId, NodeId), Time>,
    unfounded: Vec<(Nanos, NodeId, RequestId, &'static str)>,
    judged: Tally,
}

impl Oracle for AuthenticCaller {
    fn name(&self) -> &'static str {
        "authentic-caller"
    }

    fn observe(&mut self, at: Nanos, event: Event<'_>) {
        match event {
            Event::Requested(requested) => {
                self.callers.extend(requested.caller.map(|caller| (requested.request, caller)));
                if !requested.proofs.is_empty() {
                    self.proofs.insert(requested.request, requested.proofs.clone());
                }
            }
            // Nothing of who says nothing about itself can expire.
            Event::Clock { node, request, shows }
                if self.callers.contains_key(&request) || self.proofs.contains_key(&request) =>
            {
                self.clocks.insert((request, node), shows);
            }
            Event::Authorised { node, request, lists, .. } => {
                self.granted(at, node, request);
                self.granted_by_proof(at, node, request, lists);
            }
            Event::Noted(node, Note::DecryptionShared { request, .. }) => self.granted(at, node, *request),
            _ => {}
        }
    }

    fn occasions(&self, facts: &Facts<'_>) -> u64 {
        self.judged.honest(facts)
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
        self.judged.add(node, 1);
        if caller.claimed != caller.signer {
            self.unfounded.push((at, node, request, "its AuthSig is not by the address that it names"));
        } else if self.clocks.get(&(request, node)).is_some_and(|shown| *shown >= caller.expires) {
            self.unfounded.push((at, node, request, "its AuthSig had expired by the node's clock"));
        } else if caller.only_at.is_some_and(|only| only != node) {
            self.unfounded.push((at, node, request, "its session has signed for another node"));
        }
    }
}

impl AuthenticCaller {
    /// Every proof must hold, or nothing begins. That of a passkey is looked at where the passkey is registered for the key.
    fn granted_by_proof(&mut self, at: Nanos, node: NodeId, request: RequestId, lists: &[PermissionLists]) {
        let passkey = Method::WebAuthn.number();
        let is_listed =
            |method: &AuthMethod| lists.iter().flat_map(|lists| &lists.methods).any(|(one, _)| one == method);
        let shown = self.clocks.get(&(request, node));
        for proven in self.proofs.get(&request).into_iter().flatten() {
            self.judged.add(node, 1);
            if proven.method.kind == passkey && !is_listed(&proven.method) {
                continue;
            }
            let why = if !proven.genuine {
                "a proof of who asks was forged"
            } else if !proven.for_us {
                "a proof of who asks was made for another application"
            } else if !proven.for_this {
                "a proof of who asks was made for another request"
            } else if proven.expires.zip(shown).is_some_and(|(expires, shown)| *shown >= expires) {
                "a proof of who asks had expired by the node's clock"
            } else {
                continue;
            };
            self.unfounded.push((at, node, request, why));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Requested;
    use super::super::testing::{facts, witness};
    use super::*;
    use lit_node::id::{Digest, KeyId};

    const REQUEST: RequestId = RequestId([1; 32]);

    fn oracle(claimed: u8, shown: u64, only_at: Option<NodeId>) -> AuthenticCaller {
        let mut oracle = AuthenticCaller::default();
        let caller = SignIn { claimed: [claimed; 20], signer: [7; 20], expires: Time(100), only_at };
        let requested = Requested { request: REQUEST, cid: vec![1], caller: Some(caller), ..Requested::default() };
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

    fn judged_by_proof(proven: Proven, listed: bool) -> usize {
        let mut oracle = AuthenticCaller::default();
        let methods = if listed { vec![(proven.method.clone(), vec![1])] } else { Vec::new() };
        let requested = Requested { request: REQUEST, proofs: vec![proven], ..Requested::default() };
        oracle.observe(0, Event::Requested(&requested));
        oracle.observe(0, Event::Clock { node: NodeId(3), request: REQUEST, shows: Time(100) });
        let (key, lists) = (KeyId([2; 32]), [PermissionLists { methods, ..PermissionLists::default() }]);
        oracle.observe(1, Event::Authorised { node: NodeId(3), request: REQUEST, frame: 0, key, lists: &lists });
        oracle.judge(&facts(&witness())).len()
    }

    #[test]
    fn a_proof_must_be_genuine_for_us_for_this_request_and_in_time() {
        for (kind, expires) in [(6, Some(Time(101))), (3, None)] {
            let method = AuthMethod { kind, id: vec![1] };
            let good = Proven { method, genuine: true, for_us: true, for_this: true, expires };
            assert_eq!(judged_by_proof(good.clone(), true), 0);
            assert_eq!(judged_by_proof(Proven { genuine: false, ..good.clone() }, true), 1);
            assert_eq!(judged_by_proof(Proven { for_us: false, ..good.clone() }, true), 1);
            assert_eq!(judged_by_proof(Proven { for_this: false, ..good.clone() }, true), 1);
            assert_eq!(judged_by_proof(Proven { expires: Some(Time(100)), ..good }, true), 1);
        }
    }

    #[test]
    fn a_passkey_counts_where_it_is_registered_and_a_token_everywhere() {
        let of = |kind| Proven {
            method: AuthMethod { kind, id: vec![1] },
            genuine: false,
            for_us: true,
            for_this: true,
            expires: None,
        };
        assert_eq!((judged_by_proof(of(3), false), judged_by_proof(of(6), false)), (0, 1));
    }
}
