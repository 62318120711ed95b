//! What an action asks of its node: fetches, facts from the chain, and signatures, each of which needs this node's
//! own permission check first.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use k256::PublicKey;
use k256::elliptic_curve::sec1::ToEncodedPoint;
use sha3::{Digest as _, Keccak256};

use super::core::Core;
use super::execution::{Check, Execution, failure};
use super::question::{PermissionPart, Question};
use crate::action::{HostAnswer, HostCall, HostCallId, SignPurpose};
use crate::api::{ErrorCode, Failure, SignaturePart};
use crate::auth::permission::{self, ChainAnswers, Claimant};
use crate::bugs::{self, Bug};
use crate::chain::abi::{SCOPE_PERSONAL_SIGN, SCOPE_SIGN_ANYTHING};
use crate::chain::addresses::checksummed;
use crate::chain::{lists, views};
use crate::cid;
use crate::conduct::Decision;
use crate::id::{Digest, KeyId, SessionId};
use crate::io::{BlockTag, ChainError, ChainReply, Output, Outputs, Time};
use crate::key::KeyShare;
use crate::note::Note;
use crate::signing::{ClientShare, CombinedSignature, Subject};

impl Execution {
    /// Serves the calls that the program has made, and those that answers provoke.
    pub fn serve(&mut self, keys: &BTreeMap<KeyId, Rc<KeyShare>>, now: Time, core: &mut Core, out: &mut Outputs) {
        while let Some((call, request)) = self.calls.pop_front() {
            match request {
                HostCall::Fetch(request) => {
                    let call = core.ask(Question::Host { request: self.id, call });
                    out.push(Output::HttpFetch { call, request });
                }
                HostCall::Sign { scheme, purpose, to_sign, public_key, sig_name } => {
                    match known_key(&public_key, keys) {
                        Ok(key) => {
                            let digest = Digest(to_sign);
                            let subject = Subject { request: self.id, sig_name, key, digest, scheme };
                            self.check(call, subject, purpose, now, core, out);
                        }
                        Err(failure) => self.answer(call, HostAnswer::Signed(Err(failure)), now, core, out),
                    }
                }
                lookup => self.look_up(call, lookup, now, core, out),
            }
        }
    }

    /// Begins a permission check by asking the chain for all that the decision needs.
    fn check(
        &mut self,
        call: HostCallId,
        subject: Subject,
        purpose: SignPurpose,
        now: Time,
        core: &mut Core,
        out: &mut Outputs,
    ) {
        // Signatures are told apart by name, here and at the client, and what failed once is not begun anew: two
        // attempts of one session with the same numbers would contradict each other.
        if !self.names.insert(subject.sig_name.clone()) {
            let text = format!("the name {:?} has been used for a signature before", subject.sig_name);
            let failure = failure(ErrorCode::LimitExceeded, text);
            return self.answer(call, HostAnswer::Signed(Err(failure)), now, core, out);
        }
        let (contracts, token, block) = (core.config.contracts, subject.key.public.id(), BlockTag::Latest);
        let scope = match purpose {
            SignPurpose::Anything => SCOPE_SIGN_ANYTHING,
            SignPurpose::PersonalMessage => SCOPE_PERSONAL_SIGN,
        };
        let mut asked = vec![(PermissionPart::Owner, contracts.ask_owner(token, block))];
        if let Some(cid) = self.claimant.acting() {
            let request = contracts.ask_action_scope(token, &cid::permission_bytes(cid), scope, block);
            asked.push((PermissionPart::Action, request));
        }
        if let Some(caller) = self.claimant.address {
            asked.push((PermissionPart::Address, contracts.ask_address_scope(token, caller, scope, block)));
        }
        let awaited: BTreeSet<PermissionPart> = asked.iter().map(|(part, _)| *part).collect();
        for (part, request) in asked {
            core.ask_chain(Question::Permission { request: self.id, call, part }, request, out);
        }
        let check = Check { subject, awaited, answers: ChainAnswers::default(), failed: None };
        self.checks.insert(call, check);
    }

    /// Takes one part of the chain's view; with the last one the node decides for itself.
    #[expect(clippy::too_many_arguments, reason = "an answer, where it belongs, and the node around it")]
    pub fn on_permission(
        &mut self,
        call: HostCallId,
        part: PermissionPart,
        reply: Result<ChainReply, ChainError>,
        block: u64,
        now: Time,
        core: &mut Core,
        out: &mut Outputs,
    ) {
        let Some(check) = self.checks.get_mut(&call) else { return };
        check.take(part, reply, &self.claimant);
        if !check.awaited.is_empty() {
            return;
        }
        let Some(check) = self.checks.remove(&call) else { return };
        match self.decide(&check, core) {
            Ok(()) => self.order(call, check, block, out),
            Err(failure) => self.answer(call, HostAnswer::Signed(Err(failure)), now, core, out),
        }
    }

    fn decide(&self, check: &Check, core: &mut Core) -> Result<(), Failure> {
        if let Some(error) = &check.failed {
            if bugs::planted(Bug::FailOpen) {
                return Ok(());
            }
            return Err(failure(ErrorCode::RpcError, format!("permissions could not be read: {error}")));
        }
        let key = check.subject.key.public.id();
        let verdict = if bugs::planted(Bug::PermissionCached) {
            core.remembered.decide(key, &self.claimant, &check.answers)
        } else {
            permission::decide(key, &self.claimant, &check.answers)
        };
        let decision = Decision::Authorise {
            request: self.id,
            sig_name: check.subject.sig_name.clone(),
            key,
            digest: check.subject.digest,
        };
        match (core.conduct.decide(&decision, verdict.is_ok()), verdict) {
            (true, _) => Ok(()),
            (false, Err(refusal)) => Err(refusal.into()),
            (false, Ok(_)) => Err(failure(ErrorCode::NotAuthorized, "this node refuses to sign")),
        }
    }

