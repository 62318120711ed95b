//! What is malformed, meant for somebody else or said before is dropped for its reason, and nobody is blamed for it.

use k256::Scalar;

use super::attacks::{judge, other_holder, with_caught_proposal};
use super::net::{DIGEST, Net, Parcel, SCHEMES};
use crate::id::{Boot, Digest, NodeId, SessionId};
use crate::note::Note;
use crate::signing::{
    Announce, Effect, Finished, Message, Opening, PresignOpened, PresignShare, PresignStart, Propose, Scheme, Share,
    ShareScalar,
};
use crate::wire::{FRAME_BYTES_MAX, Signable, decode};

const NO_SESSION: &str = "a message for a session that is not authorised here";
const NO_PRESIGNATURE: &str = "opened values of no presignature that this node is making";
const BAD_START: &str = "a malformed start of a presignature";
const NOT_OF_ALL: &str = "opened values of other than all holders";

/// For what reasons `node` has dropped something of `from` since it had so many notes.
fn reasons(net: &Net, node: NodeId, from: NodeId, since: usize) -> Vec<&'static str> {
    let of = |note: &Note| match note {
        Note::Dropped { from: by, reason } if *by == from => Some(*reason),
        _ => None,
    };
    net.peers[&node].notes[since..].iter().filter_map(of).collect()
}

/// Hands one message over, and nothing else; asserts what becomes of it.
fn is_dropped(net: &mut Net, from: NodeId, to: NodeId, message: &Message, reason: &str) {
    let (since, held) = (net.peers[&to].notes.len(), std::mem::take(&mut net.under_way));
    net.post(from, to, message);
    net.step();
    net.under_way = held;
    assert_eq!(reasons(net, to, from, since), [reason], "{}", message.label());
}

#[test]
fn announcements_proposals_and_shares_that_are_not_due_are_dropped_without_blame() {
    for scheme in SCHEMES {
        let (mut net, coordinator, propose) = with_caught_proposal(scheme);
        let caught = std::mem::take(&mut net.under_way);
        let holder = other_holder(coordinator, &propose);
        let other = propose.announcements.iter().map(|a| a.signer).find(|id| ![coordinator, holder].contains(id));
        let (other, session) = (other.unwrap(), propose.session);
        let announce = propose.announcements.iter().find(|a| a.signer == other).unwrap().body.clone();
        let announces = |change: &dyn Fn(&mut Announce)| {
            let mut body = announce.clone();
            change(&mut body);
            Message::Announce(body)
        };
        let proposes = |change: &dyn Fn(&mut Propose)| {
            let mut body = propose.clone();
            change(&mut body);
            Message::Propose(body)
        };
        let share = Share { session, attempt: 0, scheme, proposal: propose.digest(), share: ShareScalar(Scalar::ONE) };
        let elsewhere = SessionId([3; 32]);

        let misaddressed = "an announcement for another coordinator";
        is_dropped(&mut net, other, holder, &announces(&|_| ()), misaddressed);
        is_dropped(&mut net, other, coordinator, &announces(&|a| a.attempt += 1), misaddressed);
        is_dropped(&mut net, other, coordinator, &announces(&|a| a.attempt = u32::MAX), misaddressed);
        let old = "an announcement for another boot of the coordinator";
        is_dropped(&mut net, other, coordinator, &announces(&|a| a.coordinator_boot = Boot(7)), old);

        let usurped = "a proposal by another than the coordinator";
        is_dropped(&mut net, other, holder, &proposes(&|_| ()), usurped);
        is_dropped(&mut net, coordinator, holder, &proposes(&|p| p.attempt += 1), usurped);
        let count = "a proposal of other than the threshold of members";
        is_dropped(&mut net, coordinator, holder, &proposes(&|p| p.announcements.truncate(2)), count);
        is_dropped(&mut net, coordinator, holder, &proposes(&|p| p.announcements.reverse()), count);
        let later = proposes(&|p| p.announcements.iter_mut().for_each(|a| a.body.turn += 1));
        is_dropped(&mut net, coordinator, holder, &later, "a proposal without this node's announcement");
        is_dropped(&mut net, coordinator, holder, &proposes(&|p| p.session = elsewhere), NO_SESSION);
        let unequal = "a proposal of announcements that do not agree";
        let of_other =
            |p: &mut Propose| p.announcements.iter_mut().find(|a| a.signer == other).unwrap().body.attempt = 9;
        is_dropped(&mut net, coordinator, holder, &proposes(&of_other), unequal);
        let stranger = NodeId(77);
        is_dropped(&mut net, stranger, holder, &proposes(&|_| ()), "a message of no peer");

        // From here on the proposal is answered, and comes again.
        judge(&mut net, coordinator, holder, &propose);
        let spent = match scheme {
            Scheme::EcdsaK256 => "a proposal for a presignature that is spent",
            _ => "a second proposal for the same nonces",
        };
        is_dropped(&mut net, coordinator, holder, &proposes(&|_| ()), spent);
        let outsider = net.ids().into_iter().find(|id| propose.announcements.iter().all(|a| a.signer != *id)).unwrap();
        let unwanted = "a share of a stranger, or a second time";
        is_dropped(&mut net, outsider, holder, &Message::Share(share.clone()), unwanted);
        let unknown = Message::Share(Share { session: elsewhere, ..share });
        is_dropped(&mut net, other, holder, &unknown, NO_SESSION);

        net.under_way = caught.into_iter().filter(|(to, _)| *to != holder).chain(net.under_way.drain(..)).collect();
        net.run();
        net.assert_done(&net.ids());
        net.assert_nonces_unique();
        assert!(net.culprits().is_empty(), "{:?}", net.culprits());
        assert!(net.ids().iter().all(|id| net.suspected(*id).is_empty()));
    }
}

