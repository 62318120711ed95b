//! The parts of the page that are tables and charts.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::Facts;
use super::escape::markup;
use super::folder::Data;
use super::input::{Manifest, Run};
use super::plots::plots as charts;
use super::recovery::Recovery;
use super::sums::{Confusion, Row, cases as cases_of, confusion, faults, marks, never_exercised, rows, verdicts};
use crate::report::grouped;

/// The most rows of the list of runs, and of other long tables.
const ROWS_MOST: usize = 500;

/// A time in the unit that suits it.
pub fn time(ms: f64) -> String {
    match ms {
        ms if ms >= 7_200_000.0 => format!("{:.1} h", ms / 3_600_000.0),
        ms if ms >= 120_000.0 => format!("{:.1} min", ms / 60_000.0),
        ms if ms >= 1000.0 => format!("{:.1} s", ms / 1000.0),
        ms => format!("{ms:.0} ms"),
    }
}

/// A verdict in its colour.
pub fn badge(verdict: &str, is_failed: bool) -> String {
    let class = if is_failed { "bad" } else { "good" };
    format!("<span class=\"badge {class}\">{}</span>", markup(verdict))
}

/// What the folder holds, in a line.
pub fn subtitle(data: &Data) -> String {
    let scenarios = rows(data, |run| run.scenario.clone()).len();
    let s = |count: usize| if count == 1 { "" } else { "s" };
    let what = if data.manifest.is_some() { "Sweep" } else { "Report" };
    let missing = match &data.manifest {
        Some(manifest) if manifest.runs > data.runs.len() as u64 => {
            format!(
                "; <span class=\"warn\">{} of its runs have not been made</span>",
                manifest.runs - data.runs.len() as u64
            )
        }
        _ => String::new(),
    };
    let runs = data.runs.len();
    format!("{what} of {} run{} of {scenarios} scenario{}{missing}", grouped(runs as u64), s(runs), s(scenarios))
}

/// The figures at the top.
pub fn tiles(data: &Data) -> String {
    let failed = data.runs.iter().filter(|run| run.is_failed()).count() as u64;
    let sum = |what: fn(&Run) -> u64| data.runs.iter().map(what).sum::<u64>();
    let times: Vec<_> = data.runs.iter().filter_map(|run| data.timing(run)).collect();
    let cpu_us: u64 = times.iter().map(|timing| timing.cpu_us).sum();
    let wall_us: u64 = times.iter().map(|timing| timing.wall_us).sum();
    let mut out = String::from("<div class=\"tiles\">");
    let mut tile = |value: String, name: &str, class: &str| {
        let _ = write!(out, "<div class=\"tile\"><b class=\"{class}\">{value}</b><span>{name}</span></div>");
    };
    tile(grouped(data.runs.len() as u64), "runs", "");
    tile(grouped(failed), "not as expected", if failed > 0 { "bad" } else { "good" });
    tile(time(sum(|run| run.virtual_ms) as f64), "virtual time", "");
    match (cpu_us, wall_us) {
        (0, 0) => {}
        (0, wall) => tile(time(wall as f64 / 1e3), "wall-clock time of runs", ""),
        (cpu, _) => tile(time(cpu as f64 / 1e3), "processor time", ""),
    }
    tile(grouped(sum(|run| run.messages)), "messages between nodes", "");
    let (declared, fired) = (sum(|run| run.faults.declared.len() as u64), sum(|run| run.faults.fired.len() as u64));
    tile(format!("{} of {}", grouped(fired), grouped(declared)), "faults fired", "");
    out + "</div>"
}

