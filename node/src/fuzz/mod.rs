//! Whatever arrives from outside: functions that feed bytes, and what bytes make of honest messages, to every decoder and
//! every state machine, and panic if one breaks its word.
//!
//! The same functions are the targets of `node/fuzz` and are run by proptest in this crate's tests. Each takes a byte string
//! as a list of choices ([`Choices`]): which message comes next, where it is spoilt, what is injected. Node 2 lies, all
//! others are honest, and no choice may make an honest node panic, name an honest one, or believe what nobody said.

mod blame;
mod chain;
mod channel;
mod choices;
mod clients;
mod committee;
mod decoders;
mod keygen;
mod network;
pub(crate) mod node;
mod samples;
mod signing;
#[cfg(test)]
mod tests;
mod triples;

pub use choices::Choices;
#[cfg(test)]
pub(crate) use node::config as node_config;

/// A function that takes choices, and what it is called.
pub type Target = (&'static str, fn(&[u8]));

/// All targets.
pub const TARGETS: [Target; 12] = [
    ("decoders", decoders::target),
    ("channel", channel::target),
    ("dkg", keygen::target),
    ("network_dkg", keygen::network_target),
    ("reshare", keygen::reshare_target),
    ("triples", triples::target),
    ("ecdsa", signing::ecdsa_target),
    ("frost", signing::frost_target),
    ("clients", clients::target),
    ("chain", chain::target),
    ("blame", blame::target),
    ("node", node::target),
];

/// Runs the target of this name.
///
/// # Panics
/// If there is none, or if the target finds something.
pub fn run(name: &str, data: &[u8]) {
    let (_, target) = TARGETS.iter().find(|(known, _)| *known == name).expect("a known target");
    target(data);
}
