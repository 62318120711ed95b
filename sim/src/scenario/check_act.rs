//! Checks acts: every user, PKP, step, node and file that a step or a fault names must exist by then.

use lit_node::id::NodeId;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::check::Checker;
use super::model::{
    Act, Action, Deed, Delivery, Execute, Expectation, FaultKind, FaultSpec, LabelPattern, Links, NodeChoice, PowerCut,
    Spoil, Step, WhenSpec,
};
use super::params::{Params, Reference};
use super::raw_act as raw;
use super::source::{Placed, Span};

/// The names that steps have introduced so far.
#[derive(Default)]
struct Names {
    acts: BTreeSet<String>,
    steps: BTreeSet<String>,
    keys: BTreeSet<String>,
    pkps: BTreeSet<String>,
}

impl Names {
    fn pkp(&self, c: &mut Checker<'_>, name: &Placed<String>) -> String {
        if !self.pkps.contains(&name.value) {
            c.unknown("PKP", name, self.pkps.iter().map(String::as_str));
        }
        name.value.clone()
    }
}

pub(super) fn acts(c: &mut Checker<'_>, acts: Vec<raw::Act>) -> Vec<Act> {
    let mut names = Names::default();
    acts.into_iter().map(|act| self::act(c, &mut names, act)).collect()
}

fn act(c: &mut Checker<'_>, names: &mut Names, raw: raw::Act) -> Act {
    c.fresh("act", &raw.name, &mut names.acts);
    let steps: Vec<Step> = raw.step.into_iter().map(|step| self::step(c, names, step)).collect();
    let mut taken = BTreeSet::new();
    let faults = raw.fault.into_iter().map(|fault| self::fault(c, &steps, &mut taken, fault)).collect();
    Act { name: raw.name.value, steps, faults }
}

fn step(c: &mut Checker<'_>, names: &mut Names, raw: raw::Step) -> Step {
    c.fresh("step", &raw.id, &mut names.steps);
    let user = c.user(&raw.user);
    if raw.expect == Expectation::Ok && raw.expect_message.is_some() {
        c.refuse(&raw.id.span, "a step that completes has no error text", "`expect` with an error beside it");
    }
    let deed = deed(c, names, &raw.id, raw.expect, raw.deed);
    Step { id: raw.id.value, user, deed, expect: raw.expect, expect_message: raw.expect_message }
}

fn deed(c: &mut Checker<'_>, names: &mut Names, id: &Placed<String>, expect: Expectation, raw: raw::Deed) -> Deed {
    match raw {
        raw::Deed::Keygen(keygen) => {
            c.fresh("key", &keygen.key, &mut names.keys);
            Deed::Keygen { key: keygen.key.value }
        }
        raw::Deed::Mint(mint) => {
            // A mint that must fail leaves its name free.
            let mut scratch = names.pkps.clone();
            let taken = if expect == Expectation::Ok { &mut names.pkps } else { &mut scratch };
            c.fresh("PKP", &mint.pkp, taken);
            Deed::Mint { pkp: mint.pkp.value, value: mint.value_wei }
        }
        raw::Deed::PermitAction(permit) => {
            Deed::PermitAction { pkp: names.pkp(c, &permit.pkp), action: c.action(&permit.action) }
        }
        raw::Deed::PermitAddress(permit) => {
            Deed::PermitAddress { pkp: names.pkp(c, &permit.pkp), address: c.user(&permit.address) }
        }
        raw::Deed::Transfer(transfer) => Deed::Transfer { pkp: names.pkp(c, &transfer.pkp), to: c.user(&transfer.to) },
        raw::Deed::Execute(execute) => Deed::Execute(self::execute(c, names, id, execute)),
        raw::Deed::Fund(fund) => Deed::Fund { pkp: names.pkp(c, &fund.pkp), value: fund.value_wei },
        raw::Deed::PkpTransaction(transaction) => Deed::PkpTransaction {
            pkp: names.pkp(c, &transaction.pkp),
            action: c.action(&transaction.action),
            to: c.user(&transaction.to),
            value: transaction.value_wei,
            auth: transaction.auth.map(|user| c.user(&user)),
        },
        raw::Deed::Handshake(raw::Handshake {}) => Deed::Handshake,
    }
}

