//! An identity provider: it knows its users, signs ID tokens for applications, and publishes its keys.
//!
//! From time to time it signs with a new key. The one before stays published until the next rotation, so that tokens
//! that are under way stay good.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use lit_node::auth::jwks::Algorithm;
use lit_node::io::Time;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use rsa::pkcs8::DecodePrivateKey;
use rsa::traits::PublicKeyParts;
use rsa::{Pkcs1v15Sign, RsaPrivateKey};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::rsa_keys;

/// What an application asks the provider for when a user has signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// The user's name at the provider.
    pub user: String,
    /// The application.
    pub app: String,
    /// What the token is to be bound to.
    pub nonce: Option<String>,
    /// When it is issued, by the provider's clock.
    pub issued_at: Time,
    /// When it expires.
    pub expiration: Time,
}

/// The provider.
#[derive(Clone, Debug)]
pub struct IdentityProvider {
    issuer: String,
    algorithm: Algorithm,
    seed: [u8; 32],
    generation: u32,
}

/// A key of one generation.
enum SecretKey {
    Rs256(Box<RsaPrivateKey>),
    Es256(SigningKey),
}

impl IdentityProvider {
    /// A provider that signs in this way. Its ES256 keys derive from the seed; its RSA keys are always the same two.
    pub fn new(issuer: &str, algorithm: Algorithm, seed: [u8; 32]) -> Self {
        Self { issuer: issuer.to_owned(), algorithm, seed, generation: 0 }
    }

    /// The name that is in its tokens.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The id of the key that it signs with.
    pub fn key_id(&self) -> String {
        self.id_of(self.generation)
    }

    /// Goes on to the next key.
    pub fn rotate(&mut self) {
        self.generation += 1;
    }

    /// The keys as it publishes them (RFC 7517): that in use, and the one before.
    pub fn jwks(&self) -> String {
        let published = self.generation.saturating_sub(1)..=self.generation;
        let keys: Vec<Value> = published.rev().map(|generation| self.published(generation)).collect();
        json!({ "keys": keys }).to_string()
    }

    /// A token for a user who has signed in to an application.
    pub fn issue(&self, ticket: &Ticket) -> String {
        let seconds = |time: Time| time.as_millis() / 1000;
        let mut claims = json!({
            "iss": self.issuer,
            "aud": ticket.app,
            "sub": ticket.user,
            "iat": seconds(ticket.issued_at),
            "exp": seconds(ticket.expiration),
        });
        if let Some(nonce) = &ticket.nonce {
            claims["nonce"] = nonce.as_str().into();
        }
        self.sign(&claims)
    }

    /// A token that says anything, as a provider does that lies.
    pub fn sign(&self, claims: &Value) -> String {
        let header = json!({ "alg": self.algorithm.name(), "kid": self.key_id(), "typ": "JWT" });
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&header), part(claims));
        let signature = self.key(self.generation).sign(signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn id_of(&self, generation: u32) -> String {
        format!("{}-{generation}", self.algorithm.name().to_lowercase())
    }

    fn key(&self, generation: u32) -> SecretKey {
        match self.algorithm {
            Algorithm::Rs256 => {
                let text = if generation.is_multiple_of(2) { rsa_keys::FIRST } else { rsa_keys::SECOND };
                let der = STANDARD.decode(text).expect("the constant is base64");
                SecretKey::Rs256(Box::new(RsaPrivateKey::from_pkcs8_der(&der).expect("the constant is an RSA key")))
            }
            Algorithm::Es256 => {
                SecretKey::Es256(super::p256_key(&self.seed, &format!("provider {} key {generation}", self.issuer)))
            }
        }
    }

    fn published(&self, generation: u32) -> Value {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let mut key = match self.key(generation) {
            SecretKey::Rs256(key) => {
                json!({ "kty": "RSA", "n": text(&key.n().to_bytes_be()), "e": text(&key.e().to_bytes_be()) })
            }
            SecretKey::Es256(key) => {
                let point = key.verifying_key().to_encoded_point(false);
                let (x, y) = point.as_bytes()[1..].split_at(32);
                json!({ "kty": "EC", "crv": "P-256", "x": text(x), "y": text(y) })
            }
        };
        key["use"] = "sig".into();
        key["alg"] = self.algorithm.name().into();
        key["kid"] = self.id_of(generation).into();
        key
    }
}

