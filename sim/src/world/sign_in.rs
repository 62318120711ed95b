//! Users show who they are: EIP-4361 messages under their wallets, sessions to which these hand on what they may, and what is
//! true of them.

use std::collections::BTreeMap;

use lit_node::api::{AuthSig, Credential, node_address};
use lit_node::auth::recap::{Ability, Recap, Resource, ResourceKind};
use lit_node::auth::session::{SessionSig, Wish};
use lit_node::auth::session_make::{SessionKey, Terms};
use lit_node::auth::{self, SiweFields};
use lit_node::bls::Header;
use lit_node::cid;
use lit_node::id::NodeId;
use lit_node::io::Time;
use serde_json::{Value, json};

use super::script::Book;
use crate::oracle::SignIn;
use crate::scenario::{Auth, Delegator, Session};

/// How long what a wallet signs is good for, milliseconds.
const LASTS_MS: u64 = 3_600_000;
/// How much longer nodes accept a session, milliseconds.
const GRACE_MS: u64 = 60_000;

/// What a client shows, and what is true of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Shown {
    pub credential: Credential,
    /// A session's signatures, if one asks: for each node its own.
    pub signatures: BTreeMap<NodeId, SessionSig>,
    pub caller: Option<SignIn>,
}

/// Shows who asks; `secret` is the key of the session, if one does.
pub(super) fn show(book: &Book, auth: Option<&Auth>, now: Time, secret: &[u8; 32]) -> Shown {
    match auth {
        None => Shown::default(),
        Some(Auth::Wallet { user, claims, age_ms }) => {
            let (auth_sig, caller) = sign_in(book, user, claims.as_deref(), now.minus_millis(*age_ms));
            Shown { credential: Credential::AuthSig(auth_sig), caller: Some(caller), ..Shown::default() }
        }
        Some(Auth::Session(session)) => in_session(book, session, now, secret, &[]).unwrap_or_default(),
    }
}

/// Shows a session that asks for a decryption, with shares encrypted to the key that `reply` names.
pub(super) fn show_to_decrypt(book: &Book, session: &Session, now: Time, secret: &[u8; 32], reply: Resource) -> Shown {
    let wish = |resource| Wish { resource, ability: Ability::Decryption };
    let more = [wish(Resource::all(ResourceKind::Conditions)), wish(reply)];
    in_session(book, session, now, secret, &more).unwrap_or_default()
}

/// Signs in as a user for an hour, perhaps saying to be another one; and what is true of it.
pub(super) fn sign_in(book: &Book, user: &str, claims: Option<&str>, issued_at: Time) -> (AuthSig, SignIn) {
    let expires = issued_at.plus_millis(LASTS_MS);
    let fields = fields(book, issued_at, expires);
    let mut auth_sig = auth::sign_in(&book.wallet(user), &fields).expect("the fields make an EIP-4361 text");
    let signer = book.address(user);
    let claimed = claims.map_or(signer, |other| book.address(other));
    if claimed != signer {
        auth_sig.address = format!("0x{}", hex::encode(claimed));
    }
    (auth_sig, SignIn { claimed, signer, expires, only_at: None })
}

/// An AuthSig under the names that clients and actions of the real network use.
pub(super) fn as_actions_see(auth_sig: &AuthSig) -> Value {
    let AuthSig { sig, derived_via, signed_message, address } = auth_sig;
    json!({ "sig": sig, "derivedVia": derived_via, "signedMessage": signed_message, "address": address })
}

fn fields(book: &Book, issued_at: Time, expires: Time) -> SiweFields {
    SiweFields {
        domain: super::SIGN_IN_DOMAIN.into(),
        uri: format!("https://{}/", super::SIGN_IN_DOMAIN),
        chain_id: book.chain_id,
        nonce: "litsim0001".into(),
        issued_at,
        expiration: Some(expires),
        not_before: None,
        statement: Some("Use my PKP.".into()),
        resources: Vec::new(),
    }
}

/// What somebody signs to hand on all that he may to a session's key.
pub(super) fn certificate(book: &Book, key: &SessionKey, issued_at: Time, ends: Time) -> SiweFields {
    let all = Recap::default()
        .with(&Resource::all(ResourceKind::Pkp), Ability::Signing)
        .with(&Resource::all(ResourceKind::Action), Ability::Execution)
        .with(&Resource::all(ResourceKind::Conditions), Ability::Decryption);
    key.delegation(&all, fields(book, issued_at, ends))
}

