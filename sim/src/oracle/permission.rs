//! No honest node signs for anyone whom the chain does not allow.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use alloy_primitives::U256;
use lit_node::auth::permission::AuthMethod;
use lit_node::chain::abi::{SCOPE_PERSONAL_SIGN, SCOPE_SIGN_ANYTHING};
use lit_node::chain::permission_events::{Change, PermissionEvent};
use lit_node::cid;
use lit_node::id::{KeyId, NodeId, RequestId};
use lit_node::note::Note;

use super::{Event, Facts, Oracle, Requested, Tally, Violation};
use crate::heap::Nanos;

/// Who may use a key and who owns it, as the chain's own lists have it at one block.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PermissionLists {
    /// Binary CIDs.
    pub actions: Vec<Vec<u8>>,
    /// Addresses.
    pub addresses: Vec<[u8; 20]>,
    /// Other auth methods, with the scopes of each.
    pub methods: Vec<(AuthMethod, Vec<u64>)>,
    /// The owner; none once the token is burned.
    pub owner: Option<[u8; 20]>,
}

/// The scopes that a method has for a key by what has happened to it: those that it got and did not lose since it was
/// last withdrawn, in order. The contract's own list is not asked.
pub fn scopes_held<'a>(
    history: impl IntoIterator<Item = &'a PermissionEvent>,
    key: KeyId,
    method: &AuthMethod,
) -> Vec<u64> {
    let mut held = BTreeSet::new();
    let of_it = |event: &&PermissionEvent| {
        event.key == key && event.auth_method_type == U256::from(method.kind) && event.id == method.id
    };
    for event in history.into_iter().filter(of_it) {
        match &event.change {
            Change::Added { .. } => {}
            Change::Removed => held.clear(),
            Change::ScopeAdded(scope) => drop(held.insert(scope.saturating_to())),
            Change::ScopeRemoved(scope) => drop(held.remove(&scope.saturating_to())),
        }
    }
    held.into_iter().collect()
}

/// What a request may be allowed for.
#[derive(PartialEq)]
struct Asker {
    /// The CID's bytes of its action.
    cid: Vec<u8>,
    /// The address that it is said to be of.
    address: Option<[u8; 20]>,
    /// Whom its proofs are said to prove.
    methods: Vec<AuthMethod>,
    /// See [`Requested::takes_anything`].
    takes_anything: bool,
}

struct Unfounded {
    at: Nanos,
    node: NodeId,
    request: RequestId,
    key: KeyId,
}

/// Compares each authorisation with the chain's lists at the block that the node had seen, and at those that may have
/// been mined while its question was on the way. Nodes ask for yes or no; this looks at the lists. Of actions that call
/// each other the one that asks for the signature counts.
#[derive(Default)]
pub struct PermissionSoundness {
    /// Those that follow one another and are alike but for their names share what is known of them: there may be thousands.
    requests: BTreeMap<RequestId, Rc<Asker>>,
    last: Option<Rc<Asker>>,
    /// The actions that were called, as each node runs them.
    called: BTreeMap<(NodeId, RequestId, u32), Vec<u8>>,
    unfounded: Vec<Unfounded>,
    judged: Tally,
}