/// Which oracle had something to judge in which scenario, and saw a violation.
pub fn properties(data: &Data, facts: &Facts) -> String {
    let mut oracles: Vec<String> = facts.oracles.clone();
    let violated = data.runs.iter().flat_map(|run| &run.violations).map(|violation| &violation.oracle);
    for oracle in violated.chain(data.runs.iter().flat_map(|run| run.exercised.keys())) {
        if !oracles.contains(oracle) {
            oracles.push(oracle.clone());
        }
    }
    let rows = rows(data, Run::case);
    let mut out = String::from(
        "<p class=\"soft\">Every oracle judges every run. A number says how often it had something to judge in the runs \
         of that scenario, and saw nothing wrong; &empty; that it never had, so that these runs say nothing about it; a \
         red number, in how many runs it saw a violation; a dot, that the results do not say.</p>",
    );
    let never: Vec<String> =
        never_exercised(data).into_iter().map(|oracle| format!("<code>{}</code>", markup(oracle))).collect();
    if !never.is_empty() {
        let _ = write!(out, "<p class=\"warn\" id=\"never\">Never exercised in any run: {}</p>", never.join(", "));
    }
    out += "<div class=\"card scroll\"><table class=\"props\"><tr><th>scenario</th><th class=\"n\">runs</th>";
    for oracle in &oracles {
        let _ = write!(out, "<th class=\"o\"><span>{}</span></th>", markup(oracle));
    }
    out += "<th>verdicts</th></tr>";
    for (name, row) in rows.iter().take(ROWS_MOST) {
        let _ = write!(out, "<tr><td class=\"name\">{}</td><td class=\"n\">{}</td>", markup(name), grouped(row.runs));
        for oracle in &oracles {
            out += &property(row, oracle);
        }
        let _ = write!(out, "<td class=\"verdicts\">{}</td></tr>", verdict_list(row));
    }
    out += "</table></div>";
    out + &more(rows.len(), "scenarios")
}

/// What one oracle says of the runs of a scenario.
fn property(row: &Row, oracle: &str) -> String {
    let times = row.exercised.get(oracle).copied();
    let (class, text, title) = match (row.violated.get(oracle), times) {
        (Some(count), _) => {
            let of = times.map(|times| format!("; it had something to judge {} times", grouped(times)));
            let title = format!("violated in {count} of {} runs{}", row.runs, of.unwrap_or_default());
            ("c hit", count.to_string(), title)
        }
        (None, Some(0)) => ("c never", "&empty;".to_owned(), "never exercised".to_owned()),
        (None, Some(times)) => ("c ok", short(times), format!("ok, {} times", grouped(times))),
        (None, None) => {
            ("c", "&middot;".to_owned(), "no violation; the results do not say how often it judged".to_owned())
        }
    };
    format!("<td class=\"{class}\" title=\"{}: {}\">{text}</td>", markup(oracle), markup(&title))
}

/// A number that fits a narrow column: 950, 12k, 3.4M.
fn short(number: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1_000_000_000, "G"), (1_000_000, "M"), (1000, "k")];
    let Some((unit, name)) = UNITS.into_iter().find(|(unit, _)| number >= *unit) else { return number.to_string() };
    match (number / unit, number % unit * 10 / unit) {
        (whole @ 0..10, tenth @ 1..) => format!("{whole}.{tenth}{name}"),
        (whole, _) => format!("{whole}{name}"),
    }
}

fn verdict_list(row: &Row) -> String {
    let list: Vec<String> = row.verdicts.iter().map(|(verdict, runs)| format!("{runs} {}", markup(verdict))).collect();
    let failed = if row.failed > 0 {
        format!(" <span class=\"bad\">({} not as expected)</span>", row.failed)
    } else {
        String::new()
    };
    list.join(", ") + &failed
}

fn more(count: usize, what: &str) -> String {
    match count.checked_sub(ROWS_MOST) {
        Some(rest) if rest > 0 => format!("<p class=\"soft small\">{rest} more {what} are not shown.</p>"),
        _ => String::new(),
    }
}

/// Faults that fired and did not, branches that were taken and not.
pub fn utilisation(data: &Data) -> String {
    let faults = faults(data);
    let never: Vec<_> = faults.iter().filter(|(_, (_, fired))| *fired == 0).collect();
    let mut out = String::from("<div class=\"grid2\"><div class=\"card\"><h3>Faults</h3>");
    if faults.is_empty() {
        out += "<p class=\"soft\">No run had any.</p>";
    } else {
        if !never.is_empty() {
            let _ = write!(out, "<p class=\"warn\">{} declared, but never fired in any run:</p><ul>", never.len());
            for ((scenario, fault), (declared, _)) in never.iter().take(ROWS_MOST) {
                let (scenario, fault) = (markup(scenario), markup(fault));
                let _ = write!(out, "<li><code>{fault}</code> of {scenario}, in {declared} runs</li>");
            }
            out += "</ul>";
        }
        out += "<div class=\"scroll long\"><table class=\"long\"><tr><th>fault</th><th>scenario</th><th class=\"n\">fired in</th></tr>";
        for ((scenario, fault), (declared, fired)) in faults.iter().take(ROWS_MOST) {
            let (scenario, fault) = (markup(scenario), markup(fault));
            let class = if *fired == 0 { "n warn" } else { "n" };
            let _ = write!(
                out,
                "<tr><td class=\"name\"><code>{fault}</code></td><td class=\"name\">{scenario}</td>\
                 <td class=\"{class}\">{fired} of {declared} runs</td></tr>"
            );
        }
        out += "</table></div>";
        out += &more(faults.len(), "faults");
    }
    out + "</div>" + &mark_card(data) + "</div>"
}

