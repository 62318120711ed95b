//! One step of a client under way: transactions and executions as small state machines on the client library.

mod asking;
mod certifying;
mod pool;
mod proofs;
mod secrets;
mod transactions;

use std::collections::BTreeMap;

use alloy_primitives::U256;
use k256::ecdsa::SigningKey;
use lit_node::chain::{ChainEvent, ContractCall, Fees, TransactionRequest, registration};
use lit_node::client::{Effect, ExecuteOp, HandshakeOp, Operation, Patience, Success};
use lit_node::curve;
use lit_node::id::{NodeId, RequestId, SessionId};
use lit_node::io::{ChainError, ChainReply, ChainRequest, Label, Time};
use lit_node::key;
use lit_node::meter::Meter;
use lit_node::signing::CombinedSignature;
use lit_node::wire::SignatureBytes;

use self::certifying::Certifying;
use super::combine::Combiner;
use super::script::{Book, ClientEffect, Pkp};
use super::verdicts::{Failed, signature_report, step_report};
use crate::chain::Chain;
use crate::heap::Nanos;
use crate::identity::Services;
use crate::oracle::Accepted;
use crate::outcome::{RequestReport, SignatureReport};
use crate::scenario::{Auth, Curve, Deed, Delivery, Execute as ExecuteDeed, Expectation, Step};

/// Gas that every client transaction may use.
const GAS_LIMIT: u64 = 2_000_000;

/// What a mined transaction was for.
#[derive(Clone, Debug)]
enum After {
    Nothing,
    /// The next routed key is the one that was asked for.
    Routed {
        from_block: u64,
        curve: Curve,
    },
    Minted {
        pkp: String,
    },
}

/// Who sends a transaction.
enum Sender {
    Wallet(Box<SigningKey>),
    /// A PKP: an action signs.
    Pkp {
        pkp: Pkp,
        deed: Box<ExecuteDeed>,
    },
}

enum Stage {
    /// The account's nonce has been asked for.
    Nonce {
        sender: Sender,
        call: ContractCall,
        after: After,
    },
    /// The endpoint has the transaction.
    Submitted {
        hash: [u8; 32],
        after: After,
    },
    /// It waits for a block.
    Mining {
        hash: [u8; 32],
        after: After,
    },
    /// The nodes generate a key.
    Routing {
        from_block: u64,
        curve: Curve,
    },
    /// The nodes fill the pool of keys.
    Pooling,
    /// The nodes run an action; with a transaction that its signature completes.
    Executing {
        op: Box<ExecuteOp<Combiner>>,
        transaction: Option<(TransactionRequest, [u8; 20])>,
    },
    /// The nodes say who they are.
    Greeting(Box<HandshakeOp>),
    /// The nodes give shares of a decryption key.
    Decrypting(Box<secrets::Decrypting>),
    Ended,
}

/// A step under way.
pub(super) struct Running {
    pub step: Box<Step>,
    pub act: String,
    /// The step's number.
    pub number: usize,
    /// What the nonces of its requests are derived for.
    purpose: &'static str,
    /// The client's end of its links.
    pub client: u16,
    /// The requests that it made of the nodes.
    pub requests: Vec<RequestId>,
    patience: Patience,
    stage: Stage,
    found: Found,
    /// The session's key that the nodes are certifying.
    certifying: Option<Box<Certifying>>,
    result: Option<Result<(), Failed>>,
    /// When the client goes away without an answer.
    leaves: Option<Time>,
    /// When the result came.
    ended: Option<Nanos>,
}

/// What a step found out.
#[derive(Default)]
pub(super) struct Found {
    pub pkp: Option<Pkp>,
    pub response: Option<String>,
    pub logs: Option<String>,
    pub signatures: Vec<SignatureReport>,
}

/// The surroundings of a step during one event.
pub(super) struct Desk<'a> {
    pub now: Time,
    pub book: &'a mut Book,
    pub chain: &'a Chain,
    pub logins: &'a mut Services,
    pub fx: &'a mut Vec<ClientEffect>,
}

