//! Decryptions against nodes that answer as they should, refuse, lie, or stay silent.

mod sessions;

use super::super::testing::{PATIENCE, at, network};
use super::*;
use crate::auth::conditions::{Answers, Asker, Conditions};
use crate::auth::{SiweFields, session, siwe};
use crate::blame::{self, ChainView, Culprit, Offence};
use crate::bls::{Identity, SealedShare, encrypt, sign_share};
use crate::chain::ChainEvent;
use crate::client::Wallet;
use crate::conduct::Honest;
use crate::curve::{Curve, SecretPolynomial};
use crate::id::Epoch;
use crate::key::KeyShare;
use crate::node::decryption::{Counter, Judge};
use crate::roster::Member;
use crate::testing::BOARD;
use crate::wire::encode;
use k256::ProjectivePoint;
use k256::ecdsa::SigningKey;
use k256::elliptic_curve::Field;
use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
use std::collections::BTreeSet;

const SECRET: &[u8] = b"attack at dawn";

/// The nodes with their keys, and a user.
struct Scene {
    shares: Vec<KeyShare<Bls12381>>,
    keys: Vec<SigningKey>,
    trusted: Trusted,
    user: Wallet,
    rng: ChaCha20Rng,
}

impl Scene {
    fn new(n: u16) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(n.into());
        let threshold = (2 * n).div_ceil(3);
        let polynomial = SecretPolynomial::<Bls12381>::random(threshold, &mut rng);
        let commitments = polynomial.commit();
        let members = (1..=n).map(NodeId).collect();
        let public = PublicKey { epoch: Epoch(1), threshold, point: commitments[0], commitments, members };
        let share = |id| KeyShare { public: public.clone(), holder: id, secret: polynomial.evaluate(id) };
        let keys: Vec<_> = (0..n).map(|_| SigningKey::random(&mut rng)).collect();
        let member = |key: &SigningKey| Member {
            address: [1; 20],
            identity: *key.verifying_key(),
            channel_key: [1; 32],
            encryption_key: ProjectivePoint::GENERATOR,
        };
        let roster = Roster::new(Epoch(1), threshold, keys.iter().map(member).collect()).expect("it fits");
        let key_data = public.data_digest();
        let user = Wallet::new(SigningKey::random(&mut rng));
        let trusted = Trusted { roster, key: public.point, key_data };
        Self { shares: (1..=n).map(NodeId).map(share).collect(), keys, trusted, user, rng }
    }

    fn conditions(&self) -> Conditions {
        Conditions::caller(self.user.address())
    }

    fn encrypted(&mut self) -> Encrypted {
        let digest = self.conditions().digest();
        encrypt(&self.trusted.key, digest, SECRET, &mut self.rng, &mut Meter::default()).expect("short enough")
    }

    /// A request of `wallet` for the ciphertext, and the key to which shares are to be encrypted.
    fn request(&mut self, ciphertext: &Encrypted, wallet: &Wallet) -> (Decrypt, Scalar) {
        let secret = Scalar::random(&mut self.rng);
        let mut request = Decrypt {
            nonce: [1; 16],
            key: ciphertext.header.key,
            conditions: self.conditions(),
            plaintext: ciphertext.header.plaintext,
            reply_key: times_generator(&secret),
            credential: Credential::Nobody,
            epoch: Epoch(1),
        };
        let fields = SiweFields {
            domain: "localhost".into(),
            uri: "https://localhost/decrypt".into(),
            chain_id: 1,
            nonce: "abcdefgh".into(),
            issued_at: at(0),
            resources: vec![request.resource()],
            ..SiweFields::default()
        };
        request.credential = Credential::AuthSig(wallet.sign_in(&fields).expect("a text"));
        (request, secret)
    }

    fn judge(&self, node: NodeId) -> Judge<'_> {
        let at_node = usize::from(node.0) - 1;
        Judge { share: Some(&self.shares[at_node]), identity: &self.keys[at_node] }
    }

    /// Whom a node takes for the asker when its clock shows `clock`.
    fn asker(&self, node: NodeId, request: &Decrypt, clock: Time, meter: &mut Meter) -> Result<Asker, Failure> {
        let (sign_in, sessions) = (siwe::Policy::default(), session::Policy::default());
        let counter = Counter { node, epoch: Epoch(1), clock, sign_in: &sign_in, sessions: &sessions };
        counter.asker(request, meter)
    }

    /// What an honest node answers.
    fn answer(&self, node: NodeId, request: &Decrypt) -> Result<Box<Decryption>, Failure> {
        let (mut rng, mut meter) = (ChaCha20Rng::seed_from_u64(node.0.into()), Meter::default());
        let asker = self.asker(node, request, at(5), &mut meter)?;
        let met = request.conditions.evaluate(&asker, &Answers::new());
        self.judge(node).answer(request, met, &mut Honest, &mut rng, &mut meter)
    }

    /// A signed answer of `node` with another share than it should give.
    fn lie(&self, node: NodeId, request: &Decrypt, share: SignaturePoint) -> Result<Box<Decryption>, Failure> {
        let conditions = request.conditions.digest();
        let (key, epoch, plaintext) = (request.key, request.epoch, request.plaintext);
        let body = ShareStatement { request: request.id(), key, epoch, conditions, plaintext, share };
        let signed = Signed::new(body, node, &self.keys[usize::from(node.0) - 1], &mut Meter::default());
        let mut rng = ChaCha20Rng::seed_from_u64(99);
        let share = SealedShare::seal(&signed, &request.reply_key, &mut rng, &mut Meter::default());
        Ok(Box::new(Decryption { share, public: self.shares[0].public.clone() }))
    }

    fn op(&self, request: &Decrypt, ciphertext: &Encrypted, secret: Scalar) -> DecryptOp {
        let nodes = network(self.keys.len() as u16);
        let mut op = DecryptOp::new(request, ciphertext.clone(), secret, self.trusted.clone(), nodes, PATIENCE);
        op.start(at(0), &mut Vec::new());
        op
    }
}