#[test]
fn a_second_share_is_dropped_without_blame_though_it_is_another() {
    for scheme in SCHEMES {
        let (mut net, coordinator, propose) = with_caught_proposal(scheme);
        let holder = other_holder(coordinator, &propose);
        judge(&mut net, coordinator, holder, &propose);
        net.under_way.clear();
        // The coordinator's share came before its proposal. Whatever it says after that does not count.
        let (session, attempt, proposal) = (propose.session, propose.attempt, propose.digest());
        let changed = Share { session, attempt, scheme, proposal, share: ShareScalar(Scalar::ONE) };
        let again = "a share of a stranger, or a second time";
        for _ in 0..2 {
            is_dropped(&mut net, coordinator, holder, &Message::Share(changed.clone()), again);
        }
        net.run();
        net.assert_done(&net.ids());
        assert!(net.culprits().is_empty(), "{:?}", net.culprits());
    }
}

/// Messages of presigning as they were sent: who, to whom, what.
type Said = Vec<(NodeId, NodeId, Message)>;

/// A presignature is started; what is said for it, with nothing delivered but the triples and the starts.
fn presigning() -> (Net, Said) {
    let mut net = Net::new(4, 1);
    net.authorise_all(Scheme::EcdsaK256);
    let mut said: Said = Vec::new();
    while !said.iter().any(|(.., message)| matches!(message, Message::PresignShare(_))) {
        let is_share = |parcel: &Parcel| {
            let Parcel::Message { from, bytes, .. } = parcel else { return None };
            decode::<Message>(bytes, FRAME_BYTES_MAX).ok().map(|message| (*from, message))
        };
        for (to, parcel) in &net.under_way {
            if let Some((from, message @ (Message::PresignStart(_) | Message::PresignShare(_)))) = is_share(parcel)
                && !said.contains(&(from, *to, message.clone()))
            {
                said.push((from, *to, message));
            }
        }
        assert!(net.step());
    }
    (net, said)
}

