//! Key generation: one party's part in a key, beside frost's.

use std::collections::BTreeMap;

use frost_secp256k1::Identifier;
use frost_secp256k1::keys::dkg as frost;
use lit_node::curve::Polynomial;
use lit_node::dkg::{self, Ack, Certificate, Context, Dealing};
use lit_node::id::{NodeId, SessionId};
use lit_node::key::KeyShare;
use lit_node::memo::Memo;
use lit_node::meter::Meter;
use lit_node::wire::{FRAME_BYTES_MAX, Signable, Signed, decode, encode};

use crate::clock::Clock;
use crate::keys::{Committee, me, rng};
use crate::table::Row;

/// What the row is called that has in it what frost's three functions do.
pub const PROTOCOL: &str = "DKG on decoded values";

const SESSION: SessionId = SessionId([7; 32]);

pub fn rows(clock: &Clock, n: u16, k: u16) -> Vec<Row> {
    let (ours, theirs) = (Ours::new(n, k), Theirs::new(n, k));
    let row = |protocol, ours, name, theirs| Row { protocol, n, k, ours, theirs: Some((name, theirs)) };
    let (dealings, packages) = (ours.decoded(), theirs.decoded());
    let computed = row(
        PROTOCOL,
        clock.time(|| {
            ours.deal(ours.me);
            ours.key(&dealings)
        }),
        "frost-secp256k1 part1..3",
        clock.time(|| theirs.key(&packages)),
    );
    let whole = row(
        "DKG from bytes, ours signed",
        clock.time(|| ours.party()),
        "frost-secp256k1 part1..3 and decoding",
        clock.time(|| theirs.key(&theirs.decoded())),
    );
    vec![computed, whole]
}

/// One session, and what all others send to the party.
struct Ours {
    committee: Committee,
    me: NodeId,
    dealings: Vec<Vec<u8>>,
    acks: Vec<Vec<u8>>,
}

impl Ours {
    fn new(n: u16, k: u16) -> Self {
        let mut this = Self { committee: Committee::new(n, k), me: me(n), dealings: Vec::new(), acks: Vec::new() };
        let ids: Vec<NodeId> = this.committee.roster.ids().collect();
        this.dealings = ids.iter().map(|dealer| this.deal(*dealer)).collect();
        let own: Signed<Dealing> = decode(&this.dealings[usize::from(this.me.0) - 1], FRAME_BYTES_MAX).expect("honest");
        let needed = this.committee.roster.certificate_size();
        this.acks = ids.iter().take(needed).map(|signer| encode(&this.acknowledge(*signer, &own.body))).collect();
        this
    }

    fn context(&self) -> Context {
        Context::new(SESSION, &self.committee.roster, &mut Meter::default())
    }

    fn deal(&self, dealer: NodeId) -> Vec<u8> {
        let mut rng = rng(dealer.0);
        let polynomial = Polynomial::random(self.committee.roster.threshold() as u16, &mut rng);
        let meter = &mut Meter::default();
        let dealing = dkg::deal(&self.context(), &self.committee.roster, dealer, &polynomial, &mut rng, meter);
        encode(&Signed::new(dealing, dealer, &self.committee.identities[&dealer], meter))
    }

    fn acknowledge(&self, signer: NodeId, dealing: &Dealing) -> Signed<Ack> {
        let ack = Ack { session: SESSION, dealer: dealing.dealer, digest: dealing.digest() };
        Signed::new(ack, signer, &self.committee.identities[&signer], &mut Meter::default())
    }

    fn decoded(&self) -> Vec<Signed<Dealing>> {
        self.dealings.iter().map(|bytes| decode(bytes, FRAME_BYTES_MAX).expect("honest")).collect()
    }

    /// Checks and opens every dealing, and sums up the first k.
    fn key(&self, dealings: &[Signed<Dealing>]) -> KeyShare {
        let meter = &mut Meter::default();
        let (context, decryption) = (self.context(), &self.committee.decryptions[&self.me]);
        let mut opened = Vec::new();
        for Signed { body, .. } in dealings {
            body.verify_public(&context, &Memo::off(), meter).expect("an honest dealing");
            let share = body.open_share(&context, self.me, decryption, meter).expect("an honest share");
            opened.push((body, share));
        }
        let parts = opened.iter().map(|(dealing, share)| (*dealing, &**share)).take(self.committee.roster.threshold());
        dkg::finalize(&context, self.me, &parts.collect::<Vec<_>>(), meter).expect("honest dealings")
    }

    /// All that a node does: also decodes, checks signatures, acknowledges, and checks the certificate of its own dealing.
    fn party(&self) -> KeyShare {
        let (roster, meter) = (&self.committee.roster, &mut Meter::default());
        self.deal(self.me);
        let dealings = self.decoded();
        for signed in &dealings {
            let identity = &roster.get(signed.signer).expect("a member").identity;
            assert!(signed.verify(identity, meter), "an honest signature");
            self.acknowledge(self.me, &signed.body);
        }
        let acks: Vec<Signed<Ack>> =
            self.acks.iter().map(|bytes| decode(bytes, FRAME_BYTES_MAX).expect("honest")).collect();
        let Ack { session, dealer, digest } = acks[0].body;
        Certificate { session, dealer, digest, acks }.verify(roster, meter).expect("honest acknowledgements");
        self.key(&dealings)
    }
}

/// The packages that all others send to the party.
struct Theirs {
    n: u16,
    k: u16,
    me: Identifier,
    round1: BTreeMap<Identifier, Vec<u8>>,
    round2: BTreeMap<Identifier, Vec<u8>>,
}

type Packages = (BTreeMap<Identifier, frost::round1::Package>, BTreeMap<Identifier, frost::round2::Package>);

fn identifier(id: u16) -> Identifier {
    Identifier::try_from(id).expect("not zero")
}

impl Theirs {
    fn new(n: u16, k: u16) -> Self {
        let me = me(n).0;
        let begun: BTreeMap<u16, _> =
            (1..=n).map(|id| (id, frost::part1(identifier(id), n, k, rng(id)).expect("right sizes"))).collect();
        let (mut round1, mut round2) = (BTreeMap::new(), BTreeMap::new());
        let packages: BTreeMap<_, _> = begun.iter().map(|(id, (_, sent))| (identifier(*id), sent.clone())).collect();
        for (id, (secret, sent)) in begun.into_iter().filter(|(id, _)| *id != me) {
            let mut others = packages.clone();
            others.remove(&identifier(id));
            let (_, to_all) = frost::part2(secret, &others).expect("honest packages");
            round1.insert(identifier(id), sent.serialize().expect("a package"));
            round2.insert(identifier(id), to_all[&identifier(me)].serialize().expect("a package"));
        }
        Self { n, k, me: identifier(me), round1, round2 }
    }

    fn decoded(&self) -> Packages {
        let round1 = self.round1.iter().map(|(id, b)| (*id, frost::round1::Package::deserialize(b).expect("honest")));
        let round2 = self.round2.iter().map(|(id, b)| (*id, frost::round2::Package::deserialize(b).expect("honest")));
        (round1.collect(), round2.collect())
    }

    fn key(&self, (round1, round2): &Packages) -> frost_secp256k1::keys::KeyPackage {
        let (secret, _) = frost::part1(self.me, self.n, self.k, rng(1_000)).expect("right sizes");
        let (secret, _) = frost::part2(secret, round1).expect("honest packages");
        frost::part3(&secret, round1, round2).expect("honest packages").0
    }
}
