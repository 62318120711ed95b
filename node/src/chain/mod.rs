//! What nodes and clients read from the chain and write to it: bindings of the network's contracts, views, events,
//! reasons of reverts, and transactions.
//!
//! Everything here is a pure function from values to bytes or back. Bytes from an endpoint are untrusted: decoding
//! is strict and bounded by the input's length, and what does not decode is an error.

pub mod abi;
pub mod addresses;
pub mod calls;
pub mod events;
pub mod grants;
pub mod lists;
pub mod permission_events;
pub mod possession;
pub mod registration;
pub mod revert;
pub mod transaction;
pub mod views;

pub use addresses::Contracts;
pub use calls::ContractCall;
pub use events::{BoardEvent, ChainEvent, EventError};
pub use grants::Grant;
pub use permission_events::PermissionEvent;
pub use registration::Registration;
pub use revert::RevertReason;
pub use transaction::{Fees, SignedTransaction, TransactionRequest};
pub use views::ViewError;
