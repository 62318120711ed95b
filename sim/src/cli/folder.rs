//! The folder that `--out` writes for a run.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::outcome::RunReport;
use crate::plan::FaultPlan;
use crate::stopwatch::Spent;
use crate::sweep::Manifest;
use crate::{report, trace};

/// The capsule in a run's folder.
pub(super) const CAPSULE: &str = "capsule.json";

/// Of what a run is: build, commit, scenario with its digest.
const RUN: &str = "run.json";

/// Where a run's folder is: `OUT/NAME-seedN`.
pub(super) fn path(out: &Path, scenario: &str, seed: u64) -> PathBuf {
    out.join(format!("{scenario}-seed{seed}"))
}

/// Lets `latest` in a folder lead to what is in it, or below it. Where there are no such links, or something else has
/// that name, it does without: nothing depends on it.
pub(super) fn link_latest(out: &Path, target: &Path) {
    let (link, target) = (out.join("latest"), target.strip_prefix(out).unwrap_or(target));
    if link.is_symlink() {
        let _ = fs::remove_file(&link);
    }
    #[cfg(unix)]
    let _ = std::os::unix::fs::symlink(target, link);
    #[cfg(not(unix))]
    let _ = (target, link);
}

/// Writes report, plan, trace and what the run is of (`run.json`). What was spent goes to `timings.jsonl`, apart from
/// everything that is deterministic.
pub(super) fn write(
    out: &Path,
    report: &RunReport,
    plan: &FaultPlan,
    about: &Manifest,
    spent: Spent,
) -> io::Result<PathBuf> {
    let folder = path(out, &report.scenario, report.seed);
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("report.json"), report::json(report) + "\n")?;
    fs::write(folder.join("plan.json"), serde_json::to_string_pretty(plan)? + "\n")?;
    fs::write(folder.join(RUN), about.to_json())?;
    trace::write(&report.trace, &folder)?;
    let mut timings = OpenOptions::new().create(true).append(true).open(out.join("timings.jsonl"))?;
    let (scenario, seed, Spent { wall_us, cpu_us }) = (&report.scenario, report.seed, spent);
    let line = serde_json::json!({ "scenario": scenario, "seed": seed, "wall_us": wall_us, "cpu_us": cpu_us });
    writeln!(timings, "{line}")?;
    link_latest(out, &folder);
    Ok(folder)
}