impl Running {
    /// Begins a step, perhaps once more, so many milliseconds before links are stable: its time runs from then on.
    pub fn begin(
        act: String,
        step: Box<Step>,
        (number, again): (usize, bool),
        unstable_ms: u64,
        desk: &mut Desk<'_>,
    ) -> Self {
        let client = desk.book.users.get(&step.user).copied().unwrap_or_default();
        let delta_ms = desk.book.scenario.network.delta_ms.get();
        let patience = Patience {
            attempt_ms: 12 * delta_ms,
            backoff_ms: delta_ms,
            backoff_ms_max: 4 * delta_ms,
            overall_ms: unstable_ms + bound_ms(delta_ms),
        };
        let mut running = Self {
            step,
            act,
            number,
            purpose: if again { "request, again" } else { "request" },
            client,
            requests: Vec::new(),
            patience,
            stage: Stage::Ended,
            found: Found::default(),
            certifying: None,
            result: None,
            leaves: None,
            ended: None,
        };
        running.start(desk);
        running
    }

    fn start(&mut self, desk: &mut Desk<'_>) {
        let step = self.step.clone();
        let contracts = desk.book.contracts;
        match &*step.deed {
            Deed::Keygen { curve, .. } => {
                let after = After::Routed { from_block: desk.chain.head().0 + 1, curve: *curve };
                let call = match curve {
                    Curve::Secp256k1 => contracts.request_keys(1),
                    Curve::Bls12381 => contracts.request_network_key(),
                };
                self.transact(desk.book.keys.deployer(desk.book.network.generation), call, after, desk);
            }
            Deed::Encrypt { secret, text, to } => self.encrypt(secret, text, to, desk),
            Deed::Decrypt { secret, auth, shows } => self.decrypt(secret, auth.as_ref(), shows.as_deref(), desk),
            Deed::Execute(deed) => {
                let params = deed.params.resolve(&|reference| desk.book.lookup(reference, desk.now));
                self.execute(deed, params, None, desk);
            }
            Deed::Sign { pkp, text, scheme, auth, proof } => {
                self.sign(pkp, text, *scheme, (auth.as_ref(), proof.as_ref()), desk);
            }
            Deed::SessionKey(certify) => self.certify(certify, desk),
            Deed::RotateKeys { provider } => {
                desk.logins.rotate(*provider);
                self.result = Some(Ok(()));
            }
            Deed::Prove { pkp, action, by } => self.prove(pkp, action, by, desk),
            Deed::PkpTransaction { pkp, action, to, value, auth } => {
                let Some(pkp) = self.pkp(pkp, desk) else { return };
                let call = ContractCall { to: desk.book.address(to), value: U256::from(value.0), data: Vec::new() };
                let deed = Box::new(ExecuteDeed {
                    action: action.clone(),
                    by: Delivery::Ipfs,
                    cid: None,
                    disconnect_after_ms: None,
                    params: Default::default(),
                    auth: auth.clone().map(|user| Auth::Wallet { user, claims: None, age_ms: 0 }),
                    proof: None,
                    expect_signatures: None,
                    expect_response: None,
                });
                desk.fx.push(ClientEffect::Ask(ChainRequest::Nonce { account: pkp.address() }));
                self.stage = Stage::Nonce { sender: Sender::Pkp { pkp, deed }, call, after: After::Nothing };
            }
            Deed::Mint { .. }
            | Deed::MintGrantBurn { .. }
            | Deed::MintFor { .. }
            | Deed::Burn { .. }
            | Deed::PermitAction { .. }
            | Deed::PermitAddress { .. }
            | Deed::PermitLogins { .. }
            | Deed::Transfer { .. }
            | Deed::Fund { .. } => self.change(&step.deed, desk),
            Deed::KeyPool => self.look_at_pool(desk),
            Deed::Wait { ms } => self.leaves = Some(desk.now.plus_millis(*ms)),
            Deed::Handshake => {
                let challenge = desk.book.keys.bytes(&self.step.id, "challenge");
                let mut op = Box::new(HandshakeOp::new(challenge, desk.book.network.clone(), self.patience));
                let mut effects = Vec::new();
                op.start(desk.now, &mut effects);
                self.stage = Stage::Greeting(op);
                self.send(effects, desk);
            }
        }
    }

