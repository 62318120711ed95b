//! Charts as SVG: axes, lines, bands, steps, whiskers. Colours are classes, so that a page has light and dark ones.

use std::fmt::Write;

use super::escape::markup;

/// The picture, and the frame that values are drawn in.
const WIDTH: f64 = 560.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 62.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 46.0;

/// How many colours there are; further series begin anew.
const COLORS: usize = 8;

/// One direction of a chart.
#[derive(Clone, Debug)]
pub struct Axis {
    /// What is shown, with its unit.
    pub title: String,
    low: f64,
    high: f64,
    is_log: bool,
    ticks: Vec<f64>,
}

impl Axis {
    /// From 0 (or the least value, if negative) to a round number above the greatest value.
    pub fn from_zero(title: &str, greatest: f64) -> Self {
        let greatest = if greatest > 0.0 { greatest } else { 1.0 };
        let step = round_step(greatest / 4.0);
        let count = (greatest / step).ceil() as usize;
        let ticks: Vec<f64> = (0..=count).map(|tick| tick as f64 * step).collect();
        Self { title: title.into(), low: 0.0, high: step * count as f64, is_log: false, ticks }
    }

    /// With a tick for each of some values, and a little room on both sides.
    pub fn at(title: &str, values: &[f64]) -> Self {
        let (least, most) = bounds(values);
        let room = if most > least { (most - least) * 0.06 } else { 1.0 };
        Self { title: title.into(), low: least - room, high: most + room, is_log: false, ticks: values.to_vec() }
    }

    /// By powers of ten; values below the least positive one are drawn at the edge.
    pub fn log(title: &str, values: &[f64]) -> Self {
        let positive: Vec<f64> = values.iter().copied().filter(|value| *value > 0.0).collect();
        let (least, most) = bounds(&positive);
        let low = libm::floor(libm::log10(least.max(1e-3)));
        let high = libm::ceil(libm::log10(most.max(1e-3))).max(low + 1.0);
        let ticks = (0..=(high - low) as i32).map(|step| libm::pow(10.0, low + f64::from(step))).collect();
        Self { title: title.into(), low: libm::pow(10.0, low), high: libm::pow(10.0, high), is_log: true, ticks }
    }

    /// Where a value is, from 0 to 1.
    fn place(&self, value: f64) -> f64 {
        let scale = |value: f64| if self.is_log { libm::log10(value.max(self.low)) } else { value };
        let (low, high) = (scale(self.low), scale(self.high));
        ((scale(value) - low) / (high - low)).clamp(0.0, 1.0)
    }
}

fn bounds(values: &[f64]) -> (f64, f64) {
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if least.is_finite() { (least, most) } else { (1.0, 10.0) }
}

/// The least of 1, 2, 2.5 and 5 times a power of ten that is not below this.
fn round_step(least: f64) -> f64 {
    let power = libm::pow(10.0, libm::floor(libm::log10(least)));
    let factor = [1.0, 2.0, 2.5, 5.0].into_iter().find(|factor| factor * power >= least * (1.0 - 1e-9));
    factor.unwrap_or(10.0) * power
}

/// A chart while it is drawn.
#[derive(Clone, Debug)]
pub struct Chart {
    x: Axis,
    y: Axis,
    body: String,
    legend: Vec<(usize, String)>,
}

impl Chart {
    /// An empty one.
    pub fn new(x: Axis, y: Axis) -> Self {
        Self { x, y, body: String::new(), legend: Vec::new() }
    }

    fn at(&self, point: (f64, f64)) -> (f64, f64) {
        let x = LEFT + self.x.place(point.0) * (WIDTH - LEFT - RIGHT);
        let y = HEIGHT - BOTTOM - self.y.place(point.1) * (HEIGHT - TOP - BOTTOM);
        (x, y)
    }

    fn path(&self, points: impl IntoIterator<Item = (f64, f64)>) -> String {
        let mut path = String::new();
        for point in points {
            let (x, y) = self.at(point);
            let _ = write!(path, "{}{x:.1} {y:.1}", if path.is_empty() { "M" } else { "L" });
        }
        path
    }

    /// Names a series.
    pub fn name(&mut self, series: usize, name: &str) {
        self.legend.push((series, name.to_owned()));
    }

