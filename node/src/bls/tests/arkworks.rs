//! Identity-based encryption once more, on arkworks and written from the papers: what one makes the other opens.
//!
//! Independent of ours are: the field and group arithmetic, the pairing, hashing to G2, compressed points, the order of a
//! pairing's coefficients, interpolation, and every formula of the construction (Boneh and Franklin's `FullIdent` with
//! the hashes of drand's time-lock encryption, 2023/189, section 5). Not independent are the building blocks of
//! symmetric cryptography (SHA-256, HKDF, ChaCha20-Poly1305) and the encoding of headers, which both sides take from
//! the same crates. Published crates for drand's scheme (`tlock`) hash round numbers under drand's own domain tag and
//! encrypt to nothing else, so they could be compared in the capsule alone; and it is on arkworks, too.

use ark_bls12_381::{Bls12_381, Fq, Fq2, Fq12, Fr, G1Affine, G1Projective, G2Affine, G2Projective, g2};
use ark_ec::hashing::HashToCurve;
use ark_ec::hashing::curve_maps::wb::WBMap;
use ark_ec::hashing::map_to_curve_hasher::MapToCurveBasedHasher;
use ark_ec::pairing::Pairing;
use ark_ec::{CurveGroup, PrimeGroup};
use ark_ff::field_hashers::DefaultFieldHasher;
use ark_ff::{BigInteger, Field, One, PrimeField, Zero};
use ark_serialize::{CanonicalDeserialize, CanonicalSerialize};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Nonce};
use hkdf::Hkdf;
use rand_core::RngCore;

use super::*;
use crate::curve::ScalarField as _;
use crate::wire::encode;

const TAG: &[u8] = b"LITSIM-V01-CS01-IDENTITY-with-BLS12381G2_XMD:SHA-256_SSWU_RO_";

type Hasher = MapToCurveBasedHasher<G2Projective, DefaultFieldHasher<Sha256, 128>, WBMap<g2::Config>>;

fn hash_to_g2(identity: &str) -> G2Affine {
    Hasher::new(TAG).expect("a curve").hash(identity.as_bytes()).expect("a point")
}

fn identity_text(conditions: &Digest, plaintext: &Digest) -> String {
    format!("lit-accesscontrolcondition://{}/{}", hex::encode(conditions.0), hex::encode(plaintext.0))
}

fn g1(point: &Bls12381) -> G1Affine {
    G1Affine::deserialize_compressed(&point.encode()[..]).expect("a point of G1")
}

fn compressed(point: &impl CanonicalSerialize) -> Vec<u8> {
    let mut bytes = Vec::new();
    point.serialize_compressed(&mut bytes).expect("memory takes it");
    bytes
}

fn our_point(point: G2Projective) -> SignaturePoint {
    SignaturePoint::decode(&compressed(&point.into_affine()).try_into().expect("96 bytes")).expect("a point of G2")
}

/// The coefficients of a member of GT, each big-endian, the one of the highest power of each tower's variable first.
fn target_bytes(value: &Fq12) -> Vec<u8> {
    let number = |number: &Fq| number.into_bigint().to_bytes_be();
    let pair = |pair: &Fq2| [number(&pair.c1), number(&pair.c0)].concat();
    [&value.c1, &value.c0].map(|six| [pair(&six.c2), pair(&six.c1), pair(&six.c0)].concat()).concat()
}

fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    Sha256::digest(parts.concat()).into()
}

fn xor(a: &[u8], b: &[u8]) -> [u8; 16] {
    let mixed: Vec<u8> = a.iter().zip(b).map(|(a, b)| a ^ b).collect();
    mixed[..16].try_into().expect("16 bytes")
}

/// H2.
fn mask(shared: &Fq12) -> [u8; 32] {
    sha256(&[b"IBE-H2", &target_bytes(shared)])
}

/// H3: the first of SHA-256(i, seed), i little-endian from 1, whose lower 255 bits are a scalar.
fn randomness(sigma: &[u8], message: &[u8]) -> Fr {
    let seed = sha256(&[b"IBE-H3", sigma, message]);
    let order = Fr::MODULUS.to_bytes_be();
    let tries = (1_u16..).map(|i| {
        let mut hash = sha256(&[&i.to_le_bytes(), &seed]);
        hash[0] >>= 1;
        hash
    });
    Fr::from_be_bytes_mod_order(&tries.into_iter().find(|hash| hash[..] < order[..]).expect("it is likely"))
}

fn encapsulate(
    key: G1Affine,
    identity: &str,
    sigma: [u8; 16],
    message: [u8; 16],
) -> (G1Projective, [u8; 16], [u8; 16]) {
    let r = randomness(&sigma, &message);
    let shared = Bls12_381::pairing(key, hash_to_g2(identity)).0.pow(r.into_bigint());
    let w = xor(&message, &sha256(&[b"IBE-H4", &sigma]));
    (G1Projective::generator() * r, xor(&sigma, &mask(&shared)), w)
}

