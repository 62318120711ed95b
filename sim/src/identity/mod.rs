//! Whom users sign in with, other than wallets: passkeys, and identity providers, which nodes ask over HTTP. Everything
//! derives from seeds, and nothing that is signed draws randomness (PKCS#1 v1.5 has none; ECDSA takes its nonces from
//! RFC 6979).

mod login;
pub mod passkey;
pub mod provider;
mod rsa_keys;
pub mod service;

pub use login::Login;
pub use passkey::Passkey;
pub use provider::{IdentityProvider, Ticket};
pub use service::Services;

use p256::ecdsa::SigningKey;

/// 32 bytes for one purpose, from a seed.
fn derive(seed: &[u8; 32], purpose: &str, counter: u32) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_keyed(seed);
    hasher.update(&(purpose.len() as u64).to_be_bytes()).update(purpose.as_bytes()).update(&counter.to_be_bytes());
    hasher.finalize().into()
}

/// A key on P-256. One hash in 2^32 is above the group's order; the next one is taken then.
fn p256_key(seed: &[u8; 32], purpose: &str) -> SigningKey {
    let candidates = (0..).map(|counter| derive(seed, purpose, counter));
    candidates.filter_map(|bytes| SigningKey::from_slice(&bytes).ok()).next().expect("the next hash is a key")
}
