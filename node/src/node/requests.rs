//! Client requests at one node: admission, the actions that run for them, and answers kept for those who ask again.

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use super::caller;
use super::core::Core;
use super::decryptions::Decryptions;
use super::execution::{Execution, Together};
use super::frame::{CallRef, FrameId};
use super::question::PermissionPart;
use super::serve::Keys;
use super::state::{KeyState, RequestState};
use super::trial::Trial;
use crate::api::{ErrorCode, Execute, Failure, Handshake, Request, Response};
use crate::auth::conditions::Part;
use crate::curve::Bls12381;
use crate::id::{ConnId, Generation, NodeId, RequestId, SessionId};
use crate::io::{ChainError, ChainReply, HttpError, HttpResponse, IpfsError, Output, Outputs, Time};
use crate::key::KeyShare;
use crate::lead::Ended;
use crate::note::Note;
use crate::signing::{ClientShare, CombinedSignature, Subject};
use crate::wire::encode;

mod trials;

/// How many finished answers are kept for clients that ask again.
const ANSWERS_MAX: usize = 256;
/// The share of the actions under way that one caller may have: this part of all. A caller who asks for more than that
/// (a client that drains its presignatures, or floods the node) waits, and leaves the other places to others. Wallets
/// cost nothing, so this keeps a careless or greedy client from harming others, not an army of made-up ones.
pub(super) const CALLER_PART: usize = 4;
/// How many connections may wait for one request.
pub(super) const CONNECTIONS_MAX: usize = 16;

/// All requests at one node.
pub(super) struct Requests {
    running_max: usize,
    running: BTreeMap<RequestId, Execution>,
    waiting: BTreeMap<RequestId, Vec<ConnId>>,
    answers: BTreeMap<RequestId, Vec<u8>>,
    answered_order: VecDeque<RequestId>,
    /// Which request a signing session belongs to.
    signing: BTreeMap<SessionId, RequestId>,
    keys: Keys,
    orders: Vec<Subject>,
    /// Which request something belongs to that nodes do together.
    operations: BTreeMap<SessionId, RequestId>,
    together: Vec<Together>,
    /// Operations whose actions are over.
    abandoned: Vec<SessionId>,
    decryptions: Decryptions,
    /// What runs for conditions, among what is running.
    trials: BTreeMap<RequestId, Trial>,
}

impl Requests {
    /// Admits up to `running_max` actions at once, a part of them from each caller.
    pub fn new(running_max: usize) -> Self {
        Self {
            running_max,
            running: BTreeMap::new(),
            waiting: BTreeMap::new(),
            answers: BTreeMap::new(),
            answered_order: VecDeque::new(),
            signing: BTreeMap::new(),
            keys: Keys::default(),
            orders: Vec::new(),
            operations: BTreeMap::new(),
            together: Vec::new(),
            abandoned: Vec::new(),
            decryptions: Decryptions::new(running_max),
            trials: BTreeMap::new(),
        }
    }

    /// The requests under way, and the keys that actions may use, in public terms.
    pub fn describe(&self) -> (Vec<RequestState>, Vec<KeyState>) {
        let requests = self.running.iter().map(|(id, execution)| RequestState {
            request: id.to_string(),
            cid: execution.cid().to_owned(),
            phase: execution.phase(),
            connections: self.waiting.get(id).map_or(0, Vec::len),
            calls: execution.calls(),
            permission_checks: execution.checks.len(),
            condition_checks: execution.inquiries.len(),
            signatures_awaited: execution.signing.len(),
            signatures: execution.signatures.len(),
        });
        let keys = self.keys.signing.values().map(|key| KeyState {
            id: key.public.id().to_string(),
            eth_address: format!("0x{}", hex::encode(key.public.eth_address())),
            epoch: key.public.epoch.0,
            threshold: key.public.threshold,
            holders: key.public.members.len(),
        });
        (requests.collect(), keys.collect())
    }

    /// Signatures that actions were granted since the last call.
    pub fn take_orders(&mut self) -> Vec<Subject> {
        std::mem::take(&mut self.orders)
    }