fn say(op: &mut DecryptOp, node: NodeId, result: Result<Box<Decryption>, Failure>) {
    let bytes = encode(&Response::Decrypt { request: op.request(), result });
    op.on_response(node, &bytes, at(1), &mut Vec::new());
}

fn plaintext(op: &DecryptOp) -> Option<Result<Vec<u8>, DecryptError>> {
    op.outcome().cloned().map(|outcome| outcome.map(|plain| plain.0.to_vec()))
}

#[test]
fn a_threshold_of_answers_decrypts_with_f_wrong_or_copied_shares_among_the_first_and_names_their_makers() {
    for n in [4_u16, 7, 10] {
        let mut scene = Scene::new(n);
        let ciphertext = scene.encrypted();
        let user = scene.user.clone();
        let (request, secret) = scene.request(&ciphertext, &user);
        let mut op = scene.op(&request, &ciphertext, secret);
        let liars: Vec<NodeId> = (1..=(n - 1) / 3).map(NodeId).collect();
        let identity = Identity::new(&ciphertext.header.conditions, &ciphertext.header.plaintext);
        let of = |holder: usize, text: &[u8]| {
            sign_share(&scene.shares[holder], Purpose::Identity, text, &mut Meter::default()).expect("a point")
        };
        for (at, liar) in liars.iter().enumerate() {
            // One gives its share of another identity, the next another holder's share of this one.
            let share = if at % 2 == 0 { of(at, b"other") } else { of(usize::from(n) - 1, identity.as_bytes()) };
            say(&mut op, *liar, scene.lie(*liar, &request, share));
        }
        for node in (1..=n).map(NodeId).filter(|node| !liars.contains(node)) {
            say(&mut op, node, scene.answer(node, &request));
        }
        assert_eq!(plaintext(&op), Some(Ok(SECRET.to_vec())), "n = {n}");
        assert_eq!(op.culprits().collect::<Vec<_>>(), liars);
        let (key, public_key) = (request.key, scene.trusted.key.encode());
        let routed = ChainEvent::NetworkKeyRouted { key, public_key, key_data: scene.trusted.key_data };
        let chain = ChainView::new(scene.trusted.roster.clone(), BOARD, [routed]);
        for node in liars {
            let evidence = op.evidence(node).expect("it is a culprit").bytes();
            assert_eq!(blame::verify(&evidence, &chain), Ok(Culprit { node, offence: Offence::WrongDecryptionShare }));
        }
        assert_eq!(op.evidence(NodeId(n)), None);
        assert!(op.key().is_some());
    }
}

/// What a node does instead of answering.
#[derive(Clone, Copy, Debug)]
enum Lie {
    /// Gives its share of another identity.
    OtherIdentity,
    /// Gives another holder's share as its own.
    Copied,
    /// Passes on what another node sealed.
    Misaddressed,
    /// Brings public shares of its own.
    OwnKeys,
    /// Sends bytes.
    Garbage,
    /// Refuses without a reason.
    Refusal,
    /// Says nothing.
    Silence,
}

const LIES: [Lie; 7] =
    [Lie::OtherIdentity, Lie::Copied, Lie::Misaddressed, Lie::OwnKeys, Lie::Garbage, Lie::Refusal, Lie::Silence];

