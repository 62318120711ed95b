//! Tests of the command line.

mod reports;

use super::*;
use crate::crew::{Answer, Death, Errand, Hand};
use crate::outcome::{RunOptions, RunReport, Verdict};
use crate::plan::FaultPlan;
use crate::report;
use crate::scenario::Scenario;
use crate::trace::{Actor, Kind, Record, Trace};
use std::path::Path;
use std::sync::Mutex;

/// Ends every run as told, with a trace of a few records that depend on the seed and on `salt`.
struct Fake {
    verdict: Verdict,
    expected: bool,
    salt: u64,
    seen: Mutex<Vec<(u16, RunOptions)>>,
}

impl Fake {
    fn new(verdict: Verdict, expected: bool) -> Self {
        Self { verdict, expected, salt: 0, seen: Mutex::new(Vec::new()) }
    }
}

impl Engine for Fake {
    fn run(&self, scenario: &Scenario, _: &FaultPlan, options: RunOptions) -> RunReport {
        self.seen.lock().unwrap().push((scenario.network.nodes, options));
        assert!(options.seed != 666, "the fake engine was told to panic");
        let mut trace = Trace::new(options.trace);
        for index in 0..3000 {
            let text = if index == 2500 { format!("salt {}", self.salt) } else { format!("seed {}", options.seed) };
            let actor = Actor::World;
            trace.push(Record {
                time_ns: index,
                kind: Kind::Note,
                actor,
                peer: None,
                label: String::new(),
                payload: None,
                text,
            });
        }
        RunReport {
            scenario: scenario.name.clone(),
            seed: options.seed,
            verdict: self.verdict,
            expected: self.expected,
            missed: None,
            digest: trace.digest(),
            trace,
            ..report::tests::sample()
        }
    }
}

/// Runs the job in this process on another engine.
struct Inside<'e>(&'e (dyn Engine + Sync));

impl Again for Inside<'_> {
    fn run(&self, job: &Job, out: &Path) -> std::io::Result<String> {
        let mut arguments: Vec<OsString> = vec!["litsim".into()];
        arguments.extend(job.arguments());
        arguments.extend(["--json".into(), "--out".into(), out.into()]);
        Ok(shell_run(self.0, self.0, arguments).1)
    }
}

impl Crew for Inside<'_> {
    fn hire(&self) -> std::io::Result<Box<dyn Hand + '_>> {
        Ok(Box::new(Inside(self.0)))
    }
}

impl Hand for Inside<'_> {
    fn carry_out(&mut self, errand: &Errand) -> Result<Answer, Death> {
        Ok(crate::crew::carry_out(self.0, errand))
    }
}

fn shell_run(
    engine: &(dyn Engine + Sync),
    second: &(dyn Engine + Sync),
    arguments: Vec<OsString>,
) -> (Exit, String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let (again, crew) = (Inside(second), Inside(second));
    let mut shell = Shell {
        engine,
        again: &again,
        crew: &crew,
        out: &mut out,
        err: &mut err,
        colors: false,
        program: "litsim".into(),
        unwritten: None,
    };
    let exit = execute(arguments, &mut shell);
    (exit, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
}

fn litsim(engine: &(dyn Engine + Sync), arguments: &[&str]) -> (Exit, String, String) {
    shell_run(engine, engine, std::iter::once("litsim").chain(arguments.iter().copied()).map(Into::into).collect())
}

fn quickstart() -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/quickstart.toml").display().to_string()
}

/// A fresh folder of this test's own.
fn folder(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("litsim-cli-{}-{name}", std::process::id()));
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).unwrap();
    path
}

#[test]
fn exit_codes_tell_how_runs_ended() {
    let file = quickstart();
    let code = |verdict, expected| litsim(&Fake::new(verdict, expected), &["run", &file]).0.code();
    assert_eq!(code(Verdict::Pass, true), 0);
    assert_eq!(code(Verdict::Pass, false), 5);
    assert_eq!(code(Verdict::Expectation, false), 5);
    assert_eq!(code(Verdict::Liveness, false), 10);
    assert_eq!(code(Verdict::Liveness, true), 0);
    assert_eq!(code(Verdict::Safety, false), 20);
    assert_eq!(code(Verdict::Panic, true), 40);
    let pass = Fake::new(Verdict::Pass, true);
    assert_eq!(litsim(&pass, &["run", &file, "--seed", "666"]).0.code(), 40);
    assert_eq!(litsim(&pass, &["run", &file, "--sede", "6"]).0.code(), 2);
    assert_eq!(litsim(&pass, &["run", "nowhere/*.toml"]).0.code(), 4);
    assert_eq!(litsim(&pass, &["run", &file, "--set", "network.nodes=0"]).0.code(), 3);
    assert_eq!(litsim(&pass, &["--help"]).0.code(), 0);
}

