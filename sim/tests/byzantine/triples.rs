//! Lies about triples, by as many as may lie at once.

use super::*;

/// What becomes of who lies so; a lie that others get to see convicts.
const LIES_ABOUT_TRIPLES: [(&str, Fate); 7] = [
    ("mute = { node = L, aim = { label = 'triples' } }", Fate::Unnamed),
    ("mute = { node = L, aim = { label = 'triples/last_shares', victims = [V] } }", Fate::Unnamed),
    ("withhold_seal = { node = L }", Fate::Unnamed),
    ("deny_receipt = { node = L }", Fate::Unnamed),
    ("false_abort = { node = L }", Fate::Named),
    ("wrong_triples = { node = L, step = 'extension', aim = { victims = [V] } }", Fate::Named),
    ("wrong_triples = { node = L, step = 'products' }", Fate::Named),
];

#[test]
fn f_liars_in_triples_stop_no_signature_whatever_they_do_there_and_are_named_for_what_they_signed() {
    let networks: [(u16, &[u16]); 3] = [(4, &[3]), (7, &[2, 5]), (10, &[1, 4, 8])];
    let cases: Vec<_> =
        LIES_ABOUT_TRIPLES.iter().flat_map(|lie| networks.map(|(nodes, liars)| (*lie, nodes, liars))).collect();
    let results = each(&cases, |((lie, fate), nodes, liars)| {
        let report = run(*nodes, 11, &told(lie, liars, *nodes));
        assert_eq!(report.preprocessing, "protocol");
        // Of several who lie in one batch it is the first whose words diverge that is named; the others are if they do it
        // again.
        let (fired, named) = (fired(&report), named(&report));
        let is_some_named = liars.len() > 1 && named.is_subset(&fired) && named.is_empty() == fired.is_empty();
        let fits = *fate == Fate::Named && is_some_named;
        let complaint = wrong(&report, liars).or_else(|| unfit(&report, *fate).filter(|_| !fits));
        (fired.len(), complaint.map(|complaint| format!("{lie}, liars {liars:?} of {nodes}: {complaint}")))
    });
    let complaints: Vec<&String> = results.iter().filter_map(|(_, complaint)| complaint.as_ref()).collect();
    assert!(complaints.is_empty(), "{complaints:#?}");
    for (at, (lie, _)) in LIES_ABOUT_TRIPLES.iter().enumerate() {
        let told = results[at * networks.len()..][..networks.len()].iter().filter(|(fired, _)| *fired > 0).count();
        assert!(told >= 2, "{lie} was told in {told} networks");
    }
}

#[test]
fn who_lies_about_a_spoilt_batch_is_named_all_the_same() {
    for (step, offence) in [("opening", "WrongSeed"), ("testimony", "")] {
        let lies = format!(
            "[[act.fault]]\nname = 'first-3'\nwhat.wrong_triples = {{ node = 3, step = 'products' }}\n\
             [[act.fault]]\nname = 'second-3'\nwhat.wrong_triples = {{ node = 3, step = '{step}' }}\n"
        );
        let report = run(4, 11, &lies);
        assert_eq!(wrong(&report, &[3]), None, "{step}");
        assert_eq!(report.faults.fired.len(), 2, "{step}");
        assert_eq!(named(&report), BTreeSet::from([3]), "{step}");
        assert!(report.culprits.iter().all(|culprit| culprit.evidence.contains(offence)), "{:?}", report.culprits);
    }
}