fn execute(c: &mut Checker<'_>, names: &Names, id: &Placed<String>, raw: raw::Execute) -> Execute {
    let inline = |code| Arc::new(Action { name: format!("{} (inline)", id.value), code });
    let (action, by) = match (raw.action, raw.code, &raw.cid) {
        (Some(file), None, None) => (c.action(&file), Delivery::Ipfs),
        (None, Some(code), None) => (inline(code.value), Delivery::Inline),
        (None, None, Some(_)) => (inline(String::new()), Delivery::Ipfs),
        (file, ..) => {
            let span = file.map_or(id.span.clone(), |file| file.span);
            c.refuse(
                &span,
                format!("step `{}` does not say what to execute", id.value),
                "one of `action`, `code` and `cid`",
            );
            (Arc::new(Action { name: String::new(), code: String::new() }), Delivery::Inline)
        }
    };
    let params = raw.params.map(|placed| params(c, names, placed)).unwrap_or_default();
    let expect_signatures = raw.expect_signatures.map(|mut list| {
        list.sort();
        list
    });
    Execute {
        action,
        by: raw.by.unwrap_or(by),
        cid: raw.cid.map(|cid| cid.value),
        disconnect_after_ms: raw.disconnect_after_ms,
        params,
        auth: raw.auth.map(|user| c.user(&user)),
        expect_signatures,
        expect_response: raw.expect_response,
    }
}

fn params(c: &mut Checker<'_>, names: &Names, raw: Placed<toml::Table>) -> Params {
    let params = Params::from_toml(raw.value);
    let place = |value: &str| Placed { value: value.to_owned(), span: raw.span.clone() };
    match params.references() {
        Err(error) => c.refuse(
            &raw.span,
            error.to_string(),
            "`pkp.NAME.public_key`, `pkp.NAME.token_id`, `pkp.NAME.eth_address`, `user.NAME.address` or `keccak256:TEXT`",
        ),
        Ok(references) => {
            for reference in references {
                match reference {
                    Reference::PkpPublicKey(name) | Reference::PkpTokenId(name) | Reference::PkpAddress(name) => {
                        names.pkp(c, &place(&name));
                    }
                    Reference::UserAddress(name) => {
                        c.user(&place(&name));
                    }
                    Reference::Keccak(_) => {}
                }
            }
        }
    }
    params
}

