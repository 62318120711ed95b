//! Threshold ECDSA from Beaver triples.

/// Triple shares from a trusted dealer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DealtTriples {}
