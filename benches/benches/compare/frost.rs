//! Schnorr signatures by FROST, beside the crate of the same name.

use std::collections::BTreeMap;

use frost_secp256k1::{self as theirs, Identifier, SigningPackage};
use k256::{ProjectivePoint, Scalar};
use lit_node::dkg::frost::{identifier, key_package, public_key_package};
use lit_node::id::NodeId;
use lit_node::meter::Meter;
use lit_node::signing::{Scheme, combine, frost};

use crate::clock::Clock;
use crate::keys::{DIGEST, rng, shares};
use crate::table::Row;

const SCHEME: Scheme = Scheme::SchnorrK256Sha256;
const ME: NodeId = NodeId(1);

pub fn rows(clock: &Clock, n: u16, k: u16) -> Vec<Row> {
    let shares = shares::<ProjectivePoint>(n, k);
    let key = &shares[&ME].public;
    let holders: Vec<NodeId> = (1..=k).map(NodeId).collect();
    let meter = || Meter::default();

    let committed: BTreeMap<NodeId, _> = holders
        .iter()
        .map(|id| (*id, frost::commit(SCHEME, &shares[id], &mut rng(id.0), &mut meter()).expect("a scheme of FROST")))
        .collect();
    let commitments: BTreeMap<_, _> = committed.iter().map(|(id, (_, sent))| (*id, *sent)).collect();
    let run = || frost::Run::new(SCHEME, key, &DIGEST, &commitments, &mut meter()).expect("honest commitments");
    let sign = |id: NodeId| run().sign(committed[&id].0.clone(), &shares[&id], &mut meter()).expect("its own nonces");
    let signed: BTreeMap<NodeId, Scalar> = holders.iter().map(|id| (*id, sign(*id))).collect();
    let ours_sign = clock.time(|| {
        let drawn = frost::commit(SCHEME, &shares[&ME], &mut rng(1), &mut meter()).expect("a scheme of FROST");
        (drawn.1, sign(ME))
    });
    let ours_combine =
        clock.time(|| combine(SCHEME, &key.point, &DIGEST, &run().nonce(), &holders, &signed).expect("honest"));

    let packages: BTreeMap<NodeId, _> = holders.iter().map(|id| (*id, key_package(&shares[id]))).collect();
    let public = public_key_package(key);
    let drawn: BTreeMap<NodeId, _> =
        packages.iter().map(|(id, p)| (*id, theirs::round1::commit(p.signing_share(), &mut rng(id.0)))).collect();
    let sent = || drawn.iter().map(|(id, (_, sent))| (identifier(*id), *sent)).collect();
    let sign = |id: NodeId| {
        let package = SigningPackage::new(sent(), &DIGEST.0);
        theirs::round2::sign(&package, &drawn[&id].0, &packages[&id]).expect("its own nonces")
    };
    let parts: BTreeMap<Identifier, _> = holders.iter().map(|id| (identifier(*id), sign(*id))).collect();
    let theirs_sign = clock.time(|| (theirs::round1::commit(packages[&ME].signing_share(), &mut rng(1)).1, sign(ME)));
    let theirs_combine = clock.time(|| {
        let package = SigningPackage::new(sent(), &DIGEST.0);
        theirs::aggregate(&package, &parts, &public).expect("honest shares")
    });
    let row = |protocol, ours, theirs| Row { protocol, n, k, ours, theirs: Some(("frost-secp256k1", theirs)) };
    vec![
        row("FROST commit and sign", ours_sign, theirs_sign),
        row("FROST combine and verify", ours_combine, theirs_combine),
    ]
}
