//! What actions ask of their node: each call goes to the part that serves it.

use std::collections::BTreeMap;
use std::rc::Rc;

use k256::PublicKey;
use k256::elliptic_curve::sec1::ToEncodedPoint;
use sha3::{Digest as _, Keccak256};

use super::core::Core;
use super::execution::{Execution, Together, failure};
use super::frame::{CallRef, Frame, Setting, Wanted};
use super::inquiring::Then;
use super::permission::refused;
use super::question::Question;
use super::trial;
use super::unsealing::Sealed;
use crate::action::{HostAnswer, HostCall, Signature, Usage};
use crate::api::{ErrorCode, Failure};
use crate::bugs::{self, Bug};
use crate::cid;
use crate::curve::Bls12381;
use crate::id::{Digest, KeyId, SessionId};
use crate::io::{HttpError, HttpRequest, HttpResponse, Output, Outputs, Time};
use crate::key::KeyShare;
use crate::lead::Ended;
use crate::note::Note;
use crate::signing::Subject;

/// The keys that this node holds shares of.
#[derive(Default)]
pub(super) struct Keys {
    /// Those that actions may sign with.
    pub signing: BTreeMap<KeyId, Rc<KeyShare>>,
    /// The network's own, to which is encrypted.
    pub network: Option<Rc<KeyShare<Bls12381>>>,
}

impl Execution {
    /// Serves the calls that actions have made, and those that answers provoke; closes the actions that have ended.
    pub fn serve(&mut self, keys: &Keys, now: Time, core: &mut Core, out: &mut Outputs) {
        self.sign_alone(keys, core, out);
        loop {
            let next = self.frames.iter_mut().find_map(|(id, frame)| Some((*id, frame.calls.pop_front()?)));
            let Some((frame, (call, request))) = next else {
                if self.close_ended(now, core, out) || self.call_next(now, core, out) {
                    continue;
                }
                return;
            };
            let at = CallRef { frame, call };
            if let Err(answer) = self.serve_one(at, request, keys, now, core, out) {
                self.answer(at, *answer, now, core, out);
            }
        }
    }

    /// Serves one call; what can be answered or refused at once is the error.
    fn serve_one(
        &mut self,
        at: CallRef,
        request: HostCall,
        keys: &Keys,
        now: Time,
        core: &mut Core,
        out: &mut Outputs,
    ) -> Result<(), Box<HostAnswer>> {
        if self.ending.is_some()
            && let Some(refusal) = trial::refusal(&request)
        {
            return Err(Box::new(refusal));
        }
        let limits = core.limits();
        match request {
            HostCall::Fetch(request) => {
                Self::count(&mut self.used.fetches, limits.fetches, "fetch calls")
                    .map_err(|failure| Box::new(HostAnswer::Fetch(Err(HttpError::Refused(failure.message)))))?;
                self.fetch_for(at, request, now, core, out);
            }
            HostCall::Sign { scheme, purpose, to_sign, public_key, sig_name, signature } => {
                let to_action = signature == Signature::ToAction;
                let refuse = |failure| Box::new(refused(failure, to_action));
                Self::count(&mut self.used.signs, limits.signs, "signing requests").map_err(refuse)?;
                let key = known_key(&public_key, &keys.signing).map_err(refuse)?;
                let subject = Subject { request: self.id, sig_name, key, digest: Digest(to_sign), scheme };
                self.check(at, subject, (purpose, to_action), core, out).map_err(refuse)?;
            }
            HostCall::Call { ipfs_id, params, budget } => {
                Self::count(&mut self.used.calls, limits.calls, "calls of actions").map_err(refused_text)?;
                if let Some(frame) = self.frames.get_mut(&at.frame) {
                    frame.wanted.push_back(Wanted { call: at.call, ipfs_id, params, budget });
                }
            }
            HostCall::Once { name, waits } => {
                self.count_broadcast(core).map_err(refused_text)?;
                let name = self.operation(at, "once", name);
                self.together.push(Together::Once { name, waits });
            }
            HostCall::Collect { name, value } => {
                self.count_broadcast(core).map_err(|failure| Box::new(HostAnswer::Listed(Err(failure))))?;
                let name = self.operation(at, "collect", name);
                self.together.push(Together::Collect { name, value });
            }
            HostCall::OnceDone { once, result } => {
                let at = CallRef { call: once, ..at };
                let name = self.operations.iter().find(|(_, waiting)| **waiting == at).map(|(name, _)| *name);
                self.together.extend(name.map(|name| Together::Done { name, result }));
            }
            HostCall::Encrypt { conditions, plaintext } => {
                self.count_broadcast(core).map_err(refused_text)?;
                let sealed = self.encrypt(at, (&conditions, &plaintext), keys, core, out);
                return Err(Box::new(HostAnswer::Encrypted(sealed)));
            }
            HostCall::Decrypt { conditions, ciphertext, plaintext, auth_sig, reader } => {
                self.count_broadcast(core).map_err(refused_text)?;
                let sealed = Sealed { conditions, ciphertext, plaintext, auth_sig, reader };
                let answer = self.unseal(at, sealed, keys, core, out).map_err(refused_text)?;
                return answer.map_or(Ok(()), |answer| Err(Box::new(answer)));
            }
            HostCall::CheckConditions { conditions, auth_sig } => {
                let conditions = (conditions, auth_sig.as_ref());
                let answer = self.inquire(at, conditions, Then::Tell, core, out).map_err(refused_text)?;
                return answer.map_or(Ok(()), |answer| Err(Box::new(answer)));
            }
            HostCall::RpcUrl { chain } => {
                Self::count(&mut self.used.contract_calls, limits.contract_calls, "contract calls")
                    .map_err(refused_text)?;
                let url = core.config.rpc_urls.get(&chain).cloned();
                let unknown = || failure(ErrorCode::RpcError, format!("unknown chain {chain:?}"));
                return Err(Box::new(HostAnswer::Text(url.ok_or_else(unknown))));
            }
            lookup => {
                Self::count(&mut self.used.contract_calls, limits.contract_calls, "contract calls")
                    .map_err(refused_text)?;
                self.look_up(at, lookup, now, core, out);
            }
        }
        Ok(())
    }