    /// What nodes are to do together since the last call.
    pub fn take_together(&mut self) -> Vec<Together> {
        std::mem::take(&mut self.together)
    }

    /// Operations that no action here waits for any more, since the last call.
    pub fn take_abandoned(&mut self) -> Vec<SessionId> {
        std::mem::take(&mut self.abandoned)
    }

    /// A key is ready to sign.
    pub fn on_key(&mut self, key: Rc<KeyShare>) {
        self.keys.signing.insert(key.public.id(), key);
    }

    /// The network's own key is ready.
    pub fn on_network_key(&mut self, key: Rc<KeyShare<Bls12381>>) {
        self.keys.network = Some(key);
    }

    /// The earliest instant at which [`Self::tick`] has something to do.
    pub fn deadline(&self) -> Option<Time> {
        self.running.values().filter_map(Execution::deadline).chain(self.decryptions.deadline()).min()
    }

    /// A client's bytes.
    pub fn on_request(&mut self, conn: ConnId, bytes: &[u8], head: u64, now: Time, core: &mut Core, out: &mut Outputs) {
        let ours = core.config.generation;
        let asked = Request::read(bytes).map(|(generation, request)| match request {
            former if generation != ours => Err((generation, former)),
            request => Ok(request),
        });
        match asked {
            Ok(Err((theirs, request))) => refuse_former(conn, request, (theirs, ours), out),
            Ok(Ok(Request::Handshake { challenge })) => {
                let answer = Handshake { node: core.me, challenge, epoch: core.roster.epoch(), latest_block: head };
                reply(conn, &encode(&Response::Handshake(answer)), out);
            }
            Ok(Ok(Request::Execute(execute))) => self.on_execute(conn, *execute, now, core, out),
            Ok(Ok(Request::Decrypt(decrypt))) => {
                let share = self.keys.network.as_deref();
                self.decryptions.on_request(conn, *decrypt, share, now, core, out);
                let trials = self.decryptions.take_trials();
                self.try_out(trials, now, core, out);
            }
            Err(error) => {
                let message = format!("the request does not decode: {error}");
                let failure = Failure { code: ErrorCode::MalformedRequest, message, logs: String::new() };
                reply(conn, &encode(&Response::Rejected(failure)), out);
            }
        }
    }

    /// A client went away. Its action goes on: other connections, or the same client, may ask for the answer.
    pub fn on_gone(&mut self, conn: ConnId) {
        self.decryptions.on_gone(conn);
        for conns in self.waiting.values_mut() {
            conns.retain(|&waiting| waiting != conn);
        }
    }

    fn on_execute(&mut self, conn: ConnId, execute: Execute, now: Time, core: &mut Core, out: &mut Outputs) {
        let id = execute.id();
        if let Some(answer) = self.answers.get(&id) {
            return reply(conn, answer, out);
        }
        let caller = caller::claimed(&execute.credential);
        if let Some(message) = self.is_too_busy_for(caller).filter(|_| !self.running.contains_key(&id)) {
            let failure = Failure { code: ErrorCode::RateLimitExceeded, message, logs: String::new() };
            return reply(conn, &encode(&Response::Execute { request: id, result: Err(failure) }), out);
        }
        let conns = self.waiting.entry(id).or_default();
        if !conns.contains(&conn) && conns.len() < CONNECTIONS_MAX {
            conns.push(conn);
        }
        if self.running.contains_key(&id) {
            return;
        }
        let execution = Execution::begin(id, execute, now, core, out);
        self.running.insert(id, execution);
        self.advance(id, now, core, out, |_, _, _| {});
    }