    fn pkp(&mut self, name: &str, desk: &Desk<'_>) -> Option<Pkp> {
        let pkp = desk.book.pkps.get(name).cloned();
        if pkp.is_none() {
            self.fail("NoSuchPkp", format!("the PKP {name:?} has not been minted"));
        }
        pkp
    }

    fn transact(&mut self, wallet: SigningKey, call: ContractCall, after: After, desk: &mut Desk<'_>) {
        let account = registration::address_of(wallet.verifying_key());
        desk.fx.push(ClientEffect::Ask(ChainRequest::Nonce { account }));
        self.stage = Stage::Nonce { sender: Sender::Wallet(Box::new(wallet)), call, after };
    }

    /// The home chain's endpoint answers.
    pub fn on_chain(&mut self, reply: Result<ChainReply, ChainError>, desk: &mut Desk<'_>) {
        match (std::mem::replace(&mut self.stage, Stage::Ended), reply) {
            (Stage::Nonce { sender, call, after }, Ok(ChainReply::Nonce(nonce))) => {
                let request = TransactionRequest::call(call, desk.book.chain_id, nonce, GAS_LIMIT, Fees::default());
                match sender {
                    Sender::Wallet(wallet) => {
                        let signed = request.sign(&wallet, &mut Meter::default());
                        self.submit(signed.raw, signed.hash, after, desk);
                    }
                    Sender::Pkp { pkp, deed } => self.sign_by_pkp(&pkp, &deed, request, desk),
                }
            }
            (Stage::Submitted { hash, after }, Ok(_)) => self.stage = Stage::Mining { hash, after },
            (_, Err(error @ ChainError::Refused(_))) => self.fail("Reverted", error.to_string()),
            (_, Err(error)) => self.fail("RpcError", error.to_string()),
            (stage, Ok(_)) => self.stage = stage,
        }
    }

    fn sign_by_pkp(&mut self, pkp: &Pkp, deed: &ExecuteDeed, request: TransactionRequest, desk: &mut Desk<'_>) {
        let params = serde_json::json!({
            "publicKey": format!("0x{}", hex::encode(key::uncompressed(&pkp.point))),
            "toSign": request.signing_hash().to_vec(),
        });
        self.execute(deed, params, Some((request, pkp.address())), desk);
    }

    fn submit(&mut self, raw: Vec<u8>, hash: [u8; 32], after: After, desk: &mut Desk<'_>) {
        desk.fx.push(ClientEffect::Ask(ChainRequest::Submit { raw }));
        self.stage = Stage::Submitted { hash, after };
    }

    /// The home chain has a new block.
    pub fn on_block(&mut self, desk: &mut Desk<'_>) {
        match std::mem::replace(&mut self.stage, Stage::Ended) {
            Stage::Mining { hash, after } => self.look_for_receipt(hash, after, desk),
            Stage::Routing { from_block, curve } => self.look_for_key(from_block, curve, desk),
            Stage::Pooling => self.look_at_pool(desk),
            other => self.stage = other,
        }
    }

    fn look_for_receipt(&mut self, hash: [u8; 32], after: After, desk: &mut Desk<'_>) {
        let Some(receipt) = desk.chain.receipt(&hash) else {
            self.stage = Stage::Mining { hash, after };
            return;
        };
        if let Some(reason) = receipt.revert_reason() {
            return self.fail("Reverted", reason.to_string());
        }
        match after {
            After::Nothing => self.result = Some(Ok(())),
            After::Routed { from_block, curve } => self.look_for_key(from_block, curve, desk),
            After::Minted { pkp: name } => {
                let minted = receipt.logs.iter().find_map(|log| match ChainEvent::decode(&desk.book.contracts, log) {
                    Ok(Some(ChainEvent::PkpMinted { public_key, .. })) => Pkp::read(&public_key),
                    _ => None,
                });
                match minted {
                    Some(pkp) => {
                        desk.book.pkps.insert(name, pkp.clone());
                        self.found.pkp = Some(pkp);
                        self.result = Some(Ok(()));
                    }
                    None => self.fail("NoSuchPkp", "the transaction minted no PKP".into()),
                }
            }
        }
    }

