//! Clients' requests for decryption at one node. One whose conditions are about chains waits until this node has read them
//! for itself; there are only so many of those, a part of them for each caller, and none waits for ever.

use std::collections::BTreeMap;

use super::core::Core;
use super::decryption::{Counter, Judge};
use super::question::Question;
use super::requests::{CALLER_PART, CONNECTIONS_MAX, reply};
use super::trial::Trial;
use crate::api::{Decrypt, Decryption, ErrorCode, Failure, Response};
use crate::auth::conditions::{Asked, ConditionError, Inquiry, Part};
use crate::curve::Bls12381;
use crate::id::{ConnId, RequestId};
use crate::io::{ChainError, ChainReply, Outputs, Time};
use crate::key::KeyShare;
use crate::note::Note;
use crate::wire::encode;

#[cfg(test)]
mod tests;

/// A request whose conditions are being looked at.
struct Waiting {
    request: Decrypt,
    inquiry: Inquiry,
    conns: Vec<ConnId>,
    /// When what has not been read by then counts as unreadable.
    until: Time,
}

/// All of them.
pub(super) struct Decryptions {
    waiting: BTreeMap<RequestId, Waiting>,
    waiting_max: usize,
    /// Functions of actions that have to run.
    trials: Vec<Trial>,
    /// How many answers were sealed in this boot: no two have the same randomness.
    answered: u64,
}

/// This node's share of the network's key, if it holds one.
type Share<'a> = Option<&'a KeyShare<Bls12381>>;

impl Decryptions {
    /// Lets up to `waiting_max` requests wait for chains at once, a part of them from each caller.
    pub fn new(waiting_max: usize) -> Self {
        Self { waiting: BTreeMap::new(), waiting_max, trials: Vec::new(), answered: 0 }
    }

    /// A client asks. Nothing is kept after the answer, so asking again costs the same.
    pub fn on_request(
        &mut self,
        conn: ConnId,
        request: Decrypt,
        share: Share<'_>,
        now: Time,
        core: &mut Core,
        out: &mut Outputs,
    ) {
        let id = request.id();
        if let Some(waiting) = self.waiting.get_mut(&id) {
            if !waiting.conns.contains(&conn) && waiting.conns.len() < CONNECTIONS_MAX {
                waiting.conns.push(conn);
            }
            return;
        }
        let counter = Counter {
            node: core.me,
            epoch: core.roster.epoch(),
            clock: core.clock,
            sign_in: &core.config.sign_in,
            sessions: &core.config.sessions,
        };
        let asker = match counter.asker(&request, &mut out.meter) {
            Ok(asker) => asker,
            Err(failure) => return answer(&[conn], &request, Err(failure), out),
        };
        let (inquiry, asked) = Inquiry::begin(request.conditions.clone(), asker);
        if let Some(met) = inquiry.verdict() {
            return self.finish(&[conn], &request, met, share, core, out);
        }
        if let Some(message) = self.is_too_busy_for(inquiry.asker().address) {
            let failure = Failure { code: ErrorCode::RateLimitExceeded, message, logs: String::new() };
            return answer(&[conn], &request, Err(failure), out);
        }
        for asked in asked {
            let question = Question::Condition { request: id, at: None, part: asked.part };
            core.ask_any_chain(question, asked.chain, asked.request, out);
        }
        let asker = inquiry.asker().address;
        let trial = |(part, run)| Trial { of: id, at: None, part, run, asker };
        self.trials.extend(inquiry.runs().into_iter().map(trial));
        let until = now.plus_millis(core.config.limits.time_ms);
        self.waiting.insert(id, Waiting { request, inquiry, conns: vec![conn], until });
    }

    /// A chain has answered something that conditions are about.
    pub fn on_chain(
        &mut self,
        id: RequestId,
        part: Part,
        reply: Result<ChainReply, ChainError>,
        share: Share<'_>,
        core: &mut Core,
        out: &mut Outputs,
    ) {
        self.hear(id, share, core, out, |inquiry| inquiry.take(part, reply));
    }

    /// A function of an action has run for conditions, or could not.
    pub fn on_trial(
        &mut self,
        id: RequestId,
        part: Part,
        said: Result<String, Failure>,
        share: Share<'_>,
        core: &mut Core,
        out: &mut Outputs,
    ) {
        self.hear(id, share, core, out, |inquiry| {
            inquiry.take_run(part, said);
            Vec::new()
        });
    }

