//! One request at one node: from the caller's signature over the code's CID to the answer.
//!
//! A request begins with one action, which may call others. The node serves what they ask for ([`super::serve`]); what is
//! limited by number is counted over all of them.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use rand_core::RngCore;

use super::alone::Alone;
use super::caller::Caller;
use super::core::Core;
use super::frame::{CallRef, Frame, FrameId, Setting};
use super::inquiring::Inquiring;
use super::permission::Check;
use super::proving::Proving;
use super::question::Question;
use super::trial::Trial;
use super::unsealing::Unsealing;
use crate::action::{ActionError, ActionSpec, AuthContext, HostAnswer, HostCall, SignPurpose, Usage};
use crate::api::{ActionSource, ErrorCode, Execute, Executed, Failure, SignaturePart, Task};
use crate::bugs::{self, Bug};
use crate::chain::addresses::checksummed;
use crate::cid::{self, Cid, CidError};
use crate::id::{Digest, RequestId, SessionId};
use crate::io::{IpfsError, Output, Outputs, Time};
use crate::meter::Op;
use crate::note::Note;
use crate::signing::Subject;
use crate::wire::hash_parts;

/// The action that the client asked for.
const ROOT: FrameId = FrameId(0);

/// A signature on its way.
pub(super) struct Ordered {
    pub call: CallRef,
    pub name: String,
    /// Whether the action gets it, and not the client.
    pub to_action: bool,
}

/// What nodes do together for an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Together {
    /// One of them runs a function.
    Once { name: SessionId, waits: bool },
    /// All give a value.
    Collect { name: SessionId, value: String },
    /// All give a value to all.
    Exchange { name: SessionId, value: String },
    /// All give a value to one of them.
    Entrust { name: SessionId, value: String },
    /// The function has run here.
    Done { name: SessionId, result: Result<String, String> },
}

/// How much of what is limited by number all actions of a request have used together.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Used {
    pub fetches: u64,
    pub signs: u64,
    pub contract_calls: u64,
    pub broadcasts: u64,
    pub calls: u64,
}

/// One request.
pub(super) struct Execution {
    pub(super) id: RequestId,
    /// Who asks.
    pub(super) caller: Caller,
    /// Proofs of that which are still being checked; nothing has begun until they have been.
    pub(super) proving: Option<Box<Proving>>,
    /// The actions under way.
    pub(super) frames: BTreeMap<FrameId, Frame>,
    /// CIDs of all actions that have begun.
    cids: Vec<String>,
    frames_made: u32,
    pub(super) used: Used,
    pub(super) checks: BTreeMap<CallRef, Check>,
    /// Conditions that wait for chains.
    pub(super) inquiries: BTreeMap<CallRef, Inquiring>,
    /// What actions read from the chain.
    pub(super) lookups: BTreeMap<CallRef, HostCall>,
    /// The names of all signatures that actions have asked for.
    pub(super) names: BTreeSet<String>,
    /// Signatures on their way.
    pub(super) signing: BTreeMap<SessionId, Ordered>,
    pub(super) orders: Vec<Subject>,
    pub(super) signatures: Vec<SignaturePart>,
    /// What nodes do together, by name, and the call that waits for it.
    pub(super) operations: BTreeMap<SessionId, CallRef>,
    pub(super) together: Vec<Together>,
    /// Decryptions that wait for shares.
    pub(super) unsealing: BTreeMap<SessionId, Unsealing>,
    /// What is to be signed without an action.
    pub(super) alone: Option<Alone>,
    /// Functions of actions that have to run for conditions.
    pub(super) trials: Vec<Trial>,
    /// What follows the code of an action that runs for a condition; such an action may only read.
    pub(super) ending: Option<String>,
    pub(super) result: Option<Result<Executed, Failure>>,
}

/// The CIDv0 of what a gateway served, which must be what was asked for.
fn served(bytes: &[u8], wanted: &str) -> Result<Cid, CidError> {
    if bugs::planted(Bug::UnverifiedCid) {
        let wanted = cid::parse(wanted)?;
        return Ok(cid::from_permission_bytes(&cid::permission_bytes(&wanted)).unwrap_or(wanted));
    }
    cid::matches(bytes, wanted)?;
    Ok(cid::cid_v0(bytes))
}

