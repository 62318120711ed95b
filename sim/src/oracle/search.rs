//! Finds secrets in bytes, in the forms that a leak would take.

use std::collections::BTreeMap;

/// 32-byte secrets, ready to be looked for as big-endian and little-endian bytes, hex (either case) and base64 (both
/// alphabets, at each of the three alignments).
#[derive(Default)]
pub struct Needles {
    /// Whether any form begins with these two bytes.
    begins: Vec<bool>,
    /// Forms by their first eight bytes: the whole form, and the secret's number.
    forms: BTreeMap<[u8; 8], Vec<(Vec<u8>, usize)>>,
}

impl Needles {
    /// Prepares the forms of every secret.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a [u8; 32]>) -> Self {
        let mut needles = Self { begins: vec![false; 1 << 16], forms: BTreeMap::new() };
        for (number, secret) in secrets.into_iter().enumerate() {
            for form in forms(secret) {
                let head: [u8; 8] = form[..8].try_into().expect("every form is longer");
                needles.begins[usize::from(u16::from_be_bytes([head[0], head[1]]))] = true;
                needles.forms.entry(head).or_default().push((form, number));
            }
        }
        needles
    }

    /// The numbers of the secrets that occur in `bytes`, ascending, each once.
    pub fn find(&self, bytes: &[u8]) -> Vec<usize> {
        let mut found = Vec::new();
        if self.forms.is_empty() {
            return found;
        }
        for at in 0..bytes.len().saturating_sub(7) {
            if !self.begins[usize::from(u16::from_be_bytes([bytes[at], bytes[at + 1]]))] {
                continue;
            }
            let head: [u8; 8] = bytes[at..at + 8].try_into().expect("8 bytes");
            for (form, number) in self.forms.get(&head).into_iter().flatten() {
                if bytes[at..].starts_with(form) {
                    found.push(*number);
                }
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}

fn forms(secret: &[u8; 32]) -> Vec<Vec<u8>> {
    let mut reversed = *secret;
    reversed.reverse();
    let mut forms = vec![secret.to_vec(), reversed.to_vec()];
    for bytes in [secret, &reversed] {
        forms.push(hex::encode(bytes).into_bytes());
        forms.push(hex::encode_upper(bytes).into_bytes());
        forms.extend((0..3).flat_map(|skip| [base64(bytes, skip, b"+/"), base64(bytes, skip, b"-_")]));
    }
    forms
}

/// The base64 characters that whole groups of three bytes have, when the secret begins `skip` bytes before a group.
fn base64(bytes: &[u8; 32], skip: usize, last: &[u8; 2]) -> Vec<u8> {
    let symbol = |six: u8| match six {
        0..26 => b'A' + six,
        26..52 => b'a' + six - 26,
        52..62 => b'0' + six - 52,
        _ => last[usize::from(six - 62)],
    };
    let groups = bytes[skip..].chunks_exact(3);
    groups
        .flat_map(|g| [g[0] >> 2, (g[0] & 3) << 4 | g[1] >> 4, (g[1] & 15) << 2 | g[2] >> 6, g[2] & 63])
        .map(symbol)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Base64 of `prefix` and the secret by bit arithmetic, independent of the searcher's own encoder.
    fn encode(prefix: &[u8], secret: &[u8; 32]) -> Vec<u8> {
        let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let bits: Vec<bool> =
            prefix.iter().chain(secret).flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1 == 1)).collect();
        bits.chunks(6)
            .map(|six| alphabet[six.iter().fold(0, |n, &bit| n * 2 + usize::from(bit)) << (6 - six.len())])
            .collect()
    }

    #[test]
    fn a_secret_is_found_in_every_form_and_nowhere_else() {
        let secret: [u8; 32] = std::array::from_fn(|i| (i * 37 + 11) as u8);
        let other = [0xab; 32];
        let needles = Needles::new([&other, &secret]);
        let mut little = secret;
        little.reverse();
        let carriers = [
            secret.to_vec(),
            little.to_vec(),
            hex::encode(secret).into_bytes(),
            hex::encode_upper(little).into_bytes(),
            encode(b"", &secret),
            encode(b"x", &secret),
            encode(b"xy", &secret),
        ];
        for carrier in carriers {
            assert_eq!(needles.find(&[b"....".as_slice(), &carrier, b"...."].concat()), [1]);
        }
        let mut wrong = secret;
        wrong[31] ^= 1;
        assert!(needles.find(&wrong).is_empty());
        assert!(needles.find(&secret[..31]).is_empty());
        assert_eq!(needles.find(&[secret, other].concat()), [0, 1]);
    }
}