#[test]
fn of_several_exit_codes_the_highest_wins() {
    let all = Exit::ALL.map(|(exit, _)| exit);
    assert_eq!(all.map(Exit::code), [0, 2, 3, 4, 5, 10, 20, 30, 40]);
    for (i, a) in all.into_iter().enumerate() {
        for (j, b) in all.into_iter().enumerate() {
            assert_eq!(a.and(b), all[i.max(j)]);
        }
    }
    let root = folder("mixed");
    std::fs::write(root.join("bad.toml"), "schema = 1").unwrap();
    let (bad, good) = (root.join("bad.toml").display().to_string(), quickstart());
    let (exit, out, err) = litsim(&Fake::new(Verdict::Pass, true), &["run", &good, &bad]);
    assert_eq!(exit, Exit::BAD_SCENARIO);
    assert!(out.starts_with("pass  quickstart  seed 1  0x") && err.contains("missing field `name`"), "{out}{err}");
    let (exit, ..) = litsim(&Fake::new(Verdict::Safety, false), &["run", &bad, &good]);
    assert_eq!(exit, Exit::SAFETY);
    std::fs::remove_dir_all(root).unwrap();
}

#[test]
fn a_failing_run_prints_a_line_that_reproduces_it() {
    let (_, _, err) = litsim(
        &Fake::new(Verdict::Liveness, false),
        &["run", &quickstart(), "--seed", "9", "--set", "network.link.latency={ constant_ms = 5 }", "--no-memo"],
    );
    let line = err.lines().find(|line| line.starts_with("reproduce: ")).unwrap();
    let end = "quickstart.toml --seed 9 --set 'network.link.latency={ constant_ms = 5 }' --no-memo";
    assert!(line.starts_with("reproduce: litsim run ") && line.ends_with(end), "{line}");
    let (_, _, err) = litsim(&Fake::new(Verdict::Pass, true), &["run", &quickstart()]);
    assert_eq!(err, "");
}

#[test]
fn options_and_edits_reach_the_engine() {
    let fake = Fake::new(Verdict::Pass, true);
    let flags = ["--seed", "3", "--no-memo", "--profile", "--set", "network.nodes=7"];
    let _ = litsim(&fake, &[&["run", &quickstart()][..], &flags].concat());
    let (nodes, options) = fake.seen.lock().unwrap()[0];
    assert_eq!((nodes, options.seed, options.memo, options.profile), (7, 3, false, true));
}

#[test]
fn json_is_one_object_a_line_and_nothing_else() {
    let (exit, out, err) = litsim(&Fake::new(Verdict::Safety, false), &["run", &quickstart(), "--json"]);
    assert_eq!(exit, Exit::SAFETY);
    let value: serde_json::Value = serde_json::from_str(out.trim_end()).unwrap();
    assert_eq!((&value["verdict"], &value["expected"]), (&"safety".into(), &false.into()));
    assert!(err.starts_with("reproduce: "));
}

#[test]
fn two_equal_runs_keep_their_verdict_and_two_different_ones_show_where_they_part() {
    let first = Fake::new(Verdict::Pass, true);
    let arguments = || ["litsim", "run", &quickstart(), "--twice", "--json"].map(OsString::from).to_vec();
    let (exit, out, _) = shell_run(&first, &Fake::new(Verdict::Pass, true), arguments());
    assert_eq!(exit, Exit::OK, "{out}");
    let (exit, out, err) = shell_run(&first, &Fake { salt: 1, ..Fake::new(Verdict::Pass, true) }, arguments());
    assert_eq!(exit, Exit::NONDETERMINISM);
    assert!(out.contains("\"verdict\":\"nondeterminism\""), "{out}");
    assert!(
        err.contains("first difference at record 2500") && err.contains("< 0.000002500s Note world salt 0"),
        "{err}"
    );
    assert!(err.contains("> 0.000002500s Note world salt 1") && err.contains("--twice"), "{err}");
    let (exit, _, err) = shell_run(&first, &Fake::new(Verdict::Liveness, true), arguments());
    assert_eq!(exit, Exit::NONDETERMINISM);
    assert!(err.contains("equal traces but different reports"), "{err}");
}

