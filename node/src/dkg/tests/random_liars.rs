//! Key generations over both curves in which f random members lie at once, each in its own way, while letters and the
//! board's events reach nodes in any order.

use super::liars::{BAD_SHARE, FALSE_COMPLAINT, INVALID, Liar, TWO_DEALINGS};
use super::*;
use proptest::prelude::{ProptestConfig, proptest};
use std::collections::BTreeSet;

/// What a liar does, in the eyes of those who must find it out.
#[derive(Clone, Debug)]
pub enum Told {
    /// Gives some bad shares, openly or kept from them.
    BadShare,
    /// Deals what anybody can see to be wrong.
    Invalid,
    /// Gives bad shares to so many that it is not certified: then nobody complains, and nobody can show what is wrong.
    BadForAll,
    /// Gives these a second dealing.
    TwoDealings(BTreeSet<NodeId>),
    /// Complains about these.
    Accuses(BTreeSet<NodeId>),
    /// Says nothing.
    Silent,
}

impl Told {
    /// What `by` names its maker for, given what the board has certified.
    fn shows<P: KeyCurve>(&self, net: &Net<P>, liar: NodeId, by: NodeId) -> Option<&'static str> {
        let is_certified = |id: &NodeId| net.board.iter().any(|(dealer, _)| dealer == id);
        match self {
            Self::BadShare => is_certified(&liar).then_some(BAD_SHARE),
            Self::Invalid => Some(INVALID),
            // Only who was given the other one gets to see both, when it fetches the one that is certified.
            Self::TwoDealings(fooled) => (is_certified(&liar) && fooled.contains(&by)).then_some(TWO_DEALINGS),
            Self::Accuses(accused) => accused.iter().any(is_certified).then_some(FALSE_COMPLAINT),
            Self::BadForAll | Self::Silent => None,
        }
    }

    fn may_be_certified(&self) -> bool {
        !matches!(self, Self::Invalid | Self::BadForAll | Self::Silent)
    }
}

fn draw(rng: &mut ChaCha20Rng, bound: usize) -> usize {
    (rng.next_u64() % bound as u64) as usize
}

fn some_of(from: &[NodeId], most: usize, rng: &mut ChaCha20Rng) -> BTreeSet<NodeId> {
    (0..=draw(rng, most)).map(|_| from[draw(rng, from.len())]).collect()
}

/// How a dealer lies to the recipients of its dealing, of whom `honest` are.
pub fn dealers_lie<P: KeyCurve>(net: &Net<P>, me: NodeId, honest: &[NodeId], rng: &mut ChaCha20Rng) -> (Liar<P>, Told) {
    let (context, secret) = net.to_deal(me);
    let f = net.committee.roster.faulty_max();
    let victims = some_of(honest, f, rng);
    let made = |seed: u64, wrong: &BTreeSet<NodeId>, secret| {
        let shift = |id| if wrong.contains(&id) { P::Scalar::ONE } else { P::Scalar::ZERO };
        net.committee.shifted(&context, me, secret, seed, shift)
    };
    let (seed, nobody) = (rng.next_u64(), BTreeSet::new());
    let mut right = made(seed, &nobody, secret);
    let lies = |dealing| Liar { dealing: Some(dealing), ..Liar::default() };
    match draw(rng, if secret.is_some() { 11 } else { 10 }) {
        0 => (lies(made(seed, &victims, secret)), Told::BadShare),
        1 => {
            for (id, ciphertext) in net.committee.roster.ids().zip(&mut right.ciphertexts) {
                ciphertext.tag[0] ^= u8::from(victims.contains(&id));
            }
            (lies(right), Told::BadShare)
        }
        2 => {
            let dealing = Some(made(seed, &victims, secret));
            (Liar { dealing, withholds_from: victims, ..Liar::default() }, Told::BadShare)
        }
        3 => {
            right.proof.response += P::Scalar::ONE;
            (lies(right), Told::Invalid)
        }
        4 => {
            right.ephemeral_proof.response += Scalar::ONE;
            (lies(right), Told::Invalid)
        }
        5 => {
            right.commitments[0] = WirePoint::from(*right.commitments[0].point() + P::generator());
            (lies(right), Told::Invalid)
        }
        6 => {
            let last = right.commitments.last_mut().expect("a threshold");
            *last = WirePoint::from(*last.point() + P::generator());
            (lies(right), Told::Invalid)
        }
        7 => (lies(made(seed, &honest.iter().copied().collect(), secret)), Told::BadForAll),
        8 => {
            let fooled = some_of(honest, honest.len(), rng);
            let second = Some((fooled.clone(), made(seed ^ 1, &nobody, secret)));
            (Liar { dealing: Some(right), second, ..Liar::default() }, Told::TwoDealings(fooled))
        }
        9 => (Liar { is_silent: true, ..Liar::default() }, Told::Silent),
        // In a resharing: a right dealing of another secret than its share.
        _ => (lies(made(seed, &nobody, secret.map(|share| share + P::Scalar::ONE))), Told::Invalid),
    }
}

