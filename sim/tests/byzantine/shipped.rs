//! The shipped scenarios.

use super::*;

/// The shipped scenarios, under the seed that the program takes by itself: who must be named in each.
const SCENARIOS: [(&str, &[u16]); 40] = [
    ("client-drain", &[]),
    ("client-flood", &[]),
    ("coalition-below-threshold", &[]),
    ("coalition-of-a-threshold", &[]),
    ("denied-receipt", &[]),
    ("dkg-bad-share", &[2]),
    ("dkg-equivocation", &[2]),
    ("dkg-invalid-dealings", &[2, 5, 8]),
    ("dkg-silence", &[]),
    ("dkg-undecryptable-share", &[2]),
    ("false-blame", &[2]),
    ("false-complaint", &[4]),
    ("false-evidence", &[]),
    ("floor-threshold", &[]),
    ("garbled-speech", &[5]),
    ("ignored-conditions", &[]),
    ("ignored-permissions", &[]),
    ("network-key-dealings", &[2, 5]),
    ("rushing", &[5]),
    ("silent-node", &[]),
    ("split-proposals", &[2]),
    ("spoofed-names", &[]),
    ("stolen-ephemeral-keys", &[2, 5]),
    ("triples-false-abort", &[2]),
    ("triples-open-after-seal", &[2]),
    ("triples-withheld-seal", &[]),
    ("triples-wrong-opening", &[3]),
    ("triples-wrong-step", &[3]),
    ("two-quorums", &[]),
    ("unfair-coordinator", &[]),
    ("unreadable-decryption-share", &[]),
    ("withholding", &[]),
    ("wrong-decryption-share", &[2, 5]),
    ("wrong-ecdsa-share", &[5]),
    ("wrong-frost-share", &[2]),
    ("wrong-lead", &[]),
    ("wrong-nonces", &[2]),
    ("wrong-presignature", &[3]),
    ("wrong-start", &[]),
    ("wrong-vote", &[]),
];

#[test]
fn the_shipped_scenarios_end_as_they_expect_with_every_fault_fired_and_exactly_the_right_culprits() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/byzantine");
    let shipped: BTreeSet<String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    assert_eq!(shipped, SCENARIOS.iter().map(|(name, _)| (*name).to_owned()).collect());
    let complaints = each(&SCENARIOS, |(name, culprits)| {
        let scenario =
            scenario::load(&folder.join(format!("{name}.toml")), &[]).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(&scenario.name, name);
        let seed = scenario.seed;
        let plan = FaultPlan::new(&scenario, seed).unwrap();
        let report = simulate(&scenario, &plan, seed);
        let fired = report.faults.fired.len() == report.faults.declared.len();
        let wanted: BTreeSet<u16> = culprits.iter().copied().collect();
        let fits = report.expected && fired && named(&report) == wanted;
        (!fits).then(|| {
            let unmet: Vec<_> = report.requests.iter().filter(|request| !request.expected).collect();
            let (violations, faults, named) = (&report.violations, &report.faults.fired, &report.culprits);
            format!("{name}: {} {violations:?} {unmet:?}, fired {faults:?}, named {named:?}", report.verdict)
        })
    });
    let complaints: Vec<String> = complaints.into_iter().flatten().collect();
    assert!(complaints.is_empty(), "{complaints:#?}");
}
