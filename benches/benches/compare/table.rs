//! Rows of the printed table.

use std::fmt;
use std::time::Duration;

/// What one party computes.
pub struct Row {
    /// What it computes.
    pub protocol: &'static str,
    /// How many nodes there are.
    pub n: u16,
    /// How many of them it takes.
    pub k: u16,
    /// Ours, per party.
    pub ours: Duration,
    /// That of the crate named, per party.
    pub theirs: Option<(&'static str, Duration)>,
}

/// The line above all rows.
pub fn head() -> String {
    format!(
        "{:<29} {:>4} {:>4} {:>14} {:>14} {:>8}  {}",
        "CPU per party", "n", "k", "ours, us", "theirs, us", "ratio", "theirs"
    )
}

impl Row {
    /// How many times as much the others compute.
    pub fn ratio(&self) -> Option<f64> {
        self.theirs.map(|(_, theirs)| theirs.as_secs_f64() / self.ours.as_secs_f64())
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micros = |time: Duration| time.as_secs_f64() * 1e6;
        write!(f, "{:<29} {:>4} {:>4} {:>14.1}", self.protocol, self.n, self.k, micros(self.ours))?;
        if let (Some((name, theirs)), Some(ratio)) = (self.theirs, self.ratio()) {
            write!(f, " {:>14.1} {:>7.1}x  {name}", micros(theirs), ratio)?;
        }
        Ok(())
    }
}