fn fault(c: &mut Checker<'_>, steps: &[Step], taken: &mut BTreeSet<String>, raw: raw::Fault) -> FaultSpec {
    c.fresh("fault", &raw.name, taken);
    if let Some(step) = &raw.during
        && !steps.iter().any(|known| known.id == step.value)
    {
        c.unknown("step of this act", step, steps.iter().map(|step| step.id.as_str()));
    }
    let when = raw.when.map_or(WhenSpec::At { ms: 0 }, |when| self::when(c, when));
    if let (raw::FaultKind::Flip(_) | raw::FaultKind::Truncate(_), WhenSpec::At { .. }) = (&raw.what, &when) {
        c.refuse(&raw.name.span, "this fault changes the message that triggers it", "`when` with a `label`");
    }
    let what = kind(c, raw.what);
    FaultSpec { name: raw.name.value, during: raw.during.map(|step| step.value), when, what }
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

/// The messages that nodes send each other, by protocol.
const LABELS: [(&str, &[&str]); 5] = [
    ("channel", &["hello", "welcome", "ack"]),
    ("dkg", &["dealing", "ack", "fetch", "fetched"]),
    ("presign", &["start", "share"]),
    ("ecdsa", &["announce", "propose", "share", "finished"]),
    ("frost", &["announce", "propose", "share", "finished"]),
];

fn pattern(c: &mut Checker<'_>, label: &Placed<String>) -> LabelPattern {
    let (protocol, kind) = label.split_once('/').map_or((label.as_str(), None), |(p, k)| (p, Some(k)));
    if protocol.is_empty() || kind.is_some_and(|kind| kind.is_empty() || kind.contains('/')) {
        c.refuse(&label.span, "this is no label", "`protocol/kind` or `protocol`, e.g. `dkg/ack`");
    } else if !LABELS.iter().any(|(p, kinds)| *p == protocol && kind.is_none_or(|kind| kinds.contains(&kind))) {
        let known = LABELS.iter().flat_map(|(p, kinds)| kinds.iter().map(move |kind| format!("{p}/{kind}")));
        let known: Vec<String> = known.collect();
        c.unknown("label", label, known.iter().map(String::as_str));
    }
    LabelPattern { protocol: protocol.to_owned(), kind: kind.map(str::to_owned) }
}

fn kind(c: &mut Checker<'_>, raw: raw::FaultKind) -> FaultKind {
    match raw {
        raw::FaultKind::Loss(raw::RateFault { links, rate, for_ms }) => {
            FaultKind::Loss { links: self::links(c, links), rate, for_ms }
        }
        raw::FaultKind::Duplicate(raw::RateFault { links, rate, for_ms }) => {
            FaultKind::Duplicate { links: self::links(c, links), rate, for_ms }
        }
        raw::FaultKind::Reorder(raw::ReorderFault { links, rate, delay_ms_max, for_ms }) => {
            FaultKind::Reorder { links: self::links(c, links), rate, delay_ms_max, for_ms }
        }
        raw::FaultKind::Partition(partition) => {
            FaultKind::Partition { sets: sets(c, &partition.sets), heal_after_ms: partition.heal_after_ms }
        }
        raw::FaultKind::Crash(crash) => {
            if let NodeChoice::Node(number) = crash.node.value {
                c.node(number, &crash.node.span);
            }
            let cut = match (crash.at_write, crash.at_sync) {
                (Some(write), Some(_)) => {
                    c.refuse(&write.span, "the power fails once", "one of `at_write` and `at_sync`");
                    None
                }
                (Some(write), None) => Some(PowerCut::Write(write.value.max(1))),
                (None, Some(sync)) => Some(PowerCut::Sync(sync.value.max(1))),
                (None, None) => None,
            };
            let (node, restart_after_ms) = (crash.node.value, crash.restart_after_ms);
            FaultKind::Crash { node, restart_after_ms, disk: crash.disk, cut }
        }
        raw::FaultKind::Flip(flip) => FaultKind::Spoil(Spoil::Flip { byte: flip.byte }),
        raw::FaultKind::Truncate(truncate) => FaultKind::Spoil(Spoil::Truncate { bytes: truncate.bytes }),
        raw::FaultKind::Garbage(garbage) => FaultKind::Garbage {
            from: c.node(garbage.from.value, &garbage.from.span),
            to: c.node(garbage.to.value, &garbage.to.span),
            bytes: garbage.bytes,
        },
        raw::FaultKind::Leak(leak) => FaultKind::Leak { node: c.node(leak.node.value, &leak.node.span) },
    }
}

fn links(c: &mut Checker<'_>, links: Placed<Links>) -> Links {
    if let Links::Pairs(pairs) = &links.value {
        for (from, to) in pairs {
            c.node(*from, &links.span);
            c.node(*to, &links.span);
            if from == to {
                c.refuse(&links.span, format!("node {from} has no link to itself"), "pairs of different nodes");
            }
        }
    }
    links.value
}

fn sets(c: &mut Checker<'_>, sets: &Placed<Vec<Vec<Placed<u16>>>>) -> Vec<Vec<NodeId>> {
    let span: &Span = &sets.span;
    if sets.len() < 2 || sets.iter().any(Vec::is_empty) {
        c.refuse(span, "this is no partition", "at least two sets of nodes");
    }
    let mut seen = BTreeSet::new();
    let node = |c: &mut Checker<'_>, seen: &mut BTreeSet<u16>, node: &Placed<u16>| {
        if !seen.insert(node.value) {
            c.refuse(&node.span, format!("node {} is in two sets", node.value), "disjoint sets");
        }
        c.node(node.value, &node.span)
    };
    sets.iter().map(|set| set.iter().map(|member| node(c, &mut seen, member)).collect()).collect()
}
