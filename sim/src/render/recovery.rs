//! How long it takes until something completes again after a fault is over.

use crate::trace::{Actor, Kind, Record};

/// A fault that ended while its act went on, and when a step completed next.
#[derive(Clone, Debug, PartialEq)]
pub struct Recovery {
    /// The fault's id, or `restart`.
    pub what: String,
    /// From its end to the end of the next step that ends well, milliseconds.
    pub ms: f64,
}

/// The recoveries in a trace, in the order in which faults ended. A fault that ends with its act is none: nothing was
/// waiting for its end.
pub fn recoveries(records: &[Record]) -> Vec<Recovery> {
    let mut found = Vec::new();
    let mut waiting: Vec<(String, u64)> = Vec::new();
    for record in records {
        match record.kind {
            Kind::Fault => {
                if let Some(id) = record.text.strip_suffix(" ends") {
                    waiting.push((id.to_owned(), record.time_ns));
                }
            }
            Kind::Boot if record.text.starts_with("starts, boot ") && record.text != "starts, boot 0" => {
                let Actor::Node(_) = record.actor else { continue };
                waiting.push(("restart".to_owned(), record.time_ns));
            }
            Kind::Step if record.text.starts_with("act ") => waiting.clear(),
            Kind::Step if record.text.starts_with("step ") && record.text.ends_with(" ends: ok") => {
                // A fault that ends in the moment in which the step does has not kept it from ending.
                for (what, since) in waiting.drain(..).filter(|(_, since)| *since < record.time_ns) {
                    found.push(Recovery { what, ms: (record.time_ns - since) as f64 / 1e6 });
                }
            }
            _ => {}
        }
    }
    found
}
