//! Garbage and mutated messages: whatever a holder sends, nobody panics, and no honest holder is named.

use proptest::prelude::*;
use rand_core::RngCore;

use super::net::{Net, Parcel};
use crate::id::NodeId;
use crate::meter::Meter;
use crate::triples::Message;
use crate::wire::{FRAME_BYTES_MAX, SignatureBytes, decode};

/// The holder that sends garbage.
const LIAR: NodeId = NodeId(2);

/// Changes a message's bytes somewhere; what still decodes is signed anew, as a malicious holder would.
fn mutate(net: &mut Net, parcel: &mut Parcel) {
    for _ in 0..1 + net.rng.next_u32() % 3 {
        let head = parcel.bytes.len().min(if net.rng.next_u32() & 1 == 0 { 120 } else { usize::MAX });
        let at = net.rng.next_u64() as usize % head.max(1);
        match net.rng.next_u32() % 4 {
            0 => parcel.bytes.truncate(at),
            1 => parcel.bytes.insert(at, net.rng.next_u32() as u8),
            _ => {
                if let Some(byte) = parcel.bytes.get_mut(at) {
                    *byte = net.rng.next_u32() as u8;
                }
            }
        }
    }
    if let Ok(message) = decode::<Message>(&parcel.bytes, FRAME_BYTES_MAX) {
        let key = super::net::identity(parcel.from);
        parcel.signature = message.signing_digest().map(|d| SignatureBytes::sign(&d, &key, &mut Meter::default()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mutated_messages_neither_panic_nor_convict_an_honest_holder(seed in any::<u64>(), out_of in 2..40u32) {
        let mut net = Net::new(4, 1, seed);
        net.start();
        loop {
            if let Some(at) = net.under_way.iter().position(|parcel| parcel.from == LIAR)
                && net.rng.next_u32().is_multiple_of(out_of)
            {
                let mut parcel = net.under_way.swap_remove(at);
                mutate(&mut net, &mut parcel);
                net.under_way.push(parcel);
            }
            if !net.step() {
                break;
            }
        }
        for holder in net.honest(LIAR) {
            prop_assert!(net.named(holder).keys().all(|node| *node == LIAR));
        }
    }

    #[test]
    fn random_bytes_neither_panic_nor_stop_a_batch(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let mut net = Net::new(4, 1, 1);
        net.start();
        for kind in 0..7 {
            let bytes = [vec![kind], bytes.clone()].concat();
            if let Ok(message) = decode::<Message>(&bytes, FRAME_BYTES_MAX) {
                net.post(NodeId(4), NodeId(1), &message);
                net.post(LIAR, NodeId(1), &message);
            }
        }
        while !net.under_way.is_empty() {
            net.step();
        }
        prop_assert_eq!(net.ready(NodeId(1)).len(), 1);
    }
}