impl SecretKey {
    fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        match self {
            // Without a source of randomness to blind with: who could measure a simulated provider?
            Self::Rs256(key) => key
                .sign(Pkcs1v15Sign::new::<Sha256>(), &Sha256::digest(bytes))
                .expect("2048 bits have room for a padded SHA-256"),
            Self::Es256(key) => {
                let signature: Signature = key.sign(bytes);
                signature.to_bytes().to_vec()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lit_node::auth::jwks::Jwks;
    use lit_node::auth::jwt::{self, Claims, JwtError, JwtPolicy};
    use lit_node::meter::Meter;

    /// 2023-11-14T22:13:20Z.
    const NOW: Time = Time(1_700_000_000_000_000_000);
    const BOTH: [Algorithm; 2] = [Algorithm::Rs256, Algorithm::Es256];

    fn provider(algorithm: Algorithm) -> IdentityProvider {
        IdentityProvider::new("https://id.example", algorithm, [3; 32])
    }

    fn ticket() -> Ticket {
        Ticket {
            user: "carol".into(),
            app: "our-app".into(),
            nonce: Some("bound".into()),
            issued_at: NOW,
            expiration: NOW.plus_millis(3_600_000),
        }
    }

    fn check_at(provider: &IdentityProvider, token: &str, now: Time) -> Result<Claims, JwtError> {
        let keys = Jwks::parse(provider.jwks().as_bytes()).expect("a provider publishes good keys");
        let policy = JwtPolicy {
            issuer: "https://id.example".into(),
            audiences: vec!["our-app".into()],
            grace_ms: 60_000,
            nonce: Some("bound".into()),
        };
        jwt::verify(token, &keys, &policy, now, &mut Meter::default())
    }

    fn check(provider: &IdentityProvider, token: &str) -> Result<Claims, JwtError> {
        check_at(provider, token, NOW)
    }

    #[test]
    fn a_node_accepts_the_providers_tokens_of_either_algorithm() {
        for algorithm in BOTH {
            let provider = provider(algorithm);
            let token = provider.issue(&ticket());
            let claims = check(&provider, &token).expect("accepted");
            assert_eq!((claims.sub.as_str(), claims.aud.as_str()), ("carol", "our-app"));
            assert_eq!((claims.iat, claims.exp), (1_700_000_000, 1_700_003_600));
            let header = jwt::header(&token).expect("well formed");
            assert_eq!((header.algorithm, header.key_id), (algorithm, provider.key_id()));
        }
    }

    #[test]
    fn a_token_for_somebody_or_something_else_or_of_another_time_is_refused() {
        for algorithm in BOTH {
            let provider = provider(algorithm);
            let of = |ticket: Ticket| check(&provider, &provider.issue(&ticket));
            assert!(matches!(of(Ticket { app: "their-app".into(), ..ticket() }), Err(JwtError::WrongAudience { .. })));
            assert!(matches!(of(Ticket { nonce: None, ..ticket() }), Err(JwtError::NoNonce { .. })));
            let replayed = of(Ticket { nonce: Some("another".into()), ..ticket() });
            assert!(matches!(replayed, Err(JwtError::WrongNonce { .. })));
            let late = check_at(&provider, &provider.issue(&ticket()), NOW.plus_millis(3_660_000));
            assert!(matches!(late, Err(JwtError::Expired { .. })));
            let mut claims =
                json!({ "iss": "https://other.example", "aud": "our-app", "sub": "carol", "nonce": "bound" });
            (claims["iat"], claims["exp"]) = (1_700_000_000.into(), 1_700_003_600.into());
            assert!(matches!(check(&provider, &provider.sign(&claims)), Err(JwtError::WrongIssuer { .. })));
        }
    }

    #[test]
    fn tokens_stay_good_over_one_rotation_and_no_longer() {
        for algorithm in BOTH {
            let mut provider = provider(algorithm);
            let old = provider.issue(&ticket());
            let stale = provider.clone();
            provider.rotate();
            let new = provider.issue(&ticket());
            assert!(check(&provider, &old).is_ok() && check(&provider, &new).is_ok());
            let id = provider.key_id();
            assert!(matches!(check(&stale, &new), Err(JwtError::UnknownKey { id: unknown, .. }) if unknown == id));
            provider.rotate();
            assert!(matches!(check(&provider, &old), Err(JwtError::UnknownKey { .. })));
            assert!(check(&provider, &new).is_ok());
        }
    }

    #[test]
    fn a_provider_with_other_keys_cannot_pose_as_this_one() {
        let other = IdentityProvider::new("https://id.example", Algorithm::Es256, [4; 32]);
        let forged = other.issue(&ticket());
        assert!(matches!(check(&provider(Algorithm::Es256), &forged), Err(JwtError::WrongSignature { .. })));
        // The two RSA keys are two.
        let mut rsa = provider(Algorithm::Rs256);
        let first = rsa.issue(&ticket());
        rsa.rotate();
        let (signed, _) = first.rsplit_once('.').expect("a token");
        let (_, signature) =
            rsa.issue(&ticket()).rsplit_once('.').map(|(a, b)| (a.to_owned(), b.to_owned())).expect("a token");
        assert!(matches!(check(&rsa, &format!("{signed}.{signature}")), Err(JwtError::WrongSignature { .. })));
    }

    #[test]
    fn no_byte_of_an_rsa_token_can_change() {
        let provider = provider(Algorithm::Rs256);
        let token = provider.issue(&ticket());
        for at in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[at] ^= 1;
            assert!(check(&provider, &String::from_utf8(bytes).expect("ASCII")).is_err(), "{at}");
        }
    }

    #[test]
    fn tokens_are_a_function_of_the_seed() {
        for algorithm in BOTH {
            let (one, other) = (provider(algorithm), provider(algorithm));
            assert_eq!((one.issue(&ticket()), one.jwks()), (other.issue(&ticket()), other.jwks()));
        }
    }
}
