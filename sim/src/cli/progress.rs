//! How far something long has come: a bar with rate and time to go on a terminal, a line now and then elsewhere.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::cell::Cell;
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use super::Common;

/// How often a line is written where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// A bar, or lines, or nothing.
pub(super) struct Progress {
    shows: Shows,
    total: Option<u64>,
    /// How many were done when this began.
    before: u64,
    began: Instant,
    told: Cell<Instant>,
}

enum Shows {
    Bar(ProgressBar),
    Lines,
    Nothing,
}

impl Progress {
    /// Of so many things, some of which are done already.
    pub fn new(total: u64, done: u64, common: &Common) -> Self {
        let bar = || {
            let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr_with_hz(5));
            bar.set_style(style("{wide_bar} {pos}/{len}  {per_sec}  {eta} to go  {msg}"));
            let bar = bar.with_position(done);
            // What was done before says nothing about the rate.
            bar.reset_eta();
            bar
        };
        Self::with(Some(total), done, common, bar)
    }

    /// Of something that ends after a time.
    pub fn for_time(budget: Duration, common: &Common) -> Self {
        let bar = || {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(5));
            bar.set_style(style(&format!("{{spinner}} {{pos}} runs  {{elapsed}} of {} s  {{msg}}", budget.as_secs())));
            bar
        };
        Self::with(None, 0, common, bar)
    }

    fn with(total: Option<u64>, before: u64, common: &Common, bar: impl FnOnce() -> ProgressBar) -> Self {
        let shows = if common.quiet {
            Shows::Nothing
        } else if std::io::stderr().is_terminal() {
            Shows::Bar(bar())
        } else if common.json {
            Shows::Nothing
        } else {
            Shows::Lines
        };
        let began = now();
        Self { shows, total, before, began, told: Cell::new(began) }
    }

    /// So many are done, and so many of them went wrong.
    pub fn set(&self, done: u64, failed: u64) {
        match &self.shows {
            Shows::Nothing => {}
            Shows::Bar(bar) => {
                bar.set_message(if failed == 0 { String::new() } else { format!("{failed} failed") });
                bar.set_position(done);
            }
            Shows::Lines if self.told.get().elapsed() < LINE_EVERY => {}
            Shows::Lines => {
                self.told.set(now());
                // Nobody who has closed the terminal misses the line.
                let _ = writeln!(
                    std::io::stderr(),
                    "{}",
                    line(self.total, self.before, done, failed, self.began.elapsed())
                );
            }
        }
    }

    /// Leaves the terminal to what comes next.
    pub fn end(&self) {
        if let Shows::Bar(bar) = &self.shows {
            bar.finish_and_clear();
        }
    }
}

fn line(total: Option<u64>, before: u64, done: u64, failed: u64, elapsed: Duration) -> String {
    let rate = (done - before.min(done)) as f64 / elapsed.as_secs_f64().max(0.001);
    let rest = total.map(|total| {
        let left = total.saturating_sub(done) as f64 / rate.max(0.001);
        format!(", {left:.0} s to go")
    });
    let of = total.map(|total| format!(" of {total}")).unwrap_or_default();
    format!("{done}{of} runs, {rate:.1} a second{}, {failed} failed", rest.unwrap_or_default())
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

#[expect(clippy::disallowed_methods, reason = "how long something takes is shown, and goes nowhere else")]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_counts_what_was_done_since_it_began() {
        let text = line(Some(1000), 400, 500, 2, Duration::from_secs(10));
        assert_eq!(text, "500 of 1000 runs, 10.0 a second, 50 s to go, 2 failed");
        assert_eq!(line(None, 0, 30, 0, Duration::from_secs(10)), "30 runs, 3.0 a second, 0 failed");
    }
}
