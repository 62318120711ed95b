//! What goes wrong: up to six faults of links, machines, surroundings and single messages, each bound to a step or to
//! the whole run, and often a node that lies.

use std::fmt::Write;

use super::Urn;
use super::workload::{Step, Work};
use crate::dice::Dice;
use crate::fault::mix;
use crate::scenario::DELTA_MS_DEFAULT;

const DKG: [&str; 3] = ["dkg/dealing", "dkg/ack", "dkg/fetch"];
const TRIPLES: [&str; 5] =
    ["triples/commit", "triples/shares", "triples/extension", "triples/last_shares", "triples/seal"];
const PRESIGN: [&str; 2] = ["presign/start", "presign/share"];
const ECDSA: [&str; 4] = ["ecdsa/announce", "ecdsa/propose", "ecdsa/share", "ecdsa/finished"];
const FROST: [&str; 4] = ["frost/announce", "frost/propose", "frost/share", "frost/finished"];

/// Draws the faults.
pub(super) fn draw(dice: &mut Dice, nodes: u16, work: &Work, urn: Urn) -> String {
    let mut text = String::new();
    // How many nodes may be faulty at one time besides those that are so all the time.
    let f = (nodes - 1) / 3;
    let mut left = if urn.beyond_f { nodes } else { f };
    if dice.once_in(2) {
        let liars = if urn.swarm { 1 + dice.below(u32::from(f)) as u16 } else { 1 };
        text.push_str(&mix::faults(dice.seed(), nodes, liars));
        left -= liars;
    }
    // A node that fails while others refuse makes clients unsure of the reason: where something is refused, none does.
    if work.has_refusals && !urn.beyond_f {
        left = 0;
    }
    if left > 0 && dice.once_in(6) {
        let fault = dies(dice, work);
        let _ = write!(text, "[[act.fault]]\nname = \"dies\"\n{fault}\n");
        left -= 1;
    }
    // One step for each fault that stops a node, so that never more than one more is down.
    let mut steps: Vec<&Step> = if left > 0 { work.steps.iter().filter(|step| step.is_long).collect() } else { vec![] };
    let mut kinds = vec!["loss", "duplicate", "reorder", "replay", "order", "gray", "delay"];
    let mut stops = 0;
    // Which kinds there may be, one a bit.
    let (kinds_allowed, most) = if urn.swarm { (dice.below(1 << 16), 11) } else { (u32::MAX, 7) };
    for number in 0..dice.below(most) {
        let kind = dice.below(16);
        if kinds_allowed >> kind & 1 == 0 {
            continue;
        }
        let fault = match kind {
            // Of each kind one at most: several would make a network that nothing works in.
            0..=3 if kinds.len() > 5 => {
                let kind = kinds.swap_remove(dice.below(kinds.len() as u32) as usize);
                links(dice, kind, work)
            }
            4 => partition(dice, nodes, work),
            // To a client, whose answer is spoilt on the way has answered wrongly: one more node that does not work.
            5 if left > u16::from(stops > 0) && dice.once_in(2) => {
                left -= 1;
                steps.clear();
                spoil(dice, nodes, work, true)
            }
            5 | 6 => spoil(dice, nodes, work, false),
            // Who reads an old chain all the time counts as faulty.
            7 if left > u16::from(stops > 0) && dice.once_in(2) => {
                left -= 1;
                steps.clear();
                let (during, blocks) = (during(dice, work), 1 + dice.below(3));
                format!("{during}what.rpc_lag = {{ nodes = [\"any\"], blocks = {blocks} }}\n")
            }
            7 => format!("{}for_ms = {}\nwhat.rpc_down = {{}}\n", during(dice, work), 500 + dice.below(4000)),
            // Whom the gateway does not serve cannot answer: one more node that does not work.
            8 if left > u16::from(stops > 0) => {
                left -= 1;
                steps.clear();
                gateway(dice, work)
            }
            9 => machine(dice),
            10 => client(dice, nodes, work),
            _ if !steps.is_empty() => {
                let step = steps.swap_remove(dice.below(steps.len() as u32) as usize);
                let is_open = stops == 0 && dice.once_in(3);
                stops += 1;
                if is_open {
                    // It may come at any time from then on, so it is the only one.
                    steps.clear();
                    crash_while_writing(dice, step)
                } else if dice.once_in(4) {
                    pause(dice, step)
                } else {
                    crash(dice, step, "")
                }
            }
            _ => continue,
        };
        // Writing to a string does not fail.
        let _ = write!(text, "[[act.fault]]\nname = \"fault-{number}\"\n{fault}\n");
    }
    text
}