    /// Functions of actions that have to run for conditions, since the last call.
    pub fn take_trials(&mut self) -> Vec<Trial> {
        std::mem::take(&mut self.trials)
    }

    /// Takes something that conditions are about, and answers or asks on.
    fn hear(
        &mut self,
        id: RequestId,
        share: Share<'_>,
        core: &mut Core,
        out: &mut Outputs,
        take: impl FnOnce(&mut Inquiry) -> Vec<Asked>,
    ) {
        let Some(waiting) = self.waiting.get_mut(&id) else { return };
        if waiting.conns.is_empty() {
            self.waiting.remove(&id);
            return;
        }
        let asked = take(&mut waiting.inquiry);
        if let Some(met) = waiting.inquiry.verdict() {
            let Some(Waiting { request, conns, .. }) = self.waiting.remove(&id) else { return };
            return self.finish(&conns, &request, met, share, core, out);
        }
        for asked in asked {
            let question = Question::Condition { request: id, at: None, part: asked.part };
            core.ask_any_chain(question, asked.chain, asked.request, out);
        }
    }

    /// A client went away. A request that nobody waits for any more is given up with the next answer of a chain, and not
    /// before: its place is taken as long as chains are busy with it, so whoever asks and goes away is not served faster.
    pub fn on_gone(&mut self, conn: ConnId) {
        for waiting in self.waiting.values_mut() {
            waiting.conns.retain(|one| *one != conn);
        }
    }

    /// The earliest instant at which [`Self::tick`] has something to do.
    pub fn deadline(&self) -> Option<Time> {
        self.waiting.values().map(|waiting| waiting.until).min()
    }

    /// Lets time pass.
    pub fn tick(&mut self, now: Time, share: Share<'_>, core: &mut Core, out: &mut Outputs) {
        let due: Vec<RequestId> =
            self.waiting.iter().filter(|(_, waiting)| waiting.until <= now).map(|(id, _)| *id).collect();
        for id in due {
            let Some(Waiting { request, inquiry, conns, .. }) = self.waiting.remove(&id) else { continue };
            if conns.is_empty() {
                continue;
            }
            self.finish(&conns, &request, inquiry.give_up(), share, core, out);
        }
    }

    fn is_too_busy_for(&self, caller: Option<[u8; 20]>) -> Option<String> {
        if self.waiting.len() >= self.waiting_max {
            return Some(format!(
                "this node looks at the conditions of {} requests already; try again",
                self.waiting_max
            ));
        }
        let places = self.waiting_max.div_ceil(CALLER_PART);
        // All who have not signed in are one caller.
        let taken = self.waiting.values().filter(|waiting| waiting.inquiry.asker().address == caller).count();
        (taken >= places).then(|| format!("this node looks at {places} requests of this caller already; try again"))
    }

    /// Answers, by what this node made of the conditions.
    fn finish(
        &mut self,
        conns: &[ConnId],
        request: &Decrypt,
        met: Result<(), ConditionError>,
        share: Share<'_>,
        core: &mut Core,
        out: &mut Outputs,
    ) {
        let id = request.id();
        self.answered += 1;
        let stream = [&id.0[..], &self.answered.to_be_bytes()].concat();
        let mut rng = core.entropy.stream(&stream, "decryption/seal");
        let judge = Judge { share, identity: &core.config.identity };
        let result = judge.answer(request, met, &mut *core.conduct, &mut rng, &mut out.meter);
        answer(conns, request, result, out);
    }
}

fn answer(conns: &[ConnId], request: &Decrypt, result: Result<Box<Decryption>, Failure>, out: &mut Outputs) {
    let id = request.id();
    out.note(match &result {
        Ok(_) => {
            let conditions = request.conditions.digest();
            Note::DecryptionShared { request: id, key: request.key, conditions, plaintext: request.plaintext }
        }
        Err(failure) => Note::Refused { request: id, code: failure.code.name(), message: failure.message.clone() },
    });
    let bytes = encode(&Response::Decrypt { request: id, result });
    conns.iter().for_each(|conn| reply(*conn, &bytes, out));
}
