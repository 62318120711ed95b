//! Oblivious-transfer extension: 128 base transfers become thousands (Ishai, Kilian, Nissim, Petrank 2003), with the
//! consistency check of Keller, Orsini, Scholl (2015/546) in the form that Roy's analysis supports (SoftSpokenOT,
//! 2022/192, section 4): a linear universal hash of 128 bits over *columns*, whose point is drawn only when the whole
//! extension message is fixed. Here it is a hash of that message, so the check needs no round of its own; 128
//! additional random bits of the receiver's mask what the check shows.

use rand_core::{CryptoRng, RngCore};
use zeroize::Zeroizing;

use super::base_ot::{Chosen, Keys, PairId};
use super::codec::{Malformed, Reader};
use super::matrix::{Column, LinearHash, add, add_if, expand, rows};
use super::slot::{COLUMNS_PER_PART, KAPPA};
use super::tools::Tools;
use crate::bugs::{self, Bug};
use crate::meter::Op;
use crate::wire::hash_parts;

/// What the receiver of the extension has: a random bit and a row for every transfer.
pub(super) struct Received {
    /// The choices, one bit each.
    pub(super) choices: Zeroizing<Column>,
    /// The rows.
    pub(super) rows: Zeroizing<Vec<u128>>,
}

/// What the sender of the extension has. Its row is the receiver's, plus `delta` where the receiver's bit is 1.
pub(super) struct Sent {
    /// The difference.
    pub(super) delta: Zeroizing<u128>,
    /// The rows.
    pub(super) rows: Zeroizing<Vec<u128>>,
}

/// The point of the check: a hash of all that came before it.
fn check_point(pair: &PairId, setup: &[u8], choices: &[u8], columns: &[&[u8]], tools: &mut Tools) -> LinearHash {
    let mut parts: Vec<&[u8]> = vec![pair, setup, choices];
    parts.extend(columns);
    tools.meter.add(Op::HashByte, parts.iter().map(|part| part.len() as u64).sum());
    let hash = hash_parts("triples/extension", &parts);
    let mut point = [0; 16];
    point.copy_from_slice(&hash[..16]);
    LinearHash::new(&point)
}

/// Extends: columns u_j = G(k0_j) + G(k1_j) + x, then the hashes of x and of every G(k0_j). Gives the bodies' parts.
pub(super) fn extend(
    pair: &PairId,
    [setup, chosen]: [&[u8]; 2],
    keys: [Keys; 2],
    transfers: usize,
    rng: &mut (impl RngCore + CryptoRng),
    tools: &mut Tools,
) -> (Received, Vec<Vec<u8>>) {
    let mut choices = Zeroizing::new(vec![0; transfers / 8]);
    rng.fill_bytes(&mut choices);
    tools.meter.add(Op::StreamByte, 2 * (KAPPA * transfers / 8) as u64);
    let zeros: Zeroizing<Vec<Column>> = Zeroizing::new(keys[0].iter().map(|key| expand(key, transfers)).collect());
    let masked = |(zero, key): (&Column, &[u8; 32])| {
        let mut column = expand(key, transfers);
        add(&mut column, zero);
        add(&mut column, &choices);
        column
    };
    let columns: Vec<Column> = zeros.iter().zip(keys[1].iter()).map(masked).collect();
    let mut parts: Vec<Vec<u8>> = columns.chunks(COLUMNS_PER_PART).map(<[Column]>::concat).collect();
    let hash = check_point(pair, setup, chosen, &parts.iter().map(Vec::as_slice).collect::<Vec<_>>(), tools);
    tools.meter.add(Op::HashByte, (KAPPA * transfers / 8) as u64);
    if let Some(last) = parts.last_mut() {
        last.extend_from_slice(&hash.of(&choices).to_le_bytes());
        zeros.iter().for_each(|column| last.extend_from_slice(&hash.of(column).to_le_bytes()));
    }
    let rows = Zeroizing::new(rows(&zeros, transfers));
    (Received { choices, rows }, parts)
}

/// Why an extension is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Inconsistent;

impl From<Malformed> for Inconsistent {
    fn from(_: Malformed) -> Self {
        Self
    }
}