#[test]
fn what_belongs_to_no_presignature_here_or_comes_again_is_dropped_without_blame() {
    let (mut net, said) = presigning();
    let share = said.iter().find_map(|(from, to, message)| match message {
        Message::PresignShare(share) => Some((*from, *to, share.clone())),
        _ => None,
    });
    let start = said.iter().find_map(|(_, _, message)| match message {
        Message::PresignStart(start) => Some(start.clone()),
        _ => None,
    });
    let ((holder, leader, share), start) = (share.unwrap(), start.unwrap());
    let others = |not: &[NodeId]| start.holders.iter().copied().find(|id| !not.contains(id)).unwrap();
    let other = others(&[leader, holder]);
    let outsider = net.ids().into_iter().find(|id| !start.holders.contains(id)).unwrap();

    // Opened values are the leader's to gather, and one presignature's.
    is_dropped(&mut net, holder, other, &Message::PresignShare(share.clone()), NO_PRESIGNATURE);
    let of_another = PresignShare { presignature: DIGEST, ..share.clone() };
    is_dropped(&mut net, holder, leader, &Message::PresignShare(of_another), NO_PRESIGNATURE);
    let unwanted = "opened values of a stranger, or a second time";
    is_dropped(&mut net, outsider, leader, &Message::PresignShare(share.clone()), unwanted);
    net.post(holder, leader, &Message::PresignShare(share.clone()));
    let (to, parcel) = net.under_way.pop().unwrap();
    let held = std::mem::replace(&mut net.under_way, vec![(to, parcel)]);
    net.step();
    net.under_way = held;
    let one = Scalar::ONE;
    let changed = PresignShare { opening: Opening { w: one, u: one, v: one }, ..share.clone() };
    is_dropped(&mut net, holder, leader, &Message::PresignShare(changed), unwanted);

    // Who leads starts; and nobody starts what cannot be.
    let starts = |change: &dyn Fn(&mut PresignStart)| {
        let mut start = start.clone();
        change(&mut start);
        Message::PresignStart(start)
    };
    is_dropped(&mut net, other, holder, &starts(&|_| ()), BAD_START);
    is_dropped(&mut net, leader, outsider, &starts(&|_| ()), BAD_START);
    is_dropped(&mut net, leader, holder, &starts(&|s| s.product = s.nonce), BAD_START);
    is_dropped(&mut net, leader, holder, &starts(&|s| s.epoch.0 += 1), BAD_START);
    is_dropped(&mut net, leader, holder, &starts(&|s| _ = s.holders.pop()), BAD_START);
    let unsealed = "a batch that this node has not sealed so";
    is_dropped(&mut net, leader, holder, &starts(&|s| s.sealed = Some(DIGEST)), unsealed);
    is_dropped(&mut net, leader, holder, &starts(&|s| s.sealed = None), unsealed);
    let consumed = "a triple that is consumed or was never dealt";
    is_dropped(&mut net, leader, holder, &starts(&|_| ()), consumed);
    is_dropped(&mut net, leader, holder, &starts(&|s| s.nonce = 400), consumed);

    // Who leads passes on what all have opened.
    let opened = PresignOpened { presignature: start.digest(), openings: Vec::new() };
    is_dropped(&mut net, leader, holder, &Message::PresignOpened(opened.clone()), NOT_OF_ALL);
    is_dropped(&mut net, other, holder, &Message::PresignOpened(opened), NOT_OF_ALL);

    net.run();
    net.assert_done(&net.ids());
    net.assert_nonces_unique();
    assert!(net.culprits().is_empty(), "{:?}", net.culprits());
}

#[test]
fn a_signature_that_is_malformed_or_of_something_else_is_dropped_without_blame() {
    for scheme in SCHEMES {
        let (mut net, coordinator, propose) = with_caught_proposal(scheme);
        let holder = other_holder(coordinator, &propose);
        let mut finished = {
            let mut other = Net::new(4, 2);
            other.authorise_all(scheme);
            other.run();
            let (shares, signature) = other.done(holder).unwrap();
            let (holders, nonce) = (shares[0].holders.clone(), shares[0].nonce);
            Finished { session: propose.session, attempt: 0, proposal: Digest([1; 32]), holders, nonce, signature }
        };
        let right = finished.clone();
        let wrong = "no signature of this session";
        finished.nonce += k256::ProjectivePoint::GENERATOR;
        is_dropped(&mut net, coordinator, holder, &Message::Finished(Box::new(finished.clone())), wrong);
        finished = Finished { holders: right.holders[1..].to_vec(), ..right.clone() };
        is_dropped(&mut net, coordinator, holder, &Message::Finished(Box::new(finished)), wrong);
        assert!(net.done(holder).is_none() && net.culprits().is_empty());
        // The right one does finish, whoever brings it.
        net.post(coordinator, holder, &Message::Finished(Box::new(right)));
        net.run();
        net.assert_done(&net.ids());
        let failed = |effect: &Effect| matches!(effect, Effect::Failed { .. } | Effect::WrongResult { .. });
        assert!(net.peers.values().all(|peer| !peer.effects.iter().any(failed)));
        assert!(net.culprits().is_empty());
    }
}
