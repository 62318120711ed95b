//! Faults in words, as reports print them.

use std::fmt;

use lit_node::id::NodeId;

use super::{Crash, DiskLoss, Fault, Origin, OriginAnswer, PowerCut};
use crate::scenario::Rate;

pub(super) fn percent(rate: Rate) -> f64 {
    f64::from(rate.ppm) / 10_000.0
}

pub(super) fn numbers(nodes: &[NodeId]) -> String {
    nodes.iter().map(|node| node.0.to_string()).collect::<Vec<_>>().join(", ")
}

/// Nodes by number; an empty list stands for all.
fn whose(nodes: &[NodeId]) -> String {
    match nodes {
        [] => "every node".to_owned(),
        [one] => one.to_string(),
        several => format!("nodes {}", numbers(several)),
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Loss(strike) => write!(f, "loss {}%", percent(strike.rate)),
            Self::Duplicate(strike) => write!(f, "duplicate {}%", percent(strike.rate)),
            Self::Reorder(reorder) => {
                write!(f, "reorder {}% by up to {} ms", percent(reorder.rate), reorder.delay_ms_max)
            }
            Self::Partition(partition) => partition.fmt(f),
            Self::Cut(cut) => write!(f, "cut of {}", cut.links),
            Self::Latency(change) => change.fmt(f),
            Self::Bandwidth(bandwidth) => bandwidth.fmt(f),
            Self::Gray(gray) => gray.fmt(f),
            Self::Order(order) => order.fmt(f),
            Self::Delay(delay) => delay.fmt(f),
            Self::Drop(drop) => drop.fmt(f),
            Self::ReplayWire(replay) => replay.fmt(f),
            Self::Crash(crash) => crash.fmt(f),
            Self::Pause(pause) => write!(f, "pause of {}", pause.node),
            Self::Slow(slow) => write!(f, "{} is {} times slower", slow.node, slow.factor),
            Self::Clock(step) => write!(f, "clock of {} set {:+} ms off", step.node, step.offset_ms),
            Self::Drift(drift) => write!(f, "clock of {} drifts by {:+} ppm", drift.node, drift.ppm),
            Self::DiskFull(full) => {
                write!(f, "disk of {} full", full.node)?;
                full.restart_after_ms.map_or(Ok(()), |ms| write!(f, ", restart {ms} ms after it halts"))
            }
            Self::DiskSlow(slow) => write!(f, "syncs of {} take {} ms longer", slow.node, slow.sync_ms),
            Self::Twins(twins) => {
                let [first, second] = twins.sees.each_ref().map(|set| numbers(set));
                write!(f, "{} runs twice, towards {first} | {second}", twins.node)
            }
            Self::RpcLag(lag) => write!(f, "endpoint of {} {} blocks late", whose(&lag.nodes), lag.blocks),
            Self::RpcStale(endpoints) => write!(f, "endpoint of {} stands still", whose(&endpoints.nodes)),
            Self::RpcDown(endpoints) => write!(f, "endpoint of {} down", whose(&endpoints.nodes)),
            Self::RpcLie(lie) => write!(f, "endpoint of {} lies: {}", whose(&lie.nodes), lie.lie.name()),
            Self::Reset(_) => f.write_str("the network is begun anew"),
            Self::Reorg(reorg) => write!(f, "reorganisation of {} blocks", reorg.depth),
            Self::Gateway(gateway) => {
                write!(f, "gateway serves {} to {}", gateway.serve.name(), whose(&gateway.nodes))
            }
            Self::Origin(origin) => origin.fmt(f),
            Self::Flip(flip) => write!(f, "flip of byte {}", flip.byte),
            Self::Truncate(truncate) => write!(f, "truncation to {} B", truncate.bytes),
            Self::Garbage(garbage) => {
                write!(f, "{} B of garbage from {} to {}", garbage.bytes, garbage.from, garbage.to)
            }
            Self::Custom(custom) => custom.fmt(f),
            lie => super::show_lies::show_lie(lie, f),
        }
    }
}

impl fmt::Display for Crash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.restart_after_ms {
            Some(ms) => write!(f, "crash of {} for {ms} ms", self.node)?,
            None => write!(f, "crash of {} for good", self.node)?,
        }
        match self.cut() {
            Some(PowerCut::Write(n)) => write!(f, " at write {n} from then on")?,
            Some(PowerCut::Sync(n)) => write!(f, " at sync {n} from then on")?,
            None => {}
        }
        match self.disk {
            DiskLoss::Unsynced => Ok(()),
            DiskLoss::Torn => f.write_str(" with torn writes"),
            DiskLoss::Rollback => f.write_str(" with its disk rolled back"),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} answers {}", self.origin, whose(&self.nodes))?;
        match &self.answer {
            OriginAnswer::Unreachable => f.write_str(" not at all"),
            OriginAnswer::Given(given) => {
                if !given.is_usual() {
                    write!(f, " with status {}", given.status.unwrap_or(200))?;
                }
                given.json.as_ref().map_or(Ok(()), |json| write!(f, " and {json}"))?;
                given.body.as_ref().map_or(Ok(()), |body| write!(f, " and {body:?}"))?;
                given.delay_ms.map_or(Ok(()), |ms| write!(f, " {ms} ms late"))
            }
        }
    }
}
