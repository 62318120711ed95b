//! `litsim fuzz`: scenarios that are drawn, for as long as one likes.

use clap::{Args, value_parser};
use lit_node::bugs::BugSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use std::{io, iter};

use super::progress::Progress;
use super::{Common, Exit, Shell, bugs, folder, sweep, twice};
use crate::crew::{Answer, Errand, NoHands, Post, Shrunken};
use crate::fuzz::{Corpus, Finding, Fuzzer, Options, Until};
use crate::generic::Urn;
use crate::hunt;
use crate::sweep::probe;

#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub(super) struct Arguments {
    /// For how long, such as 90s, 10m or 2h; what is found is shrunk after that
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "10m")]
    budget: Duration,
    /// End after so many runs, if the time is not over before
    #[arg(long, value_name = "N")]
    runs: Option<u64>,
    /// Begin with the scenarios of this folder, and keep there what reaches something new
    #[arg(long, value_name = "DIR")]
    corpus: Option<PathBuf>,
    /// What is drawn derives from this
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// How many runs at a time; as many as there are processors if not given. What is tried does not depend on it
    #[arg(long, short, value_name = "N", value_parser = value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    /// Let more than f nodes be down or cut off; then only safety is demanded
    #[arg(long)]
    beyond_f: bool,
    /// Plant known mistakes, by name: would they be found?
    #[arg(long, value_name = "NAME,NAME...", value_delimiter = ',')]
    bugs: Vec<String>,
    /// The most runs for making each finding small; none is made small if 0
    #[arg(long, value_name = "RUNS", default_value_t = 300)]
    shrink: u64,
}

const AFTER: &str = "\
Each scenario first draws which kinds of faults it may have, then a network, a workload and the faults, of which at most f \
make nodes faulty at one time. What goes wrong is looked at again in another process, told once whatever the seed, and \
made small: --out (out/fuzz if not given) gets the capsule of the first run and the scenario that is left, which `run` and \
`replay` take.";

