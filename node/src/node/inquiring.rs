//! Conditions in actions: each node that runs the action looks for itself whether they are met, and reads chains for that
//! where they are about any.

use super::core::Core;
use super::execution::Execution;
use super::frame::CallRef;
use super::question::Question;
use super::trial::Trial;
use super::unsealing::Opening;
use crate::action::HostAnswer;
use crate::api::{AuthSig, Failure};
use crate::auth::conditions::{Asked, Asker, ConditionError, Conditions, Inquiry, Part};
use crate::auth::siwe;
use crate::id::RequestId;
use crate::io::{ChainError, ChainReply, Outputs, Time};

/// Conditions that wait for chains.
pub(super) struct Inquiring {
    inquiry: Inquiry,
    then: Then,
}

/// What becomes of the decision.
pub(super) enum Then {
    /// The action hears it.
    Tell,
    /// This node gives its share of a decryption key.
    Unseal(Box<Opening>),
}

impl Execution {
    /// Looks whether the caller, or whoever signed `auth_sig`, meets conditions in this action. What is read counts as calls
    /// of contracts. The answer, if there is one at once.
    pub(super) fn inquire(
        &mut self,
        at: CallRef,
        (conditions, auth_sig): (Conditions, Option<&AuthSig>),
        then: Then,
        core: &mut Core,
        out: &mut Outputs,
    ) -> Result<Option<HostAnswer>, Failure> {
        let asker = self.asker(at, auth_sig, core, out)?;
        let (inquiry, asked) = Inquiry::begin(conditions, asker);
        // The question itself is one.
        let least = usize::from(matches!(then, Then::Tell));
        for _ in 0..inquiry.size().max(least) {
            Self::count(&mut self.used.contract_calls, core.limits().contract_calls, "contract calls")?;
        }
        if let Some(met) = inquiry.verdict() {
            return Ok(self.conclude(at, then, met, core, out));
        }
        let runs = inquiry.runs();
        for _ in &runs {
            Self::count(&mut self.used.calls, core.limits().calls, "calls of actions")?;
        }
        let (of, asker) = (self.id, inquiry.asker().address);
        self.trials.extend(runs.into_iter().map(|(part, run)| Trial { of, at: Some(at), part, run, asker }));
        ask(self.id, at, asked, core, out);
        self.inquiries.insert(at, Inquiring { inquiry, then });
        Ok(None)
    }

    /// A chain has answered something that conditions are about.
    pub fn on_condition(
        &mut self,
        at: CallRef,
        part: Part,
        reply: Result<ChainReply, ChainError>,
        now: Time,
        core: &mut Core,
        out: &mut Outputs,
    ) {
        let Some(inquiring) = self.inquiries.get_mut(&at) else { return };
        let asked = inquiring.inquiry.take(part, reply);
        self.go_on(at, asked, now, core, out);
    }

    /// A function of an action has run for conditions, or could not.
    pub fn on_trial(
        &mut self,
        at: CallRef,
        part: Part,
        said: Result<String, Failure>,
        now: Time,
        core: &mut Core,
        out: &mut Outputs,
    ) {
        let Some(inquiring) = self.inquiries.get_mut(&at) else { return };
        inquiring.inquiry.take_run(part, said);
        self.go_on(at, Vec::new(), now, core, out);
    }

    /// Answers the call that waits for conditions, or asks on.
    fn go_on(&mut self, at: CallRef, asked: Vec<Asked>, now: Time, core: &mut Core, out: &mut Outputs) {
        let Some(inquiring) = self.inquiries.get(&at) else { return };
        let Some(met) = inquiring.inquiry.verdict() else { return ask(self.id, at, asked, core, out) };
        let Some(Inquiring { then, .. }) = self.inquiries.remove(&at) else { return };
        if let Some(answer) = self.conclude(at, then, met, core, out) {
            self.answer(at, answer, now, core, out);
        }
    }

    fn asker(&self, at: CallRef, auth_sig: Option<&AuthSig>, core: &Core, out: &mut Outputs) -> Result<Asker, Failure> {
        let (address, signed) = match auth_sig {
            Some(auth_sig) => {
                let address = siwe::verify(auth_sig, core.clock, &core.config.sign_in, &mut out.meter)?;
                (Some(address), Some(siwe::said(auth_sig)?))
            }
            None => (self.caller.address, self.caller.signed.clone()),
        };
        Ok(Asker { address, action: self.stack(at.frame).last().copied(), signed })
    }

    /// What the action hears at once. Conditions that cannot be judged are an error to it, and no "no".
    fn conclude(
        &mut self,
        at: CallRef,
        then: Then,
        met: Result<(), ConditionError>,
        core: &mut Core,
        out: &mut Outputs,
    ) -> Option<HostAnswer> {
        match then {
            Then::Tell => Some(HostAnswer::Permitted(match met {
                Ok(()) => Ok(true),
                Err(ConditionError::Unmet(_)) => Ok(false),
                Err(error @ ConditionError::ReadFailed { .. }) => Err(error.into()),
            })),
            Then::Unseal(opening) => {
                let given = self.give_share(at, *opening, met, core, out);
                given.err().map(|failure| HostAnswer::Text(Err(failure)))
            }
        }
    }
}

fn ask(request: RequestId, at: CallRef, asked: Vec<Asked>, core: &mut Core, out: &mut Outputs) {
    for asked in asked {
        let question = Question::Condition { request, at: Some(at), part: asked.part };
        core.ask_any_chain(question, asked.chain, asked.request, out);
    }
}
