//! Steps that encrypt and decrypt.

use k256::Scalar;
use lit_node::api::Decrypt;
use lit_node::auth::conditions::{self, Condition};
use lit_node::auth::{self, SiweFields};
use lit_node::bls;
use lit_node::chain::{ChainEvent, views};
use lit_node::client::{DecryptError, DecryptOp, Operation, Trusted};
use lit_node::curve::{Bls12381, Curve as _, scalar_reduce, times_generator};
use lit_node::id::Epoch;
use lit_node::io::{BlockTag, ChainRequest};
use lit_node::memo::Memo;
use lit_node::meter::Meter;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use super::super::SIGN_IN_DOMAIN;
use super::super::script::Secret;
use super::{Desk, Failed, Running, Stage};

/// A decryption under way, and what should come out.
pub(super) struct Decrypting {
    pub op: DecryptOp,
    text: String,
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
        let conditions = vec![Condition::Caller { address: desk.book.address(to) }];
        let mut rng = ChaCha20Rng::from_seed(desk.book.keys.bytes(&self.step.id, "encrypt"));
        let digest = conditions::digest(&conditions);
        match bls::encrypt(&key, digest, text.as_bytes(), &mut rng, &mut Meter::default()) {
            Ok(encrypted) => {
                desk.book.secrets.insert(name.to_owned(), Secret { conditions, encrypted, text: text.to_owned() });
                self.result = Some(Ok(()));
            }
            Err(error) => self.fail("NotEncrypted", error.to_string()),
        }
    }

    pub(super) fn decrypt(&mut self, name: &str, user: Option<&str>, desk: &mut Desk<'_>) {
        let Some((secret, trusted)) = desk.book.secrets.get(name).cloned().zip(trusted(desk)) else {
            return self.fail("NoSuchSecret", format!("{name:?} has not been encrypted"));
        };
        let reply = scalar_reduce(&desk.book.keys.bytes(&self.step.id, "reply key"));
        let request = self.request(&secret, user, &reply, desk);
        self.requests.push(request.id());
        let network = desk.book.network.clone();
        let mut op = DecryptOp::new(request, secret.encrypted, reply, trusted, network, self.patience);
        let mut effects = Vec::new();
        op.start(desk.now, &mut effects);
        self.stage = Stage::Decrypting(Box::new(Decrypting { op, text: secret.text }));
        self.send(effects, desk);
        self.look(desk);
    }

    fn request(&self, secret: &Secret, user: Option<&str>, reply: &Scalar, desk: &Desk<'_>) -> Decrypt {
        let header = secret.encrypted.header;
        let nonce = desk.book.keys.bytes(&self.step.id, self.purpose);
        let mut request = Decrypt {
            nonce: nonce[..16].try_into().expect("16 of 32 bytes"),
            key: header.key,
            conditions: secret.conditions.clone(),
            plaintext: header.plaintext,
            reply_key: times_generator(reply),
            auth_sig: None,
            epoch: Epoch(1),
        };
        let fields = |resource| SiweFields {
            domain: SIGN_IN_DOMAIN.into(),
            uri: format!("https://{SIGN_IN_DOMAIN}/"),
            chain_id: desk.book.chain_id,
            nonce: "litsim0001".into(),
            issued_at: desk.now,
            expiration: Some(desk.now.plus_millis(3_600_000)),
            resources: vec![resource],
            ..SiweFields::default()
        };
        request.auth_sig = user.map(|user| {
            let wallet = desk.book.wallet(user);
            auth::sign_in(&wallet, &fields(request.resource())).expect("the fields make an EIP-4361 text")
        });
        request
    }

    /// Looks whether a decryption has ended, and how.
    pub(super) fn look_at_decryption(&mut self, under_way: Box<Decrypting>) {
        match under_way.op.outcome() {
            None => self.stage = Stage::Decrypting(under_way),
            Some(Ok(plain)) if *plain.0 == under_way.text.as_bytes() => {
                self.found.response = Some(under_way.text.clone());
                self.result = Some(Ok(()));
            }
            Some(Ok(_)) => self.fail("OtherPlaintext", "something else came out than was encrypted".into()),
            Some(Err(error)) => {
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

/// What the client reads from the chain before it believes shares.
fn trusted(desk: &Desk<'_>) -> Option<Trusted> {
    let (key, key_data) = desk.book.network_key?;
    let ChainRequest::Call { to, data, block } = desk.book.contracts.ask_roster(BlockTag::Latest) else { return None };
    let reply = desk.chain.call_at(to, &data, block).ok()?;
    let roster = views::roster(&reply, &Memo::off(), &mut Meter::default()).ok()?;
    Some(Trusted { roster, key, key_data })
}
