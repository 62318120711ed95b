//! Finds secrets in bytes, in the forms that a leak would take.

/// A form that a secret takes in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Form {
    /// Last byte first.
    reversed: bool,
    encoding: Encoding,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Encoding {
    Raw,
    Hex {
        upper: bool,
    },
    /// The whole groups of base64 when the secret begins `skip` bytes before a group; with the URL-safe alphabet.
    Base64 {
        skip: usize,
        url: bool,
    },
}

impl Form {
    /// Every form that is looked for.
    fn all() -> impl Iterator<Item = Self> {
        let base64 = [false, true].into_iter().flat_map(|url| (0..3).map(move |skip| Encoding::Base64 { skip, url }));
        let plain = [Encoding::Raw, Encoding::Hex { upper: false }, Encoding::Hex { upper: true }];
        let encodings = plain.into_iter().chain(base64);
        encodings.flat_map(|encoding| [false, true].map(|reversed| Self { reversed, encoding }))
    }

    /// The form of a secret, or of as many of its bytes as make the first eight of the form.
    fn of(self, secret: &[u8; 32], head: bool) -> Vec<u8> {
        let mut bytes = *secret;
        if self.reversed {
            bytes.reverse();
        }
        let part = |from: usize, len: usize| if head { &bytes[from..from + len] } else { &bytes[from..] };
        match self.encoding {
            Encoding::Raw => part(0, 8).to_vec(),
            Encoding::Hex { upper: false } => hex::encode(part(0, 4)).into_bytes(),
            Encoding::Hex { upper: true } => hex::encode_upper(part(0, 4)).into_bytes(),
            Encoding::Base64 { skip, url } => base64(part(skip, 6), if url { b"-_" } else { b"+/" }),
        }
    }
}

/// 32-byte secrets, ready to be looked for as big-endian and little-endian bytes, hex (either case) and base64 (both
/// alphabets, at each of the three alignments).
pub struct Needles {
    secrets: Vec<[u8; 32]>,
    filter: Filter,
    /// The first eight bytes of every form, the secret's number, and the form; ascending. Whole forms are made only
    /// where a head is found.
    heads: Vec<([u8; 8], usize, Form)>,
}

impl Needles {
    /// Prepares the forms of every secret.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a [u8; 32]>) -> Self {
        let secrets: Vec<[u8; 32]> = secrets.into_iter().copied().collect();
        let mut heads = Vec::new();
        for (number, secret) in secrets.iter().enumerate() {
            for form in Form::all() {
                let head: [u8; 8] = form.of(secret, true).try_into().expect("every head has eight bytes");
                heads.push((head, number, form));
            }
        }
        heads.sort_unstable();
        let filter = Filter::of(heads.iter().map(|(head, ..)| head), heads.len());
        Self { secrets, filter, heads }
    }

    /// The numbers of the secrets that occur in `bytes`, ascending, each once.
    pub fn find(&self, bytes: &[u8]) -> Vec<usize> {
        let mut found = Vec::new();
        for (at, head) in bytes.windows(8).enumerate() {
            if !self.filter.may_have(head.try_into().expect("windows of eight")) {
                continue;
            }
            let first = self.heads.partition_point(|(known, ..)| known[..] < *head);
            for (_, number, form) in self.heads[first..].iter().take_while(|(known, ..)| known[..] == *head) {
                if bytes[at..].starts_with(&form.of(&self.secrets[*number], false)) {
                    found.push(*number);
                }
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// A set of heads that may name strangers too, one of some thirty, but overlooks none: nearly every place in a haystack
/// is decided by one bit, however many secrets there are.
struct Filter {
    bits: Vec<u64>,
    shift: u32,
}

impl Filter {
    /// The filter of `count` heads: some thirty bits for each.
    fn of<'a>(heads: impl IntoIterator<Item = &'a [u8; 8]>, count: usize) -> Self {
        let bits = (count * 32).next_power_of_two().max(1 << 16);
        let mut filter = Self { bits: vec![0; bits / 64], shift: u64::BITS - bits.trailing_zeros() };
        for head in heads {
            let place = filter.place(head);
            filter.bits[place / 64] |= 1 << (place % 64);
        }
        filter
    }

    /// Fibonacci hashing: the top bits of a product depend on all eight bytes.
    fn place(&self, head: &[u8; 8]) -> usize {
        (u64::from_le_bytes(*head).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> self.shift) as usize
    }

    fn may_have(&self, head: &[u8; 8]) -> bool {
        let place = self.place(head);
        self.bits[place / 64] >> (place % 64) & 1 == 1
    }
}

/// The base64 characters of whole groups of three bytes.
fn base64(bytes: &[u8], last: &[u8; 2]) -> Vec<u8> {
    let symbol = |six: u8| match six {
        0..26 => b'A' + six,
        26..52 => b'a' + six - 26,
        52..62 => b'0' + six - 52,
        _ => last[usize::from(six - 62)],
    };
    let groups = bytes.chunks_exact(3);
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

    #[test]
    fn each_of_many_secrets_is_found_and_most_of_other_bytes_is_passed_over_by_the_filter() {
        let mix = |n: u64| n.wrapping_mul(0x2545_f491_4f6c_dd1d).rotate_left(23) ^ n;
        let secrets: Vec<[u8; 32]> =
            (1..=500).map(|n| std::array::from_fn(|i| (mix(n * 32 + i as u64) >> 17) as u8)).collect();
        let needles = Needles::new(&secrets);
        let haystack: Vec<u8> = secrets.iter().rev().flat_map(|secret| [&secret[..], b"between"].concat()).collect();
        assert_eq!(needles.find(&haystack), (0..500).collect::<Vec<_>>());
        let strange: Vec<u8> = (0..10_000).map(|n| (mix(n + 1_000_000) >> 29) as u8).collect();
        let passed = strange.windows(8).filter(|head| needles.filter.may_have((*head).try_into().unwrap())).count();
        assert!(passed < 1_000, "{passed} of 10,000 places were looked into");
    }
}
