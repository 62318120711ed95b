//! Products of two parties' secrets as sums, from oblivious transfers: the multiplication of Haitner, Makriyannis,
//! Ranellucci and Tsfadia (2021/1373; in the line of Gilboa 1999).
//!
//! The sender has a, the receiver random signs s_i of 384 transfers. A correction turns transfer i into m_i = d_i + a s_i
//! at the receiver, d_i at the sender. Only when all corrections are fixed does the receiver show coefficients x_i with
//! sum x_i s_i = b: all but the first come from a seed. Then sum x_i m_i = sum x_i d_i + a b. Wrong corrections make the
//! result wrong (and may depend on s_i): the batch's check of L(0) = C is what notices them.

use k256::Scalar;
use k256::elliptic_curve::Field;
use k256::elliptic_curve::subtle::{Choice, ConditionallySelectable};
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::base_ot::PairId;
use super::codec::{Malformed, Reader, put_scalar};
use super::extension::{Received, Sent};
use super::matrix::bit;
use super::slot::PER_PRODUCT;
use super::tools::Tools;
use crate::curve::scalar_reduce;
use crate::meter::Op;
use crate::wire::hash_parts;

/// The scalar of a transfer's row: a correlation-robust hash with the transfer's number as tweak.
fn row_scalar(pair: &PairId, at: usize, row: u128) -> Scalar {
    let mut hash = Sha256::new_with_prefix(pair);
    hash.update(u32::try_from(at).expect("a batch has fewer than 2^32 transfers").to_be_bytes());
    hash.update(row.to_le_bytes());
    scalar_reduce(&hash.finalize().into())
}

/// The coefficients of product `at` but for the first.
fn coefficients(seed: &[u8; 32], at: usize) -> impl Iterator<Item = Scalar> {
    let key = hash_parts("triples/coefficients", &[seed, &(at as u64).to_be_bytes()]);
    let mut stream = ChaCha20Rng::from_seed(key);
    (1..PER_PRODUCT).map(move |_| {
        let mut bytes = [0; 32];
        stream.fill_bytes(&mut bytes);
        scalar_reduce(&bytes)
    })
}

/// The sender's d_i of one product, in order.
pub(super) type Offsets = Zeroizing<Vec<Scalar>>;

/// Corrects the transfers of product `at` for the sender's `a`, appending to a body; gives the sender's offsets.
pub(super) fn correct(pair: &PairId, sent: &Sent, at: usize, a: &Scalar, out: &mut Vec<u8>) -> Offsets {
    let twice = a.double();
    let first = at * PER_PRODUCT;
    let rows = &sent.rows[first..first + PER_PRODUCT];
    let mut offsets = Zeroizing::new(Vec::with_capacity(PER_PRODUCT));
    for (i, row) in rows.iter().enumerate() {
        let zero = row_scalar(pair, first + i, *row);
        let one = row_scalar(pair, first + i, *row ^ *sent.delta);
        put_scalar(out, &(one - zero - twice));
        offsets.push(-zero - a);
    }
    offsets
}

/// The receiver's part of product `at`: its additive share, and the first coefficient for the sender.
pub(super) fn answer(
    pair: &PairId,
    received: &Received,
    at: usize,
    b: &Scalar,
    seed: &[u8; 32],
    corrections: &mut Reader,
) -> Result<(Scalar, Scalar), Malformed> {
    let first = at * PER_PRODUCT;
    let mut value = |transfer: usize| {
        let correction = corrections.scalar()?;
        let own = row_scalar(pair, transfer, received.rows[transfer]);
        let choice = Choice::from(bit(&received.choices, transfer));
        Ok((choice, Scalar::conditional_select(&-own, &(correction - own), choice)))
    };
    // A sign is +1 for a choice of 0, -1 for a choice of 1.
    let signed = |x: &Scalar, choice: Choice| Scalar::conditional_select(x, &-*x, choice);
    let (sign, head) = value(first)?;
    let (mut sum, mut share) = (Scalar::ZERO, Scalar::ZERO);
    for (x, transfer) in coefficients(seed, at).zip(first + 1..) {
        let (choice, value) = value(transfer)?;
        sum += signed(&x, choice);
        share += x * value;
    }
    let x = signed(&(b - &sum), sign);
    Ok((share + x * head, x))
}

/// The sender's additive share of product `at`.
pub(super) fn conclude(offsets: &Offsets, at: usize, seed: &[u8; 32], x: &Scalar) -> Scalar {
    let Some((head, rest)) = offsets.split_first() else { return Scalar::ZERO };
    -rest.iter().zip(coefficients(seed, at)).fold(*head * x, |sum, (offset, x)| sum + *offset * x)
}

/// Charges one side's work on `products` products: two row hashes for the sender, one for the receiver.
pub(super) fn charge(products: usize, hashes: u64, tools: &mut Tools) {
    let transfers = (products * PER_PRODUCT) as u64;
    tools.meter.add(Op::HashByte, 64 * hashes * transfers);
    tools.meter.add(Op::StreamByte, 32 * transfers);
    tools.meter.add(Op::ScalarProduct, transfers);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transfers() -> (Received, Sent) {
        let mut rng = ChaCha20Rng::from_seed([6; 32]);
        let mut choices = vec![0; 2 * PER_PRODUCT / 8];
        rng.fill_bytes(&mut choices);
        let delta = 0x1234_5678_9abc_def0_u128;
        let rows: Vec<u128> = (0..2 * PER_PRODUCT).map(|_| u128::from(rng.next_u64()) << 64).collect();
        let own = |(at, row): (usize, &u128)| if bit(&choices, at) == 1 { row ^ delta } else { *row };
        let sent = Sent { delta: delta.into(), rows: Zeroizing::new(rows.iter().enumerate().map(own).collect()) };
        (Received { choices: choices.into(), rows: rows.into() }, sent)
    }

    #[test]
    fn the_shares_add_up_to_the_product_and_a_wrong_correction_breaks_it() {
        let (received, sent) = transfers();
        let mut rng = ChaCha20Rng::from_seed([7; 32]);
        let (a, b) = (Scalar::random(&mut rng), Scalar::random(&mut rng));
        for at in 0..2 {
            let mut body = Vec::new();
            let offsets = correct(&[1; 32], &sent, at, &a, &mut body);
            let (share, x) = answer(&[1; 32], &received, at, &b, &[2; 32], &mut Reader::new(&body)).unwrap();
            assert_eq!(share + conclude(&offsets, at, &[2; 32], &x), a * b);
            // Only corrections that meet a choice of one are used.
            body.chunks_exact_mut(32).for_each(|scalar| scalar[31] ^= 1);
            let (share, x) = answer(&[1; 32], &received, at, &b, &[2; 32], &mut Reader::new(&body)).unwrap();
            assert_ne!(share + conclude(&offsets, at, &[2; 32], &x), a * b);
            assert!(answer(&[1; 32], &received, at, &b, &[2; 32], &mut Reader::new(&body[..99])).is_err());
        }
    }
}
