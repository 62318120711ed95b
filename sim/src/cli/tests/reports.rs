//! Tests of `report`, `export` and `completions`.

use super::*;

/// A folder with the runs of two seeds that are not as expected.
fn runs(name: &str) -> (PathBuf, String) {
    let root = folder(name);
    let out = root.join("out").display().to_string();
    for seed in ["1", "2"] {
        let _ = litsim(&Fake::new(Verdict::Liveness, false), &["run", &quickstart(), "--seed", seed, "--out", &out]);
    }
    (root, out)
}

#[test]
fn a_report_is_made_of_what_run_wrote_in_each_format() {
    let fake = Fake::new(Verdict::Pass, true);
    let (root, out) = runs("report");
    for (option, file, part) in [
        ("--html", "report.html", "replay"),
        ("--junit", "junit.xml", "<testsuites name=\"out\" tests=\"2\""),
        ("--markdown", "report.md", "2 runs, 2 not as expected"),
    ] {
        let (exit, printed, err) = litsim(&fake, &["report", &out, option]);
        assert_eq!((exit, err.as_str()), (Exit::OK, ""));
        let path = root.join("out").join(file);
        assert_eq!(printed, format!("report of 2 runs: {}\n", path.display()));
        let text = std::fs::read_to_string(path).unwrap();
        assert!(text.contains(part), "{part} is missing in {file}");
    }
    let (exit, printed, _) = litsim(&fake, &["report", &out, "--jsonl"]);
    let seeds: Vec<serde_json::Value> =
        printed.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["seed"].clone()).collect();
    assert_eq!((exit, seeds), (Exit::OK, vec![1.into(), 2.into()]));
    std::fs::remove_dir_all(root).unwrap();
}

#[test]
fn a_report_goes_where_it_is_told_to() {
    let fake = Fake::new(Verdict::Pass, true);
    let (root, out) = runs("report-out");
    let elsewhere = root.join("there").display().to_string();
    let (exit, printed, _) = litsim(&fake, &["report", &out, "--out", &elsewhere, "--json"]);
    let said: serde_json::Value = serde_json::from_str(&printed).unwrap();
    assert_eq!((exit, &said["runs"]), (Exit::OK, &2.into()));
    assert!(root.join("there/report.html").is_file() && !root.join("out/report.html").exists());
    std::fs::write(root.join("file"), "").unwrap();
    let (exit, _, err) = litsim(&fake, &["report", &out, "--out", &root.join("file").display().to_string()]);
    assert!(exit == Exit::USAGE && err.contains("cannot write"), "{err}");
    std::fs::remove_dir_all(root).unwrap();
}

#[test]
fn what_is_no_folder_of_results_is_refused_with_the_right_code() {
    let fake = Fake::new(Verdict::Pass, true);
    let root = folder("report-bad");
    let path = root.display().to_string();
    let (exit, _, err) = litsim(&fake, &["report", &path]);
    assert!(exit == Exit::NOTHING_SELECTED && err.contains("has no results"), "{err}");
    let (exit, _, err) = litsim(&fake, &["export", &path, "--format", "chrome"]);
    assert!(exit == Exit::NOTHING_SELECTED && err.contains("has no trace.jsonl"), "{err}");
    std::fs::write(root.join("results.jsonl"), "{\"seed\":1}\n{\"se").unwrap();
    let (exit, _, err) = litsim(&fake, &["report", &path]);
    assert!(exit == Exit::BAD_SCENARIO && err.contains("results.jsonl:2: "), "{err}");
    let (exit, _, err) = litsim(&fake, &["report", &path, "--html", "--junit"]);
    assert!(exit == Exit::USAGE && err.contains("cannot be used with"), "{err}");
    let (exit, _, _) = litsim(&fake, &["export", &path, "--format", "pdf"]);
    assert_eq!(exit, Exit::USAGE);
    std::fs::remove_dir_all(root).unwrap();
}

#[test]
fn a_trace_is_exported_to_the_output_or_to_a_file() {
    let fake = Fake::new(Verdict::Pass, true);
    let (root, out) = runs("export");
    let run = root.join("out/quickstart-seed1").display().to_string();
    let (exit, printed, _) = litsim(&fake, &["export", &run, "--format", "chrome"]);
    let events: serde_json::Value = serde_json::from_str(&printed).unwrap();
    assert!(exit == Exit::OK && events["traceEvents"].as_array().is_some_and(|list| list.len() >= 3000));
    let (exit, printed, _) = litsim(&fake, &["export", &run, "--format", "shiviz", "--out", &out]);
    assert!(exit == Exit::OK && printed.starts_with("3000 records: "), "{printed}");
    assert!(std::fs::read_to_string(root.join("out/trace.shiviz.log")).unwrap().starts_with("(?<host>"));
    std::fs::remove_dir_all(root).unwrap();
}

#[test]
fn shells_learn_every_verb() {
    let fake = Fake::new(Verdict::Pass, true);
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let (exit, script, _) = litsim(&fake, &["completions", shell]);
        assert_eq!(exit, Exit::OK);
        for verb in ["run", "sweep", "report", "export", "completions"] {
            assert!(script.contains(verb), "{verb} is missing for {shell}");
        }
    }
    assert_eq!(litsim(&fake, &["completions", "cmd"]).0, Exit::USAGE);
}
