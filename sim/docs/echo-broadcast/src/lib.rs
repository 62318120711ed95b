//! Reliable broadcast after Bracha, "Asynchronous Byzantine agreement protocols" (Information and Computation 75,
//! 1987), run by litsim: an example of a protocol of one's own.
//!
//! Node 1 sends a value to all. A node echoes the value that it got first; upon echoes from a quorum it declares itself
//! ready, as it does when more than f nodes are ready; upon a quorum of ready nodes it delivers. With at most f faulty
//! nodes of n > 3f, no two honest nodes deliver different values, even if node 1 lies.
//!
//! The seeded bug makes the quorum smaller by one.

mod behaviour;
mod oracle;
mod protocol;

pub use behaviour::Equivocate;
pub use oracle::{Agreement, Totality};
pub use protocol::{Broadcast, Message, Options};

use litsim::extend::{Letter, Rig};

/// The engine: the protocol, its oracles, and what can go wrong besides what always can.
pub fn engine(off_by_one: bool) -> Rig<Broadcast> {
    Rig::new(Options { off_by_one }, concat!("echo-broadcast ", env!("CARGO_PKG_VERSION")))
        .oracle(Agreement::default)
        .oracle(|| Totality)
        .conduct("equivocate", |setup, _| Equivocate::new(setup))
        .wire_fault("late-echoes", |with| {
            let delay_ms = with.get("ms").map_or(20, |ms| ms.unsigned_abs());
            // One echo in four.
            move |letter: &mut Letter<Broadcast>, draw: u64| {
                if matches!(letter.message, Message::Echo(_)) && draw.is_multiple_of(4) {
                    letter.delay_ms += delay_ms;
                }
            }
        })
}
