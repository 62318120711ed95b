//! No honest node panics.

use super::{Event, Facts, Oracle, Violation};
use crate::heap::Nanos;

/// Whatever peers, clients, scripts or the chain send, a node answers with an error value.
#[derive(Default)]
pub struct NoHonestPanic {
    violations: Vec<Violation>,
}

impl Oracle for NoHonestPanic {
    fn name(&self) -> &'static str {
        "no-honest-panic"
    }

    fn observe(&mut self, at: Nanos, event: Event<'_>) {
        if let Event::Panicked(node, text) = event {
            let detail = format!("panicked: {text}");
            self.violations.push(Violation { oracle: self.name(), at, nodes: vec![node], detail });
        }
    }

    fn judge(&mut self, facts: &Facts<'_>) -> Vec<Violation> {
        let mut violations = std::mem::take(&mut self.violations);
        violations.retain(|violation| violation.nodes.iter().any(|node| !facts.corrupted.contains(node)));
        violations
    }
}
