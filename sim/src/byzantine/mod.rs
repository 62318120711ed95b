//! How nodes lie: one behaviour a file, each a [`lit_node::conduct::Conduct`] that acts while its fault is on.

mod aiming;
mod bad_dealing;
mod bad_sig_share;
mod coalition;
mod cut_short;
mod deny_receipt;
mod equivocate;
mod false_abort;
mod false_blame;
mod false_complaint;
mod flood;
mod ignore_permissions;
mod late;
mod leak;
mod mutate;
mod mute;
mod open_after_seal;
mod own_keys;
mod repeat;
mod replay;
mod rush;
mod silent;
mod split_proposals;
mod spoof;
mod stale_proof;
mod switchboard;
#[cfg(test)]
mod tests;
mod unfair_sets;
mod unreadable_share;
mod withhold;
mod withhold_seal;
mod wrong_decryption_share;
mod wrong_lead;
mod wrong_nonces;
mod wrong_share;
mod wrong_start;
mod wrong_triples;
mod wrong_vote;

pub use aiming::Aiming;
pub use leak::Leak;
pub use switchboard::{Line, Switchboard};

use lit_node::bls::{SealedShare, ShareStatement};
use lit_node::chain::ContractCall;
use lit_node::conduct::{Conduct, Decision, Honest, Secret};
use lit_node::curve::Bls12381;
use lit_node::dkg::Dealing;
use lit_node::id::{NodeId, RequestId};
use lit_node::roster::Roster;
use lit_node::statement::Statement;
use lit_node::wire::SignatureBytes;

use crate::fault::{Aim, Fault};
use crate::plan::{FaultId, FaultPlan};

/// The place of a node in its network: what a liar knows like everybody else.
#[derive(Clone, Debug)]
pub struct Part {
    /// The node.
    pub me: NodeId,
    /// The validator set.
    pub roster: Roster,
}

/// The conduct of a node under a plan: honest, or everything that the plan's faults make of it. What a behaviour draws
/// derives from its fault's key.
pub fn conduct(
    part: &Part,
    plan: &FaultPlan,
    switchboard: &Switchboard,
    key: impl Fn(&FaultId) -> [u8; 32],
) -> Box<dyn Conduct> {
    let lines = plan.events.iter().enumerate().filter(|(_, event)| event.what.corrupts().contains(&part.me));
    let behaviours: Vec<_> = lines
        .filter_map(|(index, event)| behaviour(&event.what, part, switchboard.line(index), key(&event.id)))
        .collect();
    if behaviours.is_empty() { Box::new(Honest) } else { Box::new(Corrupted { behaviours }) }
}

