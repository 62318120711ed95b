//! Garbage and mutated messages: whatever a holder sends, nobody panics, and no honest holder is named.

use proptest::prelude::*;
use rand_core::{RngCore, SeedableRng};

use super::net::{Net, Parcel};
use crate::id::{Digest, NodeId, SessionId};
use crate::meter::Meter;
use crate::note::Note;
use crate::triples::{Abort, Body, Kind, Message, Opening, Reason, Seal, Seed, Slot, Step, Testimony};
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
        for steps in 0.. {
            prop_assert!(steps < 5_000, "the run ends");
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
        // Some of what was changed convicts its maker; whatever else became of it, the liar alone has caused it.
        for holder in net.honest(LIAR) {
            let (named, suspected) = (net.named(holder), net.suspected(holder));
            prop_assert!(named.keys().all(|node| *node == LIAR));
            prop_assert_eq!(net.ready(holder).len() + net.failed(holder), 1, "the batch ends");
            if net.failed(holder) == 1 {
                let is_liars = named.contains_key(&LIAR) || suspected.contains(&LIAR);
                prop_assert!(is_liars, "{} names {:?} and suspects {:?}", holder, named, suspected);
            }
            prop_assert!(net.peers[&holder].generator.is_empty(), "nothing is kept for ever");
        }
    }

    #[test]
    fn random_bytes_and_messages_of_nothing_are_dropped_and_counted_and_neither_blame_nor_stop_a_batch(
        bytes in proptest::collection::vec(any::<u8>(), 0..400), seed: u64,
    ) {
        let mut net = Net::new(4, 1, 1);
        net.start();
        let mut messages: Vec<Message> = of_nothing(&bytes, seed);
        for kind in 0..8 {
            let bytes = [vec![kind], bytes.clone()].concat();
            messages.extend(decode::<Message>(&bytes, FRAME_BYTES_MAX));
        }
        for message in &messages {
            net.post(NodeId(4), NodeId(1), message);
            net.post(LIAR, NodeId(1), message);
        }
        while !net.under_way.is_empty() {
            net.step();
        }
        prop_assert_eq!(net.ready(NodeId(1)).len(), 1);
        // What the stranger says is all for nothing; the liar takes part besides, and may be late or say a thing twice.
        let dropped_of = |stranger: NodeId| {
            let is_it = |note: &&Note| matches!(note, Note::Dropped { from, .. } if *from == stranger);
            net.peers[&NodeId(1)].notes.iter().filter(is_it).count()
        };
        prop_assert_eq!(dropped_of(NodeId(4)), messages.len(), "each is counted");
        prop_assert!(dropped_of(LIAR) >= messages.len());
        for holder in net.holders.clone() {
            prop_assert!(net.named(holder).is_empty() && net.suspected(holder).is_empty());
        }
    }
}

/// Well-formed messages about batches that there are not.
fn of_nothing(bytes: &[u8], seed: u64) -> Vec<Message> {
    let (batch, sid) = (SessionId([seed as u8; 32]), Digest([(seed >> 8) as u8; 32]));
    let kind = Kind::ALL[(seed >> 16) as usize % Kind::ALL.len()];
    let slot = Slot { from: LIAR, to: (seed & 1 == 0).then_some(NodeId(1)), kind, part: (seed >> 24) as u8 };
    let testimony = Testimony { batch, commits: Vec::new(), records: Vec::new() };
    let secret = Seed::random(&mut rand_chacha::ChaCha20Rng::seed_from_u64(seed));
    let opening = Opening { seed: secret, testimony: testimony.clone(), waits: None };
    vec![
        Message::Step(Step { batch, sid, slot, body: Body(bytes.to_vec()) }),
        Message::Seal(Seal { batch, sid, public: sid }),
        Message::Seals(Vec::new()),
        Message::Abort(Box::new(Abort { batch, sid: Some(sid), reason: Reason::Bad(slot) })),
        Message::Opening(Box::new(opening)),
        Message::Testimony(Box::new(testimony)),
    ]
}