impl Oracle for PermissionSoundness {
    fn name(&self) -> &'static str {
        "permission-soundness"
    }

    fn observe(&mut self, at: Nanos, event: Event<'_>) {
        match event {
            Event::Requested(Requested { request, cid, caller, proofs, takes_anything, .. }) => {
                // Whether the caller is who the request says is for another oracle.
                let asker = Asker {
                    cid: cid.clone(),
                    address: caller.map(|caller| caller.claimed),
                    methods: proofs.iter().map(|proven| proven.method.clone()).collect(),
                    takes_anything: *takes_anything,
                };
                let last = self.last.take().filter(|last| **last == asker);
                let asker = last.unwrap_or_else(|| Rc::new(asker));
                self.requests.insert(*request, Rc::clone(&asker));
                self.last = Some(asker);
            }
            // The client's own action is known from the request.
            Event::Noted(node, Note::ActionStarted { request, frame, cid, .. }) if *frame > 0 => {
                let cid = cid::parse(cid).map(|cid| cid::permission_bytes(&cid)).unwrap_or_default();
                self.called.insert((node, *request, *frame), cid);
            }
            Event::Authorised { node, request, frame, key, lists } => {
                self.judged.add(node, 1);
                if !lists.iter().any(|lists| self.allows((node, request, frame), lists)) {
                    self.unfounded.push(Unfounded { at, node, request, key });
                }
            }
            _ => {}
        }
    }

    fn occasions(&self, facts: &Facts<'_>) -> u64 {
        self.judged.honest(facts)
    }

    fn judge(&mut self, facts: &Facts<'_>) -> Vec<Violation> {
        let honest = self.unfounded.iter().filter(|one| !facts.corrupted.contains(&one.node));
        honest
            .map(|one| Violation {
                oracle: "permission-soundness",
                at: one.at,
                nodes: vec![one.node],
                detail: format!(
                    "{} authorised {} for key {}, for which the chain permits neither action nor caller nor auth method",
                    one.node,
                    one.request,
                    one.key.short()
                ),
            })
            .collect()
    }
}

impl PermissionSoundness {
    fn allows(&self, (node, request, frame): (NodeId, RequestId, u32), lists: &PermissionLists) -> bool {
        let Some(asker) = self.requests.get(&request) else { return false };
        let acting = match frame {
            0 => Some(&asker.cid),
            _ => self.called.get(&(node, request, frame)),
        };
        acting.is_some_and(|cid| lists.actions.contains(cid))
            || asker.address.is_some_and(|caller| lists.addresses.contains(&caller) || lists.owner == Some(caller))
            || lists.methods.iter().any(|(method, scopes)| asker.methods.contains(method) && asker.may(scopes))
    }
}

