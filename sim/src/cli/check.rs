//! `run --check`: what each run cost, compared with what is recorded; `run --record` records it.

use std::path::{Path, PathBuf};

use super::{Exit, Shell, quote};
use crate::budget::{BudgetError, Budgets, Figures};
use crate::outcome::RunReport;

/// The file, unless another one is named.
pub(super) const FILE: &str = "scenarios/budgets.json";

/// What is done with a run's figures.
pub(super) enum Check {
    /// Nothing.
    Nothing,
    /// They are compared.
    Compare(PathBuf, Budgets),
    /// They are recorded.
    Record(PathBuf, Budgets),
}

impl Check {
    /// Compares with this file.
    pub fn compare(file: &Path) -> Result<Self, BudgetError> {
        Ok(Self::Compare(file.to_owned(), Budgets::read(file)?))
    }

    /// Adds to this file, or begins it.
    pub fn record(file: &Path) -> Result<Self, BudgetError> {
        let budgets = if file.exists() { Budgets::read(file)? } else { Budgets::default() };
        Ok(Self::Record(file.to_owned(), budgets))
    }

    /// Whether anything is done.
    pub fn counts(&self) -> bool {
        !matches!(self, Self::Nothing)
    }

    /// Looks at a run of the scenario in this file. One that is not as expected has been complained about, and costs what it
    /// costs.
    pub fn look(&mut self, scenario: &Path, report: &RunReport, shell: &mut Shell<'_>) -> Exit {
        if !report.expected {
            return Exit::OK;
        }
        let name = &report.scenario;
        match self {
            Self::Nothing => Exit::OK,
            Self::Record(_, budgets) => {
                budgets.scenarios.insert(name.clone(), Figures::of(report));
                Exit::OK
            }
            Self::Compare(file, budgets) => {
                let Some(recorded) = budgets.scenarios.get(name).filter(|recorded| recorded.seed == report.seed) else {
                    shell.complain(&format!(
                        "{name}: {} has no budget for it under seed {}; add one: {} run {} --record --budgets {}",
                        file.display(),
                        report.seed,
                        shell.program,
                        quote(&scenario.display().to_string()),
                        quote(&file.display().to_string())
                    ));
                    return Exit::EXPECTATION;
                };
                complain(name, recorded, report, budgets.tolerance_percent, shell)
            }
        }
    }

    /// Writes what was recorded.
    pub fn finish(self) -> Result<(), BudgetError> {
        match self {
            Self::Record(file, budgets) => budgets.write(&file),
            Self::Nothing | Self::Compare(..) => Ok(()),
        }
    }
}

/// Tells what has grown.
fn complain(name: &str, recorded: &Figures, report: &RunReport, tolerance: u64, shell: &mut Shell<'_>) -> Exit {
    let grown = Figures::of(report).grown(recorded, tolerance);
    if grown.is_empty() {
        return Exit::OK;
    }
    shell.complain(&format!("{name} costs more than {tolerance}% above its budget:"));
    let width = grown.iter().map(|growth| growth.figure.len()).max().unwrap_or(0);
    for growth in grown {
        let by = match growth.was {
            0 => "it was not there".to_owned(),
            was => format!("+{}%", u128::from(growth.is - was) * 100 / u128::from(was)),
        };
        shell.complain(&format!("  {:<width$}  {:>12} -> {:>12}  {by}", growth.figure, growth.was, growth.is));
    }
    Exit::EXPECTATION
}