/// What a fault makes a node do.
fn behaviour(fault: &Fault, part: &Part, line: Line, key: [u8; 32]) -> Option<Box<dyn Conduct>> {
    let me = part.me;
    let aiming = |aim: &Aim| Aiming::new(me, aim.clone(), line.clone(), key);
    Some(match fault {
        Fault::Leak(_) => Box::new(Leak::new(line)),
        Fault::Silent(_) => Box::new(silent::Silent::new(me, line)),
        Fault::Mute(lie) => Box::new(mute::Mute::new(aiming(&lie.aim))),
        Fault::Late(lie) => Box::new(late::Late::new(aiming(&lie.aim), lie.events)),
        Fault::Replay(lie) => Box::new(replay::Again::new(aiming(&lie.aim), lie.other_sessions)),
        Fault::Repeat(lie) => Box::new(repeat::Repeated::new(aiming(&lie.aim), lie.times)),
        Fault::Mutate(lie) => Box::new(mutate::Mutate::new(aiming(&lie.aim))),
        Fault::CutShort(lie) => Box::new(cut_short::Short::new(aiming(&lie.aim), lie.bytes)),
        Fault::Flood(lie) => Box::new(flood::Flooding::new(aiming(&lie.aim), lie.bytes, lie.count)),
        Fault::Equivocate(lie) => Box::new(equivocate::Equivocate::new(part.clone(), aiming(&lie.aim), key)),
        Fault::WrongShare(lie) => {
            Box::new(wrong_share::BadDealer::new(part.clone(), aiming(&lie.aim), lie.undecryptable, key))
        }
        Fault::WrongCommitment(_) => Box::new(bad_dealing::BadDealing::new(line, bad_dealing::Flaw::Commitment)),
        Fault::WrongProof(lie) if lie.ephemeral => {
            Box::new(bad_dealing::BadDealing::new(line, bad_dealing::Flaw::EphemeralProof))
        }
        Fault::WrongProof(_) => Box::new(bad_dealing::BadDealing::new(line, bad_dealing::Flaw::Proof)),
        Fault::StaleProof(_) => Box::new(stale_proof::StaleProof::new(part.clone(), line, key)),
        Fault::FalseComplaint(lie) => Box::new(false_complaint::FalseComplaint::new(line, lie.member)),
        Fault::FalseBlame(lie) if lie.own_keys => Box::new(own_keys::OwnKeys::new(part.clone(), line, lie.member)),
        Fault::FalseBlame(lie) => Box::new(false_blame::FalseBlame::new(part.clone(), line, lie.member)),
        Fault::BadSigShare(lie) => Box::new(bad_sig_share::BadSigShare::new(aiming(&lie.aim), lie.value)),
        Fault::WrongNonces(lie) => Box::new(wrong_nonces::WrongNonces::new(aiming(&lie.aim))),
        Fault::WrongStart(lie) => Box::new(wrong_start::WrongStart::new(part.clone(), aiming(&lie.aim), lie.holders)),
        Fault::WrongLead(lie) => Box::new(wrong_lead::WrongLead::new(part.clone(), aiming(&lie.aim), lie.lie)),
        Fault::DenyReceipt(lie) => Box::new(deny_receipt::DenyReceipt::new(aiming(&lie.aim), lie.times)),
        Fault::Rush(lie) => Box::new(rush::Rushing::new(part, aiming(&lie.aim), rush::Booty::of(lie))),
        Fault::Withhold(_) => Box::new(withhold::Withhold::new(me, line)),
        Fault::Spoof(lie) => Box::new(spoof::Spoof::new(part.clone(), line, lie.member)),
        Fault::IgnorePermissions(_) => Box::new(ignore_permissions::IgnorePermissions::new(line)),
        Fault::WrongDecryptionShare(lie) => {
            Box::new(wrong_decryption_share::WrongDecryptionShare::new(line, lie.off_by.get()))
        }
        Fault::UnreadableShare(lie) => Box::new(unreadable_share::UnreadableShare::new(me, line, lie.copy)),
        Fault::WrongVote(lie) => Box::new(wrong_vote::WrongVote::new(line, key, lie.times)),
        Fault::UnfairSets(lie) => {
            Box::new(unfair_sets::Unfair::new(line, me, lie.exclude.clone(), lie.include.clone()))
        }
        Fault::SplitProposals(lie) => Box::new(split_proposals::SplitProposals::new(part, aiming(&lie.aim))),
        Fault::WrongTriples(lie) => Box::new(wrong_triples::WrongTriples::new(aiming(&lie.aim), lie.step)),
        Fault::OpenAfterSeal(_) => Box::new(open_after_seal::OpenAfterSeal::new(me, line, key)),
        Fault::FalseAbort(lie) => Box::new(false_abort::FalseAbort::new(me, line, lie.aim.victims.clone())),
        Fault::WithholdSeal(lie) => Box::new(withhold_seal::WithholdSeal::new(aiming(&lie.aim))),
        Fault::Coalition(_) => Box::new(coalition::Member::new(part, line)),
        _ => return None,
    })
}

/// Several behaviours of one node. What one of them says the next one may change.
struct Corrupted {
    behaviours: Vec<Box<dyn Conduct>>,
}

impl Conduct for Corrupted {
    fn outbound(&mut self, to: NodeId, statement: Statement) -> Vec<(NodeId, Statement)> {
        self.behaviours.iter_mut().fold(vec![(to, statement)], |said, behaviour| {
            said.into_iter().flat_map(|(to, statement)| behaviour.outbound(to, statement)).collect()
        })
    }

    fn deal(&mut self, dealing: Dealing) -> Dealing {
        self.behaviours.iter_mut().fold(dealing, |dealing, behaviour| behaviour.deal(dealing))
    }

    fn deal_network_key(&mut self, dealing: Dealing<Bls12381>) -> Dealing<Bls12381> {
        self.behaviours.iter_mut().fold(dealing, |dealing, behaviour| behaviour.deal_network_key(dealing))
    }

    fn signed(&mut self, from: NodeId, statement: &Statement, signature: SignatureBytes) {
        self.behaviours.iter_mut().for_each(|behaviour| behaviour.signed(from, statement, signature));
    }

    fn inbound(&mut self, from: NodeId, statement: &Statement) -> Vec<(NodeId, Statement)> {
        self.behaviours.iter_mut().flat_map(|behaviour| behaviour.inbound(from, statement)).collect()
    }

    fn submit(&mut self, call: ContractCall) -> Vec<ContractCall> {
        self.behaviours
            .iter_mut()
            .fold(vec![call], |calls, behaviour| calls.into_iter().flat_map(|call| behaviour.submit(call)).collect())
    }

    fn decide(&mut self, decision: &Decision, honest: bool) -> bool {
        self.behaviours.iter_mut().fold(honest, |choice, behaviour| behaviour.decide(decision, choice))
    }

    fn share_decryption(&mut self, share: ShareStatement) -> ShareStatement {
        self.behaviours.iter_mut().fold(share, |share, behaviour| behaviour.share_decryption(share))
    }

    fn answer_decryption(&mut self, request: RequestId, answer: SealedShare) -> SealedShare {
        self.behaviours.iter_mut().fold(answer, |answer, behaviour| behaviour.answer_decryption(request, answer))
    }

    fn learn(&mut self, secret: Secret<'_>) {
        for behaviour in &mut self.behaviours {
            behaviour.learn(secret.clone());
        }
    }
}