#[test]
fn run_folders_can_be_compared() {
    let root = folder("diff");
    let out = |name: &str| root.join(name).display().to_string();
    let file = quickstart();
    let _ = litsim(&Fake::new(Verdict::Pass, true), &["run", &file, "--out", &out("a")]);
    let _ = litsim(&Fake { salt: 5, ..Fake::new(Verdict::Pass, true) }, &["run", &file, "--out", &out("b")]);
    let run = |name: &str| root.join(name).join("quickstart-seed1").display().to_string();
    for name in ["report.json", "plan.json", "run.json", "trace.jsonl", "checkpoints.jsonl", "../timings.jsonl"] {
        assert!(Path::new(&run("a")).join(name).is_file(), "{name} is missing");
    }
    let read = |path: &str| -> serde_json::Value {
        serde_json::from_str(&std::fs::read_to_string(Path::new(&run("a")).join(path)).unwrap()).unwrap()
    };
    let about = read("run.json");
    assert_eq!((&about["build"], &about["commit"]), (&crate::capsule::BUILD.into(), &crate::capsule::COMMIT.into()));
    assert_eq!(about["cases"][0]["seeds"], serde_json::json!([1, 1]));
    assert!(about["cases"][0]["digest"].as_str().is_some_and(|digest| digest.len() == 66), "{about}");
    assert!(read("../timings.jsonl")["cpu_us"].is_u64());
    let fake = Fake::new(Verdict::Pass, true);
    let (exit, text, _) = litsim(&fake, &["diff", &run("a"), &run("b")]);
    assert_eq!(exit, Exit::NONDETERMINISM);
    assert!(text.contains("first difference at record 2500"), "{text}");
    assert_eq!(litsim(&fake, &["diff", &run("a"), &run("a")]).0, Exit::OK);
    assert_eq!(litsim(&fake, &["diff", &run("a"), &run("none")]).0, Exit::USAGE);
    std::fs::remove_dir_all(root).unwrap();
}

#[test]
fn list_schema_and_explain_answer() {
    let fake = Fake::new(Verdict::Pass, true);
    let (exit, out, _) = litsim(&fake, &["list", &quickstart()]);
    assert!(exit == Exit::OK && out.contains("[library]") && out.contains("Four nodes make a key"), "{out}");
    let (_, out, _) = litsim(&fake, &["schema"]);
    let schema: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert!(schema["properties"]["network"].is_object());
    let (exit, out, _) = litsim(&fake, &["explain", "crash"]);
    assert_eq!(exit, Exit::OK);
    insta::assert_snapshot!(out);
    let (exit, _, err) = litsim(&fake, &["explain", "crsah"]);
    assert!(exit == Exit::NOTHING_SELECTED && err.contains("did you mean `crash`?"), "{err}");
    let (_, out, _) = litsim(&fake, &["explain"]);
    for title in ["section network", "step pkp_transaction", "fault partition", "verdict liveness", "notion capsule"] {
        assert!(out.contains(title), "{title} is missing in {out}");
    }
}

#[test]
fn arguments_parse_as_clap_thinks_they_should() {
    <Arguments as clap::CommandFactory>::command().debug_assert();
}

#[test]
fn help_of_verbs_that_run_something_says_what_they_take() {
    let fake = Fake::new(Verdict::Pass, true);
    for verb in ["run", "replay", "shrink", "sweep", "merge", "fuzz", "report", "export", "new"] {
        let (exit, out, _) = litsim(&fake, &[verb, "-h"]);
        assert_eq!(exit, Exit::OK);
        insta::assert_snapshot!(format!("help_{verb}"), out);
    }
    let (exit, out, _) = litsim(&fake, &["explain", "capsule"]);
    assert!(exit == Exit::OK && out.starts_with("notion capsule\n  One JSON file"), "{out}");
}

#[test]
fn a_capsule_is_written_for_runs_that_are_not_as_expected_or_where_asked_for() {
    let root = folder("capsule");
    let (file, out) = (quickstart(), root.join("out").display().to_string());
    let capsule = root.join("out/quickstart-seed1/capsule.json");
    let _ = litsim(&Fake::new(Verdict::Pass, true), &["run", &file, "--out", &out]);
    assert!(!capsule.exists());
    let failing = Fake::new(Verdict::Liveness, false);
    let (exit, _, err) = litsim(&failing, &["run", &file, "--out", &out]);
    assert!(
        exit == Exit::LIVENESS && err.contains(&format!("reproduce: litsim replay {}", capsule.display())),
        "{err}"
    );
    let kept = capsule.display().to_string();
    let (exit, out, err) = litsim(&failing, &["replay", &kept]);
    assert_eq!((exit, err.as_str()), (Exit::LIVENESS, ""));
    assert!(out.contains("this is the run of the capsule"), "{out}");
    let (exit, _, err) = litsim(&Fake { salt: 1, ..Fake::new(Verdict::Liveness, false) }, &["replay", &kept]);
    assert!(exit == Exit::NONDETERMINISM && err.contains("first difference at record 2500"), "{err}");
    let (exit, _, err) = litsim(&failing, &["run", &file, &kept, "--capsule", &kept]);
    assert!(exit == Exit::USAGE && err.contains("several are selected"), "{err}");
    std::fs::remove_dir_all(root).unwrap();
}

