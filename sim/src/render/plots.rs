//! Which charts a folder has data for.

use serde_json::Value;
use std::collections::BTreeMap;

use super::folder::Data;
use super::input::{Request, Run};
use super::recovery::Recovery;
use super::sections::time;
use super::stats::{distribution, quantile, wilson};
use super::svg::{Axis, Chart, number};

/// The most series that one chart shows.
const SERIES_MOST: usize = 8;

/// A chart with what it says.
#[derive(Clone, Debug)]
pub struct Plot {
    /// Its heading.
    pub title: String,
    /// SVG and legend.
    pub picture: String,
    /// What is counted.
    pub caption: String,
}

/// All charts that there is data for.
pub fn plots(data: &Data, recoveries: &[Recovery]) -> Vec<Plot> {
    let mut plots = success(data);
    plots.extend(latencies(data));
    plots.extend(per_signature(data));
    plots.extend(recovery(recoveries));
    plots
}

/// Numbers that are ordered, so that they can be keys.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Key(f64);

impl Eq for Key {}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

/// The share of runs without a violation along each axis of numbers; if there is another axis with few values, a curve for
/// each of these.
fn success(data: &Data) -> Vec<Plot> {
    let mut values: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for (path, value) in data.runs.iter().flat_map(|run| &run.axes) {
        let known = values.entry(path).or_default();
        if !known.contains(&value) {
            known.push(value);
        }
    }
    values.retain(|_, known| known.len() > 1);
    let along = values.iter().filter(|(_, known)| known.iter().all(|value| value.is_number()));
    along
        .map(|(axis, _)| {
            let others: Vec<&&str> = values.keys().filter(|other| *other != axis).collect();
            let by = match others[..] {
                [other] if values.get(*other).is_some_and(|known| known.len() <= SERIES_MOST) => Some(*other),
                _ => None,
            };
            success_along(data, axis, by)
        })
        .collect()
}

fn success_along(data: &Data, axis: &str, by: Option<&str>) -> Plot {
    let mut series: BTreeMap<String, BTreeMap<Key, (u64, u64)>> = BTreeMap::new();
    for run in &data.runs {
        let Some(x) = run.axes.get(axis).and_then(Value::as_f64) else { continue };
        let name = by.map(|by| format!("{by} = {}", run.axes.get(by).unwrap_or(&Value::Null)));
        let count = series.entry(name.unwrap_or_default()).or_default().entry(Key(x)).or_default();
        count.0 += u64::from(run.is_unharmed());
        count.1 += 1;
    }
    let mut ordered: Vec<_> = series.into_iter().collect();
    ordered.sort_by_key(|(name, _)| (name.len(), name.clone()));
    let mut xs: Vec<f64> = ordered.iter().flat_map(|(_, points)| points.keys().map(|key| key.0)).collect();
    xs.sort_by(f64::total_cmp);
    xs.dedup();
    let mut chart = Chart::new(Axis::at(axis, &xs), Axis::from_zero("share of runs", 1.0));
    for (place, (name, points)) in ordered.iter().enumerate() {
        let band: Vec<(f64, f64, f64)> = points
            .iter()
            .map(|(x, (hits, tries))| {
                let (low, high) = wilson(*hits, *tries);
                (x.0, low, high)
            })
            .collect();
        chart.band(place, &band);
        let line: Vec<(f64, f64, String)> = points
            .iter()
            .map(|(x, (hits, tries))| {
                (x.0, *hits as f64 / *tries as f64, format!("{}: {hits} of {tries}", number(x.0)))
            })
            .collect();
        chart.line(place, &line);
        if !name.is_empty() {
            chart.name(place, name);
        }
    }
    let title = format!("Success by {axis}");
    let picture = chart.finish(&title);
    let caption =
        "Share of runs in which no property was violated, neither of safety nor of liveness. Bands are Wilson \
                   intervals, 95%."
            .to_owned();
    Plot { title, picture, caption }
}

/// The kind of a step, with the schemes that it signed under.
fn kind(request: &Request) -> String {
    let mut schemes: Vec<&str> = request.signatures.iter().map(|signature| signature.scheme.as_str()).collect();
    schemes.sort_unstable();
    schemes.dedup();
    if schemes.is_empty() { request.kind.clone() } else { format!("{}, {}", request.kind, schemes.join(" + ")) }
}

/// The distributions of what clients waited, by kind of step.
fn latencies(data: &Data) -> Option<Plot> {
    let mut kinds: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for request in data.runs.iter().flat_map(|run| &run.requests).filter(|request| request.outcome == "ok") {
        kinds.entry(kind(request)).or_default().push(request.latency_ms as f64);
    }
    let title = "Latency of requests";
    let caption = "Steps that ended well, from start to end in virtual time, as their clients saw it.";
    distributions(kinds, title, caption, "virtual time, ms")
}