/// A session's key, and what has been handed on to it.
struct Handed {
    key: SessionKey,
    capability: AuthSig,
    by: [u8; 20],
    /// When the capability ends.
    ends: Time,
}

/// What a wallet hands on to a new session, or a PKP has handed on to one that was kept; nothing if none was.
fn handed(book: &Book, session: &Session, issued_at: Time, secret: &[u8; 32]) -> Option<Handed> {
    match &session.by {
        Delegator::Wallet(user) => {
            let (key, ends) = (SessionKey::new(secret), issued_at.plus_millis(LASTS_MS));
            let fields = key.delegation(&handed_on(book, session), fields(book, issued_at, ends));
            let capability = auth::sign_in(&book.wallet(user), &fields).expect("the fields make an EIP-4361 text");
            Some(Handed { key, capability, by: book.address(user), ends })
        }
        Delegator::Kept(name) => {
            let kept = book.sessions.get(name)?.clone();
            let key = SessionKey::new(&kept.secret);
            Some(Handed { key, capability: kept.capability, by: kept.signer, ends: kept.ends })
        }
    }
}

/// Has a session ask for all PKPs and actions, and for more, with what was handed on to it.
fn in_session(book: &Book, session: &Session, now: Time, secret: &[u8; 32], more: &[Wish]) -> Option<Shown> {
    let issued_at = match u64::try_from(session.age_ms) {
        Ok(age_ms) => now.minus_millis(age_ms),
        Err(_) => now.plus_millis(session.age_ms.unsigned_abs()),
    };
    let expiration = issued_at.plus_millis(session.lasts_ms);
    let Handed { key, capability, by, ends } = handed(book, session, issued_at, secret)?;
    let wish = |kind, ability| Wish { resource: Resource::all(kind), ability };
    let usual = [wish(ResourceKind::Pkp, Ability::Signing), wish(ResourceKind::Action, Ability::Execution)];
    let terms = Terms {
        wishes: usual.iter().chain(more).cloned().collect(),
        capabilities: vec![capability],
        issued_at,
        expiration,
    };
    let sign = |node: NodeId| (node, key.sign(&terms, &node_address(session.for_node.unwrap_or(node))));
    let signatures: BTreeMap<NodeId, SessionSig> = book.network.nodes.iter().map(|node| sign(*node)).collect();
    let credential =
        signatures.values().next().map_or(Credential::Nobody, |first| Credential::Session(first.clone().into()));
    let expires = expiration.min(ends).plus_millis(GRACE_MS);
    let caller = SignIn { claimed: by, signer: by, expires, only_at: session.for_node };
    Some(Shown { credential, signatures, caller: Some(caller) })
}

fn handed_on(book: &Book, session: &Session) -> Recap {
    let named = |kind, id: String| Resource::new(kind, id).expect("tokens, CIDs and hashes name resources");
    let pkps: Vec<Resource> = match &session.pkps {
        None => vec![Resource::all(ResourceKind::Pkp)],
        Some(pkps) => {
            let minted = pkps.iter().filter_map(|name| book.pkps.get(name));
            minted.map(|pkp| named(ResourceKind::Pkp, hex::encode(pkp.key.0))).collect()
        }
    };
    let actions: Vec<Resource> = match &session.actions {
        None => vec![Resource::all(ResourceKind::Action)],
        Some(actions) => {
            let cid = |code: &String| cid::cid_v0(code.as_bytes()).to_string();
            actions.iter().map(|action| named(ResourceKind::Action, cid(&action.code))).collect()
        }
    };
    let secrets: Vec<Resource> = match &session.secrets {
        None => vec![Resource::all(ResourceKind::Conditions)],
        Some(secrets) => {
            let made = secrets.iter().filter_map(|name| book.secrets.get(name)).map(|secret| secret.encrypted.header);
            let id =
                |header: Header| format!("{}/{}", hex::encode(header.conditions.0), hex::encode(header.plaintext.0));
            made.map(|header| named(ResourceKind::Conditions, id(header))).collect()
        }
    };
    let recap = pkps.iter().fold(Recap::default(), |recap, pkp| recap.with(pkp, Ability::Signing));
    let recap = actions.iter().fold(recap, |recap, action| recap.with(action, Ability::Execution));
    secrets.iter().fold(recap, |recap, secret| recap.with(secret, Ability::Decryption))
}
