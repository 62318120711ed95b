//! Faults in words, as reports print them.

use std::fmt;

use super::{Crash, DiskLoss, Fault, PowerCut};
use crate::scenario::Rate;

fn percent(rate: Rate) -> f64 {
    f64::from(rate.ppm) / 10_000.0
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Loss(strike) => write!(f, "loss {}%", percent(strike.rate)),
            Self::Duplicate(strike) => write!(f, "duplicate {}%", percent(strike.rate)),
            Self::Reorder(reorder) => {
                write!(f, "reorder {}% by up to {} ms", percent(reorder.rate), reorder.delay_ms_max)
            }
            Self::Partition(partition) => {
                let join = |set: &Vec<_>, by| set.iter().map(ToString::to_string).collect::<Vec<_>>().join(by);
                let sets = partition.sets.iter().map(|set| join(&set.iter().map(|node| node.0).collect(), ", "));
                write!(f, "partition {}", sets.collect::<Vec<_>>().join(" | "))
            }
            Self::Crash(crash) => crash.fmt(f),
            Self::Flip(flip) => write!(f, "flip of byte {}", flip.byte),
            Self::Truncate(truncate) => write!(f, "truncation to {} B", truncate.bytes),
            Self::Garbage(garbage) => {
                write!(f, "{} B of garbage from {} to {}", garbage.bytes, garbage.from, garbage.to)
            }
            Self::Custom(custom) => custom.fmt(f),
            Self::Leak(leak) => write!(f, "{} leaks its key share", leak.node),
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
