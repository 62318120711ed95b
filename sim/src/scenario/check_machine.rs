//! Checks faults of machines and of the surroundings.

use std::collections::BTreeSet;

use super::check::Checker;
use super::model::NodeChoice;
use super::source::{Placed, Span};
use crate::fault::{ClockStep, Drift, Fault, GivenAnswer, Origin, OriginAnswer, Twins};

type Node = Placed<NodeChoice>;

/// Checks what such a fault says as a whole; `span` is its name, for what has no better place.
pub(super) fn sense(c: &mut Checker<'_>, span: &Span, fault: &Fault<Node>) {
    match fault {
        Fault::Slow(slow) if slow.factor < 2 => {
            c.refuse(&slow.node.span, "this slows nothing down", "a factor of 2 or more")
        }
        Fault::Clock(step) if step.offset_ms == 0 => {
            c.refuse(&step.node.span, "this leaves the clock right", "an offset other than 0");
        }
        Fault::Clock(step) if step.offset_ms.unsigned_abs() > ClockStep::MS_MAX => {
            let message = format!("no clock is {} ms off", step.offset_ms);
            c.refuse(&step.node.span, message, format!("at most {} ms, a hundred years", ClockStep::MS_MAX));
        }
        Fault::Drift(drift) if drift.ppm == 0 || !Drift::PPM.contains(&drift.ppm) => {
            let message = format!("no clock drifts by {} ppm", drift.ppm);
            c.refuse(&drift.node.span, message, format!("{} to {}, and not 0", Drift::PPM.start(), Drift::PPM.end()));
        }
        Fault::DiskSlow(slow) if slow.sync_ms == 0 => {
            c.refuse(&slow.node.span, "this slows nothing down", "a `sync_ms` above 0");
        }
        Fault::Twins(twins) => self::twins(c, twins),
        Fault::RpcLag(lag) => {
            if lag.blocks == 0 {
                c.refuse(span, "an endpoint that is 0 blocks late is in time", "1 or more");
            }
            different(c, &lag.nodes);
        }
        Fault::RpcStale(endpoints) | Fault::RpcDown(endpoints) => different(c, &endpoints.nodes),
        Fault::RpcLie(lie) => {
            if lie.nodes.is_empty() {
                c.refuse(span, "nobody is lied to", "at least one node");
            }
            different(c, &lie.nodes);
        }
        Fault::Reorg(reorg) if reorg.depth == 0 => c.refuse(span, "no block is replaced", "a depth of 1 or more"),
        Fault::Gateway(gateway) => different(c, &gateway.nodes),
        Fault::Origin(origin) => self::origin(c, span, origin),
        _ => {}
    }
}

fn different(c: &mut Checker<'_>, nodes: &[Node]) {
    let mut seen = BTreeSet::new();
    for node in nodes.iter().filter(|node| node.value != NodeChoice::Any) {
        if !seen.insert(node.value) {
            c.refuse(&node.span, format!("{} is named twice", node.value), "different nodes");
        }
    }
}

fn twins(c: &mut Checker<'_>, twins: &Twins<Node>) {
    for set in &twins.sees {
        different(c, set);
        for node in set.iter().filter(|node| node.value == twins.node.value && node.value != NodeChoice::Any) {
            c.refuse(&node.span, format!("{} has no link to itself", node.value), "other nodes");
        }
    }
}

fn origin(c: &mut Checker<'_>, span: &Span, origin: &Origin<Node>) {
    different(c, &origin.nodes);
    // Two spellings of one origin are one server.
    if !crate::http::origin(&origin.origin).is_some_and(|origin| c.origins.contains(&origin)) {
        let name = Placed { value: origin.origin.clone(), span: span.clone() };
        let known = c.origins.clone();
        c.unknown("web server", &name, known.iter().map(String::as_str));
    }
    let OriginAnswer::Given(given) = &origin.answer else { return };
    if *given == GivenAnswer::default() {
        c.refuse(span, "this is the usual answer", "`status`, `body`, `json` or `delay_ms`");
    }
    if given.body.is_some() && given.json.is_some() {
        c.refuse(span, "two bodies", "either `body` or `json`");
    }
    if let Some(status) = given.status.filter(|status| !(100..=599).contains(status)) {
        c.refuse(span, format!("{status} is no status"), "100 to 599");
    }
}
