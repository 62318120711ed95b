//! Authentication signatures: a wallet's EIP-191 signature over an EIP-4361 ("Sign-In with Ethereum") text.
//!
//! The node judges by its own clock. What is accepted is exactly the text that was signed: a text that parses but that
//! EIP-4361 would write otherwise is refused, so no unsigned line can hide between its fields. Contract wallets
//! (EIP-1271) are not supported.

use ::siwe::{Message, TimeStamp, eip55};
use k256::ecdsa::Signature;
use thiserror::Error;
use time::OffsetDateTime;

use super::conditions::SignedText;
use crate::api::{AuthSig, ErrorCode, Failure};
use crate::bugs::{self, Bug};
use crate::io::Time;
use crate::meter::{Meter, Op};

/// The longest text that is looked at, bytes.
pub const TEXT_BYTES_MAX: usize = 16 * 1024;
/// The way of signing that wallets report for EIP-191 signatures.
pub const DERIVED_VIA: &str = "web3.eth.personal.sign";
/// The way of signing that a session's capabilities report when the network has signed the text with a PKP. The
/// signature is of the same form, and checked in the same way.
pub const DERIVED_VIA_PKP: &str = "web3.eth.personal.sign via Lit PKP";

/// What a node demands of an authentication signature beyond that it verifies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The domains that may ask for signatures meant for us; `None` accepts any.
    pub domains: Option<Vec<String>>,
    /// The URIs that signatures may be for; `None` accepts any.
    pub uris: Option<Vec<String>>,
    /// How far ahead of the node's clock `Issued At` may be, milliseconds.
    pub future_grace_ms: u64,
    /// How far outside `Not Before` and `Expiration Time` the node's clock may be, milliseconds.
    pub validity_grace_ms: u64,
    /// Whether a text without `Expiration Time` is refused.
    pub expiration_required: bool,
    /// Whether signatures derived via [`DERIVED_VIA_PKP`] are accepted, too.
    pub pkp_accepted: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            domains: None,
            uris: None,
            future_grace_ms: 60_000,
            validity_grace_ms: 0,
            expiration_required: false,
            pkp_accepted: false,
        }
    }
}

/// Why an authentication signature was refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AuthError {
    /// The text does not name the resource that is asked for.
    #[error("the signed text does not name the resource {expected:?}")]
    OtherResource {
        /// The resource.
        expected: String,
    },
    /// The text is longer than [`TEXT_BYTES_MAX`].
    #[error("the signed text has {len} bytes: at most {TEXT_BYTES_MAX} are accepted")]
    TextTooLong {
        /// Its length, bytes.
        len: usize,
    },
    /// The text is no EIP-4361 message.
    #[error("the signed text is no EIP-4361 message: {reason}")]
    NotSiwe {
        /// What the parser says.
        reason: String,
    },
    /// The text parses, but EIP-4361 would write its fields otherwise.
    #[error("the signed text is not in the form that EIP-4361 prescribes")]
    NotCanonical,
    /// The signature was made in a way that is not supported.
    #[error("signatures derived via {0:?} are not supported: expected {DERIVED_VIA:?}")]
    UnsupportedDerivation(String),
    /// The address beside the text is no address.
    #[error("{0:?} is no address: expected 0x and 40 hex digits, in lower case or with an EIP-55 checksum")]
    InvalidAddress(String),
    /// The address beside the text is not the one in it.
    #[error("the signature is said to be by {claimed}, but the text is for {signed}")]
    AddressMismatch {
        /// Beside the text.
        claimed: String,
        /// In the text.
        signed: String,
    },
    /// The signature is not 65 bytes of hex with a recovery id of 27 or 28 (or 0 or 1).
    #[error("the signature is not 0x and 65 bytes r, s, v in hex with v = 27 or 28")]
    MalformedSignature,
    /// s is in the upper half: a second form of somebody's signature (EIP-2).
    #[error("the signature's s is in the upper half of the group order")]
    HighS,
    /// The signature is not that of the address over the text.
    #[error("the signature is not that of {signer} over this text")]
    WrongSigner {
        /// The address in the text.
        signer: String,
    },
    /// `Expiration Time` has passed.
    #[error("expired at {expiration}; the node's clock shows {now}")]
    Expired {
        /// `Expiration Time`.
        expiration: String,
        /// The node's time, RFC 3339.
        now: String,
    },
    /// `Not Before` has not come.
    #[error("not valid before {not_before}; the node's clock shows {now}")]
    NotYetValid {
        /// `Not Before`.
        not_before: String,
        /// The node's time, RFC 3339.
        now: String,
    },
    /// `Issued At` is ahead of the node's clock by more than the grace.
    #[error("issued at {issued_at}, more than {grace_ms} ms ahead of the node's clock, which shows {now}")]
    IssuedInFuture {
        /// `Issued At`.
        issued_at: String,
        /// The node's time, RFC 3339.
        now: String,
        /// [`Policy::future_grace_ms`].
        grace_ms: u64,
    },
    /// The text has no `Expiration Time`, and the node demands one.
    #[error("the signed text has no expiration time")]
    NoExpiration,
    /// The text is for another domain.
    #[error("signed for domain {found:?}: expected one of {expected:?}")]
    WrongDomain {
        /// In the text.
        found: String,
        /// [`Policy::domains`].
        expected: Vec<String>,
    },
    /// The text is for another URI.
    #[error("signed for URI {found:?}: expected one of {expected:?}")]
    WrongUri {
        /// In the text.
        found: String,
        /// [`Policy::uris`].
        expected: Vec<String>,
    },
}

