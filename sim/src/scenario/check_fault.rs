//! Checks faults: what they name must exist, and they must make sense.

use std::collections::BTreeSet;

use super::check::Checker;
use super::check_lie;
use super::model::{FaultSpec, LabelPattern, NodeChoice, Step, WhenSpec};
use super::raw_act as raw;
use super::source::{Placed, Span};
use crate::fault::{Fault, Links};

/// Checks a fault of an act with these steps.
pub(super) fn fault(c: &mut Checker<'_>, steps: &[Step], taken: &mut BTreeSet<String>, raw: raw::Fault) -> FaultSpec {
    c.fresh("fault", &raw.name, taken);
    if let Some(step) = &raw.during
        && !steps.iter().any(|known| known.id == step.value)
    {
        c.unknown("step of this act", step, steps.iter().map(|step| step.id.as_str()));
    }
    let when = raw.when.map_or(WhenSpec::At { ms: 0 }, |when| self::when(c, when));
    if raw.what.changes_its_trigger() && matches!(when, WhenSpec::At { .. }) {
        c.refuse(&raw.name.span, "this fault changes the message that triggers it", "`when` with a `label`");
    }
    let what = raw.what.map(&mut |node| node_choice(c, node));
    sense(c, &raw.name.span, &raw.what);
    let during = raw.during.map(|step| step.value);
    FaultSpec { name: raw.name.value, during, when, for_ms: raw.for_ms, what }
}

fn when(c: &mut Checker<'_>, raw: Placed<raw::When>) -> WhenSpec {
    let span = raw.span;
    let raw::When { at_ms, label, node, any_node, occurrence } = raw.value;
    match (at_ms, label) {
        (Some(ms), None) if node.is_none() && !any_node && occurrence.is_none() => WhenSpec::At { ms },
        (None, Some(label)) => {
            if let Some(node) = node.as_ref().filter(|_| any_node) {
                c.refuse(&node.span, "this names one node, and `any_node` all", "one of the two");
            }
            let node = node.map(|node| c.node(node.value, &node.span));
            if let Some(zero) = occurrence.as_ref().filter(|occurrence| occurrence.value == 0) {
                c.refuse(&zero.span, "there is no occurrence 0", "1 for the first");
            }
            let occurrence = occurrence.map_or(1, |occurrence| occurrence.value);
            WhenSpec::Sent { label: pattern(c, &label), node, any_node, occurrence }
        }
        _ => {
            c.refuse(&span, "this does not say when", "either `at_ms`, or `label` with `node` and `occurrence`");
            WhenSpec::At { ms: 0 }
        }
    }
}

fn pattern(c: &mut Checker<'_>, label: &Placed<String>) -> LabelPattern {
    let Some(pattern) = LabelPattern::read(label) else {
        c.refuse(&label.span, "this is no label", "`protocol/kind` or `protocol`, e.g. `dkg/ack`");
        return LabelPattern { protocol: label.value.clone(), kind: None };
    };
    known(c, &label.span, &pattern);
    pattern
}

/// Checks that there are messages of this label.
pub(super) fn known(c: &mut Checker<'_>, span: &Span, label: &LabelPattern) {
    if !c.vocabulary.knows(&label.protocol, label.kind.as_deref()) {
        let known = c.vocabulary.labels();
        let label = Placed { value: label.to_string(), span: span.clone() };
        c.unknown("label", &label, known.iter().map(String::as_str));
    }
}

/// Checks a node's number, if it is one.
fn node_choice(c: &mut Checker<'_>, node: &Placed<NodeChoice>) -> NodeChoice {
    if let NodeChoice::Node(number) = node.value {
        c.node(number, &node.span);
    }
    node.value
}

/// Checks what a fault says as a whole; `span` is its name, for what has no better place.
fn sense(c: &mut Checker<'_>, span: &Span, fault: &Fault<Placed<NodeChoice>>) {
    match fault {
        Fault::Loss(strike) | Fault::Duplicate(strike) => links(c, &strike.links),
        Fault::Reorder(reorder) => links(c, &reorder.links),
        Fault::Cut(cut) => links(c, &cut.links),
        Fault::Latency(pace) => links(c, &pace.links),
        Fault::Bandwidth(bandwidth) => links(c, &bandwidth.links),
        Fault::Gray(gray) => {
            links(c, &gray.links);
            if gray.delay_ms == Some(0) {
                c.refuse(
                    span,
                    "a delay of 0 ms disturbs nothing",
                    "`delay_ms` above 0, or none for messages that are lost",
                );
            }
        }
        Fault::Order(order) => order_of(c, span, &order.nodes),
        Fault::Delay(delay) => {
            known(c, span, &delay.label);
            links(c, &delay.links);
            if delay.delay_ms == 0 {
                c.refuse(span, "a delay of 0 ms disturbs nothing", "`delay_ms` above 0");
            }
        }
        Fault::Drop(drop) => {
            known(c, span, &drop.label);
            links(c, &drop.links);
            if drop.first == Some(0) || drop.every == Some(0) {
                c.refuse(span, "there is no message 0", "`first` and `every` from 1");
            }
        }
        Fault::ReplayWire(replay) => {
            replay.label.iter().for_each(|label| known(c, span, label));
            links(c, &replay.links);
            if let (Some(from), Some(to)) = (&replay.as_from, &replay.to)
                && from.value == to.value
                && from.value != NodeChoice::Any
            {
                c.refuse(&to.span, format!("{} has no link to itself", to.value), "two different nodes");
            }
        }
        Fault::Partition(partition) => sets(c, span, &partition.sets),
        Fault::Crash(crash) => {
            if crash.at_write.is_some() && crash.at_sync.is_some() {
                c.refuse(span, "the power fails once", "one of `at_write` and `at_sync`");
            }
            if crash.at_write == Some(0) || crash.at_sync == Some(0) {
                c.refuse(span, "there is no write or sync 0", "1 for the first");
            }
        }
        Fault::Custom(custom) if !c.vocabulary.custom.contains(&custom.name.as_str()) => {
            let name = Placed { value: custom.name.clone(), span: span.clone() };
            let known = c.vocabulary.custom.clone();
            c.unknown("custom fault", &name, known.into_iter());
        }
        other => check_lie::lie(c, span, other),
    }
}

fn links(c: &mut Checker<'_>, links: &Links<Placed<NodeChoice>>) {
    if let Links::Pairs(pairs) = links {
        for (from, to) in pairs.iter().filter(|(from, to)| from.value == to.value && from.value != NodeChoice::Any) {
            c.refuse(&to.span, format!("{} has no link to itself", from.value), "pairs of different nodes");
        }
    }
}

fn order_of(c: &mut Checker<'_>, span: &Span, nodes: &[Placed<NodeChoice>]) {
    if nodes.is_empty() {
        c.refuse(span, "nobody's messages are meant", "at least one node");
    }
}

fn sets(c: &mut Checker<'_>, span: &Span, sets: &[Vec<Placed<NodeChoice>>]) {
    if sets.len() < 2 || sets.iter().any(Vec::is_empty) {
        c.refuse(span, "this is no partition", "at least two sets of nodes");
    }
    let mut seen = BTreeSet::new();
    for node in sets.iter().flatten().filter(|node| node.value != NodeChoice::Any) {
        if !seen.insert(node.value) {
            c.refuse(&node.span, format!("{} is in two sets", node.value), "disjoint sets");
        }
    }
}
