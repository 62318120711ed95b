//! Actions that run for conditions: they begin among the node's other actions, take places as these do, and what they
//! come to goes to whoever waits for the conditions.

use super::super::core::Core;
use super::super::execution::{Execution, failure};
use super::super::trial::Trial;
use super::Requests;
use crate::api::{ErrorCode, Failure};
use crate::id::RequestId;
use crate::io::{Outputs, Time};

impl Requests {
    /// Begins to run functions of actions for conditions. One that finds no place is said to have failed for that.
    pub(super) fn try_out(&mut self, trials: Vec<Trial>, now: Time, core: &mut Core, out: &mut Outputs) {
        for trial in trials {
            // The first one may have ended what asked for the others.
            if trial.at.is_some() && !self.running.contains_key(&trial.of) {
                continue;
            }
            if let Some(message) = self.is_too_busy_for(trial.asker) {
                self.end_trial(&trial, Err(failure(ErrorCode::RateLimitExceeded, message)), now, core, out);
                continue;
            }
            let (id, execution) = (trial.id(), Execution::try_out(&trial, now, core, out));
            self.running.insert(id, execution);
            self.trials.insert(id, trial);
            self.advance(id, now, core, out, |_, _, _| {});
        }
    }

    /// A function has run, or could not: whoever waits for the conditions goes on.
    pub(super) fn end_trial(
        &mut self,
        trial: &Trial,
        said: Result<String, Failure>,
        now: Time,
        core: &mut Core,
        out: &mut Outputs,
    ) {
        let Some(at) = trial.at else {
            let share = self.keys.network.as_deref();
            return self.decryptions.on_trial(trial.of, trial.part, said, share, core, out);
        };
        self.advance(trial.of, now, core, out, |execution, core, out| {
            execution.on_trial(at, trial.part, said, now, core, out);
        });
    }

    /// What runs for the conditions of a request that is over runs for nobody.
    pub(super) fn forget_trials(&mut self, of: RequestId) {
        let orphans: Vec<RequestId> =
            self.trials.extract_if(.., |_, trial| trial.at.is_some() && trial.of == of).map(|(id, _)| id).collect();
        for id in orphans {
            self.running.remove(&id);
        }
    }
}

#[cfg(test)]
mod tests;