    /// Why this request finds no place at the moment, if it does not. It is looked at before the caller's signature: who
    /// says to be somebody else waits in that caller's stead, or is refused for the signature, but takes no place of his.
    fn is_too_busy_for(&self, caller: Option<[u8; 20]>) -> Option<String> {
        if self.running.len() >= self.running_max {
            return Some(format!("this node runs {} actions already; try again", self.running_max));
        }
        let places = self.running_max.div_ceil(CALLER_PART);
        // All who have not signed in are one caller.
        let taken = self.running.values().filter(|execution| execution.caller.claimed == caller).count();
        (taken >= places).then(|| format!("this node runs {places} actions for this caller already; try again"))
    }

    /// The gateway answered a question for an action's code.
    pub fn on_code(
        &mut self,
        request: RequestId,
        frame: FrameId,
        reply: Result<Vec<u8>, IpfsError>,
        now: Time,
        core: &mut Core,
        out: &mut Outputs,
    ) {
        self.advance(request, now, core, out, |execution, core, out| {
            execution.on_code(frame, reply, now, core, out);
        });
    }

    /// An HTTP exchange ended.
    pub fn on_http(
        &mut self,
        request: RequestId,
        (at, url): (CallRef, &str),
        reply: Result<HttpResponse, HttpError>,
        now: Time,
        core: &mut Core,
        out: &mut Outputs,
    ) {
        self.advance(request, now, core, out, |execution, core, out| {
            execution.on_fetched(at, url, reply, now, core, out);
        });
    }

    /// An identity provider answered a question about a proof.
    pub fn on_identity(
        &mut self,
        request: RequestId,
        proof: usize,
        reply: Result<HttpResponse, HttpError>,
        now: Time,
        core: &mut Core,
        out: &mut Outputs,
    ) {
        self.advance(request, now, core, out, |execution, core, out| {
            execution.on_identity(proof, reply, now, core, out);
        });
    }

    /// The chain answered something that an action asked for.
    pub fn on_chain_value(
        &mut self,
        request: RequestId,
        at: CallRef,
        reply: Result<ChainReply, ChainError>,
        now: Time,
        core: &mut Core,
        out: &mut Outputs,
    ) {
        self.advance(request, now, core, out, |execution, core, out| {
            execution.on_chain_value(at, reply, now, core, out);
        });
    }

    /// The chain answered a part of a permission check.
    #[expect(clippy::too_many_arguments, reason = "an answer, where it belongs, and the node around it")]
    pub fn on_permission(
        &mut self,
        request: RequestId,
        at: CallRef,
        part: PermissionPart,
        reply: Result<ChainReply, ChainError>,
        block: u64,
        now: Time,
        core: &mut Core,
        out: &mut Outputs,
    ) {
        self.advance(request, now, core, out, |execution, core, out| {
            execution.on_permission(at, part, reply, block, now, core, out);
        });
    }

    /// A chain answered something that conditions are about.
    #[expect(clippy::too_many_arguments, reason = "an answer, where it belongs, and the node around it")]
    pub fn on_condition(
        &mut self,
        request: RequestId,
        at: Option<CallRef>,
        part: Part,
        reply: Result<ChainReply, ChainError>,
        now: Time,
        core: &mut Core,
        out: &mut Outputs,
    ) {
        let Some(at) = at else {
            let share = self.keys.network.as_deref();
            return self.decryptions.on_chain(request, part, reply, share, core, out);
        };
        self.advance(request, now, core, out, |execution, core, out| {
            execution.on_condition(at, part, reply, now, core, out);
        });
    }

    /// A signature is complete at this node.
    pub fn on_signed(
        &mut self,
        session: SessionId,
        shares: Vec<ClientShare>,
        combined: CombinedSignature,
        now: Time,
        core: &mut Core,
        out: &mut Outputs,
    ) {
        let Some(request) = self.signing.remove(&session) else { return };
        self.advance(request, now, core, out, |execution, core, out| {
            execution.on_signed(session, Ok((shares, combined)), now, core, out)
        });
    }