impl From<AuthError> for Failure {
    fn from(error: AuthError) -> Self {
        Self { code: ErrorCode::InvalidAuthSig, message: error.to_string(), logs: String::new() }
    }
}

/// Verifies an authentication signature at the node's time `now`, and returns the signer's address.
///
/// # Errors
/// If the text is malformed, not signed by the address that it names, out of its time, or not for us.
pub fn verify(auth: &AuthSig, now: Time, policy: &Policy, meter: &mut Meter) -> Result<[u8; 20], AuthError> {
    Ok(verified(auth, now, policy, meter)?.address)
}

/// Verifies an authentication signature as [`verify`] does, and that it was made to use `resource`.
///
/// # Errors
/// If it was not, or does not verify.
pub fn verify_for(
    auth: &AuthSig,
    now: Time,
    policy: &Policy,
    resource: &str,
    meter: &mut Meter,
) -> Result<[u8; 20], AuthError> {
    let message = verified(auth, now, policy, meter)?;
    let is_for_it = message.resources.iter().any(|named| named.as_str() == resource);
    if is_for_it { Ok(message.address) } else { Err(AuthError::OtherResource { expected: resource.to_owned() }) }
}

/// What was signed, verified as [`verify`] does.
pub(super) fn verified(auth: &AuthSig, now: Time, policy: &Policy, meter: &mut Meter) -> Result<Message, AuthError> {
    let mut message = parse(&auth.signed_message)?;
    if bugs::planted(Bug::CallerByWord) {
        message.address = parse_address(&auth.address)?;
        return Ok(message);
    }
    check_signature(auth, &message, policy, meter)?;
    let now = if bugs::planted(Bug::ClockFromClient) { time_of(&message.issued_at) } else { now };
    check_time(&message, now, policy)?;
    check_purpose(&message, policy)?;
    Ok(message)
}

/// What the text of an authentication signature says besides its signer. It must have been verified before.
///
/// # Errors
/// If the text is malformed.
pub fn said(auth: &AuthSig) -> Result<SignedText, AuthError> {
    let message = parse(&auth.signed_message)?;
    let resources = message.resources.iter().map(ToString::to_string).collect();
    Ok(SignedText { domain: message.domain.to_string(), resources })
}

/// A text that somebody is to sign, if it is in its form, of this time and for us.
pub(super) fn unsigned(text: &str, now: Time, policy: &Policy) -> Result<Message, AuthError> {
    let message = parse(text)?;
    check_time(&message, now, policy)?;
    check_purpose(&message, policy)?;
    Ok(message)
}

