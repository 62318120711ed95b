//! Who asks, and whether they may.

pub mod conditions;
pub mod jwks;
pub mod jwt;
pub mod method;
pub mod oauth;
pub mod permission;
pub mod providers;
pub mod recap;
pub mod session;
pub mod session_make;
pub mod session_text;
mod sign_in;
pub mod siwe;
pub mod webauthn;

pub use sign_in::{SignInError, SignInText, SiweFields, sign_in};
