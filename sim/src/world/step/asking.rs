//! Steps that have all nodes run an action or sign.

use std::collections::BTreeMap;

use lit_node::api::{ActionSource, Execute, Task};
use lit_node::chain::TransactionRequest;
use lit_node::cid;
use lit_node::client::{ExecuteOp, Expected, Operation, ResponseStrategy};
use lit_node::id::{Digest, Epoch, KeyId};
use lit_node::key;
use lit_node::signing::Scheme;
use sha3::{Digest as _, Keccak256};

use super::super::combine::Combiner;
use super::super::logins;
use super::super::script::{ClientEffect, Pkp};
use super::super::sign_in::{Shown, show};
use super::{Desk, Running, Stage};
use crate::oracle::{OWN_GLOBALS, Requested};
use crate::scenario::{Auth, Delivery, Execute as ExecuteDeed, Proof, SignScheme};

/// What is asked of all nodes, and what oracles are told of it.
pub(super) struct Asked<'a> {
    pub task: Task,
    /// The CID that nodes ask the gateway for.
    pub by_cid: Option<String>,
    /// The CID's bytes that permissions are judged by.
    pub cid: Vec<u8>,
    pub overwrites: bool,
    pub shown: Shown,
    /// What shows who asks besides.
    pub proof: Option<&'a Proof>,
    /// Whether it takes the right to have anything signed.
    pub takes_anything: bool,
    /// The digests that must be signed, by the signatures' names.
    pub digests: BTreeMap<String, Digest>,
}

impl Running {
    /// Has an action run; its signature may complete a transaction.
    pub(super) fn execute(
        &mut self,
        deed: &ExecuteDeed,
        params: serde_json::Value,
        transaction: Option<(TransactionRequest, [u8; 20])>,
        desk: &mut Desk<'_>,
    ) {
        let own = cid::cid_v0(deed.action.code.as_bytes());
        let asked = deed.cid.clone().unwrap_or_else(|| own.to_string());
        // What nodes judge by: the CID that is asked for, if it is one.
        let cid = cid::permission_bytes(&cid::parse(&asked).unwrap_or(own));
        let (source, by_cid) = match deed.by {
            Delivery::Ipfs => (ActionSource::Ipfs(asked.clone()), Some(asked)),
            Delivery::Inline => (ActionSource::Inline(deed.action.code.clone()), None),
        };
        self.leaves = deed.disconnect_after_ms.map(|ms| desk.now.plus_millis(ms));
        let hash = |(request, _): &(TransactionRequest, _)| (Task::SIG_NAME.to_owned(), Digest(request.signing_hash()));
        let asked = Asked {
            task: Task::Action { source, js_params: params.to_string() },
            by_cid,
            cid,
            overwrites: OWN_GLOBALS.iter().any(|name| params.get(name).is_some()),
            shown: self.show(deed.auth.as_ref(), desk),
            proof: deed.proof.as_ref(),
            takes_anything: false,
            digests: transaction.iter().map(hash).collect(),
        };
        self.ask_nodes(asked, transaction, desk);
    }

    /// Has a text signed without an action.
    pub(super) fn sign(
        &mut self,
        pkp: &str,
        text: &str,
        scheme: SignScheme,
        (auth, proof): (Option<&Auth>, Option<&Proof>),
        desk: &mut Desk<'_>,
    ) {
        let Some(Pkp { point, .. }) = self.pkp(pkp, desk) else { return };
        let digest = Digest(Keccak256::digest(text).into());
        let scheme = match scheme {
            SignScheme::Ecdsa => Scheme::EcdsaK256,
            SignScheme::Schnorr => Scheme::SchnorrK256Sha256,
            SignScheme::Bip340 => Scheme::SchnorrK256Bip340,
        };
        let asked = Asked {
            task: Task::Sign { public_key: key::uncompressed(&point).to_vec(), digest, scheme },
            by_cid: None,
            cid: Vec::new(),
            overwrites: false,
            shown: self.show(auth, desk),
            proof,
            takes_anything: true,
            digests: [(Task::SIG_NAME.to_owned(), digest)].into(),
        };
        self.ask_nodes(asked, None, desk);
    }

    pub(super) fn show(&self, auth: Option<&Auth>, desk: &Desk<'_>) -> Shown {
        show(desk.book, auth, desk.now, &desk.book.keys.bytes(&self.step.id, "session"))
    }

    /// Has all nodes do something.
    pub(super) fn ask_nodes(
        &mut self,
        asked: Asked<'_>,
        transaction: Option<(TransactionRequest, [u8; 20])>,
        desk: &mut Desk<'_>,
    ) {
        let Asked { task, by_cid, cid, overwrites, shown, proof, takes_anything, digests } = asked;
        let nonce = desk.book.keys.bytes(&self.step.id, self.purpose);
        let mut request = Execute {
            nonce: nonce[..16].try_into().expect("16 of 32 bytes"),
            task,
            credential: shown.credential,
            proofs: Vec::new(),
            epoch: Epoch(1),
        };
        let binding = request.binding();
        let proved = proof.map(|proof| logins::prove(desk, proof, &self.step.id, binding));
        let (shown_proofs, proofs): (Vec<_>, Vec<_>) = proved.into_iter().unzip();
        request.proofs = shown_proofs;
        let id = request.id();
        self.requests.push(id);
        let caller = shown.caller;
        let asked = by_cid;
        let requested = Requested { request: id, asked, cid, caller, proofs, takes_anything, overwrites };
        desk.fx.push(ClientEffect::Requested(requested));
        let expected = Expected { keys: desk.book.pkps.values().map(|pkp| pkp.point).collect(), digests };
        let network = match &request.task {
            Task::Sign { public_key, .. } | Task::SessionKey { public_key, .. } => {
                desk.book.network_of(KeyId(Keccak256::digest(public_key).into()))
            }
            Task::Action { .. } => desk.book.network.clone(),
        };
        let strategy = ResponseStrategy::default();
        let patience = self.patience;
        let mut op = Box::new(ExecuteOp::in_session(
            &request,
            &shown.signatures,
            network,
            expected,
            strategy,
            patience,
            Combiner,
        ));
        let mut effects = Vec::new();
        op.start(desk.now, &mut effects);
        self.stage = Stage::Executing { op, transaction };
        self.send(effects, desk);
    }
}
