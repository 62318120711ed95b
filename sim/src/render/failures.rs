//! One card for each way in which runs failed.

use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Write;

use super::Facts;
use super::escape::markup;
use super::folder::Data;
use super::input::Run;
use super::sections::badge;
use super::sums::{Group, groups, ranges};
use crate::cli::quote;

/// The most cards of a page.
const CARDS_MOST: usize = 200;
/// The most violations that a card quotes.
const QUOTED: usize = 5;

/// The capsule of a run, as a path from where the report was asked for, and relative to its folder.
fn capsule(data: &Data, place: usize) -> Option<(String, String)> {
    let run = data.runs.get(place)?;
    let inside = match data.folders.get(place)? {
        Some(folder) if folder.join("capsule.json").is_file() => {
            let inside = folder.strip_prefix(&data.folder).unwrap_or(folder).join("capsule.json");
            inside.display().to_string()
        }
        Some(_) => return None,
        None => run.capsule.clone()?,
    };
    Some((data.folder.join(&inside).display().to_string(), inside))
}

/// The line that makes a run again.
pub fn reproduce(data: &Data, facts: &Facts, place: usize) -> String {
    let program = &facts.program;
    if let Some((path, _)) = capsule(data, place) {
        return format!("{program} replay {}", quote(&path));
    }
    let Some(run) = data.runs.get(place) else { return String::new() };
    let file = if run.file.is_empty() { "FILE".to_owned() } else { quote(&run.file) };
    let edits: String =
        run.axes.iter().map(|(path, value)| format!(" --set {}", quote(&format!("{path}={value}")))).collect();
    format!("{program} run {file}{edits} --seed {}", run.seed)
}

/// All cards.
pub fn section(data: &Data, facts: &Facts) -> String {
    let groups = groups(data);
    if groups.is_empty() {
        return "<p class=\"good\">Every run ended as its scenario expects.</p>".to_owned();
    }
    let mut out = format!(
        "<p class=\"soft\">{} distinct failure{}. Runs are put together if the same oracle saw the same thing, numbers and \
         hashes aside.</p>",
        groups.len(),
        if groups.len() == 1 { "" } else { "s" }
    );
    for (place, group) in groups.iter().take(CARDS_MOST).enumerate() {
        card(&mut out, data, facts, place, group);
    }
    if groups.len() > CARDS_MOST {
        let _ = write!(out, "<p class=\"soft\">{} more are not shown.</p>", groups.len() - CARDS_MOST);
    }
    out
}

fn card(out: &mut String, data: &Data, facts: &Facts, place: usize, group: &Group<'_>) {
    let Some((first, run)) = group.runs.first() else { return };
    let (count, failure) = (group.runs.len(), &group.failure);
    let s = if count == 1 { "" } else { "s" };
    let what = format!("{}: {}", failure.oracle, failure.kind);
    let find = markup(&format!("{} {} {what}", run.scenario, run.verdict()));
    let _ = write!(
        out,
        "<details class=\"card failure\" id=\"failure-{}\" data-find=\"{find}\"><summary>{}\
         <span class=\"what\">{}</span><span class=\"soft small\">{count} run{s} of {}</span></summary><div class=\"body\">",
        place + 1,
        badge(run.verdict(), true),
        markup(&what),
        markup(&run.scenario)
    );
    let line = markup(&reproduce(data, facts, *first));
    let _ = write!(
        out,
        "<div class=\"soft small\">Make the first of them again:</div>\
         <div class=\"line\"><code>{line}</code><button class=\"copy\" type=\"button\">Copy</button></div><dl>"
    );
    let mut entry = |name: &str, value: &str| {
        let _ = write!(out, "<dt>{name}</dt><dd>{}</dd>", markup(value));
    };
    entry("seeds", &ranges(group.runs.iter().map(|(_, run)| run.seed)));
    let cases: BTreeSet<String> = group.runs.iter().map(|(_, run)| run.case()).collect();
    if cases.len() > 1 {
        entry("cases", &cases.into_iter().collect::<Vec<_>>().join("; "));
    }
    entry("lied", &nodes(&actual(run)));
    entry("named", &named(run));
    entry("trace digest", &run.digest);
    if let Some((path, _)) = capsule(data, *first) {
        entry("capsule", &path);
    }
    out.push_str("</dl>");
    quote_violations(out, run);
    plan(out, data, facts, *first);
    out.push_str("</div></details>\n");
}

fn actual(run: &Run) -> Vec<u16> {
    let blame = run.blame.clone().unwrap_or_default();
    blame.liars_named.into_iter().chain(blame.liars_unnamed).collect()
}

fn nodes(list: &[u16]) -> String {
    match list {
        [] => "nobody".to_owned(),
        [one] => format!("node {one}"),
        many => format!("nodes {}", ranges(many.iter().map(|node| u64::from(*node)))),
    }
}

fn named(run: &Run) -> String {
    let list: Vec<String> = run
        .culprits
        .iter()
        .map(|culprit| {
            let by = if culprit.named_by.is_empty() { "clients".to_owned() } else { nodes(&culprit.named_by) };
            format!("node {} by {by}: {}", culprit.node, culprit.evidence)
        })
        .collect();
    if list.is_empty() { "nobody".to_owned() } else { list.join("; ") }
}

fn quote_violations(out: &mut String, run: &Run) {
    let violations = &run.violations;
    if violations.is_empty() {
        return;
    }
    out.push_str("<div class=\"soft small\">What was seen in it:</div><pre>");
    for violation in violations.iter().take(QUOTED) {
        let line = format!("{:>9.3} s  {}: {}\n", violation.at_ms as f64 / 1e3, violation.oracle, violation.detail);
        out.push_str(&markup(&line));
    }
    if violations.len() > QUOTED {
        let _ = write!(out, "and {} more", violations.len() - QUOTED);
    }
    out.push_str("</pre>");
}

/// The least scenario that fails in this way, if somebody has had it found; the plan of the run otherwise.
fn plan(out: &mut String, data: &Data, facts: &Facts, place: usize) {
    let Some((_, inside)) = capsule(data, place) else { return };
    let stem = inside.trim_end_matches(".json").trim_end_matches(".capsule");
    let small = [format!("{stem}-shrunk.toml"), format!("{stem}-small.toml")];
    if let Some((name, text)) = small.iter().find_map(|name| Some((name, data.text(name)?))) {
        let _ = write!(
            out,
            "<p class=\"soft small\" style=\"margin-top:12px\">Shrunk to this ({}):</p><pre>{}</pre>",
            markup(name),
            markup(&text)
        );
        return;
    }
    let Some(capsule) = data.json(&inside) else { return };
    let Some(events) = capsule["plan"]["events"].as_array().filter(|events| !events.is_empty()) else { return };
    out.push_str(
        "<p class=\"soft small\" style=\"margin-top:12px\">Faults of the plan (not shrunk; <code>litsim shrink</code> \
                  finds the least):</p><pre>",
    );
    for event in events {
        let words = facts.describe.and_then(|describe| describe(event));
        out.push_str(&markup(&words.unwrap_or_else(|| fault(event))));
        out.push('\n');
    }
    out.push_str("</pre>");
}

fn fault(event: &Value) -> String {
    let lasts = event["for_ms"].as_u64().map(|ms| format!(", for {ms} ms")).unwrap_or_default();
    let during = event["during"].as_str().map(|step| format!(", during {step}")).unwrap_or_default();
    let id = event["id"].as_str().unwrap_or("?");
    format!("{id}: {} when {}{during}{lasts}", event["what"], event["when"])
}
