//! Faults of links in words, as reports print them.

use std::fmt;

use lit_node::id::NodeId;

use super::show::{numbers, percent};
use super::{Bandwidth, Delay, Discard, Ends, Gray, LatencyChange, Links, Order, Partition, ReplayWire, Turn};
use crate::scenario::Latency;

impl fmt::Display for Links {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = |nodes: &[NodeId]| if nodes.is_empty() { "every node".to_owned() } else { numbers(nodes) };
        match self {
            Self::All => f.write_str("all links"),
            Self::Between(Ends { from, to }) => write!(f, "links from {} to {}", end(from), end(to)),
            Self::Pairs(pairs) => {
                let pairs: Vec<String> = pairs.iter().map(|(from, to)| format!("{}>{}", from.0, to.0)).collect();
                write!(f, "links {}", pairs.join(", "))
            }
        }
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sets: Vec<String> = self.sets.iter().map(|set| numbers(set)).collect();
        let (way, between) = if self.one_way { ("one-way ", " -x-> ") } else { ("", " | ") };
        write!(f, "{way}partition {}", sets.join(between))
    }
}

impl fmt::Display for LatencyChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = |micros: u64| micros as f64 / 1e3;
        write!(f, "latency of {}: ", self.links)?;
        match &self.latency {
            Latency::Constant { ms } => write!(f, "{ms} ms"),
            Latency::Uniform { ms_min, ms_max } => write!(f, "{ms_min} to {ms_max} ms"),
            Latency::LogNormal { median_us, sigma_ppm } => {
                write!(f, "log-normal around {} ms, sigma {}", millis(*median_us), f64::from(*sigma_ppm) / 1e6)
            }
            Latency::Empirical { sorted_us } => write!(f, "as in a sample of {}", sorted_us.len()),
        }
    }
}

impl fmt::Display for Bandwidth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "bandwidth {} B/s on {}, queues of {} B", self.bytes_per_s, self.links, self.queue_bytes_max)
    }
}

impl fmt::Display for Gray {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "gray {}, {}% of messages", self.links, percent(self.rate))?;
        if self.large_bytes_min > 0 {
            write!(f, " from {} B on", self.large_bytes_min)?;
        }
        match self.delay_ms {
            Some(ms) => write!(f, " {ms} ms late"),
            None => f.write_str(" lost"),
        }
    }
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ways = if self.both_ways { "from and to" } else { "from" };
        let turn = match self.turn {
            Turn::First => "first",
            Turn::Last => "last",
        };
        write!(f, "messages {ways} {} come {turn}", numbers(&self.nodes))
    }
}

impl fmt::Display for Delay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}% of {} on {} are {} ms late", percent(self.rate), self.label, self.links, self.delay_ms)
    }
}

impl fmt::Display for Discard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "drop of {}% of {} on {}", percent(self.rate), self.label, self.links)?;
        if let Some(every) = self.every {
            write!(f, ", one in {every}")?;
        }
        if let Some(first) = self.first {
            write!(f, ", of the first {first} of each link")?;
        }
        Ok(())
    }
}

impl fmt::Display for ReplayWire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let label = self.label.as_ref().map_or("messages".to_owned(), ToString::to_string);
        write!(f, "replay of {}% of {label} on {} after {} ms", percent(self.rate), self.links, self.after_ms)?;
        if let Some(from) = self.as_from {
            write!(f, " as from {from}")?;
        }
        match self.to {
            Some(to) => write!(f, " to {to}"),
            None => Ok(()),
        }
    }
}
