//! The report as one HTML file. It needs nothing but itself: styles, scripts, charts and traces are in it.

use std::fmt::Write;

use super::escape::{markup, script_json};
use super::folder::{Data, ReadError, records};
use super::recovery::{Recovery, recoveries};
use super::{Facts, columns, failures, sections};

/// The most records of all traces together that go into a page; at least one trace always does. A hundred thousand
/// open in a second or so, and a browser still holds several times as many.
const RECORDS_MOST: usize = 400_000;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");
const DIAGRAM: &str = include_str!("diagram.js");
/// Before anything is shown: light or dark as the reader's system is.
const THEME: &str =
    "document.documentElement.dataset.theme=matchMedia('(prefers-color-scheme: dark)').matches?'dark':'light'";

/// The traces of a page.
#[derive(Debug, Default)]
struct Traces {
    /// What to call each, and its columns.
    shown: Vec<(String, String)>,
    /// How many did not fit.
    left_out: usize,
    recoveries: Vec<Recovery>,
}

/// Writes the page.
///
/// # Errors
/// If a trace cannot be read.
pub fn html(data: &Data, facts: &Facts) -> Result<String, ReadError> {
    let traces = traces(data)?;
    let mut main = String::new();
    let mut nav = String::new();
    let mut add = |id: &str, title: &str, body: String| {
        if !body.is_empty() {
            let _ = write!(nav, "<a href=\"#{id}\">{title}</a>");
            let _ = writeln!(main, "<section><h2 id=\"{id}\">{title}</h2>\n{body}</section>");
        }
    };
    add("failures", "Failures", failures::section(data, facts));
    add("properties", "Properties", sections::properties(data, facts));
    add("use", "Faults and marks", sections::utilisation(data));
    add("plots", "Plots", sections::plots(data, &traces.recoveries));
    add("time", "Space and time", diagram(&traces));
    add("runs", "Runs", sections::runs(data));
    add("environment", "Environment", sections::environment(data, facts));
    let (name, tiles) = (markup(&data.name()), sections::tiles(data));
    let subtitle = sections::subtitle(data);
    let mut out = String::with_capacity(main.len() + 100_000);
    let _ = write!(
        out,
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <link rel=\"icon\" href=\"data:,\"><title>{name} - litsim</title>\
         <script>{THEME}</script><style>{STYLE}</style></head>\n<body>\
         <header><div class=\"in\"><div><h1>{name}</h1><div class=\"soft\">{subtitle}</div></div>\
         <button id=\"theme\" type=\"button\" aria-label=\"Switch between light and dark\">Dark</button></div></header>\
         <nav aria-label=\"Sections\"><div class=\"in\">{nav}</div></nav>\n<main>{tiles}\n{main}\
         <footer>Written by litsim {}. Everything is in this one file.</footer></main>\n",
        markup(&facts.version)
    );
    for (place, (_, columns)) in traces.shown.iter().enumerate() {
        let _ =
            writeln!(out, "<script type=\"application/json\" id=\"trace-{place}\">{}</script>", script_json(columns));
    }
    let _ = write!(out, "<script>{SCRIPT}</script>\n<script>{DIAGRAM}</script>\n</body></html>\n");
    Ok(out)
}

/// The traces of runs that have one, of failed runs first, as long as there is room.
fn traces(data: &Data) -> Result<Traces, ReadError> {
    let mut order: Vec<usize> = (0..data.runs.len()).collect();
    order.sort_by_key(|place| !data.runs.get(*place).is_some_and(super::input::Run::is_failed));
    let mut traces = Traces::default();
    let mut room = RECORDS_MOST;
    for place in order {
        let (Some(run), Some(Some(folder))) = (data.runs.get(place), data.folders.get(place)) else { continue };
        let records = match records(folder) {
            Ok(records) => records,
            Err(ReadError::NoTrace(_)) => continue,
            Err(error) => return Err(error),
        };
        traces.recoveries.extend(recoveries(&records));
        if records.len() > room && !traces.shown.is_empty() {
            traces.left_out += 1;
            continue;
        }
        room = room.saturating_sub(records.len());
        let name = format!("{}, seed {}: {}", run.scenario, run.seed, run.verdict());
        traces.shown.push((name, columns::columns(&records)));
    }
    Ok(traces)
}

/// The controls and the canvas that the script fills.
fn diagram(traces: &Traces) -> String {
    if traces.shown.is_empty() {
        return "<p class=\"soft\">There are no traces here. <code>litsim run ... --out DIR</code> and \
                <code>litsim replay CAPSULE --out DIR</code> keep them; report that folder to see who sent what to whom, \
                and when.</p>"
            .to_owned();
    }
    let mut options = String::new();
    for (place, (name, _)) in traces.shown.iter().enumerate() {
        let _ = write!(options, "<option value=\"{place}\">{}</option>", markup(name));
    }
    let left_out = match traces.left_out {
        0 => String::new(),
        some => format!(" {some} more traces are not in this file: together they have too many events."),
    };
    format!(
        "<div class=\"card\" id=\"diagram\"><div class=\"tools\">\
         <select id=\"run\" aria-label=\"Run\">{options}</select>\
         <select id=\"scale\" aria-label=\"Scale\"><option value=\"time\">By time</option>\
         <option value=\"event\">By event</option></select>\
         <select id=\"step\" aria-label=\"Step\"></select><select id=\"session\" aria-label=\"Session\"></select>\
         <input id=\"find\" type=\"search\" placeholder=\"Filter by label, session, text or node3\" aria-label=\"Filter\">\
         <button id=\"in\" type=\"button\" aria-label=\"Zoom in\">+</button>\
         <button id=\"back\" type=\"button\" aria-label=\"Zoom out\">&minus;</button>\
         <button id=\"fit\" type=\"button\">Fit</button></div>\
         <canvas id=\"lanes\" tabindex=\"0\" role=\"img\" aria-label=\"Messages between lanes over time\"></canvas>\
         <div class=\"legend\" id=\"groups\"></div><div id=\"seen\" class=\"mono\"></div>\
         <div class=\"soft small\" id=\"state\" role=\"status\"></div>\
         <p class=\"soft small\">Drag to move; +, &minus;, a double click, or the wheel with Ctrl or Shift to zoom. Time \
         runs to the right; an arrow goes from where a message was sent to where and when it arrived. Shaded: faults, and \
         grey in a lane: a node that is down.{left_out}</p></div>"
    )
}