fn parse(text: &str) -> Result<Message, AuthError> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(AuthError::TextTooLong { len: text.len() });
    }
    let message: Message = text.parse().map_err(|e| AuthError::NotSiwe { reason: format!("{e}") })?;
    // The parser skips the contents of lines that must be empty, and the signature is checked over the re-rendered
    // text: only for a canonical text is that the text at hand.
    if message.to_string() == text { Ok(message) } else { Err(AuthError::NotCanonical) }
}

fn check_signature(auth: &AuthSig, message: &Message, policy: &Policy, meter: &mut Meter) -> Result<(), AuthError> {
    let by_pkp = policy.pkp_accepted && auth.derived_via == DERIVED_VIA_PKP;
    if auth.derived_via != DERIVED_VIA && !by_pkp {
        return Err(AuthError::UnsupportedDerivation(cut(&auth.derived_via)));
    }
    let claimed = parse_address(&auth.address)?;
    if claimed != message.address {
        return Err(AuthError::AddressMismatch { claimed: eip55(&claimed), signed: eip55(&message.address) });
    }
    let bytes = signature_bytes(&auth.sig).ok_or(AuthError::MalformedSignature)?;
    let signature = Signature::from_slice(&bytes[..64]).map_err(|_| AuthError::MalformedSignature)?;
    if signature.normalize_s().is_some() {
        return Err(AuthError::HighS);
    }
    meter.add(Op::HashByte, message_len(auth));
    meter.add(Op::SignatureChecked, 1);
    match message.verify_eip191(&bytes) {
        Ok(_) => Ok(()),
        Err(_) => Err(AuthError::WrongSigner { signer: eip55(&message.address) }),
    }
}

fn check_time(message: &Message, now: Time, policy: &Policy) -> Result<(), AuthError> {
    let shown = || rfc3339(now);
    if *message.issued_at.as_ref() > date(now.plus_millis(policy.future_grace_ms)) {
        let issued_at = message.issued_at.to_string();
        return Err(AuthError::IssuedInFuture { issued_at, now: shown(), grace_ms: policy.future_grace_ms });
    }
    if policy.expiration_required && message.expiration_time.is_none() {
        return Err(AuthError::NoExpiration);
    }
    if bugs::planted(Bug::ExpiryUnchecked) {
        return Ok(());
    }
    if let Some(expiration) = &message.expiration_time
        && *expiration.as_ref() < date(now.minus_millis(policy.validity_grace_ms))
    {
        return Err(AuthError::Expired { expiration: expiration.to_string(), now: shown() });
    }
    if let Some(not_before) = &message.not_before
        && *not_before.as_ref() >= date(now.plus_millis(policy.validity_grace_ms))
    {
        return Err(AuthError::NotYetValid { not_before: not_before.to_string(), now: shown() });
    }
    Ok(())
}

fn check_purpose(message: &Message, policy: &Policy) -> Result<(), AuthError> {
    if let Some(expected) = &policy.domains
        && !expected.iter().any(|domain| message.domain.as_str() == domain)
    {
        return Err(AuthError::WrongDomain { found: message.domain.to_string(), expected: expected.clone() });
    }
    if let Some(expected) = &policy.uris
        && !expected.iter().any(|uri| message.uri.as_str() == uri)
    {
        return Err(AuthError::WrongUri { found: message.uri.to_string(), expected: expected.clone() });
    }
    Ok(())
}

/// Parses an address as wallets write it: `0x` and 40 hex digits in lower case or with an EIP-55 checksum.
///
/// # Errors
/// [`AuthError::InvalidAddress`] for anything else.
pub fn parse_address(text: &str) -> Result<[u8; 20], AuthError> {
    let parsed = text.strip_prefix("0x").and_then(|digits| {
        let mut address = [0; 20];
        hex::decode_to_slice(digits, &mut address).ok()?;
        (digits == hex::encode(address) || text == eip55(&address)).then_some(address)
    });
    parsed.ok_or_else(|| AuthError::InvalidAddress(cut(text)))
}