/// How a recipient lies about the `dealers`.
pub fn recipients_lie<P: KeyCurve>(dealers: &[NodeId], rng: &mut ChaCha20Rng) -> (Liar<P>, Told) {
    if draw(rng, 4) == 0 {
        return (Liar { is_silent: true, ..Liar::default() }, Told::Silent);
    }
    // About anybody, other liars and itself included.
    let accuses = some_of(dealers, 3, rng);
    (Liar { accuses: accuses.clone(), ..Liar::default() }, Told::Accuses(accuses))
}

/// Letters and the board's events reach nodes in any order, until nothing happens for so many timeouts.
fn churn<P: KeyCurve>(net: &mut Net<P>, timeouts: usize, rng: &mut ChaCha20Rng) {
    let mut passed = 0;
    loop {
        let ids = net.ids();
        for _ in 0..net.mail.len() + 4 * net.nodes.len() {
            if !rng.next_u64().is_multiple_of(3) && !net.mail.is_empty() {
                let index = rng.next_u64() as usize % net.mail.len();
                net.deliver(index);
            } else {
                net.read_board(ids[rng.next_u64() as usize % ids.len()]);
            }
        }
        let events: usize = ids.iter().map(|&id| usize::from(net.read_board(id))).sum();
        if events == 0 && net.mail.is_empty() {
            passed += 1;
            if passed > timeouts || !net.pass_time() {
                return;
            }
        }
    }
}

/// Runs an attempt in which these lie, and asserts what must hold of it at the `honest` recipients; the qualified dealers.
pub fn run_with<P: KeyCurve>(
    net: &mut Net<P>,
    lies: BTreeMap<NodeId, (Liar<P>, Told)>,
    honest: &[NodeId],
    rng: &mut ChaCha20Rng,
) -> Vec<NodeId> {
    let mut told = BTreeMap::new();
    for (id, (liar, what)) in lies {
        net.lie(id, liar);
        told.insert(id, what);
    }
    net.open_all();
    // A dealing that too few acknowledge is offered until the board is closed.
    churn(net, 3, rng);
    net.is_closed = true;
    churn(net, 40, rng);
    net.is_settled = true;
    churn(net, 40, rng);
    let certified: BTreeSet<NodeId> = net.board.iter().map(|(dealer, _)| *dealer).collect();
    for id in net.dealt.keys() {
        let may = told.get(id).is_none_or(Told::may_be_certified);
        assert!(may || !certified.contains(id), "{id} is certified, who {:?}", told[id]);
        assert!(told.contains_key(id) || certified.contains(id), "{id} is honest and not certified");
    }
    for &id in honest {
        let named = net.named(id);
        let expected: BTreeSet<(NodeId, &str)> =
            told.iter().filter_map(|(liar, what)| Some((*liar, what.shows(net, *liar, id)?))).collect();
        assert_eq!(named.len(), expected.len(), "each once: {named:?} by {id}; {told:?}");
        assert_eq!(named.into_iter().collect::<BTreeSet<_>>(), expected, "by {id}; {told:?}");
    }
    let is_bad = |id: &NodeId| matches!(told.get(id), Some(Told::BadShare));
    let needed = net.old.as_ref().map_or(net.committee.roster.threshold(), |old| old.committee.roster.threshold());
    net.board.iter().map(|(dealer, _)| *dealer).filter(|id| !is_bad(id)).take(needed).collect()
}

fn generated<P: KeyCurve>(n: u16, seed: u64) {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let mut net = Net::<P>::new(n);
    let (ids, f) = (net.ids(), net.committee.roster.faulty_max());
    let mut liars = BTreeSet::new();
    while liars.len() < f {
        liars.insert(ids[draw(&mut rng, ids.len())]);
    }
    let honest: Vec<NodeId> = ids.iter().copied().filter(|id| !liars.contains(id)).collect();
    let lie = |id: NodeId| match draw(&mut rng, 4) {
        0 => (id, recipients_lie(&ids, &mut rng)),
        _ => (id, dealers_lie(&net, id, &honest, &mut rng)),
    };
    let lies = liars.into_iter().map(lie).collect();
    let qualified = run_with(&mut net, lies, &honest, &mut rng);
    net.is_made_of(&honest, &qualified);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn with_f_liars_honest_nodes_share_one_key_and_name_exactly_those_whose_lies_can_be_proved(
        n in proptest::sample::select(vec![4_u16, 7, 10]),
        seed: u64,
    ) {
        generated::<ProjectivePoint>(n, seed);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn so_they_do_when_they_make_the_networks_key(
        n in proptest::sample::select(vec![4_u16, 4, 7, 10]),
        seed: u64,
    ) {
        generated::<Bls12381>(n, seed);
    }
}