#[test]
fn a_scenario_that_names_a_seed_runs_under_it_unless_another_is_given() {
    let engine = Fake::new(Verdict::Pass, true);
    let seed = |more: &[&str]| {
        let (_, out, err) = litsim(&engine, &[&["run", &quickstart(), "--json"], more].concat());
        let report: serde_json::Value =
            serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}{err}"));
        report["seed"].as_u64().unwrap()
    };
    assert_eq!(seed(&[]), 1);
    assert_eq!(seed(&["--set", "seed=77"]), 77);
    assert_eq!(seed(&["--set", "seed=77", "--seed", "5"]), 5);
}

#[test]
fn costs_are_recorded_and_what_grows_is_a_missed_expectation_with_a_table() {
    let root = folder("budgets");
    let (file, budgets) = (quickstart(), root.join("budgets.json").display().to_string());
    let fake = Fake::new(Verdict::Pass, true);
    let check = || litsim(&fake, &["run", &file, "--check", "--budgets", &budgets, "-q"]);
    assert!(check().2.contains("budgets.json: No such file") && check().0 == Exit::USAGE);
    assert_eq!(litsim(&fake, &["run", &file, "--record", "--budgets", &budgets]).0, Exit::OK);
    assert!(fake.seen.lock().unwrap().iter().all(|(_, options)| options.profile), "operations are counted");
    assert_eq!(check(), (Exit::OK, String::new(), String::new()));
    let text = std::fs::read_to_string(&budgets).unwrap();
    assert!(text.contains("\"messages\":9876") && text.contains("\"scalar_mul\":12000"), "{text}");
    std::fs::write(&budgets, text.replace("9876", "8000").replace("12000", "11999")).unwrap();
    let (exit, out, err) = check();
    assert_eq!((exit, out.as_str()), (Exit::EXPECTATION, ""));
    let table = "quickstart costs more than 10% above its budget:\n  messages          8000 ->         9876  +23%\n";
    assert_eq!(err, table);
    std::fs::write(&budgets, text.replace("quickstart", "other")).unwrap();
    assert!(check().0 == Exit::EXPECTATION && check().2.contains("has no budget for it under seed 1"));
    let (exit, ..) = litsim(&fake, &["run", &file, "--check", "--seed", "3"]);
    assert_eq!(exit, Exit::USAGE, "budgets are of one seed");
    std::fs::remove_dir_all(root).unwrap();
}

#[test]
fn what_has_failed_before_runs_first() {
    let root = folder("regressions");
    let text = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios/greeting.toml");
    let text = std::fs::read_to_string(text).unwrap();
    for (name, folder) in [("aa", "aa"), ("mm", "regressions"), ("zz", "zz")] {
        std::fs::create_dir_all(root.join(folder)).unwrap();
        let text = text.replace("name = \"greeting\"", &format!("name = \"{name}\""));
        std::fs::write(root.join(folder).join("s.toml"), text).unwrap();
    }
    let (_, out, err) = litsim(&Fake::new(Verdict::Pass, true), &["run", &root.display().to_string()]);
    let names: Vec<&str> = out.lines().filter_map(|line| line.split_whitespace().nth(1)).collect();
    assert_eq!(names, ["mm", "aa", "zz"], "{err}");
    std::fs::remove_dir_all(root).unwrap();
}

#[test]
fn the_newest_folder_can_be_found_without_its_name() {
    let root = folder("latest");
    let out = root.display().to_string();
    let fake = Fake::new(Verdict::Pass, true);
    for seed in ["1", "2"] {
        let _ = litsim(&fake, &["run", &quickstart(), "--seed", seed, "--out", &out]);
        let report = std::fs::read_to_string(root.join("latest/report.json")).unwrap();
        assert!(report.contains(&format!("\"seed\":{seed},")), "{report}");
    }
    std::fs::remove_file(root.join("latest")).unwrap();
    std::fs::write(root.join("latest"), "mine").unwrap();
    let _ = litsim(&fake, &["run", &quickstart(), "--out", &out]);
    assert_eq!(std::fs::read_to_string(root.join("latest")).unwrap(), "mine");
    std::fs::remove_dir_all(root).unwrap();
}