    fn look_for_key(&mut self, from_block: u64, curve: Curve, desk: &mut Desk<'_>) {
        if curve == Curve::Bls12381 {
            if self.has_network_key(from_block, desk) {
                self.result = Some(Ok(()));
            } else {
                self.stage = Stage::Routing { from_block, curve };
            }
            return;
        }
        let routed = desk.chain.logs(from_block, desk.chain.head().0).find_map(|log| {
            match ChainEvent::decode(&desk.book.contracts, log) {
                Ok(Some(ChainEvent::KeyRouted { public_key, .. })) => Pkp::read(&public_key),
                _ => None,
            }
        });
        match routed {
            Some(pkp) => {
                self.found.pkp = Some(pkp);
                self.result = Some(Ok(()));
            }
            None => self.stage = Stage::Routing { from_block, curve },
        }
    }

    /// A node's bytes for this client.
    pub fn on_response(&mut self, node: NodeId, bytes: &[u8], desk: &mut Desk<'_>) {
        let mut effects = Vec::new();
        match &mut self.stage {
            Stage::Executing { op, .. } => op.on_response(node, bytes, desk.now, &mut effects),
            Stage::Greeting(op) => op.on_response(node, bytes, desk.now, &mut effects),
            Stage::Decrypting(under_way) => under_way.op.on_response(node, bytes, desk.now, &mut effects),
            _ => {}
        }
        self.send(effects, desk);
        self.look(desk);
    }

    /// When [`Self::tick`] has something to do.
    pub fn deadline(&self) -> Option<Time> {
        let own = match &self.stage {
            Stage::Executing { op, .. } => op.deadline(),
            Stage::Greeting(op) => op.deadline(),
            Stage::Decrypting(under_way) => under_way.op.deadline(),
            _ => None,
        };
        own.into_iter().chain(self.leaves).min()
    }

    /// Lets time pass.
    pub fn tick(&mut self, desk: &mut Desk<'_>) {
        if self.leaves.is_some_and(|at| at <= desk.now) && self.result.is_none() {
            // The client has gone: whatever the nodes make of its request, it will not hear.
            (self.stage, self.result) = (Stage::Ended, Some(Ok(())));
        }
        let mut effects = Vec::new();
        match &mut self.stage {
            Stage::Executing { op, .. } => op.tick(desk.now, &mut effects),
            Stage::Greeting(op) => op.tick(desk.now, &mut effects),
            Stage::Decrypting(under_way) => under_way.op.tick(desk.now, &mut effects),
            _ => {}
        }
        self.send(effects, desk);
        self.look(desk);
    }

    fn send(&self, effects: Vec<Effect>, desk: &mut Desk<'_>) {
        let (session, kind) = match &self.stage {
            Stage::Executing { op, .. } => (SessionId(op.request().0), "execute"),
            Stage::Decrypting(under_way) => (SessionId(under_way.op.request().0), "decrypt"),
            _ => (greeting(&self.step), "handshake"),
        };
        for Effect::Send { node, bytes } in effects {
            let label = Label { session, protocol: "client", round: 0, kind };
            desk.fx.push(ClientEffect::Send { node, label, bytes: bytes.to_vec() });
        }
    }

    /// Looks whether an operation has ended.
    fn look(&mut self, desk: &mut Desk<'_>) {
        match std::mem::replace(&mut self.stage, Stage::Ended) {
            Stage::Executing { op, transaction } => match op.outcome() {
                None => self.stage = Stage::Executing { op, transaction },
                Some(Ok(success)) => self.on_executed(op.request(), success, transaction, desk),
                Some(Err(error)) => {
                    self.result = Some(Err(Failed {
                        code: error.code.name().to_owned(),
                        text: error.to_string(),
                        refusal: error.message().map(str::to_owned),
                    }));
                }
            },
            Stage::Greeting(op) => match op.outcome() {
                None => self.stage = Stage::Greeting(op),
                Some(Ok(_)) => self.result = Some(Ok(())),
                Some(Err(error)) => {
                    let code = error.code.name().to_owned();
                    let failed = Failed { code, text: error.to_string(), refusal: None };
                    self.result = Some(Err(failed));
                }
            },
            Stage::Decrypting(under_way) => self.look_at_decryption(under_way, desk),
            other => self.stage = other,
        }
    }

