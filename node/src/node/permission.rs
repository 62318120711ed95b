//! Whether this node takes part in a signature: it reads for itself, from the chain, whether the caller's auth methods,
//! the action or the caller's address may use the key.

use std::collections::BTreeSet;

use super::core::Core;
use super::execution::{Execution, Ordered, failure};
use super::frame::CallRef;
use super::question::{PermissionPart, Question};
use crate::action::{HostAnswer, SignPurpose};
use crate::api::{ErrorCode, Failure, SignaturePart};
use crate::auth::method::Method;
use crate::auth::permission::{self, ChainAnswers, Claimant};
use crate::auth::session::NotDelegated;
use crate::bugs::{self, Bug};
use crate::chain::abi::{SCOPE_PERSONAL_SIGN, SCOPE_SIGN_ANYTHING};
use crate::chain::lists::{self, PermittedMethod};
use crate::chain::views;
use crate::cid;
use crate::conduct::Decision;
use crate::id::SessionId;
use crate::io::{BlockTag, ChainError, ChainReply, Outputs, Time};
use crate::note::Note;
use crate::signing::{ClientShare, CombinedSignature, Subject};

/// How many blocks back a planted bug reads permissions.
const STALE_BLOCKS: u64 = 8;

/// A permission check in progress.
pub(super) struct Check {
    subject: Subject,
    claimant: Claimant,
    /// Why the caller's session does not stand behind this, if it does not.
    beyond: Option<NotDelegated>,
    /// Whether the action gets the signature, and not the client.
    to_action: bool,
    /// The parts of the chain's view that have not come yet.
    awaited: BTreeSet<PermissionPart>,
    answers: ChainAnswers,
    /// The key's auth methods with users' public keys, where a passkey's answer has to be verified.
    registered: Vec<PermittedMethod>,
    failed: Option<String>,
}

/// Which state permissions are read from.
fn block(core: &Core) -> BlockTag {
    if bugs::planted(Bug::PermissionAtStaleBlock) {
        return BlockTag::Number(core.head.saturating_sub(STALE_BLOCKS));
    }
    BlockTag::Latest
}

impl Execution {
    /// Begins a permission check by asking the chain for all that the decision needs.
    pub(super) fn check(
        &mut self,
        at: CallRef,
        subject: Subject,
        (purpose, to_action): (SignPurpose, bool),
        core: &mut Core,
        out: &mut Outputs,
    ) -> Result<(), Failure> {
        // Signatures are told apart by name, here and at the client, and what failed once is not begun anew: two
        // attempts of one session with the same numbers would contradict each other.
        if !self.names.insert(subject.sig_name.clone()) {
            let text = format!("the name {:?} has been used for a signature before", subject.sig_name);
            return Err(failure(ErrorCode::LimitExceeded, text));
        }
        let (contracts, token, block) = (core.config.contracts, subject.key.public.id(), block(core));
        let actions = self.stack(at.frame);
        let (address, beyond) = match self.caller.for_key(token) {
            Ok(address) => (address, None),
            Err(refusal) => (None, Some(refusal)),
        };
        let mut claimant = Claimant { auth_methods: self.caller.proved.methods(), actions, address };
        if bugs::planted(Bug::ParentPermission) {
            claimant.actions.truncate(1);
        }
        let scope = match purpose {
            SignPurpose::Anything => SCOPE_SIGN_ANYTHING,
            SignPurpose::PersonalMessage => SCOPE_PERSONAL_SIGN,
        };
        let mut asked = vec![(PermissionPart::Owner, contracts.ask_owner(token, block))];
        for (place, method) in claimant.auth_methods.iter().enumerate() {
            let request = if bugs::planted(Bug::ScopeIgnored) {
                contracts.ask_permitted_auth_method(token, method.kind, &method.id, block)
            } else {
                contracts.ask_auth_method_scope(token, (method.kind, &method.id[..]), scope, block)
            };
            asked.push((PermissionPart::Method(place), request));
        }
        if self.caller.proved.has_answers() {
            asked.push((PermissionPart::Methods, contracts.ask_permitted_auth_methods(token, block)));
        }
        if let Some(cid) = claimant.acting() {
            let request = contracts.ask_action_scope(token, &cid::permission_bytes(cid), scope, block);
            asked.push((PermissionPart::Action, request));
        }
        if let Some(caller) = claimant.address {
            asked.push((PermissionPart::Address, contracts.ask_address_scope(token, caller, scope, block)));
        }
        let awaited: BTreeSet<PermissionPart> = asked.iter().map(|(part, _)| *part).collect();
        for (part, request) in asked {
            core.ask_chain(Question::Permission { request: self.id, at, part }, request, out);
        }
        let (answers, registered) = (ChainAnswers::default(), Vec::new());
        let check = Check { subject, claimant, beyond, to_action, awaited, answers, registered, failed: None };
        self.checks.insert(at, check);
        Ok(())
    }

