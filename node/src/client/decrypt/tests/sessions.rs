//! Decryptions that a session asks for: what nodes accept of it, and each reason for which they do not.

use super::*;
use crate::api::node_address;
use crate::auth::recap::{Ability, Recap, Resource, ResourceKind};
use crate::auth::session::Wish;
use crate::auth::session_make::{SessionKey, Terms};
use crate::auth::sign_in;

const HOUR_MS: u64 = 3_600_000;
const MINUTE_MS: u64 = 60_000;
/// Where the session asks.
const NODE: NodeId = NodeId(2);

/// A session and what may be wrong with it.
struct Asked {
    /// Whose wallet hands on the right to decrypt.
    wallet: SigningKey,
    /// What is handed on.
    handed: Resource,
    /// What the session asks for.
    wishes: Vec<Resource>,
    /// The session's key; that of the capability, and that which signs.
    keys: (SessionKey, SessionKey),
    /// The node that it signs for.
    node: NodeId,
    issued_at: Time,
}

struct Sessions {
    scene: Scene,
    request: Decrypt,
    secret: Scalar,
    ciphertext: Encrypted,
    owner: SigningKey,
}

impl Sessions {
    fn new() -> Self {
        let mut scene = Scene::new(4);
        let owner = SigningKey::from_slice(&[0x33; 32]).expect("a scalar");
        scene.user = Wallet::new(owner.clone());
        let ciphertext = scene.encrypted();
        let user = Wallet::new(owner.clone());
        let (request, secret) = scene.request(&ciphertext, &user);
        Self { scene, request, secret, ciphertext, owner }
    }

    /// A session that is right.
    fn asked(&self) -> Asked {
        let key = SessionKey::new(&[0x55; 32]);
        Asked {
            wallet: self.owner.clone(),
            handed: self.request.subject(),
            wishes: vec![self.request.subject(), self.request.reply()],
            keys: (key.clone(), key),
            node: NODE,
            issued_at: at(0),
        }
    }

    fn signature(asked: &Asked) -> SessionSig {
        let fields = SiweFields {
            domain: "localhost".into(),
            uri: "https://localhost/".into(),
            chain_id: 1,
            nonce: "abcdefgh".into(),
            issued_at: asked.issued_at,
            expiration: Some(asked.issued_at.plus_millis(24 * HOUR_MS)),
            ..SiweFields::default()
        };
        let recap = Recap::default().with(&asked.handed, Ability::Decryption);
        let capability = sign_in(&asked.wallet, &asked.keys.0.delegation(&recap, fields)).expect("a text");
        let wish = |resource: &Resource| Wish { resource: resource.clone(), ability: Ability::Decryption };
        let terms = Terms {
            wishes: asked.wishes.iter().map(wish).collect(),
            capabilities: vec![capability],
            issued_at: asked.issued_at,
            expiration: asked.issued_at.plus_millis(HOUR_MS),
        };
        asked.keys.1.sign(&terms, &node_address(asked.node))
    }

    fn by(&self, signature: SessionSig) -> Decrypt {
        Decrypt { credential: Credential::Session(Box::new(signature)), ..self.request.clone() }
    }

    /// Why the node does not take the session for what it should be, when its clock shows `clock`; nothing if it does.
    fn refusal_at(&self, asked: &Asked, clock: Time) -> Option<(ErrorCode, String)> {
        self.refusal_of(&self.by(Self::signature(asked)), clock)
    }

    fn refusal_of(&self, request: &Decrypt, clock: Time) -> Option<(ErrorCode, String)> {
        let answer = self.scene.asker(NODE, request, clock, &mut Meter::default());
        answer.err().map(|failure| (failure.code, failure.message))
    }

    #[track_caller]
    fn is_refused(&self, asked: &Asked, code: ErrorCode, text: &str) {
        let (found, message) = self.refusal_at(asked, at(5)).expect("a refusal");
        assert!(found == code && message.contains(text), "{found}: {message}");
    }
}

#[test]
fn a_session_decrypts_for_whoever_handed_it_the_right() {
    let sessions = Sessions::new();
    let asker = |asked: &Asked| {
        let request = sessions.by(Sessions::signature(asked));
        sessions.scene.asker(NODE, &request, at(5), &mut Meter::default())
    };
    let asked = sessions.asked();
    let asker = asker(&asked).expect("a right session");
    assert_eq!((asker.address, asker.signed), (Some(sessions.scene.user.address()), None));
    let all = Asked { handed: Resource::all(ResourceKind::Conditions), ..sessions.asked() };
    assert_eq!(sessions.refusal_at(&all, at(5)), None, "all that is encrypted to whoever hands it on");
    let all = Asked { wishes: vec![Resource::all(ResourceKind::Conditions), sessions.request.reply()], ..all };
    assert_eq!(sessions.refusal_at(&all, at(5)), None);
}