/// What an action draws its random numbers from: the node's own, and another at each start of it.
fn seed_of_random(request: RequestId, frame: FrameId, core: &Core) -> [u8; 32] {
    let stream = [&request.0[..], &frame.0.to_be_bytes()].concat();
    if bugs::planted(Bug::RandomAlike) {
        return hash_parts("action/math.random", &[&stream]);
    }
    let mut seed = [0; 32];
    core.entropy.stream(&stream, "action/math.random").fill_bytes(&mut seed);
    seed
}

pub(super) fn failure(code: ErrorCode, message: impl Into<String>) -> Failure {
    Failure { code, message: message.into(), logs: String::new() }
}

impl Execution {
    /// Checks the caller, then starts the code or asks for it.
    pub fn begin(id: RequestId, execute: Execute, now: Time, core: &mut Core, out: &mut Outputs) -> Self {
        let mut execution = Self::new(id);
        if let Err(failure) = execution.admit(execute, now, core, out) {
            execution.result = Some(Err(failure));
        }
        execution
    }

    /// Asks for the code of an action, to run a function of it for a condition.
    pub fn try_out(trial: &Trial, now: Time, core: &mut Core, out: &mut Outputs) -> Self {
        let mut execution = Self::new(trial.id());
        (execution.caller.claimed, execution.caller.address) = (trial.asker, trial.asker);
        execution.ending = Some(trial.ending());
        let source = ActionSource::Ipfs(trial.run.cid.to_string());
        if let Err(failure) = execution.start(source, "{}".to_owned(), now, core, out) {
            execution.result = Some(Err(failure));
        }
        execution
    }

    fn new(id: RequestId) -> Self {
        Self {
            id,
            caller: Caller::default(),
            proving: None,
            frames: BTreeMap::new(),
            cids: Vec::new(),
            frames_made: 0,
            used: Used::default(),
            checks: BTreeMap::new(),
            inquiries: BTreeMap::new(),
            lookups: BTreeMap::new(),
            names: BTreeSet::new(),
            signing: BTreeMap::new(),
            orders: Vec::new(),
            signatures: Vec::new(),
            operations: BTreeMap::new(),
            together: Vec::new(),
            unsealing: BTreeMap::new(),
            alone: None,
            trials: Vec::new(),
            ending: None,
            result: None,
        }
    }

    fn admit(&mut self, execute: Execute, now: Time, core: &mut Core, out: &mut Outputs) -> Result<(), Failure> {
        let ours = core.roster.epoch();
        if execute.epoch != ours {
            let text = format!("the request is for epoch {}, this node is in epoch {ours}", execute.epoch);
            return Err(failure(ErrorCode::WrongEpoch, text));
        }
        self.caller = Caller::identify(&execute.credential, core, out)?;
        self.prove(execute, now, core, out)
    }

    /// Begins what the client asks for: it has been checked who asks.
    pub(super) fn begin_task(
        &mut self,
        task: Task,
        now: Time,
        core: &mut Core,
        out: &mut Outputs,
    ) -> Result<(), Failure> {
        let due = now.plus_millis(core.limits().time_ms);
        match task {
            Task::Action { source, js_params } => self.start(source, js_params, now, core, out)?,
            Task::Sign { public_key, digest, scheme } => {
                let purpose = SignPurpose::Anything;
                self.alone = Some(Alone { public_key, digest, scheme, purpose, due, began: false });
            }
            Task::SessionKey { public_key, text } => {
                self.caller.may_certify()?;
                self.alone = Some(Alone::certifying(public_key, &text, due, core)?);
            }
        }
        Ok(())
    }

    /// Begins the client's action.
    fn start(
        &mut self,
        source: ActionSource,
        params: String,
        now: Time,
        core: &mut Core,
        out: &mut Outputs,
    ) -> Result<(), Failure> {
        let setting = Setting {
            callers: Vec::new(),
            params,
            limits: core.limits(),
            parent: None,
            path: SessionId::derive("action/path", &[&self.id.0]),
        };
        match source {
            ActionSource::Inline(code) => {
                let cid = cid::cid_v0(code.as_bytes());
                self.caller.may_run(&cid)?;
                let frame = self.add(cid.to_string(), setting);
                self.run(frame, code, cid, now, core, out);
            }
            ActionSource::Ipfs(wanted) => {
                let cid = cid::parse(&wanted).map_err(|error| failure(ErrorCode::InvalidIpfsId, error.to_string()))?;
                self.caller.may_run(&cid)?;
                self.fetch(wanted, setting, core, out);
            }
        }
        Ok(())
    }

