//! How long counted work takes: the committed table from operations to virtual time.
//!
//! The figures stand for one core of a current server, rounded; they were measured once and are part of what a run is
//! a function of. They are not re-measured at run time, or a run would depend on the machine.

use lit_node::meter::{Meter, Op};

use crate::heap::Nanos;

/// Picoseconds that one operation takes.
pub fn picos(op: Op) -> u64 {
    match op {
        Op::ScalarMul => 45_000_000,
        Op::PointAdd => 250_000,
        Op::G1Mul => 110_000_000,
        Op::G1Add => 600_000,
        Op::G2Mul => 230_000_000,
        Op::HashToG2 => 180_000_000,
        Op::Pairing => 450_000_000,
        Op::SignatureMade => 60_000_000,
        Op::SignatureChecked => 95_000_000,
        Op::KeyAgreement => 40_000_000,
        Op::HashByte => 3_000,
        Op::AeadByte => 1_500,
        Op::StreamByte => 1_000,
        Op::ScalarProduct => 50_000,
        // Actions run on workers of their own: the node keeps results back for as long as the fuel takes.
        Op::JsFuel => 0,
        Op::JsContext => 350_000_000,
        Op::StoreSync => 1_000_000_000,
        Op::Message => 1_000_000,
    }
}

/// How long the counted work takes on one core.
pub fn duration(meter: &Meter) -> Nanos {
    let total: u128 = Op::ALL.iter().map(|&op| u128::from(meter.count(op)) * u128::from(picos(op))).sum();
    u64::try_from(total / 1000).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_adds_up() {
        let mut meter = Meter::default();
        meter.add(Op::ScalarMul, 2);
        meter.add(Op::HashByte, 100);
        assert_eq!(duration(&meter), 90_300);
    }
}