fn decapsulate(capsule: &Capsule, decryption: G2Affine) -> Option<[u8; 16]> {
    let u = g1(&capsule.u);
    let sigma = xor(&capsule.v, &mask(&Bls12_381::pairing(u, decryption).0));
    let message = xor(&capsule.w, &sha256(&[b"IBE-H4", &sigma]));
    (G1Projective::generator() * randomness(&sigma, &message) == u).then_some(message)
}

/// Opens a whole ciphertext.
fn open(encrypted: &Encrypted, decryption: G2Affine) -> Option<Vec<u8>> {
    let key = decapsulate(&encrypted.capsule, decryption)?;
    let mut wide = [0; 32];
    Hkdf::<Sha256>::new(Some(b"bls/payload"), &key).expand(b"chacha20poly1305", &mut wide).expect("one block");
    let identity = identity_text(&encrypted.header.conditions, &encrypted.header.plaintext);
    let aad = [identity.as_bytes(), &encode(&encrypted.header), &encode(&encrypted.capsule)].concat();
    let payload = Payload { msg: &encrypted.body, aad: &aad };
    ChaCha20Poly1305::new((&wide).into()).decrypt(&Nonce::default(), payload).ok()
}

fn scalar(holder: &KeyShare<Bls12381>) -> Fr {
    Fr::from_be_bytes_mod_order(&holder.secret.to_wire())
}

/// The sum of the points, each times its Lagrange coefficient at 0.
fn interpolate(shares: &[(u16, G2Affine)]) -> G2Projective {
    let coefficient = |own: u16| {
        let others = shares.iter().map(|(other, _)| *other).filter(|other| *other != own);
        others.fold(Fr::one(), |product, other| {
            product * Fr::from(other) * (Fr::from(other) - Fr::from(own)).inverse().expect("they differ")
        })
    };
    shares.iter().fold(G2Projective::zero(), |sum, (own, share)| sum + *share * coefficient(*own))
}

#[test]
fn shares_of_decryption_keys_and_what_they_interpolate_to_are_the_same_bytes() {
    let holders = holders(7, 5);
    let identity = Identity::new(&Digest([4; 32]), &Digest([5; 32]));
    let text = identity_text(&Digest([4; 32]), &Digest([5; 32]));
    let ours = signed(&holders, Purpose::Identity, identity.as_bytes());
    let point = hash_to_g2(&text);
    let theirs: Vec<(u16, G2Affine)> =
        holders.iter().map(|holder| (holder.holder.0, (point * scalar(holder)).into_affine())).collect();
    for (id, share) in &theirs {
        assert_eq!(compressed(share), ours[&NodeId(*id)].encode());
        let public = g1(&holders[0].public.share_of(NodeId(*id)));
        assert_eq!(Bls12_381::pairing(public, point), Bls12_381::pairing(G1Projective::generator(), *share));
    }
    let key = combine(5, &ours, &mut Meter::default()).expect("enough");
    assert_eq!(our_point(interpolate(&theirs[..5])), key);
    assert_eq!(our_point(interpolate(&theirs[2..])), key);
    assert_ne!(our_point(interpolate(&theirs[3..])), key, "four of five are too few");
}

#[test]
fn what_we_encrypt_opens_on_arkworks_and_only_with_the_right_key() {
    let holders = holders(4, 3);
    let (public, mut rng) = (holders[0].public.point, ChaCha20Rng::seed_from_u64(21));
    for round in 0..12_u8 {
        let text = vec![round; usize::from(round) * 7];
        let conditions = Digest([round; 32]);
        let made = encrypt(&public, conditions, &text, &mut rng, &mut Meter::default()).expect("short enough");
        let point = hash_to_g2(&identity_text(&conditions, &Digest(sha256(&[&text]))));
        let shares: Vec<(u16, G2Affine)> =
            holders[1..].iter().map(|holder| (holder.holder.0, (point * scalar(holder)).into_affine())).collect();
        let key = interpolate(&shares);
        assert_eq!(open(&made, key.into_affine()), Some(text));
        assert_eq!(open(&made, (key + G2Projective::generator()).into_affine()), None);
        let mut changed = made;
        changed.capsule.w[0] ^= 1;
        assert_eq!(decapsulate(&changed.capsule, key.into_affine()), None);
    }
}

#[test]
fn what_arkworks_encrypts_we_open() {
    let holders = holders(4, 3);
    let (public, mut rng) = (&holders[0].public.point, ChaCha20Rng::seed_from_u64(22));
    for round in 0..12_u8 {
        let (conditions, plaintext) = (Digest([round; 32]), Digest([9; 32]));
        let (mut sigma, mut message) = ([0; 16], [0; 16]);
        rng.fill_bytes(&mut sigma);
        rng.fill_bytes(&mut message);
        let (u, v, w) = encapsulate(g1(public), &identity_text(&conditions, &plaintext), sigma, message);
        let u = Bls12381::decode(&compressed(&u.into_affine()).try_into().expect("48 bytes")).expect("a point of G1");
        let identity = Identity::new(&conditions, &plaintext);
        let key = combine(3, &signed(&holders, Purpose::Identity, identity.as_bytes()), &mut Meter::default());
        let opened = Capsule { u, v, w }.open(&key.expect("enough"), &mut Meter::default());
        assert_eq!(opened.map(|key| *key), Ok(message));
    }
}
