//! Proof that a validator knows the secret of the encryption key it registers.
//!
//! A Schnorr proof made non-interactive by Fiat and Shamir's transform. Without it, a validator could register
//! another's key, or a function of it, and use complaints to learn what was dealt to that other one. The challenge
//! covers the epoch and the validator's address, so that a proof cannot be copied.

use k256::elliptic_curve::Field;
use k256::{ProjectivePoint, Scalar};
use rand_core::{CryptoRng, RngCore};
use zeroize::Zeroize;

use crate::curve::{point_bytes, scalar_bytes, scalar_from_bytes, scalar_reduce, times_generator};
use crate::id::Epoch;
use crate::meter::{Meter, Op};
use crate::wire::hash_parts;

/// Length of a proof, bytes: challenge and response.
pub const PROOF_BYTES: usize = 64;

/// Proves knowledge of `secret` for the validator at `address` in `epoch`.
pub fn prove(
    secret: &Scalar,
    epoch: Epoch,
    address: &[u8; 20],
    rng: &mut (impl RngCore + CryptoRng),
    meter: &mut Meter,
) -> [u8; PROOF_BYTES] {
    meter.add(Op::SignatureMade, 1);
    let mut nonce = Scalar::random(rng);
    let key = times_generator(secret);
    let challenge = challenge(&key, &times_generator(&nonce), epoch, address);
    let response = nonce + challenge * secret;
    nonce.zeroize();
    let mut proof = [0; PROOF_BYTES];
    proof[..32].copy_from_slice(&scalar_bytes(&challenge));
    proof[32..].copy_from_slice(&scalar_bytes(&response));
    proof
}

/// Checks a proof; anything but 64 bytes of reduced scalars is refused.
pub fn verify(key: &ProjectivePoint, epoch: Epoch, address: &[u8; 20], proof: &[u8], meter: &mut Meter) -> bool {
    meter.add(Op::SignatureChecked, 1);
    check(key, epoch, address, proof)
}

/// [`verify`] without counting, for callers that share results and count by themselves.
pub(super) fn check(key: &ProjectivePoint, epoch: Epoch, address: &[u8; 20], proof: &[u8]) -> bool {
    let Ok(proof) = <&[u8; PROOF_BYTES]>::try_from(proof) else { return false };
    let scalar = |at: usize| scalar_from_bytes(proof[at..at + 32].try_into().expect("half of the proof"));
    let (Some(claimed), Some(response)) = (scalar(0), scalar(32)) else { return false };
    let commitment = times_generator(&response) - *key * claimed;
    *key != ProjectivePoint::IDENTITY && challenge(key, &commitment, epoch, address) == claimed
}

fn challenge(key: &ProjectivePoint, commitment: &ProjectivePoint, epoch: Epoch, address: &[u8; 20]) -> Scalar {
    let parts: [&[u8]; 4] = [&epoch.0.to_be_bytes(), address, &point_bytes(key), &point_bytes(commitment)];
    scalar_reduce(&hash_parts("staking/possession", &parts))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_core::SeedableRng;

    #[test]
    fn a_proof_holds_for_its_key_epoch_and_address_only() {
        let mut rng = rand_chacha::ChaCha20Rng::from_seed([5; 32]);
        let (meter, address) = (&mut Meter::default(), [7; 20]);
        let secret = Scalar::random(&mut rng);
        let key = ProjectivePoint::GENERATOR * secret;
        let proof = prove(&secret, Epoch(1), &address, &mut rng, meter);
        assert!(verify(&key, Epoch(1), &address, &proof, meter));
        assert!(!verify(&(key + ProjectivePoint::GENERATOR), Epoch(1), &address, &proof, meter));
        assert!(!verify(&key, Epoch(2), &address, &proof, meter));
        assert!(!verify(&key, Epoch(1), &[8; 20], &proof, meter));
        assert!(!verify(&ProjectivePoint::IDENTITY, Epoch(1), &address, &proof, meter));
        for at in [0, 31, 32, 63] {
            let mut forged = proof;
            forged[at] ^= 1;
            assert!(!verify(&key, Epoch(1), &address, &forged, meter));
        }
        assert!(!verify(&key, Epoch(1), &address, &proof[..63], meter));
        assert_eq!(meter.count(Op::SignatureMade), 1);
    }
}