    fn add(&mut self, cid: String, setting: Setting) -> FrameId {
        let id = FrameId(self.frames_made);
        self.frames_made += 1;
        self.frames.insert(id, Frame::new(cid, setting));
        id
    }

    /// Asks for the code of an action.
    pub(super) fn fetch(&mut self, cid: String, setting: Setting, core: &mut Core, out: &mut Outputs) {
        let frame = self.add(cid.clone(), setting);
        let call = core.ask(Question::Code { request: self.id, frame });
        out.push(Output::IpfsGet { call, cid });
    }

    /// The gateway's answer: its bytes count only if they hash to the CID.
    pub fn on_code(
        &mut self,
        id: FrameId,
        reply: Result<Vec<u8>, IpfsError>,
        now: Time,
        core: &mut Core,
        out: &mut Outputs,
    ) {
        let Some(frame) = self.frames.get(&id).filter(|frame| frame.is_fetching()) else { return };
        let wanted = frame.cid.clone();
        let code = reply.map_err(|error| failure(ErrorCode::IpfsUnavailable, error.to_string())).and_then(|bytes| {
            out.meter.add(Op::HashByte, bytes.len() as u64);
            let cid = served(&bytes, &wanted).map_err(|error| failure(ErrorCode::InvalidIpfsId, error.to_string()))?;
            let code = String::from_utf8(bytes)
                .map_err(|_| failure(ErrorCode::JsError, format!("the code at {wanted} is not UTF-8")))?;
            Ok((code, cid))
        });
        match code {
            Ok((code, cid)) => self.run(id, code, cid, now, core, out),
            Err(failure) => self.close(id, Err(failure), Usage::default(), now, core, out),
        }
    }

    /// Runs code. Permissions name it by its CIDv0, however it came here.
    fn run(&mut self, id: FrameId, code: String, cid: Cid, now: Time, core: &mut Core, out: &mut Outputs) {
        let Some(frame) = self.frames.get_mut(&id) else { return };
        out.meter.add(Op::HashByte, code.len() as u64);
        frame.stack.push(cid);
        let seed = seed_of_random(self.id, id, core);
        let chance = Digest(hash_parts("action/math.random", &[&seed]));
        out.note(Note::ActionStarted { request: self.id, frame: id.0, cid: cid.to_string(), chance });
        self.cids.push(cid.to_string());
        let auth = AuthContext {
            action_ipfs_ids: self.cids.clone(),
            action_ipfs_id_stack: frame.stack.iter().map(Cid::to_string).collect(),
            auth_sig_address: self.caller.address.map(|address| checksummed(&address)),
            auth_method_contexts: self.caller.proved.contexts(),
            resources: self.caller.resources(),
            ..AuthContext::default()
        };
        // Permissions and the CID are those of the code as it was served.
        let code = match &self.ending {
            Some(ending) => code + ending,
            None => code,
        };
        let Setting { params, limits, .. } = &frame.setting;
        let spec = ActionSpec { code, js_params: params.clone(), auth, limits: *limits, seed, started: now };
        frame.start(spec, now, core, out);
    }

    /// The actions on the stack: the last one asks.
    pub(super) fn stack(&self, frame: FrameId) -> Vec<Cid> {
        self.frames.get(&frame).map(|frame| frame.stack.clone()).unwrap_or_default()
    }

    /// Answers a call of an action, now or when its current run is over.
    pub fn answer(&mut self, at: CallRef, answer: HostAnswer, now: Time, core: &mut Core, out: &mut Outputs) {
        match self.frames.get_mut(&at.frame) {
            Some(frame) => frame.answer(at.call, answer, now, core, out),
            None => self.end_alone(answer),
        }
    }

    /// Timers, time limits, and ends of runs.
    pub fn tick(&mut self, now: Time, core: &mut Core, out: &mut Outputs) {
        self.give_up_proving(now);
        for frame in self.frames.values_mut().filter(|frame| frame.deadline().is_some_and(|at| at <= now)) {
            frame.tick(now, core, out);
        }
        if self.alone.as_ref().is_some_and(|alone| alone.due <= now) {
            self.result = Some(Err(failure(ErrorCode::RequestTimeout, "the signature did not come about in time")));
        }
    }

