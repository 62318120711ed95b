//! The public keys of an identity provider, as it publishes them: a JWK set (RFC 7517) of RS256 and ES256 keys (RFC 7518).
//!
//! Keys of other kinds and uses are left out, as RFC 7517 section 5 has it: a token that names one names no key. A key
//! that should be one of ours and is malformed spoils the set.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::hazmat::PrehashVerifier;
use p256::{EncodedPoint, ecdsa};
use rsa::{BigUint, Pkcs1v15Sign, RsaPublicKey};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fmt;
use thiserror::Error;

use super::siwe::cut;
use crate::meter::{Meter, Op};

/// The longest set that is looked at, bytes.
pub const SET_BYTES_MAX: usize = 64 * 1024;
/// How many keys a set may have.
pub const KEYS_MAX: usize = 32;
/// The smallest and the largest RSA modulus, bits (RFC 7518 section 3.3 demands 2048).
pub const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=4096;
/// 65537, the public exponent of all RSA keys that are in use.
const RSA_EXPONENT: [u8; 3] = [1, 0, 1];

/// A way of signing tokens (RFC 7518 section 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// ECDSA over P-256 with SHA-256.
    Es256,
}

impl Algorithm {
    /// The name in headers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
        }
    }

    /// The algorithm of this name; `None` for all that are not accepted, `none` and the symmetric ones first of all.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Rs256, Self::Es256].into_iter().find(|algorithm| algorithm.name() == name)
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why a set of keys was refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum JwksError {
    /// It is too long.
    #[error("a key set of {0} bytes: at most {SET_BYTES_MAX} are accepted")]
    TooLong(usize),
    /// It has too many keys.
    #[error("{0} keys: at most {KEYS_MAX} are accepted")]
    TooManyKeys(usize),
    /// It is no such JSON.
    #[error("expected a JWK set: {0}")]
    Json(String),
    /// Two keys have one id.
    #[error("two keys are called {0:?}")]
    Twice(String),
    /// A key is malformed.
    #[error("key {id:?}: {reason}")]
    Key {
        /// Its id.
        id: String,
        /// What is wrong.
        reason: &'static str,
    },
}

/// One public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// For [`Algorithm::Rs256`].
    Rs256(RsaPublicKey),
    /// For [`Algorithm::Es256`].
    Es256(ecdsa::VerifyingKey),
}

impl Key {
    /// What the key is for.
    pub fn algorithm(&self) -> Algorithm {
        match self {
            Self::Rs256(_) => Algorithm::Rs256,
            Self::Es256(_) => Algorithm::Es256,
        }
    }

    /// Whether a signature, as it stands in a token, is this key's over these bytes.
    pub fn verifies(&self, signed: &[u8], signature: &[u8], meter: &mut Meter) -> bool {
        meter.add(Op::HashByte, signed.len() as u64);
        meter.add(Op::SignatureChecked, 1);
        let digest = Sha256::digest(signed);
        match self {
            Self::Rs256(key) => key.verify(Pkcs1v15Sign::new::<Sha256>(), &digest, signature).is_ok(),
            Self::Es256(key) => ecdsa::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify_prehash(&digest, &signature).is_ok()),
        }
    }
}

/// An identity provider's keys by their ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Jwks {
    keys: BTreeMap<String, Key>,
}

#[derive(Deserialize)]
struct WrittenSet {
    keys: Vec<WrittenKey>,
}

/// A key as it is written. Members that say nothing here (`x5c`, ...) are not looked at.
#[derive(Deserialize)]
struct WrittenKey {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    alg: Option<String>,
    n: Option<String>,
    e: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl Jwks {
    /// Reads a set as it is published.
    ///
    /// # Errors
    /// If it is none, or has a malformed key.
    pub fn parse(text: &[u8]) -> Result<Self, JwksError> {
        if text.len() > SET_BYTES_MAX {
            return Err(JwksError::TooLong(text.len()));
        }
        let set: WrittenSet = serde_json::from_slice(text).map_err(|error| JwksError::Json(error.to_string()))?;
        if set.keys.len() > KEYS_MAX {
            return Err(JwksError::TooManyKeys(set.keys.len()));
        }
        let mut keys = BTreeMap::new();
        for written in &set.keys {
            let Some((id, key)) = written.read()? else { continue };
            if keys.insert(id.to_owned(), key).is_some() {
                return Err(JwksError::Twice(cut(id)));
            }
        }
        Ok(Self { keys })
    }

    /// The key of this id.
    pub fn get(&self, id: &str) -> Option<&Key> {
        self.keys.get(id)
    }

    /// The ids of all keys.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.keys.keys().map(String::as_str)
    }
}

impl WrittenKey {
    /// The key and its id; `None` if it is of no use here.
    fn read(&self) -> Result<Option<(&str, Key)>, JwksError> {
        let is_for = |algorithm: Algorithm| self.alg.as_deref().is_none_or(|alg| alg == algorithm.name());
        let signs = self.purpose.as_deref().is_none_or(|purpose| purpose == "sig");
        let Some(id) = self.kid.as_deref().filter(|_| signs) else { return Ok(None) };
        let key = match self.kty.as_str() {
            "RSA" if is_for(Algorithm::Rs256) => self.rsa(),
            "EC" if is_for(Algorithm::Es256) && self.crv.as_deref() == Some("P-256") => self.p256(),
            _ => return Ok(None),
        };
        key.map(|key| Some((id, key))).map_err(|reason| JwksError::Key { id: cut(id), reason })
    }