#[test]
fn a_session_decrypts_with_the_answers_of_a_threshold_each_to_its_own_signature() {
    let sessions = Sessions::new();
    let asked = sessions.asked();
    let signature = |node| (node, Sessions::signature(&Asked { node, ..sessions.asked() }));
    let signatures: BTreeMap<NodeId, SessionSig> = (1..=4).map(NodeId).map(signature).collect();
    let request = sessions.by(Sessions::signature(&asked));
    let scene = &sessions.scene;
    let (trusted, nodes) = (scene.trusted.clone(), network(4));
    let ciphertext = sessions.ciphertext.clone();
    let mut op = DecryptOp::in_session(&request, &signatures, ciphertext, sessions.secret, trusted, nodes, PATIENCE);
    let mut effects = Vec::new();
    op.start(at(0), &mut effects);
    let mut asked_nodes = 0;
    for effect in effects {
        let Effect::Send { node, bytes } = effect;
        let Ok(Request::Decrypt(letter)) = decode(&bytes, crate::api::REQUEST_BYTES_MAX) else { panic!("a request") };
        assert_eq!(letter.id(), op.request(), "the same request at every node");
        let answer = scene.answer(node, &letter);
        assert!(answer.is_ok(), "{answer:?}");
        asked_nodes += 1;
        if op.outcome().is_none() {
            say(&mut op, node, answer);
        }
    }
    assert_eq!(asked_nodes, 4);
    assert_eq!(plaintext(&op), Some(Ok(SECRET.to_vec())));
}

#[test]
fn a_session_that_has_expired_is_refused_when_the_grace_is_over() {
    let sessions = Sessions::new();
    let asked = sessions.asked();
    assert_eq!(sessions.refusal_at(&asked, at(0).plus_millis(HOUR_MS + MINUTE_MS)), None);
    let late = sessions.refusal_at(&asked, at(0).plus_millis(HOUR_MS + MINUTE_MS + 1_000));
    let (code, text) = late.expect("a refusal");
    assert!(code == ErrorCode::InvalidAuthSig && text.contains("the session expired"), "{text}");
}

#[test]
fn a_session_ahead_of_the_nodes_clock_is_refused_beyond_the_grace() {
    let sessions = Sessions::new();
    let ahead = |ms| Asked { issued_at: at(5).plus_millis(ms), ..sessions.asked() };
    assert_eq!(sessions.refusal_at(&ahead(MINUTE_MS), at(5)), None);
    sessions.is_refused(&ahead(MINUTE_MS + 1_000), ErrorCode::InvalidAuthSig, "ahead of the node's clock");
}

#[test]
fn a_session_that_signed_for_another_node_gets_no_share() {
    let sessions = Sessions::new();
    let other = Asked { node: NodeId(3), ..sessions.asked() };
    sessions.is_refused(&other, ErrorCode::InvalidAuthSig, "signed for the node at");
}

#[test]
fn a_session_gets_no_share_for_what_it_was_not_handed_or_does_not_ask_for() {
    let sessions = Sessions::new();
    let other = Decrypt { plaintext: Digest([9; 32]), ..sessions.request.clone() }.subject();
    let code = ErrorCode::AuthSigScopeTooLimited;
    let handed_another = Asked { handed: other.clone(), ..sessions.asked() };
    sessions.is_refused(&handed_another, code, "no capability of the session hands on Threshold/Decryption");
    let pkps = Asked { handed: Resource::all(ResourceKind::Pkp), ..sessions.asked() };
    sessions.is_refused(&pkps, code, "no capability of the session hands on Threshold/Decryption");
    let asks_for_another = Asked { wishes: vec![other, sessions.request.reply()], ..sessions.asked() };
    sessions.is_refused(&asks_for_another, code, "the session does not ask for Threshold/Decryption");
}

#[test]
fn a_session_of_another_user_is_let_in_as_that_user_and_not_as_the_reader() {
    let sessions = Sessions::new();
    let stranger = SigningKey::from_slice(&[0x44; 32]).expect("a scalar");
    let asked = Asked { wallet: stranger, ..sessions.asked() };
    assert_eq!(sessions.refusal_at(&asked, at(5)), None);
    let answer = sessions.scene.answer(NODE, &sessions.by(Sessions::signature(&asked)));
    assert_eq!(answer.map_err(|failure| failure.code).err(), Some(ErrorCode::NotAuthorized));
}

#[test]
fn a_session_by_another_key_or_with_a_capability_of_another_session_is_refused() {
    let sessions = Sessions::new();
    let (key, other) = (SessionKey::new(&[0x55; 32]), SessionKey::new(&[0x66; 32]));
    let of_another = Asked { keys: (key, other), ..sessions.asked() };
    sessions.is_refused(&of_another, ErrorCode::InvalidAuthSig, "capability 0");
    let mut forged = Sessions::signature(&sessions.asked());
    forged.address = hex::encode(SessionKey::new(&[0x66; 32]).public());
    let (code, text) = sessions.refusal_of(&sessions.by(forged), at(5)).expect("a refusal");
    assert!(code == ErrorCode::InvalidAuthSig && text.contains("not that of session key"), "{text}");
}

#[test]
fn a_sessions_signature_that_somebody_saw_gets_no_share_for_another_reply_key() {
    let sessions = Sessions::new();
    let seen = sessions.by(Sessions::signature(&sessions.asked()));
    let thief = Decrypt { reply_key: times_generator(&Scalar::from(7u64)), ..seen };
    let (code, text) = sessions.refusal_of(&thief, at(5)).expect("a refusal");
    assert!(code == ErrorCode::InvalidAuthSig && text.contains("shares to another key"), "{text}");
    // To ask for everything is to name no key.
    let all = Asked { wishes: vec![Resource::all(ResourceKind::Conditions)], ..sessions.asked() };
    sessions.is_refused(&all, ErrorCode::InvalidAuthSig, "shares to another key");
}
