//! Results as Markdown, short enough for the comment of a pull request.

use std::fmt::Write;

use super::Facts;
use super::escape::cell;
use super::failures::reproduce;
use super::folder::Data;
use super::input::Run;
use super::sections::time;
use super::sums::{confusion, faults, groups, never_exercised, ranges, rows};
use crate::report::grouped;

/// The most rows of a table.
const ROWS_MOST: usize = 60;

/// Writes the text.
pub fn markdown(data: &Data, facts: &Facts) -> String {
    let failed = data.runs.iter().filter(|run| run.is_failed()).count();
    let virtual_ms: u64 = data.runs.iter().map(|run| run.virtual_ms).sum();
    let mut out = format!(
        "# {}\n\n{} run{}, {failed} not as expected; {} of virtual time.\n\n",
        cell(&data.name()),
        data.runs.len(),
        if data.runs.len() == 1 { "" } else { "s" },
        time(virtual_ms as f64)
    );
    failures(&mut out, data, facts);
    scenarios(&mut out, data);
    never_fired(&mut out, data);
    let never: Vec<String> = never_exercised(data).into_iter().map(cell).collect();
    if !never.is_empty() {
        let _ = write!(out, "\n## Oracles that never had anything to judge\n\n{}\n", never.join(", "));
    }
    if let Some(blame) =
        confusion(data).filter(|blame| blame.liars_named + blame.liars_unnamed + blame.honest_named > 0)
    {
        let _ = write!(
            out,
            "\n## Blame\n\n| | named | not named |\n|---|---:|---:|\n| lied | {} | {} |\n| honest | {} | {} |\n",
            blame.liars_named, blame.liars_unnamed, blame.honest_named, blame.honest_unnamed
        );
    }
    out
}

fn failures(out: &mut String, data: &Data, facts: &Facts) {
    let groups = groups(data);
    if groups.is_empty() {
        return;
    }
    out.push_str("## Failures\n");
    for group in groups.iter().take(ROWS_MOST) {
        let Some((place, run)) = group.runs.first() else { continue };
        let seeds = ranges(group.runs.iter().map(|(_, run)| run.seed));
        let _ = write!(
            out,
            "\n**{}**: {}: {}\n\n{} of {}, {} {seeds}\n\n```\n{}\n```\n",
            cell(run.verdict()),
            cell(&group.failure.oracle),
            cell(&group.failure.kind),
            if group.runs.len() == 1 { "1 run".to_owned() } else { format!("{} runs", group.runs.len()) },
            cell(&run.scenario),
            if group.runs.len() == 1 { "seed" } else { "seeds" },
            reproduce(data, facts, *place).replace("```", "'''")
        );
    }
    rest(out, groups.len());
    out.push('\n');
}

fn scenarios(out: &mut String, data: &Data) {
    let rows = rows(data, Run::case);
    out.push_str("## Scenarios\n\n| scenario | runs | not as expected | verdicts |\n|---|---:|---:|---|\n");
    for (name, row) in rows.iter().take(ROWS_MOST) {
        let verdicts: Vec<String> = row.verdicts.iter().map(|(verdict, runs)| format!("{runs} {verdict}")).collect();
        let (name, verdicts) = (cell(name), cell(&verdicts.join(", ")));
        let _ = writeln!(out, "| {name} | {} | {} | {verdicts} |", grouped(row.runs), row.failed);
    }
    rest(out, rows.len());
}

fn never_fired(out: &mut String, data: &Data) {
    let never: Vec<_> = faults(data).into_iter().filter(|(_, (_, fired))| *fired == 0).collect();
    if never.is_empty() {
        return;
    }
    out.push_str("\n## Declared, but never fired\n\n");
    for ((scenario, fault), (declared, _)) in never.iter().take(ROWS_MOST) {
        let _ = writeln!(out, "- {} of {}, in {declared} runs", cell(fault), cell(scenario));
    }
    rest(out, never.len());
}

fn rest(out: &mut String, count: usize) {
    if count > ROWS_MOST {
        let _ = writeln!(out, "\n{} more are not shown.", count - ROWS_MOST);
    }
}