    /// A signature did not come about.
    pub fn on_sign_failed(
        &mut self,
        session: SessionId,
        agreed: usize,
        needed: usize,
        now: Time,
        core: &mut Core,
        out: &mut Outputs,
    ) {
        let Some(request) = self.signing.remove(&session) else { return };
        let message = format!("{agreed} nodes agreed on what to sign, {needed} are needed");
        let failure = Failure { code: ErrorCode::NotEnoughShares, message, logs: String::new() };
        self.advance(request, now, core, out, |execution, core, out| {
            execution.on_signed(session, Err(failure), now, core, out)
        });
    }

    /// This node leads something that nodes do together.
    pub fn on_lead(&mut self, name: SessionId, now: Time, core: &mut Core, out: &mut Outputs) {
        let Some(request) = self.operations.get(&name).copied() else { return };
        self.advance(request, now, core, out, |execution, core, out| execution.on_lead(name, now, core, out));
    }

    /// A value has come of something that nodes do together.
    pub fn on_value(
        &mut self,
        name: SessionId,
        from: NodeId,
        value: &str,
        now: Time,
        core: &mut Core,
        out: &mut Outputs,
    ) {
        let Some(request) = self.operations.get(&name).copied() else { return };
        self.advance(request, now, core, out, |execution, core, out| {
            execution.on_value(name, from, value, now, core, out);
        });
    }

    /// Something that nodes do together is over.
    pub fn on_operation(&mut self, name: SessionId, ended: Ended, now: Time, core: &mut Core, out: &mut Outputs) {
        let Some(request) = self.operations.remove(&name) else { return };
        self.advance(request, now, core, out, |execution, core, out| {
            execution.on_operation(name, ended, now, core, out);
        });
    }

    /// Lets time pass.
    pub fn tick(&mut self, now: Time, core: &mut Core, out: &mut Outputs) {
        let due: Vec<RequestId> = self
            .running
            .iter()
            .filter(|(_, execution)| execution.deadline().is_some_and(|at| at <= now))
            .map(|(id, _)| *id)
            .collect();
        for id in due {
            self.advance(id, now, core, out, |execution, core, out| execution.tick(now, core, out));
        }
        self.decryptions.tick(now, self.keys.network.as_deref(), core, out);
    }

    /// Runs a step of one execution, passes on the calls that its action made, and answers when it has ended.
    fn advance(
        &mut self,
        id: RequestId,
        now: Time,
        core: &mut Core,
        out: &mut Outputs,
        step: impl FnOnce(&mut Execution, &mut Core, &mut Outputs),
    ) {
        let Some(execution) = self.running.get_mut(&id) else { return };
        step(execution, core, out);
        execution.serve(&self.keys, now, core, out);
        for order in execution.take_orders() {
            self.signing.insert(order.session(), id);
            self.orders.push(order);
        }
        for name in execution.operations.keys() {
            self.operations.entry(*name).or_insert(id);
        }
        self.together.extend(execution.take_together());
        let trials = execution.take_trials();
        let Some(result) = execution.take_result() else { return self.try_out(trials, now, core, out) };
        self.running.remove(&id);
        self.abandoned.extend(self.operations.extract_if(.., |_, request| *request == id).map(|(name, _)| name));
        if let Some(trial) = self.trials.remove(&id) {
            return self.end_trial(&trial, result.map(|executed| executed.response), now, core, out);
        }
        self.forget_trials(id);
        out.note(match &result {
            Ok(_) => Note::Answered { request: id },
            Err(failure) => Note::Refused { request: id, code: failure.code.name(), message: failure.message.clone() },
        });
        let answer = encode(&Response::Execute { request: id, result });
        for conn in self.waiting.remove(&id).unwrap_or_default() {
            reply(conn, &answer, out);
        }
        self.keep(id, answer);
    }

    fn keep(&mut self, id: RequestId, answer: Vec<u8>) {
        if self.answered_order.len() == ANSWERS_MAX
            && let Some(oldest) = self.answered_order.pop_front()
        {
            self.answers.remove(&oldest);
        }
        self.answered_order.push_back(id);
        self.answers.insert(id, answer);
    }
}