fn label(dice: &mut Dice, step: &Step) -> &'static str {
    let labels: &[&'static str] = match *dice.pick(step.protocols) {
        "dkg" => &DKG,
        "presign" => &PRESIGN,
        "triples" => &TRIPLES,
        "ecdsa" => &ECDSA,
        _ => &FROST,
    };
    labels[dice.below(labels.len() as u32) as usize]
}

/// When a message of a step's protocols is sent, or when it begins.
fn moment(dice: &mut Dice, step: &Step) -> String {
    if step.protocols.is_empty() {
        return format!("during = \"{}\"\n", step.id);
    }
    let (label, occurrence, any) = (label(dice, step), 1 + dice.below(6), dice.once_in(2));
    let when = format!("{{ label = \"{label}\", any_node = {any}, occurrence = {occurrence} }}");
    format!("during = \"{}\"\nwhen = {when}\n", step.id)
}

fn busy<'w>(dice: &mut Dice, work: &'w Work) -> &'w Step {
    let steps: Vec<&Step> = work.steps.iter().filter(|step| !step.protocols.is_empty()).collect();
    steps[dice.below(steps.len() as u32) as usize]
}

/// What makes messages later than the nodes' assumed bound passes: nothing need complete in a network that never becomes
/// stable. The rest lasts for the whole run.
fn links(dice: &mut Dice, kind: &str, work: &Work) -> String {
    let passing = format!("{}for_ms = {}\n", during(dice, work), 300 + dice.below(5000));
    let when = |late: u32| if u64::from(late) <= DELTA_MS_DEFAULT.get() { "" } else { &passing };
    let percent = |rate: u32| format!("links = \"all\", rate = 0.{rate:02}");
    match kind {
        "loss" => format!("what.loss = {{ {} }}\n", percent(1 + dice.below(20))),
        "duplicate" => format!("what.duplicate = {{ {} }}\n", percent(1 + dice.below(25))),
        "reorder" => {
            let (rate, late) = (1 + dice.below(30), 20 + dice.below(300));
            format!("{}what.reorder = {{ {}, delay_ms_max = {late} }}\n", when(late), percent(rate))
        }
        "replay" => {
            format!("what.replay_wire = {{ {}, after_ms = {} }}\n", percent(1 + dice.below(20)), dice.below(600))
        }
        "order" => {
            let turn = *dice.pick(&["first", "last"]);
            format!("what.order = {{ nodes = [{}], turn = \"{turn}\" }}\n", 1 + dice.below(4))
        }
        "gray" => {
            let (rate, late) = (1 + dice.below(30), 50 + dice.below(50) * (1 + dice.below(20)));
            format!("{}what.gray = {{ {}, delay_ms = {late} }}\n", when(late), percent(rate))
        }
        _ => {
            let protocol = *dice.pick(&["dkg", "triples", "presign", "ecdsa", "frost"]);
            let (rate, late) = (1 + dice.below(60), 50 + dice.below(50) * (1 + dice.below(18)));
            let (when, hit) = (when(late), percent(rate));
            format!("{when}what.delay = {{ {hit}, label = \"{protocol}\", delay_ms = {late} }}\n")
        }
    }
}

