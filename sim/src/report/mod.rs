//! Reports of a run: a table for people, JSON for programs. Both are pure functions of the [`RunReport`], without
//! wall-clock figures, so that equal runs give equal bytes.
//!
//! [`RunReport`]: crate::outcome::RunReport

mod json;
mod table;

pub use json::json;
pub(crate) use table::grouped;
pub use table::{Style, table};

#[cfg(test)]
pub(crate) mod tests;
