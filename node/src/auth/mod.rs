//! Who asks, and whether they may.

pub mod conditions;
pub mod permission;
mod sign_in;
pub mod siwe;

pub use sign_in::{SignInError, SiweFields, sign_in};