    /// Each node fetches for itself: what they see may differ, and that is for the action to deal with.
    fn fetch_for(&mut self, at: CallRef, request: HttpRequest, now: Time, core: &mut Core, out: &mut Outputs) {
        let url = request.url.clone();
        if bugs::planted(Bug::FetchShared)
            && let Ok(reply) = core.config.memo.decode("fetch", url.as_bytes(), || Err(()), |_| false)
        {
            return self.on_fetched(at, &url, Ok(reply), now, core, out);
        }
        let call = core.ask(Question::Fetch { request: self.id, at, url });
        out.push(Output::HttpFetch { call, request });
    }

    /// What a web server answered, or that none did.
    pub fn on_fetched(
        &mut self,
        at: CallRef,
        url: &str,
        reply: Result<HttpResponse, HttpError>,
        now: Time,
        core: &mut Core,
        out: &mut Outputs,
    ) {
        if bugs::planted(Bug::FetchShared)
            && let Ok(reply) = &reply
        {
            let _: Result<HttpResponse, ()> =
                core.config.memo.decode("fetch", url.as_bytes(), || Ok(reply.clone()), |_| true);
        }
        out.note(Note::Fetched { request: self.id });
        self.answer(at, HostAnswer::Fetch(reply), now, core, out);
    }

    fn count_broadcast(&mut self, core: &Core) -> Result<(), Failure> {
        Self::count(&mut self.used.broadcasts, core.config.limits.broadcasts, "broadcasts")
    }

    /// Names something that nodes do together: alike at all nodes that run the same code, however their answers come.
    pub(super) fn operation(&mut self, at: CallRef, kind: &'static str, name: String) -> SessionId {
        let mut parts = (SessionId::default(), 0);
        if let Some(frame) = self.frames.get_mut(&at.frame) {
            let uses = frame.uses.entry((kind, name.clone())).or_insert(0);
            parts = (frame.setting.path, *uses);
            *uses += 1;
        }
        let (path, uses) = parts;
        let id =
            SessionId::derive("action/operation", &[&path.0, kind.as_bytes(), name.as_bytes(), &uses.to_be_bytes()]);
        self.operations.insert(id, at);
        id
    }