    fn rsa(&self) -> Result<Key, &'static str> {
        let modulus = bytes(self.n.as_deref()).ok_or("n: expected base64url")?;
        if bytes(self.e.as_deref()).is_none_or(|exponent| exponent != RSA_EXPONENT) {
            return Err("e: expected 65537");
        }
        let modulus = match modulus.first() {
            Some(first) if *first != 0 => BigUint::from_bytes_be(&modulus),
            _ => return Err("n: expected a number without leading zeros"),
        };
        if !RSA_BITS.contains(&modulus.bits()) {
            return Err("n: expected 2048 to 4096 bits");
        }
        RsaPublicKey::new(modulus, BigUint::from_bytes_be(&RSA_EXPONENT)).map(Key::Rs256).map_err(|_| "no RSA key")
    }

    fn p256(&self) -> Result<Key, &'static str> {
        let coordinate = |text: &Option<String>| <[u8; 32]>::try_from(bytes(text.as_deref())?).ok();
        let (Some(x), Some(y)) = (coordinate(&self.x), coordinate(&self.y)) else {
            return Err("x, y: expected base64url of 32 bytes");
        };
        let point = EncodedPoint::from_affine_coordinates(&x.into(), &y.into(), false);
        ecdsa::VerifyingKey::from_encoded_point(&point).map(Key::Es256).map_err(|_| "x, y: no point of P-256")
    }
}

fn bytes(text: Option<&str>) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text?).ok()
}

#[cfg(test)]
pub(crate) mod testing {
    //! The keys of RFC 7515's examples.

    /// Appendix A.2: `n`.
    pub(crate) const A2_N: &str = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
    /// Appendix A.2: a token without a key id.
    pub(crate) const A2_TOKEN: &str = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
    /// Appendix A.3: `x` and `y`.
    pub(crate) const A3_XY: (&str, &str) =
        ("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0");
    /// Appendix A.3: a token without a key id.
    pub(crate) const A3_TOKEN: &str = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
}

#[cfg(test)]
mod tests {
    use super::testing::{A2_N, A2_TOKEN, A3_TOKEN, A3_XY};
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn rsa() -> Value {
        json!({ "kty": "RSA", "kid": "r", "alg": "RS256", "use": "sig", "n": A2_N, "e": "AQAB" })
    }

    fn ec() -> Value {
        json!({ "kty": "EC", "kid": "e", "alg": "ES256", "use": "sig", "crv": "P-256", "x": A3_XY.0, "y": A3_XY.1 })
    }

    fn set(keys: Vec<Value>) -> Result<Jwks, JwksError> {
        Jwks::parse(json!({ "keys": keys }).to_string().as_bytes())
    }

    fn with(mut key: Value, member: &str, value: Value) -> Value {
        key[member] = value;
        key
    }