/// Takes in an extension: q_j = G(k_j) + delta_j u_j, and the check that R(q_j) = R(t_j) + delta_j R(x) for every j.
pub(super) fn receive(
    pair: &PairId,
    setup: &[u8],
    chosen: Chosen,
    parts: &[Vec<u8>],
    transfers: usize,
    tools: &mut Tools,
) -> Result<Sent, Inconsistent> {
    let length = transfers / 8;
    let mut columns = Vec::with_capacity(KAPPA);
    let mut hashes = Vec::with_capacity(KAPPA + 1);
    let mut hashed: Vec<&[u8]> = Vec::with_capacity(parts.len());
    for part in parts {
        let mut reader = Reader::new(part);
        for _ in 0..COLUMNS_PER_PART {
            columns.push(reader.slice(length)?);
        }
        hashed.push(&part[..COLUMNS_PER_PART * length]);
        if columns.len() == KAPPA {
            for _ in 0..=KAPPA {
                hashes.push(u128::from_le_bytes(reader.array()?));
            }
        }
        reader.end()?;
    }
    let hash = check_point(pair, setup, &chosen.body, &hashed, tools);
    tools.meter.add(Op::StreamByte, (KAPPA * length) as u64);
    tools.meter.add(Op::HashByte, (KAPPA * length) as u64);
    let (of_choices, of_columns) = hashes.split_first().ok_or(Inconsistent)?;
    if columns.len() != KAPPA || of_columns.len() != KAPPA {
        return Err(Inconsistent);
    }
    let mut differs = 0u128;
    let mut own: Zeroizing<Vec<Column>> = Zeroizing::new(Vec::with_capacity(KAPPA));
    for (j, key) in chosen.keys.iter().enumerate() {
        let choice = (*chosen.choices >> j & 1) as u8;
        let mut column = expand(key, transfers);
        add_if(&mut column, columns[j], choice);
        differs |= hash.of(&column) ^ of_columns[j] ^ (of_choices & u128::from(choice).wrapping_neg());
        own.push(column);
    }
    if differs != 0 && !bugs::planted(Bug::ExtensionUnchecked) {
        return Err(Inconsistent);
    }
    Ok(Sent { delta: chosen.choices, rows: Zeroizing::new(rows(&own, transfers)) })
}

#[cfg(test)]
mod tests {
    use super::super::base_ot::{Sender, choose};
    use super::super::matrix::bit;
    use super::*;
    use crate::memo::Memo;
    use crate::meter::Meter;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    const PAIR: PairId = [1; 32];
    const TRANSFERS: usize = 256 + KAPPA;

    fn run(tamper: impl Fn(&mut Vec<Vec<u8>>)) -> (Received, Result<Sent, Inconsistent>) {
        let (mut meter, memo) = (Meter::default(), Memo::off());
        let mut tools = Tools { meter: &mut meter, memo: &memo };
        let mut rng = ChaCha20Rng::from_seed([4; 32]);
        let (sender, setup) = Sender::setup(&PAIR, &mut rng, &mut tools);
        let chosen = choose(&PAIR, &setup, &mut rng, &mut tools).unwrap();
        let keys = sender.keys(&PAIR, &chosen.body, &mut tools).unwrap();
        let (received, mut parts) = extend(&PAIR, [&setup, &chosen.body], keys, TRANSFERS, &mut rng, &mut tools);
        tamper(&mut parts);
        (received, receive(&PAIR, &setup, chosen, &parts, TRANSFERS, &mut tools))
    }

    #[test]
    fn rows_differ_by_delta_exactly_where_the_receiver_chose_one() {
        let (received, sent) = run(|_| ());
        let sent = sent.unwrap();
        for at in 0..TRANSFERS {
            let difference = if bit(&received.choices, at) == 1 { *sent.delta } else { 0 };
            assert_eq!(sent.rows[at], received.rows[at] ^ difference);
        }
    }

    #[test]
    fn columns_with_different_choices_and_wrong_hashes_are_noticed() {
        // Enough columns that some of them meet a one of delta: those alone are noticed.
        assert!(run(|parts| parts.iter_mut().for_each(|part| part[3] ^= 1)).1.is_err());
        assert!(run(|parts| parts[0].iter_mut().take(20 * TRANSFERS / 8).for_each(|byte| *byte ^= 4)).1.is_err());
        assert!(run(|parts| *parts[3].last_mut().unwrap() ^= 1).1.is_err());
        assert!(run(|parts| parts[3].truncate(9)).1.is_err());
        assert!(run(|parts| parts.truncate(2)).1.is_err());
    }
}
