//! The network's own key, over BLS12-381: threshold signatures, and identity-based encryption that they decrypt.
//!
//! A holder's share of a signature is its share of the key times the message's point of G2; any threshold of them
//! interpolate to the one signature under the key (Boldyreva 2003). A signature over an *identity* is the decryption
//! key of what was encrypted to that identity (Boneh, Franklin 2001). The two kinds never meet: messages and identities
//! are hashed to the curve under different domain tags, so nobody obtains a decryption key by having something signed.

mod ibe;
mod identity;
mod payload;
mod point;
mod request;
#[cfg(test)]
mod tests;
mod threshold;

pub use ibe::{Capsule, DecapsulateError};
pub use identity::{Identity, Purpose};
pub use payload::{Encrypted, Header, OpenError, PLAINTEXT_BYTES_MAX, encrypt};
pub use point::SignaturePoint;
pub use request::{SealedShare, ShareEvidence, ShareStatement, UnsealError};
pub use threshold::{Sorted, combine, is_signature, sign_share, sort_shares};
