//! One request's action at one node: from the caller's signature over the code's CID to the answer.
//!
//! The node serves what the action asks for. A signature is only ordered after this node has itself read from the
//! chain that the action, or else the caller, may use the key.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::core::Core;
use super::question::{PermissionPart, Question};
use crate::action::{ActionSpec, AuthContext, HostAnswer, HostCall, HostCallId, Progress};
use crate::api::{ActionSource, ErrorCode, Execute, Executed, Failure, SignaturePart};
use crate::auth::permission::{ChainAnswers, Claimant};
use crate::auth::siwe;
use crate::bugs::{self, Bug};
use crate::chain::addresses::checksummed;
use crate::cid::{self, Cid, CidError};
use crate::id::{RequestId, SessionId};
use crate::io::{IpfsError, Output, Outputs, Time};
use crate::meter::Op;
use crate::note::Note;
use crate::signing::Subject;

/// A permission check in progress.
pub(super) struct Check {
    pub subject: Subject,
    /// The parts of the chain's view that have not come yet.
    pub awaited: BTreeSet<PermissionPart>,
    pub answers: ChainAnswers,
    pub failed: Option<String>,
}

/// Where the program is.
enum Stage {
    /// The gateway has been asked for the code.
    Fetching(Box<Execute>),
    /// The program runs.
    Running(Box<crate::action::Execution>),
    /// It has ended.
    Ended,
}

/// One request.
pub(super) struct Execution {
    pub(super) id: RequestId,
    /// The CID as the request names it, or that of its inline code.
    cid: String,
    /// Who stands behind the request.
    pub(super) claimant: Claimant,
    stage: Stage,
    /// What the program's last run came to, and when that is.
    held: Option<(Time, Progress)>,
    /// Answers for which the program's current run must end first.
    answers: VecDeque<(HostCallId, HostAnswer)>,
    /// Calls that the program made and nobody has served yet.
    pub(super) calls: VecDeque<(HostCallId, HostCall)>,
    pub(super) checks: BTreeMap<HostCallId, Check>,
    /// What the program reads from the chain.
    pub(super) lookups: BTreeMap<HostCallId, HostCall>,
    /// The names of all signatures that the program has asked for.
    pub(super) names: BTreeSet<String>,
    /// Signatures on their way, and the calls that wait for them.
    pub(super) signing: BTreeMap<SessionId, (HostCallId, String)>,
    pub(super) orders: Vec<Subject>,
    pub(super) signatures: Vec<SignaturePart>,
    result: Option<Result<Executed, Failure>>,
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

pub(super) fn failure(code: ErrorCode, message: impl Into<String>) -> Failure {
    Failure { code, message: message.into(), logs: String::new() }
}

impl Execution {
    /// Checks the caller, then starts the code or asks for it.
    pub fn begin(id: RequestId, execute: Execute, now: Time, core: &mut Core, out: &mut Outputs) -> Self {
        let mut execution = Self {
            id,
            cid: String::new(),
            claimant: Claimant::default(),
            stage: Stage::Ended,
            held: None,
            answers: VecDeque::new(),
            calls: VecDeque::new(),
            checks: BTreeMap::new(),
            lookups: BTreeMap::new(),
            names: BTreeSet::new(),
            signing: BTreeMap::new(),
            orders: Vec::new(),
            signatures: Vec::new(),
            result: None,
        };
        if let Err(failure) = execution.admit(execute, now, core, out) {
            execution.end(Err(failure));
        }
        execution
    }

    fn admit(&mut self, execute: Execute, now: Time, core: &mut Core, out: &mut Outputs) -> Result<(), Failure> {
        let ours = core.roster.epoch();
        if execute.epoch != ours {
            let text = format!("the request is for epoch {}, this node is in epoch {ours}", execute.epoch);
            return Err(failure(ErrorCode::WrongEpoch, text));
        }
        if let Some(auth_sig) = &execute.auth_sig {
            let caller = siwe::verify(auth_sig, core.clock, &core.config.sign_in, &mut out.meter)
                .map_err(|error| failure(ErrorCode::InvalidAuthSig, error.to_string()))?;
            self.claimant.address = Some(caller);
        }
        match &execute.source {
            ActionSource::Inline(code) => {
                self.run(code.clone(), cid::cid_v0(code.as_bytes()), &execute, now, core, out);
            }
            ActionSource::Ipfs(wanted) => {
                cid::parse(wanted).map_err(|error| failure(ErrorCode::InvalidIpfsId, error.to_string()))?;
                self.cid = wanted.clone();
                let call = core.ask(Question::Code { request: self.id });
                out.push(Output::IpfsGet { call, cid: wanted.clone() });
                self.stage = Stage::Fetching(Box::new(execute));
            }
        }
        Ok(())
    }

