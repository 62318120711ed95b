//! Steps that encrypt and decrypt.

use std::collections::BTreeSet;

use k256::Scalar;
use lit_node::api::{Credential, Decrypt};
use lit_node::auth::conditions::Conditions;
use lit_node::auth::{self, SiweFields};
use lit_node::blame::Offence;
use lit_node::bls::{self, Header};
use lit_node::chain::{ChainEvent, views};
use lit_node::client::{DecryptError, DecryptOp, Operation, Trusted};
use lit_node::curve::{Bls12381, Curve as _, scalar_reduce, times_generator};
use lit_node::id::{Epoch, KeyId, NodeId};
use lit_node::io::{BlockTag, ChainRequest};
use lit_node::memo::Memo;
use lit_node::meter::Meter;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use super::super::SIGN_IN_DOMAIN;
use super::super::script::{ClientEffect, Secret};
use super::super::sign_in::{Shown, show_to_decrypt};
use super::{Desk, Failed, Running, Stage};
use crate::oracle::{Decrypted, Encryption, Requested, SignIn};
use crate::scenario::Auth;

/// A decryption under way, and what should come out.
pub(super) struct Decrypting {
    pub op: DecryptOp,
    /// What is to be decrypted, whatever the nodes were shown.
    secret: Secret,
    /// Whether the nodes were shown other conditions than the secret's.
    shows_other: bool,
    /// The network's key.
    key: Bls12381,
    /// Whom the client has named.
    named: BTreeSet<NodeId>,
}

impl Running {
    /// Whether the chain has the network's key; the book has it from then on.
    pub(super) fn has_network_key(&self, from_block: u64, desk: &mut Desk<'_>) -> bool {
        let routed = desk.chain.logs(from_block, desk.chain.head().0).find_map(|log| {
            match ChainEvent::decode(&desk.book.contracts, log) {
                Ok(Some(ChainEvent::NetworkKeyRouted { public_key, key_data, .. })) => {
                    Some((Bls12381::decode(&public_key)?, key_data))
                }
                _ => None,
            }
        });
        desk.book.network_key = routed.or(desk.book.network_key);
        routed.is_some()
    }

    pub(super) fn encrypt(&mut self, name: &str, text: &str, to: &str, desk: &mut Desk<'_>) {
        let Some((key, _)) = desk.book.network_key else {
            return self.fail("NoNetworkKey", "the network's key has not been made".into());
        };
        let conditions = Conditions::caller(desk.book.address(to));
        let mut rng = ChaCha20Rng::from_seed(desk.book.keys.bytes(&self.step.id, "encrypt"));
        let digest = conditions.digest();
        match bls::encrypt(&key, digest, text.as_bytes(), &mut rng, &mut Meter::default()) {
            Ok(encrypted) => {
                let encryption = Encryption { reader: desk.book.address(to), text: text.as_bytes().to_vec() };
                desk.fx.push(ClientEffect::Encrypted(encryption));
                desk.book.secrets.insert(name.to_owned(), Secret { conditions, encrypted, text: text.to_owned() });
                self.result = Some(Ok(()));
            }
            Err(error) => self.fail("NotEncrypted", error.to_string()),
        }
    }

    pub(super) fn decrypt(&mut self, name: &str, auth: Option<&Auth>, shows: Option<&str>, desk: &mut Desk<'_>) {
        let secret = desk.book.secrets.get(name).cloned();
        let trusted = secret.as_ref().and_then(|secret| trusted(secret.encrypted.header.key, desk));
        let Some((secret, trusted)) = secret.zip(trusted) else {
            return self.fail("NoSuchSecret", format!("{name:?} has not been encrypted"));
        };
        let mut shown = secret.clone();
        if let Some(other) = shows {
            shown.conditions = Conditions::caller(desk.book.address(other));
            shown.encrypted.header.conditions = shown.conditions.digest();
        }
        let reply = scalar_reduce(&desk.book.keys.bytes(&self.step.id, "reply key"));
        let (request, Shown { signatures, caller, .. }) = self.request(&shown, auth, &reply, desk);
        let id = request.id();
        self.requests.push(id);
        desk.fx.push(ClientEffect::Requested(Requested { request: id, caller, ..Requested::default() }));
        let (network, key) = (desk.book.network_of(shown.encrypted.header.key), trusted.key);
        let encrypted = shown.encrypted;
        let mut op = DecryptOp::in_session(&request, &signatures, encrypted, reply, trusted, network, self.patience);
        let mut effects = Vec::new();
        op.start(desk.now, &mut effects);
        let (shows_other, named) = (shows.is_some(), BTreeSet::new());
        self.stage = Stage::Decrypting(Box::new(Decrypting { op, secret, shows_other, key, named }));
        self.send(effects, desk);
        self.look(desk);
    }