/// Reads a duration.
fn duration(text: &str) -> Result<Duration, String> {
    let refuse = || format!("expected a time such as 90s, 10m or 2h, not {text:?}");
    let (digits, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let seconds = match unit {
        "s" | "" => 1,
        "m" => 60,
        "h" => 3600,
        _ => return Err(refuse()),
    };
    let number: u64 = digits.parse().map_err(|_| refuse())?;
    number.checked_mul(seconds).map(Duration::from_secs).ok_or_else(refuse)
}

pub(super) fn run(arguments: &Arguments, common: &Common, shell: &mut Shell<'_>) -> Exit {
    let out = common.out.clone().unwrap_or_else(|| PathBuf::from("out/fuzz"));
    let prepared = prepare(arguments, &out, shell);
    let (options, earlier) = match prepared {
        Ok(prepared) => prepared,
        Err(exit) => return exit,
    };
    let progress = Progress::for_time(arguments.budget, common);
    let end = now() + arguments.budget;
    let until = Until { runs: arguments.runs, is_over: &|| now() >= end };
    let (mut runs, mut refused) = (0, 0);
    let mut tell = |tried: &crate::fuzz::Tried, findings: &crate::fuzz::Findings| {
        runs += 1;
        refused += u64::from(tried.result.is_err());
        progress.set(runs, findings.list.len() as u64);
    };
    let fuzzer = Fuzzer::new(&options, earlier, until, &mut tell);
    let ended = fuzzer.run((shell.engine, shell.crew), sweep::jobs(arguments.jobs));
    progress.end();
    let (corpus, findings, runs) = match ended {
        Ok(ended) => ended,
        Err(error) => {
            shell.complain(&format!("error: {error}"));
            return Exit::USAGE;
        }
    };
    let kept = arguments.corpus.as_ref().map_or(Ok(()), |folder| corpus.write(folder));
    let mut exit = Exit::OK;
    if let Err(error) = kept {
        shell.complain(&format!("error: {error}"));
        exit = Exit::USAGE;
    }
    for (finding, kept) in findings.list.iter().zip(keep_all(&findings.list, &out, arguments, shell)) {
        exit = exit.and(Exit::of_code(finding.ran.exit)).and(print(finding, kept, common, shell));
    }
    conclude(runs, refused, &corpus, findings.list.len(), common, shell);
    exit
}

/// What to fuzz with, and what to begin with. Whether findings can be kept is seen before there are any.
fn prepare(
    arguments: &Arguments,
    out: &Path,
    shell: &mut Shell<'_>,
) -> Result<(Options, Vec<crate::fuzz::Entry>), Exit> {
    let planted = if arguments.bugs.is_empty() { Ok(Vec::new()) } else { bugs::select(&arguments.bugs) };
    let planted = planted.map_err(|error| {
        shell.complain(&format!("error: {error}"));
        Exit::NOTHING_SELECTED
    })?;
    let earlier = arguments.corpus.as_ref().map_or(Ok(Vec::new()), |folder| Corpus::read(folder)).map_err(|error| {
        shell.complain(&format!("error: {error}"));
        Exit::USAGE
    })?;
    for folder in iter::once(out).chain(arguments.corpus.as_deref()) {
        probe(folder).map_err(|error| {
            shell.complain(&format!("error: {error}"));
            Exit::USAGE
        })?;
    }
    let urn = Urn { swarm: true, beyond_f: arguments.beyond_f };
    let bugs = planted.into_iter().fold(BugSet::NONE, BugSet::with);
    Ok((Options { seed: arguments.seed, urn, bugs }, earlier))
}

#[expect(clippy::disallowed_methods, reason = "the budget is one of time")]
fn now() -> Instant {
    Instant::now()
}

/// What is left of a finding in files.
struct Kept {
    capsule: PathBuf,
    /// The small scenario, or why there is none.
    small: Result<(PathBuf, Shrunken), String>,
}

/// Writes the capsules, and has all findings made small, as many at a time as runs are made.
fn keep_all(list: &[Finding], out: &Path, arguments: &Arguments, shell: &Shell<'_>) -> Vec<io::Result<Kept>> {
    let crew = shell.crew;
    hunt::each(list, sweep::jobs(arguments.jobs), |finding| keep(finding, out, arguments.shrink, &mut Post::new(crew)))
}

fn keep(finding: &Finding, out: &Path, budget: u64, post: &mut Post<'_>) -> io::Result<Kept> {
    let stem = format!("{}-{}", finding.failure.oracle, finding.candidate.bundle.origin.trim_end_matches(".toml"));
    let (capsule, small) = (out.join(format!("{stem}.capsule.json")), out.join(format!("{stem}-small.toml")));
    std::fs::create_dir_all(out)?;
    std::fs::write(&capsule, finding.ran.capsule.as_deref().unwrap_or_default())?;
    if budget == 0 {
        return Ok(Kept { capsule, small: Err("it was not asked for".to_owned()) });
    }
    let errand = Errand::Shrink { capsule: capsule.clone(), output: small.clone(), budget };
    let small = match post.carry_out(&errand) {
        Ok(Answer::Shrunk(shrunken)) => Ok((small, shrunken)),
        Ok(Answer::Refused { error }) => Err(error),
        Ok(Answer::Died(died)) => Err(format!("the process that tried {}", died.death)),
        Ok(Answer::Ran(_)) => Err("the worker answered something else".to_owned()),
        Err(NoHands(error)) => Err(error.to_string()),
    };
    Ok(Kept { capsule, small })
}

fn print(finding: &Finding, kept: io::Result<Kept>, common: &Common, shell: &mut Shell<'_>) -> Exit {
    let Finding { failure, alike, runs, ran, candidate } = finding;
    let kept = match kept {
        Ok(kept) => kept,
        Err(error) => {
            shell.complain(&format!("error: the capsule of {failure} cannot be written: {error}"));
            return Exit::USAGE;
        }
    };
    let capsule = kept.capsule.display().to_string();
    let (small, size) = match &kept.small {
        Ok((path, small)) => (Some(path.display().to_string()), Some(small)),
        Err(_) => (None, None),
    };
    if common.json {
        let line = serde_json::json!({
            "failure": failure, "alike": alike, "verdict": ran.verdict.name(), "runs": runs,
            "genome": candidate.genome.to_string(), "seed": candidate.seed, "capsule": capsule, "small": small,
            "size": size,
        });
        shell.print(&line.to_string());
    } else {
        shell.print(&format!("{}  {failure}\n    in {runs} runs; the first: {capsule}", ran.verdict));
        match &kept.small {
            Ok((path, small)) => shell.print(&format!(
                "    {} faults, {} steps and {} nodes are left after {} runs: {} (seed {})",
                small.faults,
                small.steps,
                small.nodes,
                small.runs,
                path.display(),
                small.seed
            )),
            Err(error) => shell.print(&format!("    not made small: {error}")),
        }
    }
    let capsule = small.map_or(capsule, |small| small.trim_end_matches(".toml").to_owned() + ".capsule.json");
    shell.complain(&format!("reproduce: {} replay {}", shell.program, twice::quote(&capsule)));
    if let Some(out) = kept.capsule.parent() {
        folder::link_latest(out, &kept.capsule);
    }
    Exit::OK
}

fn conclude(runs: u64, refused: u64, corpus: &Corpus, found: usize, common: &Common, shell: &mut Shell<'_>) {
    if common.json {
        let line = serde_json::json!({
            "runs": runs, "refused": refused, "corpus": corpus.entries.len(), "reached": corpus.reached(), "found": found,
        });
        return shell.print(&line.to_string());
    }
    if common.quiet {
        return;
    }
    let (entries, reached) = (corpus.entries.len(), corpus.reached());
    shell.print(&format!("{runs} runs; {reached} different things reached, by {entries} scenarios; {found} findings"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_seconds_minutes_or_hours() {
        assert_eq!(duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("10m"), Ok(Duration::from_secs(600)));
        assert_eq!(duration("2h"), Ok(Duration::from_secs(7200)));
        for nonsense in ["", "m", "1d", "-1s", "1.5h", "99999999999999999999h"] {
            assert!(duration(nonsense).is_err(), "{nonsense}");
        }
    }
}