    /// An operation has a leader, which is this node.
    pub fn on_lead(&mut self, name: SessionId, now: Time, core: &mut Core, out: &mut Outputs) {
        if let Some(at) = self.operations.get(&name).copied() {
            out.note(Note::Led { request: self.id, operation: name });
            self.answer(at, HostAnswer::Lead, now, core, out);
        }
    }

    /// An operation is over.
    pub fn on_operation(&mut self, name: SessionId, ended: Ended, now: Time, core: &mut Core, out: &mut Outputs) {
        self.unsealing.remove(&name);
        let Some(at) = self.operations.remove(&name) else { return };
        let answer = match ended {
            Ended::Once(result) => HostAnswer::Told(result),
            Ended::Collected(values) => HostAnswer::Listed(Ok(values.into_iter().map(|(_, value)| value).collect())),
        };
        self.answer(at, answer, now, core, out);
    }

    /// Begins the next action that another one wants called; returns whether there was one.
    fn call_next(&mut self, now: Time, core: &mut Core, out: &mut Outputs) -> bool {
        let is_free = |frame: &&mut Frame| !frame.calling && !frame.wanted.is_empty();
        let (id, frame) = match self.frames.iter_mut().find(|(_, frame)| is_free(frame)) {
            Some((id, frame)) => (*id, frame),
            None => return false,
        };
        let Some(wanted) = frame.wanted.pop_front() else { return false };
        let uses = frame.uses.entry(("call", wanted.ipfs_id.clone())).or_insert(0);
        let path = &[&frame.setting.path.0[..], wanted.ipfs_id.as_bytes(), &uses.to_be_bytes()];
        let path = SessionId::derive("action/path", path);
        *uses += 1;
        let depth = frame.stack.len() as u64;
        let at = CallRef { frame: id, call: wanted.call };
        let setting = Setting {
            callers: frame.stack.clone(),
            params: wanted.params,
            limits: wanted.budget,
            parent: Some(at),
            path,
        };
        if let Err(failure) = may_call(&wanted.ipfs_id, depth, core.config.limits.depth) {
            let answer = HostAnswer::Called { result: Err(failure), usage: Usage::default() };
            self.answer(at, answer, now, core, out);
            return true;
        }
        frame.calling = true;
        self.fetch(wanted.ipfs_id, setting, core, out);
        true
    }
}

/// Whether an action may be called by one that is so deep on the stack.
fn may_call(ipfs_id: &str, depth: u64, max: u64) -> Result<(), Failure> {
    if depth >= max {
        return Err(failure(
            ErrorCode::LimitExceeded,
            format!("limit exceeded: calls inside each other: at most {max}"),
        ));
    }
    cid::parse(ipfs_id).map(drop).map_err(|error| failure(ErrorCode::InvalidIpfsId, error.to_string()))
}

/// Finds the key that a program names by its compressed or uncompressed encoding.
pub(super) fn known_key(bytes: &[u8], keys: &BTreeMap<KeyId, Rc<KeyShare>>) -> Result<Rc<KeyShare>, Failure> {
    let unknown = |what: &str| failure(ErrorCode::UnknownKey, format!("{what}: 0x{}", hex::encode(bytes)));
    let point = PublicKey::from_sec1_bytes(bytes).map_err(|_| unknown("not a secp256k1 public key"))?;
    let id = KeyId(Keccak256::digest(point.to_encoded_point(false).as_bytes()).into());
    keys.get(&id).cloned().ok_or_else(|| unknown("no share of this key here"))
}

/// A refusal where a call's own kind of answer makes no difference: refusals look alike in all.
fn refused_text(failure: Failure) -> Box<HostAnswer> {
    Box::new(HostAnswer::Text(Err(failure)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_actions_are_inside_each_other_than_may_be() {
        let (child, max) = (cid::cid_v0(b"an action").to_string(), crate::action::Limits::default().depth);
        assert_eq!(may_call(&child, max - 1, max), Ok(()), "the called one is the last");
        let refused = may_call(&child, max, max).expect_err("one too many");
        assert_eq!(refused.code, ErrorCode::LimitExceeded);
        assert_eq!(refused.message, format!("limit exceeded: calls inside each other: at most {max}"));
    }
}