fn mark_card(data: &Data) -> String {
    let marks = marks(data);
    let never: Vec<&str> = marks.iter().filter(|(_, hits)| **hits == 0).map(|(mark, _)| *mark).collect();
    let mut out = String::from("<div class=\"card\"><h3>Marks</h3>");
    if marks.is_empty() {
        return out + "<p class=\"soft\">No run hit any.</p></div>";
    }
    if !never.is_empty() {
        let list: Vec<String> = never.iter().map(|mark| format!("<code>{}</code>", markup(mark))).collect();
        let _ = write!(out, "<p class=\"warn\">Never hit: {}</p>", list.join(", "));
    }
    out += "<div class=\"scroll long\"><table class=\"long\"><tr><th>mark</th><th class=\"n\">hits</th></tr>";
    for (mark, hits) in marks.iter().take(ROWS_MOST) {
        let _ = write!(out, "<tr><td class=\"name\">{}</td><td class=\"n\">{}</td></tr>", markup(mark), grouped(*hits));
    }
    out + "</table></div></div>"
}

/// The charts, and the matrix of blame.
pub fn plots(data: &Data, recoveries: &[Recovery]) -> String {
    let mut out = String::new();
    for plot in charts(data, recoveries) {
        let (title, picture, caption) = (markup(&plot.title), &plot.picture, markup(&plot.caption));
        let _ = write!(out, "<div class=\"card\"><h3>{title}</h3>{picture}<p class=\"soft small\">{caption}</p></div>");
    }
    if let Some(confusion) = confusion(data) {
        out += &matrix(confusion);
    }
    if out.is_empty() { out } else { format!("<div class=\"grid2\">{out}</div>") }
}

fn matrix(confusion: Confusion) -> String {
    let Confusion { liars_named, liars_unnamed, honest_named, honest_unnamed } = confusion;
    let class = if honest_named > 0 { "n bad" } else { "n" };
    format!(
        "<div class=\"card\"><h3>Blame</h3><div class=\"scroll\"><table class=\"matrix\">\
         <tr><th></th><th>named</th><th>not named</th></tr>\
         <tr><th>lied</th><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>\
         <tr><th>honest</th><td class=\"{class}\">{}</td><td class=\"n\">{}</td></tr></table></div>\
         <p class=\"soft small\">Nodes of all runs: whether a fault of the plan made them lie, and whether an honest node or a \
         client has proved them wrong. Not every lie can be proved; an honest node that is named is a violation.</p></div>",
        grouped(liars_named),
        grouped(liars_unnamed),
        grouped(honest_named),
        grouped(honest_unnamed)
    )
}

/// The list of runs, failed ones first, with its filter.
pub fn runs(data: &Data) -> String {
    let mut order: Vec<&Run> = data.runs.iter().collect();
    order.sort_by_key(|run| !run.is_failed());
    let mut out = String::from(
        "<div class=\"tools\"><input id=\"filter\" type=\"search\" placeholder=\"Filter runs and failures: scenario, verdict, \
         oracle, seed 7\" aria-label=\"Filter runs and failures\"><span id=\"shown\" class=\"soft small\"></span></div>\
         <div class=\"card scroll long\"><table class=\"long\"><tr><th>verdict</th><th>scenario</th><th class=\"n\">seed</th><th class=\"n\">n</th>\
         <th class=\"n\">virtual</th><th class=\"n\">messages</th><th class=\"n\">bytes</th><th>digest</th></tr>",
    );
    for run in order.iter().take(ROWS_MOST) {
        let (case, verdict) = (run.case(), run.verdict());
        let failure =
            if run.is_failed() { format!("{} {}", run.failure().oracle, run.failure().kind) } else { String::new() };
        let find = markup(&format!("{case} {verdict} seed {} {failure}", run.seed));
        let digest: String = run.digest.chars().take(14).collect();
        let _ = write!(
            out,
            "<tr data-find=\"{find}\"><td>{}</td><td class=\"name\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td>\
             <td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td><code title=\"{}\">{}</code></td></tr>",
            badge(verdict, run.is_failed()),
            markup(&case),
            run.seed,
            run.nodes,
            time(run.virtual_ms as f64),
            grouped(run.messages),
            grouped(run.bytes),
            markup(&run.digest),
            markup(&digest)
        );
    }
    out + "</table></div>" + &more(order.len(), "runs")
}