impl Asker {
    /// Whether one of these scopes suffices for what is asked. Which of the two an action needs is its own affair.
    fn may(&self, scopes: &[u64]) -> bool {
        let personal = !self.takes_anything && scopes.contains(&SCOPE_PERSONAL_SIGN);
        personal || scopes.contains(&SCOPE_SIGN_ANYTHING)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{facts, witness};
    use super::super::{Proven, SignIn};
    use super::*;
    use lit_node::id::Digest;
    use lit_node::io::Time;

    const REQUEST: RequestId = RequestId([1; 32]);

    fn judged(lists: &[PermissionLists]) -> usize {
        judged_in(0, lists)
    }

    fn judged_in(frame: u32, lists: &[PermissionLists]) -> usize {
        let mut oracle = PermissionSoundness::default();
        let caller = SignIn { claimed: [7; 20], signer: [7; 20], expires: Time(1), only_at: None };
        let requested =
            Requested { request: REQUEST, cid: b"cid".to_vec(), caller: Some(caller), ..Requested::default() };
        oracle.observe(0, Event::Requested(&requested));
        let key = KeyId([2; 32]);
        let child = cid::cid_v0(b"child").to_string();
        let started = Note::ActionStarted { request: REQUEST, frame: 1, cid: child, chance: Digest([1; 32]) };
        oracle.observe(1, Event::Noted(NodeId(3), &started));
        oracle.observe(1, Event::Authorised { node: NodeId(3), request: REQUEST, frame, key, lists });
        oracle.judge(&facts(&witness())).len()
    }

    #[test]
    fn an_authorisation_needs_the_action_the_address_or_the_owner_on_chain() {
        let lists = PermissionLists::default;
        assert_eq!(judged(&[PermissionLists { actions: vec![b"cid".to_vec()], ..lists() }]), 0);
        assert_eq!(judged(&[PermissionLists { addresses: vec![[7; 20]], ..lists() }]), 0);
        assert_eq!(judged(&[lists(), PermissionLists { owner: Some([7; 20]), ..lists() }]), 0);
        let strangers = PermissionLists {
            actions: vec![b"other".to_vec()],
            addresses: vec![[8; 20]],
            methods: vec![(AuthMethod { kind: 6, id: vec![1] }, vec![1])],
            owner: Some([9; 20]),
        };
        assert_eq!(judged(&[strangers]), 1);
        assert_eq!(judged(&[]), 1);
    }

    #[test]
    fn an_auth_method_needs_a_scope_that_suffices() {
        let carol = AuthMethod { kind: 6, id: vec![1] };
        let judged = |takes_anything, listed: &AuthMethod, scopes: &[u64]| {
            let mut oracle = PermissionSoundness::default();
            let proven = Proven { method: carol.clone(), genuine: true, for_us: true, for_this: true, expires: None };
            let proofs = vec![proven];
            let requested = Requested { request: REQUEST, proofs, takes_anything, ..Requested::default() };
            oracle.observe(0, Event::Requested(&requested));
            let lists = PermissionLists { methods: vec![(listed.clone(), scopes.to_vec())], ..Default::default() };
            let (node, key, lists) = (NodeId(3), KeyId([2; 32]), [lists]);
            oracle.observe(1, Event::Authorised { node, request: REQUEST, frame: 0, key, lists: &lists });
            oracle.judge(&facts(&witness())).len()
        };
        assert_eq!((judged(true, &carol, &[1]), judged(false, &carol, &[1])), (0, 0));
        assert_eq!((judged(true, &carol, &[2]), judged(false, &carol, &[2])), (1, 0), "messages are not everything");
        assert_eq!((judged(true, &carol, &[]), judged(false, &carol, &[3])), (1, 1));
        for other in [AuthMethod { kind: 8, ..carol.clone() }, AuthMethod { id: vec![2], ..carol.clone() }] {
            assert_eq!(judged(false, &other, &[1, 2]), 1);
        }
    }

    #[test]
    fn a_method_that_was_withdrawn_has_the_scopes_that_it_got_since() {
        let (key, carol) = (KeyId([2; 32]), AuthMethod { kind: 6, id: vec![1] });
        let event = |change| PermissionEvent { key, auth_method_type: U256::from(6), id: vec![1], change };
        let gets = |scope: u64| event(Change::ScopeAdded(U256::from(scope)));
        let mut history = vec![event(Change::Added { user_pubkey: vec![] }), gets(1), gets(3)];
        assert_eq!(scopes_held(&history, key, &carol), [1, 3]);
        history.push(event(Change::ScopeRemoved(U256::from(3))));
        assert_eq!(scopes_held(&history, key, &carol), [1]);
        history.extend([event(Change::Removed), event(Change::Added { user_pubkey: vec![] }), gets(2)]);
        assert_eq!(scopes_held(&history, key, &carol), [2]);
        for other in [AuthMethod { kind: 8, ..carol.clone() }, AuthMethod { id: vec![2], ..carol.clone() }] {
            assert!(scopes_held(&history, key, &other).is_empty());
        }
        assert!(scopes_held(&history, KeyId([3; 32]), &carol).is_empty());
    }

    #[test]
    fn of_actions_that_call_each_other_the_one_that_signs_must_be_permitted() {
        let child = cid::permission_bytes(&cid::cid_v0(b"child"));
        let lists = |actions| [PermissionLists { actions, ..PermissionLists::default() }];
        assert_eq!(judged_in(1, &lists(vec![child.clone()])), 0);
        assert_eq!(judged_in(1, &lists(vec![b"cid".to_vec()])), 1, "its caller's permission is not its own");
        assert_eq!(judged_in(0, &lists(vec![child.clone()])), 1);
        assert_eq!(judged_in(2, &lists(vec![child])), 1, "an action that has not begun");
    }
}
