//! The network's own key: signatures and decryption. There is no crate with the same protocol to compare with.

use std::collections::BTreeMap;

use lit_node::bls::{Purpose, combine, encrypt, is_signature, sign_share, sort_shares};
use lit_node::curve::Bls12381;
use lit_node::id::NodeId;
use lit_node::meter::Meter;

use crate::clock::Clock;
use crate::keys::{DIGEST, rng, shares};
use crate::table::Row;

const ME: NodeId = NodeId(1);
const PLAINTEXT: &[u8] = b"attack at dawn";

pub fn rows(clock: &Clock, n: u16, k: u16) -> Vec<Row> {
    let shares = shares::<Bls12381>(n, k);
    let public = &shares[&ME].public;
    let encrypted = encrypt(&public.point, DIGEST, PLAINTEXT, &mut rng(1), &mut Meter::default()).expect("it is short");
    let identity = encrypted.header.identity();
    let (purpose, message) = (Purpose::Identity, identity.as_bytes());
    let sign =
        |id: NodeId| sign_share(&shares[&id], purpose, message, &mut Meter::default()).expect("not the identity");
    let signed: BTreeMap<NodeId, _> = (1..=k).map(|id| (NodeId(id), sign(NodeId(id)))).collect();
    let key = combine(k.into(), &signed, &mut Meter::default()).expect("enough shares");
    let row = |protocol, ours| Row { protocol, n, k, ours, theirs: None };
    vec![
        row("BLS sign", clock.time(|| sign(ME))),
        row("BLS verify", clock.time(|| is_signature(&public.point, purpose, message, &key, &mut Meter::default()))),
        row(
            "BLS check k shares, combine",
            clock.time(|| {
                let sorted = sort_shares(public, purpose, message, &signed, &mut Meter::default());
                assert!(sorted.wrong.is_empty(), "all are right");
                combine(k.into(), &sorted.right, &mut Meter::default())
            }),
        ),
        row(
            "IBE encrypt",
            clock
                .time(|| encrypt(&public.point, DIGEST, PLAINTEXT, &mut rng(1), &mut Meter::default()).expect("short")),
        ),
        row(
            "IBE decrypt",
            clock.time(|| encrypted.open(&public.point, &key, &mut Meter::default()).expect("the right key")),
        ),
    ]
}