    fn reason(key: Value) -> &'static str {
        match set(vec![key]) {
            Err(JwksError::Key { reason, .. }) => reason,
            other => panic!("accepted, or refused otherwise: {other:?}"),
        }
    }

    fn verifies(keys: &Jwks, id: &str, token: &str) -> bool {
        let (signed, signature) = token.rsplit_once('.').expect("a token");
        let signature = URL_SAFE_NO_PAD.decode(signature).expect("base64url");
        let key = keys.get(id).expect("a key");
        key.verifies(signed.as_bytes(), &signature, &mut Meter::default())
    }

    #[test]
    fn the_examples_of_rfc_7515_verify_under_their_keys_only() {
        let keys = set(vec![rsa(), ec()]).expect("well formed");
        assert!(verifies(&keys, "r", A2_TOKEN) && verifies(&keys, "e", A3_TOKEN));
        assert!(!verifies(&keys, "e", A2_TOKEN) && !verifies(&keys, "r", A3_TOKEN));
        let other = |token: &str| token.replacen("eyJpc3", "eyJpc4", 1);
        assert!(!verifies(&keys, "r", &other(A2_TOKEN)) && !verifies(&keys, "e", &other(A3_TOKEN)));
        assert_eq!(keys.get("r").map(Key::algorithm), Some(Algorithm::Rs256));
        assert_eq!(keys.get("e").map(Key::algorithm), Some(Algorithm::Es256));
        assert_eq!(keys.ids().collect::<Vec<_>>(), ["e", "r"]);
    }

    #[test]
    fn a_check_is_counted() {
        let keys = set(vec![ec()]).expect("well formed");
        let mut meter = Meter::default();
        assert!(!keys.get("e").expect("a key").verifies(b"abc", &[], &mut meter));
        assert_eq!((meter.count(Op::SignatureChecked), meter.count(Op::HashByte)), (1, 3));
    }

    #[test]
    fn keys_of_other_kinds_and_uses_are_left_out() {
        let others = vec![
            with(rsa(), "alg", "RS512".into()),
            with(rsa(), "use", "enc".into()),
            with(rsa(), "kty", "OKP".into()),
            with(rsa(), "kid", Value::Null),
            with(ec(), "crv", "P-384".into()),
            with(ec(), "alg", "ES384".into()),
            json!({ "kty": "oct", "kid": "s", "k": "AAAA", "alg": "HS256" }),
        ];
        assert_eq!(set(others).expect("well formed"), Jwks::default());
        let bare = with(with(rsa(), "alg", Value::Null), "use", Value::Null);
        assert!(set(vec![bare]).expect("well formed").get("r").is_some());
    }

    #[test]
    fn malformed_and_weak_keys_spoil_the_set() {
        let n_of = |bytes: &[u8]| with(rsa(), "n", URL_SAFE_NO_PAD.encode(bytes).into());
        assert_eq!(reason(with(rsa(), "n", Value::Null)), "n: expected base64url");
        assert_eq!(reason(with(rsa(), "n", format!("{A2_N}==").into())), "n: expected base64url");
        assert_eq!(reason(n_of(&[])), "n: expected a number without leading zeros");
        let modulus = URL_SAFE_NO_PAD.decode(A2_N).expect("base64url");
        assert_eq!(reason(n_of(&[&[0][..], &modulus].concat())), "n: expected a number without leading zeros");
        assert_eq!(reason(n_of(&[0xff; 128])), "n: expected 2048 to 4096 bits");
        assert_eq!(reason(n_of(&[&[0x7f][..], &[0xff; 255]].concat())), "n: expected 2048 to 4096 bits");
        assert_eq!(reason(n_of(&[0xff; 513])), "n: expected 2048 to 4096 bits");
        for exponent in [Value::Null, "AQ".into(), "Aw".into(), "AAEAAQ".into()] {
            assert_eq!(reason(with(rsa(), "e", exponent)), "e: expected 65537");
        }
        assert_eq!(reason(with(ec(), "x", Value::Null)), "x, y: expected base64url of 32 bytes");
        assert_eq!(reason(with(ec(), "y", "AAAA".into())), "x, y: expected base64url of 32 bytes");
        assert_eq!(reason(with(ec(), "y", A3_XY.0.into())), "x, y: no point of P-256");
    }

    #[test]
    fn an_even_modulus_verifies_nothing_and_stops_nobody() {
        let even = with(rsa(), "n", URL_SAFE_NO_PAD.encode([0xfe; 256]).into());
        if let Ok(keys) = set(vec![even]) {
            assert!(!verifies(&keys, "r", A2_TOKEN));
        }
    }

    #[test]
    fn what_is_no_set_is_refused() {
        for text in
            ["", "[]", "{}", r#"{"keys":{}}"#, r#"{"keys":[1]}"#, r#"{"keys":[{}]}"#, r#"{"keys":[],"keys":[]}"#]
        {
            assert!(matches!(Jwks::parse(text.as_bytes()), Err(JwksError::Json(_))), "{text}");
        }
        let twice = rsa().to_string().replacen('{', r#"{"n":"AQAB","#, 1);
        let twice = Jwks::parse(format!(r#"{{"keys":[{twice}]}}"#).as_bytes());
        assert!(matches!(twice, Err(JwksError::Json(_))), "{twice:?}");
        assert_eq!(set(vec![rsa(), with(ec(), "kid", "r".into())]), Err(JwksError::Twice("r".into())));
        let unused = json!({ "kty": "oct" });
        assert!(set(vec![unused.clone(); KEYS_MAX]).is_ok());
        assert_eq!(set(vec![unused; KEYS_MAX + 1]), Err(JwksError::TooManyKeys(KEYS_MAX + 1)));
        let long = vec![b' '; SET_BYTES_MAX + 1];
        assert_eq!(Jwks::parse(&long), Err(JwksError::TooLong(SET_BYTES_MAX + 1)));
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(bytes: Vec<u8>, json in r#"[{}\[\]",:a-c/ ]{0,60}"#, n: Vec<u8>) {
            let _ = (Jwks::parse(&bytes), Jwks::parse(json.as_bytes()));
            let _ = set(vec![with(rsa(), "n", URL_SAFE_NO_PAD.encode(&n).into())]);
            let _ = set(vec![with(ec(), "x", URL_SAFE_NO_PAD.encode(&n).into())]);
        }

        #[test]
        fn no_signature_makes_the_check_panic(signature: Vec<u8>, fit in proptest::collection::vec(any::<u8>(), 64)) {
            let keys = set(vec![rsa(), ec()]).expect("well formed");
            for key in ["r", "e"].map(|id| keys.get(id).expect("a key")) {
                prop_assert!(!key.verifies(b"", &signature, &mut Meter::default()));
                prop_assert!(!key.verifies(b"", &fit, &mut Meter::default()));
                prop_assert!(!key.verifies(b"", &fit.repeat(4), &mut Meter::default()));
            }
        }
    }
}