    /// Takes one part of the chain's view; with the last one the node decides for itself.
    #[expect(clippy::too_many_arguments, reason = "an answer, where it belongs, and the node around it")]
    pub fn on_permission(
        &mut self,
        at: CallRef,
        part: PermissionPart,
        reply: Result<ChainReply, ChainError>,
        block: u64,
        now: Time,
        core: &mut Core,
        out: &mut Outputs,
    ) {
        let Some(check) = self.checks.get_mut(&at) else { return };
        check.take(part, reply);
        if !check.awaited.is_empty() {
            return;
        }
        let Some(mut check) = self.checks.remove(&at) else { return };
        let verified = self.check_passkeys(&mut check, core, out);
        match verified.and_then(|()| self.decide(&check, core)) {
            Ok(()) => self.order(at, check, block, out),
            Err(failure) => {
                let answer = refused(failure, check.to_action);
                self.answer(at, answer, now, core, out);
            }
        }
    }

    /// Of passkeys those count that are registered for this key and have answered rightly. What says that one is permitted
    /// may have been read at another block than what says which public key it has: without that key it does not count.
    fn check_passkeys(&self, check: &mut Check, core: &mut Core, out: &mut Outputs) -> Result<(), Failure> {
        if check.failed.is_some() {
            return Ok(());
        }
        let verified = self.caller.proved.verified(self.id, &check.registered, core, &mut out.meter)?;
        let passkey = Method::WebAuthn.number();
        let permitted = &mut check.answers.permitted_auth_methods;
        permitted.retain(|method| method.kind != passkey || verified.contains(method));
        Ok(())
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
            core.remembered.decide(key, &check.claimant, &check.answers)
        } else {
            permission::decide(key, &check.claimant, &check.answers)
        };
        let decision = Decision::Authorise {
            request: self.id,
            sig_name: check.subject.sig_name.clone(),
            key,
            digest: check.subject.digest,
        };
        match (core.conduct.decide(&decision, verdict.is_ok()), verdict) {
            (true, _) => Ok(()),
            (false, Err(refusal)) => Err(check.beyond.clone().map_or_else(|| refusal.into(), Failure::from)),
            (false, Ok(_)) => Err(failure(ErrorCode::NotAuthorized, "this node refuses to sign")),
        }
    }

    fn order(&mut self, call: CallRef, check: Check, block: u64, out: &mut Outputs) {
        let Check { subject, to_action, .. } = check;
        out.note(Note::Authorised {
            request: self.id,
            sig_name: subject.sig_name.clone(),
            key: subject.key.public.id(),
            digest: subject.digest,
            frame: call.frame.0,
            block,
        });
        self.signing.insert(subject.session(), Ordered { call, name: subject.sig_name.clone(), to_action });
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
        let Some(Ordered { call, name, to_action }) = self.signing.remove(&session) else { return };
        let answer = match result {
            Ok((_, combined)) if to_action => HostAnswer::Combined(Ok(combined)),
            Ok((shares, combined)) => {
                self.signatures.push(SignaturePart { name, shares, combined });
                HostAnswer::Signed(Ok(()))
            }
            Err(failure) => refused(failure, to_action),
        };
        self.answer(call, answer, now, core, out);
    }
}

/// The answer to a request for a signature that there will not be.
pub(super) fn refused(failure: Failure, to_action: bool) -> HostAnswer {
    if to_action { HostAnswer::Combined(Err(failure)) } else { HostAnswer::Signed(Err(failure)) }
}

impl Check {
    /// Enters one answer. What cannot be read counts as a failure of the endpoint, never as a permission.
    fn take(&mut self, part: PermissionPart, reply: Result<ChainReply, ChainError>) {
        self.awaited.remove(&part);
        let Self { claimant, answers, registered, .. } = self;
        let entered = reply.map_err(|error| error.to_string()).and_then(|reply| {
            match part {
                PermissionPart::Action => views::is_permitted(&reply).map(|permitted| {
                    answers.permitted_actions.extend(claimant.acting().filter(|_| permitted).copied());
                }),
                PermissionPart::Address => views::is_permitted(&reply).map(|permitted| {
                    answers.permitted_addresses.extend(claimant.address.filter(|_| permitted));
                }),
                PermissionPart::Owner => views::owner(&reply).map(|owner| answers.owner = owner),
                PermissionPart::Method(place) => views::is_permitted(&reply).map(|permitted| {
                    let method = claimant.auth_methods.get(place).filter(|_| permitted);
                    answers.permitted_auth_methods.extend(method.cloned());
                }),
                PermissionPart::Methods => lists::permitted_methods(&reply).map(|methods| *registered = methods),
            }
            .map_err(|error| error.to_string())
        });
        if let Err(reason) = entered {
            self.failed = Some(reason);
        }
    }
}
