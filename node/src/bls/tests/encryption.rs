//! Encryption to an identity: who decrypts, and what every change of a ciphertext comes to.

use super::*;
use crate::wire::{decode, encode};
use blstrs::{G1Affine, G1Projective, Gt, Scalar};
use group::Group;

const SECRET: &[u8] = b"attack at dawn";

fn conditions() -> Digest {
    Digest([4; 32])
}

fn encrypted(public: &Bls12381) -> Encrypted {
    let mut rng = ChaCha20Rng::seed_from_u64(5);
    encrypt(public, conditions(), SECRET, &mut rng, &mut Meter::default()).expect("short enough")
}

fn decryption_key(holders: &[KeyShare<Bls12381>], identity: &Identity) -> SignaturePoint {
    let shares = signed(holders, Purpose::Identity, identity.as_bytes());
    combine(usize::from(holders[0].public.threshold), &shares, &mut Meter::default()).expect("a threshold")
}

#[test]
fn a_threshold_of_holders_decrypts_what_was_encrypted_without_them() {
    let holders = holders(4, 3);
    let public = holders[0].public.point;
    let made = encrypted(&public);
    let text = made.header.identity().to_string();
    assert!(text.starts_with(&format!("lit-accesscontrolcondition://{}/", "04".repeat(32))), "{text}");
    let key = decryption_key(&holders[1..], &made.header.identity());
    assert_eq!(made.open(&public, &key, &mut Meter::default()).map(|plain| plain.to_vec()), Ok(SECRET.to_vec()));
    let two = signed(&holders[..2], Purpose::Identity, made.header.identity().as_bytes());
    let guess = combine(2, &two, &mut Meter::default()).expect("a point");
    assert_eq!(made.open(&public, &guess, &mut Meter::default()), Err(OpenError::WrongKey));
    assert_eq!(made.capsule.open(&guess, &mut Meter::default()), Err(DecapsulateError));
}

#[test]
fn a_signature_over_the_text_of_an_identity_is_no_decryption_key() {
    let holders = holders(4, 3);
    let public = holders[0].public.point;
    let made = encrypted(&public);
    let identity = made.header.identity();
    let shares = signed(&holders, Purpose::Message, identity.as_bytes());
    let signature = combine(3, &shares, &mut Meter::default()).expect("a signature");
    assert!(is_signature(&public, Purpose::Message, identity.as_bytes(), &signature, &mut Meter::default()));
    assert_eq!(made.open(&public, &signature, &mut Meter::default()), Err(OpenError::WrongKey));
    assert_eq!(made.capsule.open(&signature, &mut Meter::default()), Err(DecapsulateError));
}

#[test]
fn a_decryption_key_opens_its_own_identity_under_its_own_key_and_nothing_else() {
    let holders = holders(4, 3);
    let public = holders[0].public.point;
    let made = encrypted(&public);
    let other = Identity::new(&Digest([5; 32]), &made.header.plaintext);
    let key = decryption_key(&holders, &other);
    assert_eq!(made.open(&public, &key, &mut Meter::default()), Err(OpenError::WrongKey));
    assert_eq!(made.capsule.open(&key, &mut Meter::default()), Err(DecapsulateError));
    let elsewhere = encrypted(&(public + G1Projective::generator()));
    let key = decryption_key(&holders, &elsewhere.header.identity());
    assert_eq!(elsewhere.open(&public, &key, &mut Meter::default()), Err(OpenError::Capsule(DecapsulateError)));
}

#[test]
fn a_ciphertext_that_was_changed_in_any_bit_is_refused() {
    let holders = holders(4, 3);
    let public = holders[0].public.point;
    let made = encrypted(&public);
    let key = decryption_key(&holders, &made.header.identity());
    let bytes = encode(&made);
    for at in 0..bytes.len() {
        for bit in [0, 7] {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << bit;
            let changed = decode::<Encrypted>(&flipped, 4096);
            let opened = changed.ok().map(|changed| changed.open(&public, &key, &mut Meter::default()));
            assert!(!matches!(opened, Some(Ok(_))), "bit {bit} of byte {at}");
        }
    }
    let cut = Encrypted { body: made.body[..10].to_vec(), ..made.clone() };
    assert_eq!(cut.open(&public, &key, &mut Meter::default()), Err(OpenError::Body));
    let long = vec![0; PLAINTEXT_BYTES_MAX + 1];
    let refused = encrypt(&public, conditions(), &long, &mut ChaCha20Rng::seed_from_u64(1), &mut Meter::default());
    assert_eq!(refused, Err(OpenError::TooLong(PLAINTEXT_BYTES_MAX + 1)));
}

/// The scheme's correctness by the paper's own equation, with exponents in the target group.
#[test]
fn both_sides_of_the_pairing_agree() {
    let (a, b) = (Scalar::from(17), Scalar::from(23));
    let point = G2Affine::from(Purpose::Identity.point(b"someone", &mut Meter::default()));
    let generator = G1Affine::from(G1Projective::generator());
    let whole: Gt = blstrs::pairing(&generator, &point) * (a * b);
    let left = blstrs::pairing(&G1Affine::from(G1Projective::generator() * a), &G2Affine::from(point * b));
    assert_eq!(whole, left);
}