    /// The area between two curves.
    pub fn band(&mut self, series: usize, points: &[(f64, f64, f64)]) {
        let up = points.iter().map(|(x, low, _)| (*x, *low));
        let down = points.iter().rev().map(|(x, _, high)| (*x, *high));
        let path = self.path(up.chain(down));
        let _ = write!(self.body, r#"<path class="band s{}" d="{path}Z"/>"#, series % COLORS);
    }

    /// A line through points, each marked and explained.
    pub fn line(&mut self, series: usize, points: &[(f64, f64, String)]) {
        let path = self.path(points.iter().map(|(x, y, _)| (*x, *y)));
        let _ = write!(self.body, r#"<path class="line s{}" d="{path}"/>"#, series % COLORS);
        for (x, y, text) in points {
            let (x, y) = self.at((*x, *y));
            let (series, text) = (series % COLORS, markup(text));
            let _ = write!(
                self.body,
                r#"<circle class="dot s{series}" cx="{x:.1}" cy="{y:.1}" r="3.5"><title>{text}</title></circle>"#
            );
        }
    }

    /// A staircase: level until the next point.
    pub fn steps(&mut self, series: usize, points: &[(f64, f64)]) {
        let mut corners = Vec::new();
        let mut level = 0.0;
        for (x, y) in points {
            corners.extend([(*x, level), (*x, *y)]);
            level = *y;
        }
        corners.push((self.x.high, level));
        let path = self.path(corners);
        let _ = write!(self.body, r#"<path class="line s{}" d="{path}"/>"#, series % COLORS);
    }

    /// A line from the least to the greatest of what a point stands for.
    pub fn whisker(&mut self, series: usize, x: f64, low: f64, high: f64) {
        let path = self.path([(x, low), (x, high)]);
        let _ = write!(self.body, r#"<path class="whisker s{}" d="{path}"/>"#, series % COLORS);
    }

    /// The picture, named for those who cannot see it, with its legend below.
    pub fn finish(self, label: &str) -> String {
        let mut frame = String::new();
        self.frame(&mut frame);
        let (label, body) = (markup(label), &self.body);
        let mut legend = String::new();
        for (series, name) in &self.legend {
            let _ = write!(legend, r#"<span><i class="s{}"></i>{}</span>"#, series % COLORS, markup(name));
        }
        format!(
            r#"<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}">{frame}{body}</svg><div class="legend">{legend}</div>"#
        )
    }

    fn frame(&self, out: &mut String) {
        let (right, bottom) = (WIDTH - RIGHT, HEIGHT - BOTTOM);
        for tick in &self.y.ticks {
            let (_, y) = self.at((0.0, *tick));
            let (text, label) = (number(*tick), LEFT - 8.0);
            let _ = write!(out, r#"<path class="grid" d="M{LEFT} {y:.1}L{right} {y:.1}"/>"#);
            let _ = write!(out, r#"<text x="{label}" y="{:.1}" text-anchor="end">{text}</text>"#, y + 4.0);
        }
        for tick in &self.x.ticks {
            let (x, _) = self.at((*tick, 0.0));
            let (text, label) = (number(*tick), bottom + 18.0);
            let _ = write!(out, r#"<path class="grid" d="M{x:.1} {TOP}L{x:.1} {bottom}"/>"#);
            let _ = write!(out, r#"<text x="{x:.1}" y="{label}" text-anchor="middle">{text}</text>"#);
        }
        let (middle, low) = ((LEFT + right) / 2.0, HEIGHT - 8.0);
        let (x, y) = (markup(&self.x.title), markup(&self.y.title));
        let _ = write!(out, r#"<text class="title" x="{middle}" y="{low}" text-anchor="middle">{x}</text>"#);
        let centre = (TOP + bottom) / 2.0;
        let _ = write!(
            out,
            r#"<text class="title" transform="rotate(-90 14 {centre})" x="14" y="{centre}" text-anchor="middle">{y}</text>"#
        );
    }
}

/// A number as short as it can be read.
pub fn number(value: f64) -> String {
    let short = |value: f64| {
        let text = format!("{value:.3}");
        let text = text.trim_end_matches('0').trim_end_matches('.');
        text.to_owned()
    };
    match value.abs() {
        size if size >= 1e6 => format!("{}M", short(value / 1e6)),
        size if size >= 1e4 => format!("{}k", short(value / 1e3)),
        _ => short(value),
    }
}