/// The distributions of recovery times, by fault.
fn recovery(recoveries: &[Recovery]) -> Option<Plot> {
    let mut whats: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for recovery in recoveries {
        whats.entry(recovery.what.clone()).or_default().push(recovery.ms);
    }
    let title = "Recovery after faults";
    let caption = "From the end of a fault, or a node's restart, to the end of the next step that ends well. Read from the \
                   traces in this report; faults that end with their act are left out.";
    distributions(whats, title, caption, "virtual time, ms")
}

/// Cumulative distributions. With more series than can be told apart, those with the most values.
fn distributions(by_name: BTreeMap<String, Vec<f64>>, title: &str, caption: &str, unit: &str) -> Option<Plot> {
    let mut series: Vec<(String, Vec<f64>)> = by_name.into_iter().collect();
    let all = series.len();
    series.sort_by(|a, b| b.1.len().cmp(&a.1.len()).then_with(|| a.0.cmp(&b.0)));
    series.truncate(SERIES_MOST);
    series.sort_by(|a, b| a.0.cmp(&b.0));
    let values: Vec<f64> = series.iter().flat_map(|(_, values)| values.iter().copied()).collect();
    if values.is_empty() {
        return None;
    }
    let mut chart = Chart::new(Axis::log(unit, &values), Axis::from_zero("share", 1.0));
    for (place, (name, values)) in series.iter_mut().enumerate() {
        values.sort_by(f64::total_cmp);
        chart.steps(place, &distribution(values));
        let (median, tail) = (time(quantile(values, 0.5)), time(quantile(values, 0.95)));
        chart.name(place, &format!("{name}: {} values, median {median}, 95% {tail}", values.len()));
    }
    let left_out =
        if all > SERIES_MOST { format!(" The {SERIES_MOST} most frequent of {all} are shown.") } else { String::new() };
    let picture = chart.finish(title);
    Some(Plot { title: title.to_owned(), picture, caption: format!("{caption}{left_out}") })
}

/// Something of a run that is counted.
type Measure = fn(&Run) -> u64;

/// Messages and bytes of runs by n, divided by the signatures that came of them.
fn per_signature(data: &Data) -> Vec<Plot> {
    let signatures = |run: &Run| run.requests.iter().map(|request| request.signatures.len() as u64).sum::<u64>();
    let scenarios: std::collections::BTreeSet<&str> = data.runs.iter().map(|run| run.scenario.as_str()).collect();
    let measured: [(&str, Measure); 2] = [("Messages", |run| run.messages), ("Bytes", |run| run.bytes)];
    let mut plots = Vec::new();
    for (what, measure) in measured {
        let mut series: BTreeMap<&str, BTreeMap<u16, Vec<f64>>> = BTreeMap::new();
        for run in data.runs.iter().filter(|run| signatures(run) > 0) {
            let value = measure(run) as f64 / signatures(run) as f64;
            let name = if scenarios.len() <= SERIES_MOST { run.scenario.as_str() } else { "all scenarios" };
            series.entry(name).or_default().entry(run.nodes).or_default().push(value);
        }
        let sizes: std::collections::BTreeSet<u16> =
            series.values().flat_map(|points| points.keys().copied()).collect();
        if sizes.len() < 2 {
            continue;
        }
        let most = series.values().flat_map(BTreeMap::values).flatten().copied().fold(0.0, f64::max);
        let sizes: Vec<f64> = sizes.into_iter().map(f64::from).collect();
        let unit = format!("{} per signature", what.to_lowercase());
        let mut chart = Chart::new(Axis::at("nodes (n)", &sizes), Axis::from_zero(&unit, most));
        for (place, (name, points)) in series.iter_mut().enumerate() {
            draw_sizes(&mut chart, place, points);
            chart.name(place, name);
        }
        let title = format!("{what} per signature by n");
        let caption = "All that nodes sent each other in a run, key generation and channels included, divided by the \
                       signatures that its clients got: median, least and greatest of the runs that got any."
            .to_owned();
        plots.push(Plot { picture: chart.finish(&title), title, caption });
    }
    plots
}

fn draw_sizes(chart: &mut Chart, series: usize, points: &mut BTreeMap<u16, Vec<f64>>) {
    let mut line = Vec::new();
    for (nodes, values) in points {
        values.sort_by(f64::total_cmp);
        let (least, most) = (quantile(values, 0.0), quantile(values, 1.0));
        chart.whisker(series, f64::from(*nodes), least, most);
        let median = quantile(values, 0.5);
        line.push((f64::from(*nodes), median, format!("n = {nodes}: {} in {} runs", number(median), values.len())));
    }
    chart.line(series, &line);
}
