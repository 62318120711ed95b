//! Presigning and signing by ECDSA on dealt triples, beside the cait-sith crate.

use std::collections::BTreeMap;

use cait_sith::protocol::{Participant, Protocol, run_protocol};
use cait_sith::triples::deal;
use cait_sith::{FullSignature, KeygenOutput, PresignArguments, PresignOutput, presign, sign};
use k256::{AffinePoint, ProjectivePoint, Secp256k1};
use lit_node::id::NodeId;
use lit_node::key::KeyShare;
use lit_node::signing::{Scheme, combine};

use crate::clock::Clock;
use crate::keys::{DIGEST, rng, shares};
use crate::presigning::Presigning;
use crate::table::Row;

const ME: NodeId = NodeId(1);

pub fn rows(clock: &Clock, n: u16, k: u16) -> Vec<Row> {
    let shares = shares::<ProjectivePoint>(n, k);
    let holders: Vec<NodeId> = (1..=k).map(NodeId).collect();
    let ours = Presigning::new(&shares, holders.clone(), rng(k));
    let theirs = Theirs::new(&shares, k);
    let row = |protocol, ours, theirs| Row { protocol, n, k, ours, theirs: Some(("cait-sith 0.8", theirs)) };
    let (signed, nonce) = ours.signed(&DIGEST);
    let key = &shares[&ME].public.point;
    let combined = || combine(Scheme::EcdsaK256, key, &DIGEST, &nonce, &holders, &signed).expect("right shares");
    let all = u32::from(k);
    vec![
        row(
            "presign",
            clock.time(|| ours.presign(ME)),
            clock.time_of(|| theirs.presigning(), |parties| run_protocol(parties).expect("all are honest")) / all,
        ),
        row(
            "ECDSA sign, combine, verify",
            clock.time_of(|| ours.presign(ME), |presignature| (ours.sign(presignature, &DIGEST), combined())),
            clock.time_of(|| theirs.signing(), |parties| run_protocol(parties).expect("all are honest")) / all,
        ),
    ]
}

/// The same key among the same parties.
struct Theirs {
    everybody: Vec<Participant>,
    arguments: Vec<PresignArguments<Secp256k1>>,
    presigned: Vec<PresignOutput<Secp256k1>>,
    public_key: AffinePoint,
}

type Boxed<T> = Vec<(Participant, Box<dyn Protocol<Output = T>>)>;

impl Theirs {
    fn new(shares: &BTreeMap<NodeId, KeyShare>, k: u16) -> Self {
        let threshold = usize::from(k);
        // Participant i has the field element i + 1, as our node i + 1 has.
        let everybody: Vec<Participant> = (0..u32::from(k)).map(Participant::from).collect();
        let mut rng = rng(k);
        let [first, second] = [(), ()].map(|()| deal::<Secp256k1>(&mut rng, &everybody, threshold));
        let public_key = shares[&ME].public.point.to_affine();
        let arguments = shares.values().take(threshold).zip(first.1).zip(second.1).map(|((share, a), b)| {
            let keygen_out = KeygenOutput { private_share: share.secret, public_key };
            PresignArguments { triple0: (a, first.0.clone()), triple1: (b, second.0.clone()), keygen_out, threshold }
        });
        let arguments = arguments.collect();
        let mut this = Self { everybody, arguments, presigned: Vec::new(), public_key };
        let mut presigned = run_protocol(this.presigning()).expect("all are honest");
        presigned.sort_by_key(|(party, _)| *party);
        this.presigned = presigned.into_iter().map(|(_, output)| output).collect();
        this
    }

    fn presigning(&self) -> Boxed<PresignOutput<Secp256k1>> {
        let parties = self.everybody.iter().zip(&self.arguments).map(|(me, arguments)| {
            let party = presign(&self.everybody, *me, arguments.clone()).expect("right sizes");
            (*me, Box::new(party) as Box<_>)
        });
        parties.collect()
    }

    fn signing(&self) -> Boxed<FullSignature<Secp256k1>> {
        let digest = lit_node::curve::scalar_reduce(&DIGEST.0);
        let parties = self.everybody.iter().zip(&self.presigned).map(|(me, presigned)| {
            let party = sign(&self.everybody, *me, self.public_key, presigned.clone(), digest).expect("right sizes");
            (*me, Box::new(party) as Box<_>)
        });
        parties.collect()
    }
}