/// Tells a client that its request is for another generation of the network than this node's, whatever it asks. Nothing of
/// it is looked at: keys, proofs and sessions of a former network mean nothing in this one.
fn refuse_former(conn: ConnId, request: Request, (theirs, ours): (Generation, Generation), out: &mut Outputs) {
    let message = format!("the request is for generation {theirs} of the network, and this is generation {ours}");
    let failure = Failure { code: ErrorCode::NetworkReset, message, logs: String::new() };
    let (id, response) = match request {
        Request::Handshake { .. } => return reply(conn, &encode(&Response::Rejected(failure)), out),
        Request::Execute(execute) => {
            let request = execute.id();
            (request, Response::Execute { request, result: Err(failure.clone()) })
        }
        Request::Decrypt(decrypt) => {
            let request = decrypt.id();
            (request, Response::Decrypt { request, result: Err(failure.clone()) })
        }
    };
    out.note(Note::Refused { request: id, code: failure.code.name(), message: failure.message });
    reply(conn, &encode(&response), out);
}

/// Answers a client.
pub(super) fn reply(conn: ConnId, bytes: &[u8], out: &mut Outputs) {
    out.push(Output::Reply { conn, bytes: bytes.to_vec() });
}

#[cfg(test)]
mod tests {
    use super::super::testing::{NOW, core};
    use super::*;
    use crate::api::{Credential, RESPONSE_BYTES_MAX, Task};
    use crate::id::{Digest, Epoch};
    use crate::signing::Scheme;
    use crate::wire::decode;

    /// What a node of generation 2 answers at once, and how it notes that, when it is asked in another or in its own.
    fn asked(request: Request, generation: u32) -> (Vec<Response>, Vec<Note>) {
        let (mut core, mut requests, mut out) = (core(), Requests::new(4), Outputs::default());
        core.config.generation = Generation(2);
        let bytes = request.to(Generation(generation));
        requests.on_request(ConnId(1), &bytes, 9, NOW, &mut core, &mut out);
        let (mut responses, mut notes) = (Vec::new(), Vec::new());
        for output in out.list {
            match output {
                Output::Reply { bytes, .. } => responses.push(decode(&bytes, RESPONSE_BYTES_MAX).unwrap()),
                Output::Note(note) => notes.push(note),
                _ => {}
            }
        }
        (responses, notes)
    }

    #[test]
    fn a_client_of_another_generation_is_told_that_the_network_was_reset() {
        let task = Task::Sign { public_key: vec![2; 33], digest: Digest([3; 32]), scheme: Scheme::EcdsaK256 };
        let execute =
            Execute { nonce: [1; 16], task, credential: Credential::Nobody, proofs: Vec::new(), epoch: Epoch(1) };
        let id = execute.id();
        for generation in [0, 1, 3] {
            let (responses, notes) = asked(Request::Execute(Box::new(execute.clone())), generation);
            assert!(
                matches!(&responses[..], [Response::Execute { request, result: Err(failure) }]
                    if *request == id && failure.code == ErrorCode::NetworkReset),
                "{responses:?}"
            );
            assert!(matches!(notes[..], [Note::Refused { request, code: "NetworkReset", .. }] if request == id));
        }
        let (responses, notes) = asked(Request::Execute(Box::new(execute)), 2);
        let reset = |failure: &Failure| failure.code == ErrorCode::NetworkReset;
        assert!(
            !responses.iter().any(|r| matches!(r, Response::Execute { result: Err(failure), .. } if reset(failure)))
        );
        assert!(!notes.iter().any(|note| matches!(note, Note::Refused { code: "NetworkReset", .. })));
    }

    #[test]
    fn a_handshake_of_another_generation_is_rejected_and_of_this_one_answered() {
        let handshake = || Request::Handshake { challenge: [5; 32] };
        let (responses, _) = asked(handshake(), 0);
        assert!(matches!(&responses[..], [Response::Rejected(failure)] if failure.code == ErrorCode::NetworkReset));
        let (responses, _) = asked(handshake(), 2);
        assert!(matches!(&responses[..], [Response::Handshake(answer)] if answer.challenge == [5; 32]));
    }
}
