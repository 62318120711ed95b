//! Traces in the formats of other programs: Chrome's trace events, which Perfetto opens too, and ShiViz's log.

mod chrome;
mod shiviz;

pub use chrome::chrome;
pub use shiviz::shiviz;

#[cfg(test)]
mod tests;