impl Scene {
    /// What a node that lies so sends, if anything.
    fn lies(&self, node: NodeId, lie: Lie, request: &Decrypt, ciphertext: &Encrypted) -> Option<Vec<u8>> {
        let identity = Identity::new(&ciphertext.header.conditions, &ciphertext.header.plaintext);
        let of = |holder: NodeId, text: &[u8]| {
            let share = &self.shares[usize::from(holder.0) - 1];
            sign_share(share, Purpose::Identity, text, &mut Meter::default()).expect("a point")
        };
        let neighbour = NodeId(node.0 % self.shares.len() as u16 + 1);
        let result = match lie {
            Lie::OtherIdentity => self.lie(node, request, of(node, b"other")),
            Lie::Copied => self.lie(node, request, of(neighbour, identity.as_bytes())),
            Lie::Misaddressed => self.answer(neighbour, request),
            Lie::OwnKeys => self.answer(node, request).map(|mut decryption| {
                decryption.public.commitments[1] += Bls12381::generate(&blstrs::Scalar::from(1));
                decryption
            }),
            Lie::Refusal => {
                let (message, logs) = ("no".to_owned(), String::new());
                Err(Failure { code: ErrorCode::NotAuthorized, message, logs })
            }
            Lie::Garbage => return Some(b"\xff\xfe".to_vec()),
            Lie::Silence => return None,
        };
        Some(encode(&Response::Decrypt { request: request.id(), result }))
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn with_f_liars_in_any_order_a_decryption_completes_and_exactly_wrong_shares_that_were_heard_name_their_makers(
        size in 0..3_usize, seed: u64,
    ) {
        let n = [4_u16, 7, 10][size];
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let mut scene = Scene::new(n);
        let (ciphertext, user) = (scene.encrypted(), scene.user.clone());
        let (request, secret) = scene.request(&ciphertext, &user);
        let mut order: Vec<NodeId> = (1..=n).map(NodeId).collect();
        shuffle(&mut order, &mut rng);
        let mut lies: BTreeMap<NodeId, Lie> = BTreeMap::new();
        for liar in &order[..usize::from(n - 1) / 3] {
            lies.insert(*liar, LIES[rng.next_u64() as usize % LIES.len()]);
        }
        shuffle(&mut order, &mut rng);
        let (mut op, mut heard) = (scene.op(&request, &ciphertext, secret), BTreeSet::new());
        for node in order {
            let is_open = op.outcome().is_none();
            let Some(lie) = lies.get(&node) else {
                say(&mut op, node, scene.answer(node, &request));
                continue;
            };
            let Some(bytes) = scene.lies(node, *lie, &request, &ciphertext) else { continue };
            op.on_response(node, &bytes, at(1), &mut Vec::new());
            if is_open && matches!(lie, Lie::OtherIdentity | Lie::Copied) {
                heard.insert(node);
            }
        }
        prop_assert_eq!(plaintext(&op), Some(Ok(SECRET.to_vec())), "{:?}", lies);
        prop_assert_eq!(op.culprits().collect::<BTreeSet<_>>(), heard.clone(), "{:?}", lies);
        let (key, public_key) = (request.key, scene.trusted.key.encode());
        let routed = ChainEvent::NetworkKeyRouted { key, public_key, key_data: scene.trusted.key_data };
        let chain = ChainView::new(scene.trusted.roster.clone(), BOARD, [routed]);
        for node in heard {
            let judged = blame::verify(&op.evidence(node).expect("it is a culprit").bytes(), &chain);
            prop_assert_eq!(judged, Ok(Culprit { node, offence: Offence::WrongDecryptionShare }));
        }
    }
}

fn shuffle(list: &mut [NodeId], rng: &mut ChaCha20Rng) {
    for last in (1..list.len()).rev() {
        list.swap(last, rng.next_u64() as usize % (last + 1));
    }
}

#[test]
fn who_does_not_meet_the_conditions_is_refused_by_every_node() {
    let mut scene = Scene::new(4);
    let ciphertext = scene.encrypted();
    let stranger = Wallet::new(SigningKey::random(&mut scene.rng));
    let (request, secret) = scene.request(&ciphertext, &stranger);
    let mut op = scene.op(&request, &ciphertext, secret);
    for node in [1, 2].map(NodeId) {
        assert_eq!(op.outcome(), None);
        say(&mut op, node, scene.answer(node, &request));
    }
    assert_eq!(plaintext(&op), Some(Err(DecryptError::Refused(ErrorCode::NotAuthorized))));
    let anonymous = Decrypt { credential: Credential::Nobody, ..request.clone() };
    let code = |request: &Decrypt| scene.answer(NodeId(1), request).map_err(|failure| failure.code).err();
    assert_eq!(code(&anonymous), Some(ErrorCode::NotAuthorized));
    // Conditions of its own let the stranger in, and are another identity.
    let own = Conditions::caller(stranger.address());
    let own = Decrypt { conditions: own, ..request };
    let part = scene.answer(NodeId(1), &own).expect("it meets its own conditions");
    let opened = part.share.open(&secret, NodeId(1), own.id(), &scene.trusted.roster, &mut Meter::default());
    assert_ne!(opened.expect("sealed to it").body.conditions, ciphertext.header.conditions);
}

#[test]
fn refusals_that_differ_wait_for_those_that_explain_them() {
    let mut scene = Scene::new(4);
    let ciphertext = scene.encrypted();
    let stranger = Wallet::new(SigningKey::random(&mut scene.rng));
    let (request, secret) = scene.request(&ciphertext, &stranger);
    let refused = |code| Err(Failure { code, message: String::new(), logs: String::new() });
    let hear = |codes: &[ErrorCode]| {
        let mut op = scene.op(&request, &ciphertext, secret);
        for (node, code) in (1..).map(NodeId).zip(codes) {
            assert_eq!(op.outcome(), None, "{node} may yet explain it");
            say(&mut op, node, refused(*code));
        }
        plaintext(&op)
    };
    use ErrorCode::{NotAuthorized, RpcError, UnknownKey, WrongEpoch};
    assert_eq!(hear(&[RpcError, NotAuthorized]), None);
    assert_eq!(hear(&[RpcError, NotAuthorized, NotAuthorized]), Some(Err(DecryptError::Refused(NotAuthorized))));
    let mixed = Some(Err(DecryptError::NotEnoughShares { right: 0, needed: 3 }));
    assert_eq!(hear(&[RpcError, NotAuthorized, UnknownKey, WrongEpoch]), mixed);
}

#[test]
fn a_sign_in_for_one_reply_key_obtains_nothing_for_another() {
    let mut scene = Scene::new(4);
    let ciphertext = scene.encrypted();
    let user = scene.user.clone();
    let (request, _) = scene.request(&ciphertext, &user);
    let thief = Decrypt { reply_key: ProjectivePoint::GENERATOR, ..request.clone() };
    assert_eq!(scene.answer(NodeId(1), &thief).map_err(|f| f.code).err(), Some(ErrorCode::InvalidAuthSig));
    let other_epoch = Decrypt { epoch: Epoch(2), ..request.clone() };
    assert_eq!(scene.answer(NodeId(1), &other_epoch).map_err(|f| f.code).err(), Some(ErrorCode::WrongEpoch));
    let other_key = Decrypt { key: crate::id::KeyId([9; 32]), ..request.clone() };
    assert_eq!(scene.answer(NodeId(1), &other_key).map_err(|f| f.code).err(), Some(ErrorCode::UnknownKey));
    assert!(scene.answer(NodeId(1), &request).is_ok());
}

#[test]
fn public_shares_that_the_chain_does_not_vouch_for_are_not_believed() {
    let mut scene = Scene::new(4);
    let ciphertext = scene.encrypted();
    let user = scene.user.clone();
    let (request, secret) = scene.request(&ciphertext, &user);
    let mut op = scene.op(&request, &ciphertext, secret);
    let mut forged = scene.answer(NodeId(1), &request).expect("authorised");
    forged.public.commitments[1] += Bls12381::generate(&blstrs::Scalar::from(1));
    say(&mut op, NodeId(1), Ok(forged));
    assert_eq!(op.public(), None);
    for node in [2, 3].map(NodeId) {
        say(&mut op, node, scene.answer(node, &request));
    }
    assert_eq!(plaintext(&op), Some(Ok(SECRET.to_vec())));
    assert_eq!(op.culprits().count(), 0);
}

#[test]
fn silence_and_garbage_end_at_the_deadline_with_what_was_missing() {
    let mut scene = Scene::new(4);
    let ciphertext = scene.encrypted();
    let user = scene.user.clone();
    let (request, secret) = scene.request(&ciphertext, &user);
    let mut op = scene.op(&request, &ciphertext, secret);
    say(&mut op, NodeId(1), scene.answer(NodeId(1), &request));
    say(&mut op, NodeId(3), scene.answer(NodeId(1), &request));
    op.on_response(NodeId(2), b"\xff\xfe", at(1), &mut Vec::new());
    assert_eq!(op.outcome(), None, "a share of node 1 is none of node 3");
    op.tick(at(10_000), &mut Vec::new());
    assert_eq!(plaintext(&op), Some(Err(DecryptError::NotEnoughShares { right: 1, needed: 3 })));
    assert_eq!(op.culprits().count(), 0, "garbage and silence prove nothing");
    let other = Decrypt { plaintext: Digest([1; 32]), ..request };
    let op = scene.op(&other, &ciphertext, secret);
    assert_eq!(plaintext(&op), Some(Err(DecryptError::OtherSubject)));
    assert_eq!(op.deadline(), None);
}