    /// When [`Self::tick`] has something to do.
    pub fn deadline(&self) -> Option<Time> {
        let proving = self.proving.as_ref().map(|proving| proving.due);
        let alone = self.alone.as_ref().map(|alone| alone.due);
        self.frames.values().filter_map(Frame::deadline).chain(proving).chain(alone).min()
    }

    /// Closes the actions that have ended; returns whether there were any.
    pub(super) fn close_ended(&mut self, now: Time, core: &mut Core, out: &mut Outputs) -> bool {
        let ended = self.frames.iter_mut().find_map(|(id, frame)| Some((*id, frame.take_end()?)));
        let Some((id, (result, usage))) = ended else { return false };
        self.close(id, result.map(|done| done.response), usage, now, core, out);
        true
    }

    /// An action is over: the client or the action that called it gets what came of it. What it had called goes on for
    /// nobody, so it ends, too.
    fn close(
        &mut self,
        id: FrameId,
        result: Result<String, Failure>,
        usage: Usage,
        now: Time,
        core: &mut Core,
        out: &mut Outputs,
    ) {
        let Some(frame) = self.frames.remove(&id) else { return };
        self.abandon(id);
        match frame.setting.parent {
            Some(parent) => {
                if let Some(caller) = self.frames.get_mut(&parent.frame) {
                    caller.calling = false;
                }
                self.answer(parent, HostAnswer::Called { result, usage }, now, core, out);
            }
            None => {
                let signatures = std::mem::take(&mut self.signatures);
                let executed = |response| Executed { response, logs: usage.logs.clone(), signatures };
                self.result = Some(result.map(executed));
            }
        }
    }

    /// Forgets what only an action waited for that is over.
    fn abandon(&mut self, id: FrameId) {
        self.operations.retain(|_, at| at.frame != id);
        self.unsealing.retain(|_, unsealing| unsealing.at.frame != id);
        self.checks.retain(|at, _| at.frame != id);
        self.inquiries.retain(|at, _| at.frame != id);
        self.lookups.retain(|at, _| at.frame != id);
        let is_child = |frame: &Frame| frame.setting.parent.is_some_and(|parent| parent.frame == id);
        let children: Vec<FrameId> =
            self.frames.iter().filter(|(_, frame)| is_child(frame)).map(|(id, _)| *id).collect();
        for child in children {
            self.frames.remove(&child);
            self.abandon(child);
        }
    }

    /// The CID as the request names it.
    pub fn cid(&self) -> &str {
        self.frames.get(&ROOT).map_or("", |frame| &frame.cid)
    }

    /// Where the first program is: `fetching`, `running` or `ended`; `proving` before it, `signing` if there is none.
    pub fn phase(&self) -> &'static str {
        if self.proving.is_some() {
            return "proving";
        }
        let otherwise = if self.alone.is_some() { "signing" } else { "ended" };
        self.frames.get(&ROOT).map_or(otherwise, Frame::phase)
    }

    /// How many calls nobody has served yet.
    pub fn calls(&self) -> usize {
        self.frames.values().map(|frame| frame.calls.len()).sum()
    }

    /// Signatures granted since the last call.
    pub fn take_orders(&mut self) -> Vec<Subject> {
        std::mem::take(&mut self.orders)
    }

    /// What nodes are to do together, since the last call.
    pub fn take_together(&mut self) -> Vec<Together> {
        std::mem::take(&mut self.together)
    }

    /// Functions of actions that have to run for conditions, since the last call.
    pub fn take_trials(&mut self) -> Vec<Trial> {
        std::mem::take(&mut self.trials)
    }

    /// The answer, once there is one.
    pub fn take_result(&mut self) -> Option<Result<Executed, Failure>> {
        self.result.take()
    }

    /// Counts one use of something; whoever goes over the limit is told so.
    pub(super) fn count(used: &mut u64, max: u64, what: &'static str) -> Result<(), Failure> {
        *used += 1;
        if *used <= max {
            return Ok(());
        }
        let message = ActionError::LimitExceeded { what: Cow::Borrowed(what), max }.to_string();
        Err(failure(ErrorCode::LimitExceeded, message))
    }
}
