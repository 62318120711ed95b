//! What scenarios cost, counted: recorded in a file that is committed, and compared. A run is a function of scenario,
//! seed and build, so a change that changes nothing leaves every figure as it was, on any machine.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use thiserror::Error;

use crate::outcome::RunReport;

/// By how much a figure may grow where the file does not say.
const TOLERANCE_PERCENT: u64 = 10;

/// A file of budgets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budgets {
    /// By how much any figure may grow, percent.
    pub tolerance_percent: u64,
    /// What each scenario cost when that was recorded, by name.
    pub scenarios: BTreeMap<String, Figures>,
}

impl Default for Budgets {
    fn default() -> Self {
        Self { tolerance_percent: TOLERANCE_PERCENT, scenarios: BTreeMap::new() }
    }
}

/// What a run cost.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Figures {
    /// The seed under which it did.
    pub seed: u64,
    /// Messages between nodes.
    pub messages: u64,
    /// Their bytes.
    pub bytes: u64,
    /// The longest chains of messages of all steps, added up.
    pub rounds: u64,
    /// How long the run took, virtual milliseconds.
    pub virtual_ms: u64,
    /// How long clients waited, virtual milliseconds.
    pub latency_ms: u64,
    /// Counted operations, by kind; those that did not occur are left out.
    pub operations: BTreeMap<String, u64>,
}

/// A figure that has grown by more than is tolerated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Growth {
    /// Which.
    pub figure: String,
    /// What was recorded.
    pub was: u64,
    /// What it is now.
    pub is: u64,
}

/// Why budgets cannot be used.
#[derive(Debug, Error)]
pub enum BudgetError {
    /// The file cannot be read or written.
    #[error("{path}: {source}", path = .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It holds something else.
    #[error("{path}: {source}; expected what `run --record` writes", path = .path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: serde_json::Error,
    },
}

impl Figures {
    /// Of a run whose operations were counted.
    pub fn of(report: &RunReport) -> Self {
        let operations = report.profile.iter().flatten().filter(|(_, count)| **count > 0);
        Self {
            seed: report.seed,
            messages: report.messages,
            bytes: report.bytes,
            rounds: report.rounds,
            virtual_ms: report.virtual_ms,
            latency_ms: report.requests.iter().map(|request| request.latency_ms).sum(),
            operations: operations.map(|(kind, count)| (kind.clone(), *count)).collect(),
        }
    }

    /// What has grown by more than so many percent since `recorded`.
    pub fn grown(&self, recorded: &Self, tolerance_percent: u64) -> Vec<Growth> {
        let named = |figures: &Self| {
            let Figures { messages, bytes, rounds, virtual_ms, latency_ms, .. } = *figures;
            [
                ("messages", messages),
                ("bytes", bytes),
                ("rounds", rounds),
                ("virtual_ms", virtual_ms),
                ("latency_ms", latency_ms),
            ]
        };
        let simple = named(recorded).into_iter().zip(named(self));
        let simple = simple.map(|((figure, was), (_, is))| (figure.to_owned(), was, is));
        let operations = self.operations.iter().map(|(kind, is)| {
            let was = recorded.operations.get(kind).copied().unwrap_or_default();
            (kind.clone(), was, *is)
        });
        let allowed = |was: u64| was.saturating_add(was.saturating_mul(tolerance_percent) / 100);
        let grown = simple.chain(operations).filter(|(_, was, is)| *is > allowed(*was));
        grown.map(|(figure, was, is)| Growth { figure, was, is }).collect()
    }
}

impl Budgets {
    /// Reads a file.
    ///
    /// # Errors
    /// If it cannot be read, or holds something else.
    pub fn read(path: &Path) -> Result<Self, BudgetError> {
        let text = std::fs::read(path).map_err(|source| BudgetError::Io { path: path.to_owned(), source })?;
        serde_json::from_slice(&text).map_err(|source| BudgetError::Format { path: path.to_owned(), source })
    }

    /// Writes the file, with a line for each scenario, so that a change shows what it changes.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), BudgetError> {
        let line = |(name, figures): (&String, &Figures)| {
            let figures = serde_json::to_string(figures).unwrap_or_default();
            format!("{}: {figures}", serde_json::Value::from(name.as_str()))
        };
        let lines = self.scenarios.iter().map(line).collect::<Vec<_>>().join(",\n");
        let text =
            format!("{{\n\"tolerance_percent\": {},\n\"scenarios\": {{\n{lines}\n}}\n}}\n", self.tolerance_percent);
        std::fs::write(path, text).map_err(|source| BudgetError::Io { path: path.to_owned(), source })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(messages: u64, hashed: u64) -> Figures {
        Figures { seed: 1, messages, operations: [("hashed".to_owned(), hashed)].into(), ..Figures::default() }
    }

    #[test]
    fn what_grows_by_more_than_is_tolerated_is_told_and_nothing_else() {
        let recorded = figures(100, 1000);
        assert!(figures(110, 1100).grown(&recorded, 10).is_empty());
        assert!(figures(1, 1).grown(&recorded, 10).is_empty());
        let grown = figures(111, 5000).grown(&recorded, 10);
        let names: Vec<_> = grown.iter().map(|growth| (growth.figure.as_str(), growth.was, growth.is)).collect();
        assert_eq!(names, [("messages", 100, 111), ("hashed", 1000, 5000)]);
        let fresh = Figures { operations: BTreeMap::new(), ..figures(100, 0) };
        assert_eq!(figures(100, 3).grown(&fresh, 10)[0].was, 0);
    }

    #[test]
    fn a_file_reads_back_as_it_was_written() {
        let path = std::env::temp_dir().join(format!("litsim-budgets-{}.json", std::process::id()));
        let scenarios = [("a\"b".to_owned(), figures(1, 2)), ("c".to_owned(), figures(3, 4))].into();
        let budgets = Budgets { scenarios, ..Budgets::default() };
        budgets.write(&path).unwrap();
        assert_eq!(Budgets::read(&path).unwrap(), budgets);
        assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 7);
        Budgets::default().write(&path).unwrap();
        assert_eq!(Budgets::read(&path).unwrap(), Budgets::default());
        std::fs::write(&path, "{}").unwrap();
        assert!(matches!(Budgets::read(&path), Err(BudgetError::Format { .. })));
        std::fs::remove_file(path).unwrap();
    }
}
