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

const SESSION: SessionId = SessionId([7; 32]);

pub fn rows(clock: &Clock, n: u16, k: u16) -> Vec<Row> {
    let ours = Ours::new(n, k);
    let theirs = Theirs::new(n, k);
    let (ours, theirs) = (clock.time(|| ours.party()), clock.time(|| theirs.party()));
    vec![Row { protocol: "DKG", n, k, ours, theirs: Some(("frost-secp256k1 part1..3", theirs)) }]
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

    /// Deals; checks, opens and acknowledges every dealing; checks the certificate of its own; sums up the first k.
    fn party(&self) -> KeyShare {
        let (roster, meter) = (&self.committee.roster, &mut Meter::default());
        let (context, decryption) = (self.context(), &self.committee.decryptions[&self.me]);
        self.deal(self.me);
        let mut opened = Vec::new();
        for bytes in &self.dealings {
            let signed: Signed<Dealing> = decode(bytes, FRAME_BYTES_MAX).expect("honest");
            let identity = &roster.get(signed.signer).expect("a member").identity;
            assert!(signed.verify(identity, meter), "an honest signature");
            signed.body.verify_public(&context, &Memo::off(), meter).expect("an honest dealing");
            let share = signed.body.open_share(&context, self.me, decryption, meter).expect("an honest share");
            self.acknowledge(self.me, &signed.body);
            opened.push((signed.body, share));
        }
        let acks: Vec<Signed<Ack>> =
            self.acks.iter().map(|bytes| decode(bytes, FRAME_BYTES_MAX).expect("honest")).collect();
        let Ack { session, dealer, digest } = acks[0].body;
        Certificate { session, dealer, digest, acks }.verify(roster, meter).expect("honest acknowledgements");
        let parts: Vec<_> =
            opened.iter().map(|(dealing, share)| (dealing, &**share)).take(roster.threshold()).collect();
        dkg::finalize(&context, self.me, &parts, meter).expect("honest dealings")
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

    fn party(&self) -> frost_secp256k1::keys::KeyPackage {
        let (secret, _) = frost::part1(self.me, self.n, self.k, rng(1_000)).expect("right sizes");
        let round1 = self.round1.iter().map(|(id, b)| (*id, frost::round1::Package::deserialize(b).expect("honest")));
        let round1: BTreeMap<_, _> = round1.collect();
        let (secret, _) = frost::part2(secret, &round1).expect("honest packages");
        let round2 = self.round2.iter().map(|(id, b)| (*id, frost::round2::Package::deserialize(b).expect("honest")));
        frost::part3(&secret, &round1, &round2.collect()).expect("honest packages").0
    }
}