    fn on_executed(
        &mut self,
        request: RequestId,
        success: &Success<CombinedSignature>,
        transaction: Option<(TransactionRequest, [u8; 20])>,
        desk: &mut Desk<'_>,
    ) {
        for (name, verified) in &success.signatures {
            desk.fx.push(ClientEffect::Accepted(Accepted {
                request,
                sig_name: name.clone(),
                scheme: verified.scheme,
                key: key_id(&verified.public_key),
                public_key: curve::point_bytes(&verified.public_key).to_vec(),
                digest: verified.digest,
                signature: verified.signature.bytes().to_vec(),
            }));
            self.found.signatures.push(signature_report(name, verified));
        }
        desk.book.signed.insert(self.step.id.clone(), success.signatures.values().cloned().collect());
        self.found.response = Some(success.response.clone());
        self.found.logs = Some(success.logs.clone());
        if let Some(certifying) = self.certifying.take() {
            return self.keep_session(*certifying, success, desk);
        }
        let Some((transaction, sender)) = transaction else {
            self.result = Some(Ok(()));
            return;
        };
        let signed = success.signatures.get("sig").and_then(|verified| {
            let CombinedSignature::Ecdsa { r, s, v } = verified.signature else { return None };
            transaction.with_signature(&SignatureBytes { r, s, v }, sender, &mut Meter::default()).ok()
        });
        match signed {
            Some(signed) => self.submit(signed.raw, signed.hash, After::Nothing, desk),
            None => self.fail("NoSignature", "the action gave no signature of the PKP named \"sig\"".into()),
        }
    }

    fn fail(&mut self, code: &str, text: String) {
        self.result = Some(Err(Failed { code: code.to_owned(), text, refusal: None }));
    }

    /// Whether a response on this link's session is for this step.
    pub fn hears(&self, client: u16, session: SessionId) -> bool {
        let mine = match &self.stage {
            Stage::Executing { op, .. } => SessionId(op.request().0) == session,
            Stage::Greeting(_) => session == greeting(&self.step),
            Stage::Decrypting(under_way) => SessionId(under_way.op.request().0) == session,
            _ => false,
        };
        mine && client == self.client
    }

    /// Whether the step has ended; one that failed at the nodes only when `heard` says that all of them have spoken,
    /// or the grace period is over.
    pub fn has_ended(&mut self, now: Nanos, grace: Nanos, heard: impl Fn(&[RequestId]) -> bool) -> bool {
        let Some(result) = &self.result else { return false };
        let ended = *self.ended.get_or_insert(now);
        result.is_ok() || heard(&self.requests) || now >= ended + grace
    }

    /// When the grace period of a failed step is over.
    pub fn grace_over(&self, grace: Nanos) -> Option<Nanos> {
        self.ended.map(|ended| ended + grace)
    }

    /// Whether the step should have completed, and has ended otherwise.
    pub fn has_failed(&self) -> bool {
        self.step.expect == Expectation::Ok && !matches!(self.result, Some(Ok(())))
    }

    /// The report, given how each node refused the step's requests.
    pub fn report(self, started_ms: u64, finished_ms: u64, endings: &BTreeMap<NodeId, &'static str>) -> RequestReport {
        step_report(&self.step, self.act, self.result, self.found, endings, started_ms, finished_ms)
    }
}

/// After so long without an end a step counts as stuck, milliseconds.
pub(super) fn bound_ms(delta_ms: u64) -> u64 {
    delta_ms * 480
}

/// The session under which a step's handshakes travel.
fn greeting(step: &Step) -> SessionId {
    SessionId::derive("client/handshake", &[step.id.as_bytes()])
}

fn key_id(point: &k256::ProjectivePoint) -> lit_node::id::KeyId {
    lit_node::id::KeyId(<sha3::Keccak256 as sha3::Digest>::digest(key::uncompressed(point)).into())
}