/// r, s and v as 0 or 1.
fn signature_bytes(text: &str) -> Option<[u8; 65]> {
    let mut bytes = [0; 65];
    hex::decode_to_slice(text.strip_prefix("0x")?, &mut bytes).ok()?;
    // The library takes v modulo 27; the two usual spellings are enough.
    bytes[64] = match bytes[64] {
        v @ (0 | 1) => v,
        v @ (27 | 28) => v - 27,
        _ => return None,
    };
    Some(bytes)
}

fn message_len(auth: &AuthSig) -> u64 {
    auth.signed_message.len() as u64
}

/// Untrusted text, short enough for an error.
pub(super) fn cut(text: &str) -> String {
    text.chars().take(80).collect()
}

pub(super) fn date(time: Time) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(time.0)).expect("64 bits of nanoseconds end in the year 2554")
}

/// An instant as texts show it.
pub(super) fn rfc3339(time: Time) -> String {
    TimeStamp::from(date(time)).to_string()
}

/// The instant that a text names; the epoch's beginning for one before it.
fn time_of(stamp: &TimeStamp) -> Time {
    Time(u64::try_from(stamp.as_ref().unix_timestamp_nanos()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::sign_in::testing::{NOW, address, fields, wallet};
    use crate::auth::{SiweFields, sign_in};
    use k256::Scalar;
    use proptest::prelude::*;

    fn signed(fields: &SiweFields) -> AuthSig {
        sign_in(&wallet(), fields).expect("valid fields")
    }

    fn check(auth: &AuthSig, now: Time) -> Result<[u8; 20], AuthError> {
        verify(auth, now, &Policy::default(), &mut Meter::default())
    }

    #[test]
    fn a_wallets_signature_is_accepted_and_gives_its_address() {
        let auth = signed(&fields());
        let mut meter = Meter::default();
        assert_eq!(verify(&auth, NOW, &Policy::default(), &mut meter), Ok(address()));
        assert_eq!(meter.count(Op::SignatureChecked), 1);
        let lower = AuthSig { address: auth.address.to_lowercase(), ..auth.clone() };
        assert_eq!(check(&lower, NOW), Ok(address()));
        // v as 0 or 1.
        let v = u8::from_str_radix(&auth.sig[130..], 16).expect("hex") - 27;
        let low_v = AuthSig { sig: format!("{}{v:02x}", &auth.sig[..130]), ..auth };
        assert_eq!(check(&low_v, NOW), Ok(address()));
    }

    #[test]
    fn the_example_of_another_implementation_verifies() {
        // The example in siwe-rs' documentation, made by the SIWE notepad with a browser wallet.
        let auth = AuthSig {
            sig: "0x6228b3ecd7bf2df018183aeab6b6f1db1e9f4e3cbe24560404112e25363540eb679934908143224d746bbb5e1aa65ab435684081f4dbb74a0fec57f98f40f5051c".into(),
            derived_via: DERIVED_VIA.into(),
            signed_message: "localhost:4361 wants you to sign in with your Ethereum account:\n0x6Da01670d8fc844e736095918bbE11fE8D564163\n\nSIWE Notepad Example\n\nURI: http://localhost:4361\nVersion: 1\nChain ID: 1\nNonce: kEWepMt9knR6lWJ6A\nIssued At: 2021-12-07T18:28:18.807Z".into(),
            address: "0x6da01670d8fc844e736095918bbe11fe8d564163".into(),
        };
        let expected = parse_address("0x6Da01670d8fc844e736095918bbE11fE8D564163").expect("an address");
        assert_eq!(check(&auth, NOW), Ok(expected));
    }

    #[test]
    fn a_signature_is_good_until_its_expiration_by_the_nodes_own_clock() {
        let auth = signed(&fields());
        assert_eq!(check(&auth, NOW.plus_millis(3_600_000)), Ok(address()));
        let late = NOW.plus_millis(3_600_001);
        assert!(matches!(check(&auth, late), Err(AuthError::Expired { .. })));
        let error = check(&auth, late).expect_err("expired");
        assert_eq!(
            error.to_string(),
            "expired at 2023-11-14T23:13:20Z; the node's clock shows 2023-11-14T23:13:20.001Z"
        );
        let endless = signed(&SiweFields { expiration: None, ..fields() });
        assert_eq!(check(&endless, late), Ok(address()));
        let policy = Policy { expiration_required: true, ..Policy::default() };
        assert_eq!(verify(&endless, NOW, &policy, &mut Meter::default()), Err(AuthError::NoExpiration));
    }

    #[test]
    fn domain_and_resources_are_what_the_text_says() {
        let resources = vec!["urn:a:b".to_owned(), "https://example.org/c".to_owned()];
        let auth = signed(&SiweFields { domain: "example.com:1".into(), resources: resources.clone(), ..fields() });
        assert_eq!(said(&auth), Ok(SignedText { domain: "example.com:1".into(), resources }));
        let spoilt = AuthSig { signed_message: auth.signed_message.replace("Chain ID: 1", "Chain ID: 01"), ..auth };
        assert_eq!(said(&spoilt), Err(AuthError::NotCanonical));
    }

    #[test]
    fn a_signature_is_not_good_before_its_time() {
        let auth = signed(&SiweFields { not_before: Some(NOW.plus_millis(10_000)), ..fields() });
        assert!(matches!(check(&auth, NOW), Err(AuthError::NotYetValid { .. })));
        assert_eq!(check(&auth, NOW.plus_millis(10_001)), Ok(address()));
    }

    #[test]
    fn a_text_issued_in_the_future_is_accepted_only_within_the_grace() {
        let auth = signed(&SiweFields { issued_at: NOW.plus_millis(60_000), ..fields() });
        assert_eq!(check(&auth, NOW), Ok(address()));
        let auth = signed(&SiweFields { issued_at: NOW.plus_millis(60_001), ..fields() });
        assert!(matches!(check(&auth, NOW), Err(AuthError::IssuedInFuture { grace_ms: 60_000, .. })));
    }

    #[test]
    fn another_address_than_the_signers_is_refused() {
        let auth = signed(&fields());
        let other = AuthSig { address: format!("0x{}", "22".repeat(20)), ..auth.clone() };
        assert!(matches!(check(&other, NOW), Err(AuthError::AddressMismatch { .. })));
        // A text that names somebody else, signed by this wallet.
        let victim = eip55(&[0x22; 20]);
        let forged = AuthSig {
            signed_message: auth.signed_message.replace(&auth.address, &victim),
            address: victim.clone(),
            ..auth.clone()
        };
        assert_eq!(check(&forged, NOW), Err(AuthError::WrongSigner { signer: victim }));
        for text in [String::new(), auth.address[2..].to_string(), auth.address.to_uppercase(), "0xé".into()] {
            let bad = AuthSig { address: text.clone(), ..auth.clone() };
            assert_eq!(check(&bad, NOW), Err(AuthError::InvalidAddress(text)));
        }
    }

    #[test]
    fn a_tampered_text_is_refused() {
        let auth = signed(&fields());
        let tampered =
            |from: &str, to: &str| AuthSig { signed_message: auth.signed_message.replace(from, to), ..auth.clone() };
        let wrong = |auth: &AuthSig| matches!(check(auth, NOW), Err(AuthError::WrongSigner { .. }));
        assert!(wrong(&tampered("Let me in.", "Take it all.")));
        assert!(wrong(&tampered("23:13:20Z", "23:59:20Z")));
        assert!(wrong(&tampered("Chain ID: 1", "Chain ID: 2")));
    }

    #[test]
    fn an_unsigned_line_cannot_hide_where_the_parser_does_not_look() {
        let auth = signed(&fields());
        let after_address = format!("{}\n", auth.address);
        let text = auth.signed_message.replacen(&after_address, &format!("{after_address}I am root."), 1);
        assert!(text.parse::<Message>().is_ok(), "the parser ignores the line");
        assert_eq!(check(&AuthSig { signed_message: text, ..auth.clone() }, NOW), Err(AuthError::NotCanonical));
        let leading_zero = auth.signed_message.replace("Chain ID: 1", "Chain ID: 01");
        let auth = AuthSig { signed_message: leading_zero, ..auth };
        assert_eq!(check(&auth, NOW), Err(AuthError::NotCanonical));
    }

    #[test]
    fn the_high_s_twin_of_a_signature_is_refused() {
        let auth = signed(&fields());
        let bytes = signature_bytes(&auth.sig).expect("well formed");
        let signature = Signature::from_slice(&bytes[..64]).expect("a signature");
        let high: Scalar = -*signature.s().as_ref();
        let twin = format!("0x{}{}{:02x}", hex::encode(&bytes[..32]), hex::encode(high.to_bytes()), 28 - bytes[64]);
        assert_eq!(check(&AuthSig { sig: twin, ..auth }, NOW), Err(AuthError::HighS));
    }

    #[test]
    fn garbage_instead_of_a_signature_is_refused() {
        let auth = signed(&fields());
        let (zero, ones) = (format!("0x{}", "00".repeat(65)), format!("0x{}", "ff".repeat(65)));
        let odd_v = format!("{}36", &auth.sig[..130]);
        let garbage = ["", "0x", "zz", &auth.sig[2..], &auth.sig[..130], &zero, &ones, &odd_v];
        for sig in garbage {
            let bad = AuthSig { sig: sig.into(), ..auth.clone() };
            assert_eq!(check(&bad, NOW), Err(AuthError::MalformedSignature), "{sig}");
        }
        let contract = AuthSig { derived_via: "EIP1271".into(), ..auth };
        assert_eq!(check(&contract, NOW), Err(AuthError::UnsupportedDerivation("EIP1271".into())));
    }

    #[test]
    fn a_signature_for_another_domain_or_uri_is_refused_if_the_node_cares() {
        let auth = signed(&fields());
        let judge = |domains: Option<&str>, uris: Option<&str>| {
            let list = |one: Option<&str>| one.map(|s| vec![s.to_string()]);
            let policy = Policy { domains: list(domains), uris: list(uris), ..Policy::default() };
            verify(&auth, NOW, &policy, &mut Meter::default())
        };
        assert_eq!(judge(Some("localhost:3000"), Some("https://localhost:3000/login")), Ok(address()));
        assert!(matches!(judge(Some("localhost"), None), Err(AuthError::WrongDomain { .. })));
        assert!(matches!(judge(None, Some("https://localhost:3000")), Err(AuthError::WrongUri { .. })));
    }

    #[test]
    fn an_oversized_text_is_refused_unread() {
        let auth = AuthSig { signed_message: "a".repeat(TEXT_BYTES_MAX + 1), ..signed(&fields()) };
        assert_eq!(check(&auth, NOW), Err(AuthError::TextTooLong { len: TEXT_BYTES_MAX + 1 }));
    }

    proptest! {
        #[test]
        fn no_text_makes_the_check_panic(sig in ".{0,140}", text in "(?s).{0,300}", address in ".{0,44}", at: u64) {
            let auth = AuthSig { sig, derived_via: DERIVED_VIA.into(), signed_message: text, address };
            prop_assert!(check(&auth, Time(at)).is_err());
        }

        #[test]
        fn no_single_character_of_a_signed_text_can_change(at in 0usize..400, to in "[ -~\n]") {
            let auth = signed(&fields());
            let mut text: Vec<char> = auth.signed_message.chars().collect();
            let at = at % text.len();
            text[at] = to.chars().next().expect("one character");
            let text: String = text.into_iter().collect();
            let same = text == auth.signed_message;
            prop_assert_eq!(check(&AuthSig { signed_message: text, ..auth }, NOW).is_ok(), same);
        }
    }
}