    fn order(&mut self, call: HostCallId, check: Check, block: u64, out: &mut Outputs) {
        let subject = check.subject;
        out.note(Note::Authorised {
            request: self.id,
            sig_name: subject.sig_name.clone(),
            key: subject.key.public.id(),
            digest: subject.digest,
            block,
        });
        self.signing.insert(subject.session(), (call, subject.sig_name.clone()));
        self.orders.push(subject);
    }

    /// A signature came about, or not.
    pub fn on_signed(
        &mut self,
        session: SessionId,
        result: Result<(Vec<ClientShare>, CombinedSignature), Failure>,
        now: Time,
        core: &mut Core,
        out: &mut Outputs,
    ) {
        let Some((call, name)) = self.signing.remove(&session) else { return };
        let result = result.map(|(shares, combined)| self.signatures.push(SignaturePart { name, shares, combined }));
        self.answer(call, HostAnswer::Signed(result), now, core, out);
    }

    /// Reads something from the chain for the program.
    fn look_up(&mut self, call: HostCallId, lookup: HostCall, now: Time, core: &mut Core, out: &mut Outputs) {
        let (contracts, block) = (core.config.contracts, BlockTag::Latest);
        let request = match &lookup {
            HostCall::IsPermittedAction { token_id, ipfs_id } => match cid::parse(ipfs_id) {
                Ok(cid) => contracts.ask_permitted_action(KeyId(*token_id), &cid::permission_bytes(&cid), block),
                Err(error) => {
                    let failure = failure(ErrorCode::InvalidIpfsId, error.to_string());
                    return self.answer(call, HostAnswer::Permitted(Err(failure)), now, core, out);
                }
            },
            HostCall::IsPermittedAddress { token_id, address } => {
                contracts.ask_permitted_address(KeyId(*token_id), *address, block)
            }
            HostCall::IsPermittedAuthMethod { token_id, auth_method_type, user_id } => {
                contracts.ask_permitted_auth_method(KeyId(*token_id), *auth_method_type, user_id, block)
            }
            HostCall::GetPermittedActions { token_id } => contracts.ask_permitted_actions(KeyId(*token_id), block),
            HostCall::GetPermittedAddresses { token_id } => contracts.ask_permitted_addresses(KeyId(*token_id), block),
            HostCall::Fetch(_) | HostCall::Sign { .. } => unreachable!("served elsewhere"),
        };
        core.ask_chain(Question::Host { request: self.id, call }, request, out);
        self.lookups.insert(call, lookup);
    }

    /// The chain's answer to [`Self::look_up`].
    pub fn on_chain_value(
        &mut self,
        call: HostCallId,
        reply: Result<ChainReply, ChainError>,
        now: Time,
        core: &mut Core,
        out: &mut Outputs,
    ) {
        let Some(lookup) = self.lookups.remove(&call) else { return };
        let reply = reply.map_err(|error| failure(ErrorCode::RpcError, error.to_string()));
        let unreadable = |error: views::ViewError| failure(ErrorCode::RpcError, error.to_string());
        let answer = match lookup {
            HostCall::GetPermittedActions { .. } => HostAnswer::Listed(reply.and_then(|reply| {
                let cids = lists::permitted_actions(&reply).map_err(unreadable)?;
                Ok(cids
                    .iter()
                    .filter_map(|bytes| cid::from_permission_bytes(bytes))
                    .map(|cid| cid.to_string())
                    .collect())
            })),
            HostCall::GetPermittedAddresses { .. } => HostAnswer::Listed(reply.and_then(|reply| {
                let addresses = lists::permitted_addresses(&reply).map_err(unreadable)?;
                Ok(addresses.iter().map(checksummed).collect())
            })),
            _ => HostAnswer::Permitted(reply.and_then(|reply| views::is_permitted(&reply).map_err(unreadable))),
        };
        self.answer(call, answer, now, core, out);
    }
}

impl Check {
    /// Enters one answer. What cannot be read counts as a failure of the endpoint, never as a permission.
    fn take(&mut self, part: PermissionPart, reply: Result<ChainReply, ChainError>, claimant: &Claimant) {
        self.awaited.remove(&part);
        let entered = reply.map_err(|error| error.to_string()).and_then(|reply| {
            match part {
                PermissionPart::Action => views::is_permitted(&reply).map(|permitted| {
                    self.answers.permitted_actions.extend(claimant.acting().filter(|_| permitted).copied());
                }),
                PermissionPart::Address => views::is_permitted(&reply).map(|permitted| {
                    self.answers.permitted_addresses.extend(claimant.address.filter(|_| permitted));
                }),
                PermissionPart::Owner => views::owner(&reply).map(|owner| self.answers.owner = owner),
            }
            .map_err(|error| error.to_string())
        });
        if let Err(reason) = entered {
            self.failed = Some(reason);
        }
    }
}

/// Finds the key that a program names by its compressed or uncompressed encoding.
fn known_key(bytes: &[u8], keys: &BTreeMap<KeyId, Rc<KeyShare>>) -> Result<Rc<KeyShare>, Failure> {
    let unknown = |what: &str| failure(ErrorCode::UnknownKey, format!("{what}: 0x{}", hex::encode(bytes)));
    let point = PublicKey::from_sec1_bytes(bytes).map_err(|_| unknown("not a secp256k1 public key"))?;
    let id = KeyId(Keccak256::digest(point.to_encoded_point(false).as_bytes()).into());
    keys.get(&id).cloned().ok_or_else(|| unknown("no share of this key here"))
}