fn machine(dice: &mut Dice) -> String {
    let node = 1 + dice.below(4);
    match dice.below(3) {
        0 => format!("what.slow = {{ node = {node}, factor = {} }}\n", 2 + dice.below(20)),
        1 => format!("what.disk_slow = {{ node = {node}, sync_ms = {} }}\n", 5 + dice.below(150)),
        _ => format!("what.drift = {{ node = {node}, ppm = {} }}\n", dice.below(2000)),
    }
}

/// During a step, or all the time.
fn during(dice: &mut Dice, work: &Work) -> String {
    if dice.once_in(3) { String::new() } else { format!("during = \"{}\"\n", dice.pick(&work.steps).id) }
}

fn gateway(dice: &mut Dice, work: &Work) -> String {
    let (step, serve) = (busy(dice, work), *dice.pick(&["wrong-bytes", "nothing", "truncated"]));
    format!("during = \"{}\"\nwhat.gateway = {{ nodes = [\"any\"], serve = \"{serve}\" }}\n", step.id)
}

fn client(dice: &mut Dice, nodes: u16, work: &Work) -> String {
    let step = busy(dice, work);
    format!("during = \"{}\"\nwhat.{}\n", step.id, mix::one_misuse(dice, nodes, "mallory", "treasury"))
}

fn dies(dice: &mut Dice, work: &Work) -> String {
    let step = dice.pick(&work.steps);
    format!("{}what.crash = {{ node = \"any\" }}\n", moment(dice, step))
}

fn pause(dice: &mut Dice, step: &Step) -> String {
    let ms = 200 + dice.below(4000);
    format!("{}for_ms = {ms}\nwhat.pause = {{ node = \"any\" }}\n", moment(dice, step))
}

fn crash_while_writing(dice: &mut Dice, step: &Step) -> String {
    let what = if dice.once_in(2) {
        format!(", at_write = {}", 1 + dice.below(12))
    } else {
        format!(", at_sync = {}", 1 + dice.below(6))
    };
    crash(dice, step, &what)
}

fn crash(dice: &mut Dice, step: &Step, cut: &str) -> String {
    let when = if dice.once_in(4) { format!("during = \"{}\"\n", step.id) } else { moment(dice, step) };
    let disk = *dice.pick(&["unsynced", "unsynced", "torn", "rollback"]);
    let after = 200 + dice.below(4000);
    format!("{when}what.crash = {{ node = \"any\", restart_after_ms = {after}, disk = \"{disk}\"{cut} }}\n")
}

fn partition(dice: &mut Dice, nodes: u16, work: &Work) -> String {
    let step = busy(dice, work);
    let when = moment(dice, step);
    let alone = 1 + dice.below(u32::from(nodes)) as u16;
    let others: Vec<String> = (1..=nodes).filter(|node| *node != alone).map(|node| node.to_string()).collect();
    let (left, right) = others.split_at(dice.below(others.len() as u32) as usize);
    let left = left.iter().cloned().chain([alone.to_string()]).collect::<Vec<_>>().join(", ");
    let ms = 300 + dice.below(2500);
    format!("{when}for_ms = {ms}\nwhat.partition = {{ sets = [[{left}], [{}]] }}\n", right.join(", "))
}

/// A single message between nodes, or an answer to a client, is spoilt; or one comes that nobody sent.
fn spoil(dice: &mut Dice, nodes: u16, work: &Work, answers: bool) -> String {
    let step = busy(dice, work);
    let when = if answers {
        let occurrence = 1 + dice.below(4);
        format!("during = \"{}\"\nwhen = {{ label = \"client/response\", occurrence = {occurrence} }}\n", step.id)
    } else {
        moment(dice, step)
    };
    let what = match dice.below(4) {
        0 | 1 => format!("flip = {{ byte = {} }}", dice.below(400)),
        2 => format!("truncate = {{ bytes = {} }}", dice.below(60)),
        _ => {
            let from = 1 + dice.below(u32::from(nodes));
            let to = from % u32::from(nodes) + 1;
            format!("garbage = {{ from = {from}, to = {to}, bytes = {} }}", dice.below(300) * dice.below(2))
        }
    };
    format!("{when}what.{what}\n")
}