/// What ran where: build, toolchain, scenarios, and what counted work costs.
pub fn environment(data: &Data, facts: &Facts) -> String {
    let mut out = String::from("<div class=\"grid2\"><div class=\"card\"><h3>Build</h3><dl>");
    let mut entry = |name: &str, value: &str| {
        let _ = write!(out, "<dt>{name}</dt><dd>{}</dd>", markup(value));
    };
    let said = |what: fn(&Manifest) -> &str| {
        let all: BTreeSet<&str> = data.manifests().map(what).filter(|name| !name.is_empty()).collect();
        if all.is_empty() { "not said by these results".to_owned() } else { Vec::from_iter(all).join(", ") }
    };
    entry("results of build", &said(|manifest| &manifest.build));
    entry("results of commit", &said(|manifest| &manifest.commit));
    entry("report of build", &facts.build);
    entry("report of commit", &facts.commit);
    entry("compiler", &facts.toolchain);
    let mut ways: Vec<&str> =
        data.runs.iter().map(|run| run.preprocessing.as_str()).filter(|way| !way.is_empty()).collect();
    ways.sort_unstable();
    ways.dedup();
    entry("preprocessing", &ways.join(", "));
    let counts: Vec<String> = verdicts(data).into_iter().map(|(verdict, runs)| format!("{runs} {verdict}")).collect();
    entry("verdicts", &counts.join(", "));
    let again = data.runs.iter().filter(|run| run.again).count();
    entry("made twice", &format!("{again} runs, in another process, and compared"));
    out += "</dl></div>";
    out += &costs(facts);
    out += "</div>";
    out + &cases(data)
}

fn costs(facts: &Facts) -> String {
    let mut out = String::from(
        "<div class=\"card\"><h3>Costs of counted work</h3><div class=\"scroll\"><table><tr><th>operation</th><th class=\"n\">\
         virtual time</th></tr>",
    );
    for (name, picos) in &facts.costs {
        let nanos = *picos as f64 / 1e3;
        let text = if nanos >= 1000.0 { format!("{} µs", nanos / 1e3) } else { format!("{nanos} ns") };
        let _ = write!(out, "<tr><td>{}</td><td class=\"n\">{text}</td></tr>", markup(name));
    }
    out + "</table></div><p class=\"soft small\">Of this program. Work is counted, never timed, so a run does not depend on the \
           machine.</p></div>"
}

fn cases(data: &Data) -> String {
    let cases = cases_of(data);
    if cases.is_empty() {
        return String::new();
    }
    let mut out = String::from(
        "<h3 style=\"margin-top:18px\">Scenarios</h3><div class=\"card scroll\"><table><tr><th>file</th><th>changed</th>\
         <th>seeds</th><th>preprocessing</th><th>digest</th></tr>",
    );
    for (case, seeds) in cases.iter().take(ROWS_MOST) {
        let digest: String = case.digest.chars().take(18).collect();
        let _ = write!(
            out,
            "<tr><td class=\"name\">{}</td><td class=\"name\">{}</td><td>{seeds}</td><td>{}</td>\
             <td><code title=\"{}\">{}</code></td></tr>",
            markup(&case.file),
            markup(&case.edits.join(", ")),
            markup(&case.preprocessing),
            markup(&case.digest),
            markup(&digest)
        );
    }
    out + "</table></div>" + &more(cases.len(), "scenarios")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_enough_for_a_narrow_column() {
        let shown = [0, 999, 1000, 1100, 9999, 12_345, 999_999, 3_400_000, u64::MAX].map(short);
        assert_eq!(shown[..8], ["0", "999", "1k", "1.1k", "9.9k", "12k", "999k", "3.4M"]);
        assert!(shown[8].ends_with('G'), "{}", shown[8]);
    }
}