    /// The gateway's answer: its bytes count only if they hash to the CID.
    pub fn on_code(&mut self, reply: Result<Vec<u8>, IpfsError>, now: Time, core: &mut Core, out: &mut Outputs) {
        let Stage::Fetching(execute) = std::mem::replace(&mut self.stage, Stage::Ended) else { return };
        let code = reply.map_err(|error| failure(ErrorCode::IpfsUnavailable, error.to_string())).and_then(|bytes| {
            out.meter.add(Op::HashByte, bytes.len() as u64);
            let cid =
                served(&bytes, &self.cid).map_err(|error| failure(ErrorCode::InvalidIpfsId, error.to_string()))?;
            let code = String::from_utf8(bytes)
                .map_err(|_| failure(ErrorCode::JsError, format!("the code at {} is not UTF-8", self.cid)))?;
            Ok((code, cid))
        });
        match code {
            Ok((code, cid)) => self.run(code, cid, &execute, now, core, out),
            Err(failure) => self.end(Err(failure)),
        }
    }

    /// Runs code. Permissions name it by its CIDv0, however it came here.
    fn run(&mut self, code: String, cid: Cid, execute: &Execute, now: Time, core: &mut Core, out: &mut Outputs) {
        use rand_core::RngCore;
        out.meter.add(Op::HashByte, code.len() as u64);
        self.claimant.actions = vec![cid];
        let text = cid.to_string();
        out.note(Note::ActionStarted { request: self.id, cid: text.clone() });
        let mut seed = [0; 32];
        core.entropy.stream(&self.id.0, "action/math.random").fill_bytes(&mut seed);
        let auth = AuthContext {
            action_ipfs_ids: vec![text.clone()],
            action_ipfs_id_stack: vec![text],
            auth_sig_address: self.claimant.address.map(|address| checksummed(&address)),
            ..AuthContext::default()
        };
        let spec = ActionSpec {
            code,
            js_params: execute.js_params.clone(),
            auth,
            limits: core.config.limits,
            seed,
            started: now,
        };
        let before = out.meter.count(Op::JsFuel);
        let (program, progress) = crate::action::Execution::start(spec, &mut out.meter);
        self.stage = Stage::Running(Box::new(program));
        self.hold_back(progress, before, now, core, out);
    }

    /// Answers a call of the program, now or when its current run is over.
    pub fn answer(&mut self, call: HostCallId, answer: HostAnswer, now: Time, core: &mut Core, out: &mut Outputs) {
        self.answers.push_back((call, answer));
        self.go_on(now, core, out);
    }

    /// Timers, time limits, and ends of runs.
    pub fn tick(&mut self, now: Time, core: &mut Core, out: &mut Outputs) {
        if let Some((at, _)) = self.held
            && at <= now
            && let Some((_, progress)) = self.held.take()
        {
            self.on_progress(progress);
        }
        self.go_on(now, core, out);
        if let (None, Stage::Running(program)) = (&self.held, &mut self.stage)
            && program.deadline().is_some_and(|at| at <= now)
        {
            let before = out.meter.count(Op::JsFuel);
            let progress = program.tick(now, &mut out.meter);
            self.hold_back(progress, before, now, core, out);
        }
    }

    /// Hands the program the answers that have come, one run after the other.
    fn go_on(&mut self, now: Time, core: &mut Core, out: &mut Outputs) {
        while let (None, Stage::Running(program)) = (&self.held, &mut self.stage)
            && let Some((call, answer)) = self.answers.pop_front()
        {
            let before = out.meter.count(Op::JsFuel);
            let progress = program.resume(now, call, answer, &mut out.meter);
            self.hold_back(progress, before, now, core, out);
        }
    }

    /// What a run came to exists when a worker has done it.
    fn hold_back(&mut self, progress: Progress, before: u64, now: Time, core: &mut Core, out: &Outputs) {
        let at = core.workers.occupy(now, out.meter.count(Op::JsFuel) - before);
        if at > now {
            self.held = Some((at, progress));
        } else {
            self.on_progress(progress);
        }
    }

    /// When [`Self::tick`] has something to do.
    pub fn deadline(&self) -> Option<Time> {
        match (&self.held, &self.stage) {
            (Some((at, _)), _) => Some(*at),
            (None, Stage::Running(program)) => program.deadline(),
            (None, Stage::Fetching(_) | Stage::Ended) => None,
        }
    }

    fn on_progress(&mut self, progress: Progress) {
        match progress {
            Progress::Pending(calls) => self.calls.extend(calls),
            Progress::Finished(result) => {
                let logs = match &self.stage {
                    Stage::Running(program) => program.logs(),
                    Stage::Fetching(_) | Stage::Ended => String::new(),
                };
                let signatures = std::mem::take(&mut self.signatures);
                self.end(match result {
                    Ok(done) => Ok(Executed { response: done.response, logs: done.logs, signatures }),
                    Err(error) => Err(error.into_failure(logs)),
                });
            }
        }
    }

    /// The CID as the request names it.
    pub fn cid(&self) -> &str {
        &self.cid
    }

    /// Where the program is: `fetching`, `running` or `ended`.
    pub fn phase(&self) -> &'static str {
        match self.stage {
            Stage::Fetching(_) => "fetching",
            Stage::Running(_) => "running",
            Stage::Ended => "ended",
        }
    }

    /// Signatures granted since the last call.
    pub fn take_orders(&mut self) -> Vec<Subject> {
        std::mem::take(&mut self.orders)
    }

    /// The answer, once there is one.
    pub fn take_result(&mut self) -> Option<Result<Executed, Failure>> {
        self.result.take()
    }

    fn end(&mut self, result: Result<Executed, Failure>) {
        self.stage = Stage::Ended;
        self.result = Some(result);
    }
}
