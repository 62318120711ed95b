//! What goes wrong: up to five faults of links, machines and single messages, each bound to a step or to the whole run.

use std::fmt::Write;

use super::dice::Dice;
use super::workload::{Step, Work};

const DKG: [&str; 3] = ["dkg/dealing", "dkg/ack", "dkg/fetch"];
const PRESIGN: [&str; 2] = ["presign/start", "presign/share"];
const ECDSA: [&str; 4] = ["ecdsa/announce", "ecdsa/propose", "ecdsa/share", "ecdsa/finished"];
const FROST: [&str; 4] = ["frost/announce", "frost/propose", "frost/share", "frost/finished"];

/// Draws the faults.
pub(super) fn draw(dice: &mut Dice, nodes: u16, work: &Work) -> String {
    let mut text = String::new();
    // One step for each fault that stops a node, so that never more than one is down.
    let mut steps: Vec<&Step> = work.steps.iter().filter(|step| !step.protocols.is_empty()).collect();
    for number in 0..dice.below(6) {
        let kind = dice.below(10);
        let fault = match kind {
            0 | 1 => format!("what.loss = {{ links = \"all\", rate = 0.{:02} }}\n", 1 + dice.below(12)),
            2 => format!("what.duplicate = {{ links = \"all\", rate = 0.{:02} }}\n", 1 + dice.below(25)),
            3 => {
                let (rate, late) = (1 + dice.below(30), 20 + dice.below(300));
                format!("what.reorder = {{ links = \"all\", rate = 0.{rate:02}, delay_ms_max = {late} }}\n")
            }
            4 => partition(dice, nodes, work),
            5 | 6 => spoil(dice, nodes, work),
            _ if !steps.is_empty() => {
                let step = steps.swap_remove(dice.below(steps.len() as u32) as usize);
                crash(dice, step)
            }
            _ => continue,
        };
        // Writing to a string does not fail.
        let _ = write!(text, "[[act.fault]]\nname = \"fault-{number}\"\n{fault}\n");
    }
    text
}

fn label(dice: &mut Dice, step: &Step) -> &'static str {
    match *dice.pick(step.protocols) {
        "dkg" => *dice.pick(&DKG),
        "presign" => *dice.pick(&PRESIGN),
        "ecdsa" => *dice.pick(&ECDSA),
        _ => *dice.pick(&FROST),
    }
}

/// When a message of a step's protocols is sent.
fn moment(dice: &mut Dice, step: &Step) -> String {
    let (label, occurrence) = (label(dice, step), 1 + dice.below(6));
    format!("during = \"{}\"\nwhen = {{ label = \"{label}\", occurrence = {occurrence} }}\n", step.id)
}

fn busy<'w>(dice: &mut Dice, work: &'w Work) -> &'w Step {
    let steps: Vec<&Step> = work.steps.iter().filter(|step| !step.protocols.is_empty()).collect();
    steps[dice.below(steps.len() as u32) as usize]
}

fn crash(dice: &mut Dice, step: &Step) -> String {
    let when = if dice.once_in(4) { format!("during = \"{}\"\n", step.id) } else { moment(dice, step) };
    let disk = *dice.pick(&["unsynced", "unsynced", "torn", "rollback"]);
    let cut = match dice.below(5) {
        0 => format!(", at_write = {}", 1 + dice.below(12)),
        1 => format!(", at_sync = {}", 1 + dice.below(6)),
        _ => String::new(),
    };
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

/// A single message is spoilt, or one comes that nobody sent.
fn spoil(dice: &mut Dice, nodes: u16, work: &Work) -> String {
    let step = busy(dice, work);
    let when = moment(dice, step);
    let what = match dice.below(3) {
        0 => format!("flip = {{ byte = {} }}", dice.below(400)),
        1 => format!("truncate = {{ bytes = {} }}", dice.below(60)),
        _ => {
            let from = 1 + dice.below(u32::from(nodes));
            let to = from % u32::from(nodes) + 1;
            format!("garbage = {{ from = {from}, to = {to}, bytes = {} }}", dice.below(300))
        }
    };
    format!("{when}what.{what}\n")
}