    /// A request for the shares that open a secret, and what it shows of who asks.
    fn request(&self, secret: &Secret, auth: Option<&Auth>, reply: &Scalar, desk: &Desk<'_>) -> (Decrypt, Shown) {
        let header = secret.encrypted.header;
        let nonce = desk.book.keys.bytes(&self.step.id, self.purpose);
        let request = Decrypt {
            nonce: nonce[..16].try_into().expect("16 of 32 bytes"),
            key: header.key,
            conditions: secret.conditions.clone(),
            plaintext: header.plaintext,
            reply_key: times_generator(reply),
            credential: Credential::Nobody,
            epoch: Epoch(1),
        };
        let shown = match auth {
            None => Shown::default(),
            Some(Auth::Wallet { user, .. }) => wallet(&request, user, desk),
            Some(Auth::Session(session)) => {
                let key = desk.book.keys.bytes(&self.step.id, "session");
                show_to_decrypt(desk.book, session, desk.now, &key, request.reply())
            }
        };
        (Decrypt { credential: shown.credential.clone(), ..request }, shown)
    }

    /// Looks whether a decryption has ended, and how; and whom it has proved wrong.
    pub(super) fn look_at_decryption(&mut self, mut under_way: Box<Decrypting>, desk: &mut Desk<'_>) {
        under_way.accuse(desk);
        let Some(outcome) = under_way.op.outcome() else {
            self.stage = Stage::Decrypting(under_way);
            return;
        };
        match (under_way.opened(desk), outcome) {
            (Some(plain), _) if plain == under_way.secret.text.as_bytes() => {
                self.found.response = Some(under_way.secret.text.clone());
                self.result = Some(Ok(()));
            }
            (Some(_), _) => self.fail("OtherPlaintext", "something else came out than was encrypted".into()),
            (None, Ok(_)) => self.fail("NotDecrypted", "the key opens what the nodes were shown only".into()),
            (None, Err(error)) => {
                let code = match error {
                    DecryptError::Refused(code) => code.name(),
                    DecryptError::NotEnoughShares { .. } => "NotEnoughShares",
                    DecryptError::OtherSubject | DecryptError::Ciphertext(_) => "NotDecrypted",
                };
                self.result = Some(Err(Failed { code: code.into(), text: error.to_string(), refusal: None }));
            }
        }
    }
}

impl Decrypting {
    /// Names those whom the client has proved wrong since it looked last.
    fn accuse(&mut self, desk: &mut Desk<'_>) {
        let op = &self.op;
        for node in op.culprits().filter(|node| self.named.insert(*node)) {
            let Some(evidence) = op.evidence(node) else { continue };
            let what = format!("{:?}", Offence::WrongDecryptionShare);
            desk.fx.push(ClientEffect::Accused { node, what, evidence });
        }
    }

    /// What the key that the shares made opens the ciphertext to. Oracles hear of every key that was made for it.
    fn opened(&self, desk: &mut Desk<'_>) -> Option<Vec<u8>> {
        let (request, encrypted) = (self.op.request(), &self.secret.encrypted);
        let plain = match (self.op.outcome()?, self.op.key()) {
            (Ok(plain), _) => Some(plain.0.to_vec()),
            // A client that showed the nodes something else tries what it was given on what it is after.
            (Err(_), Some(key)) => {
                encrypted.open(&self.key, key, &mut Meter::default()).ok().map(|plain| plain.to_vec())
            }
            (Err(_), None) => return None,
        };
        let Header { conditions, plaintext, .. } = encrypted.header;
        let as_made = !self.shows_other;
        let decrypted = Decrypted { request, conditions, plaintext, as_made, came_out: plain.clone() };
        desk.fx.push(ClientEffect::Decrypted(decrypted));
        plain
    }
}

/// A user's wallet signs in for a decryption, and what is true of it.
fn wallet(request: &Decrypt, user: &str, desk: &Desk<'_>) -> Shown {
    let expires = desk.now.plus_millis(3_600_000);
    let fields = SiweFields {
        domain: SIGN_IN_DOMAIN.into(),
        uri: format!("https://{SIGN_IN_DOMAIN}/"),
        chain_id: desk.book.chain_id,
        nonce: "litsim0001".into(),
        issued_at: desk.now,
        expiration: Some(expires),
        resources: vec![request.resource()],
        ..SiweFields::default()
    };
    let auth_sig = auth::sign_in(&desk.book.wallet(user), &fields).expect("the fields make an EIP-4361 text");
    let signer = desk.book.address(user);
    let caller = Some(SignIn { claimed: signer, signer, expires, only_at: None });
    Shown { credential: Credential::AuthSig(auth_sig), caller, ..Shown::default() }
}

/// What the client reads from the chain before it believes shares of this key.
fn trusted(of: KeyId, desk: &Desk<'_>) -> Option<Trusted> {
    let book = &desk.book;
    let in_force = book.network_key.map(|(key, key_data)| (key, key_data, book.contracts));
    let (key, key_data, contracts) = book.former_network_keys.get(&of).copied().or(in_force)?;
    let ChainRequest::Call { to, data, block } = contracts.ask_roster(BlockTag::Latest) else { return None };
    let reply = desk.chain.call_at(to, &data, block).ok()?;
    let roster = views::roster(&reply, &Memo::off(), &mut Meter::default()).ok()?;
    Some(Trusted { roster, key, key_data })
}
