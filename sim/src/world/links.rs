//! From faults of the plan to what they do to links.

use crate::fault::{Fault, Turn};
use crate::heap::{MILLI, Nanos};
use crate::network::{Capture, Disturbance, Latency, LinkFault, Links, Stabilisation};
use crate::plan::FaultEvent;
use crate::scenario::{Network, Rate, Scenario};

/// What a fault of the plan does to links; `None` for faults of nodes. `delta_ms` bounds delays.
pub(crate) fn link_fault(event: &FaultEvent, delta_ms: u64) -> Option<LinkFault> {
    let (links, disturbance) = match &event.what {
        Fault::Loss(strike) => (&strike.links, Disturbance::Loss(share(strike.rate))),
        Fault::Duplicate(strike) => (&strike.links, Disturbance::Duplicate(share(strike.rate))),
        Fault::Reorder(reorder) => {
            (&reorder.links, Disturbance::Reorder(share(reorder.rate), reorder.delay_ms_max as f64))
        }
        Fault::Cut(cut) => (&cut.links, Disturbance::Cut),
        Fault::Latency(pace) => (&pace.links, Disturbance::Latency(Latency::from(&pace.latency))),
        Fault::Bandwidth(bandwidth) => {
            let (bytes_per_s, queue_bytes_max) = (bandwidth.bytes_per_s.get(), bandwidth.queue_bytes_max);
            (&bandwidth.links, Disturbance::Bandwidth { bytes_per_s, queue_bytes_max })
        }
        Fault::Gray(gray) => {
            let (rate, delay, bytes_min) = (share(gray.rate), gray.delay_ms.map(nanos), gray.large_bytes_min);
            (&gray.links, Disturbance::Gray { rate, delay, bytes_min })
        }
        Fault::Delay(delay) => {
            let (label, rate, delay_ms) = (delay.label.clone(), share(delay.rate), delay.delay_ms);
            (&delay.links, Disturbance::Delay { label, rate, delay: nanos(delay_ms) })
        }
        Fault::Drop(drop) => {
            let (label, rate) = (drop.label.clone(), share(drop.rate));
            (&drop.links, Disturbance::Drop { label, first: drop.first, every: drop.every, rate })
        }
        Fault::ReplayWire(replay) => {
            let (as_from, to, after, rate) = (replay.as_from, replay.to, nanos(replay.after_ms), share(replay.rate));
            let capture = Capture { label: replay.label.clone(), as_from, to, after, rate };
            (&replay.links, Disturbance::Replay(capture))
        }
        special => {
            let (links, disturbance) = among_nodes(special, delta_ms)?;
            return Some(LinkFault { id: event.id.0.clone(), links, disturbance });
        }
    };
    Some(LinkFault { id: event.id.0.clone(), links: Links::Named(links.clone()), disturbance })
}

/// What a fault does that names nodes rather than links.
fn among_nodes(fault: &Fault, delta_ms: u64) -> Option<(Links, Disturbance)> {
    match fault {
        Fault::Partition(partition) => Some((Links::Across(partition.clone()), Disturbance::Cut)),
        Fault::Order(order) => {
            let nodes = order.nodes.clone();
            let disturbance = match order.turn {
                Turn::First => Disturbance::First,
                Turn::Last => Disturbance::Last { delta: nanos(delta_ms) },
            };
            Some((if order.both_ways { Links::At(nodes) } else { Links::From(nodes) }, disturbance))
        }
        _ => None,
    }
}

/// The links of a scenario, with what they do to messages at all times.
pub(crate) fn network(scenario: &Scenario, seed: &[u8; 32]) -> crate::network::Network {
    let mut network = crate::network::Network::new(seed, Latency::from(&scenario.network.link.latency));
    standing_faults(scenario).into_iter().for_each(|fault| network.stand(fault));
    if let Some(stabilisation) = stabilisation(&scenario.network) {
        network.stabilise(stabilisation);
    }
    network
}

/// The faults that a link model has at all times.
fn standing_faults(scenario: &Scenario) -> Vec<LinkFault> {
    let link = &scenario.network.link;
    let slack_ms = scenario.network.delta_ms.get() as f64;
    let standing = |id: &str, disturbance| LinkFault { id: id.into(), links: Links::All, disturbance };
    [
        (link.loss.ppm, standing("link loss", Disturbance::Loss(share(link.loss)))),
        (link.duplicate.ppm, standing("link duplication", Disturbance::Duplicate(share(link.duplicate)))),
        (link.reorder.ppm, standing("link reordering", Disturbance::Reorder(share(link.reorder), slack_ms))),
    ]
    .into_iter()
    .filter(|(ppm, _)| *ppm > 0)
    .map(|(_, fault)| fault)
    .collect()
}

/// When and out of what a scenario's links become stable.
fn stabilisation(network: &Network) -> Option<Stabilisation> {
    let delta_ms = network.delta_ms.get();
    let of = |s: &crate::scenario::Stabilisation| {
        Stabilisation::of_millis(s.gst_ms, delta_ms, s.delay_ms_max, share(s.loss))
    };
    network.stabilisation.as_ref().map(of)
}

/// The exact share that a rate in parts per million is.
fn share(rate: Rate) -> f64 {
    f64::from(rate.ppm) / 1e6
}

fn nanos(ms: u64) -> Nanos {
    ms.saturating_mul(MILLI)
}
