//! Channels under datagrams of any kind: what is delivered was sent, by whom it says, once; and all that was sent arrives.

use std::collections::BTreeMap;

use super::Choices;
use super::committee::channel_secret;
use crate::channel::{Channels, Effect, Params, public_key};
use crate::entropy::Entropy;
use crate::id::{Boot, Epoch, NodeId, SessionId};
use crate::io::{Label, Time};
use crate::meter::Meter;

const LABEL: Label = Label { session: SessionId([1; 32]), protocol: "fuzz", round: 0, kind: "word" };
/// After so many events all must have arrived.
const STEPS_MAX: usize = 200_000;
/// Messages that a run sends at most, so that nothing is ever given up.
const MESSAGES_MAX: u8 = 60;

struct World {
    nodes: BTreeMap<NodeId, Channels>,
    now: Time,
    /// To whom, and what.
    under_way: Vec<(NodeId, Vec<u8>)>,
    /// Every frame that was ever sent.
    recorded: Vec<(NodeId, Vec<u8>)>,
    /// Messages by sender, recipient and content: how often they arrived.
    sent: BTreeMap<(NodeId, NodeId, Vec<u8>), usize>,
    count: u8,
}

impl World {
    fn new() -> Self {
        let ids = || [NodeId(1), NodeId(2)].into_iter();
        let keys: Vec<_> = ids().map(|id| (id, public_key(&channel_secret(id)))).collect();
        let channels = |id: NodeId| {
            let entropy = Entropy::new(&[id.0 as u8; 32], Boot(0));
            let params = Params::new([7; 32], Epoch(1), 50);
            (id, Channels::new(params, id, Boot(0), channel_secret(id), keys.iter().copied(), &entropy))
        };
        let (under_way, recorded, sent) = Default::default();
        let nodes = ids().map(channels).collect();
        let mut world = Self { nodes, now: Time(1_000_000_000), under_way, recorded, sent, count: 0 };
        ids().for_each(|id| world.on(id, |node, now, meter, fx| node.start(now, meter, fx)));
        world
    }

    fn on(&mut self, id: NodeId, act: impl FnOnce(&mut Channels, Time, &mut Meter, &mut Vec<Effect>)) {
        let mut fx = Vec::new();
        act(self.nodes.get_mut(&id).expect("one of two"), self.now, &mut Meter::default(), &mut fx);
        for effect in fx {
            match effect {
                Effect::Transmit { to, bytes, .. } => {
                    self.recorded.push((to, bytes.clone()));
                    self.under_way.push((to, bytes));
                }
                Effect::Deliver { from, bytes } => {
                    let arrivals = self.sent.get_mut(&(from, id, bytes)).expect("what arrives was sent");
                    *arrivals += 1;
                    assert_eq!(*arrivals, 1, "a message arrives once");
                }
                Effect::Overflowed { .. } => panic!("so few messages fit into a queue"),
                Effect::Opened { .. } | Effect::PeerRestarted { .. } | Effect::Dropped { .. } => {}
            }
        }
    }

    fn send(&mut self, choices: &mut Choices<'_>) {
        if self.count == MESSAGES_MAX {
            return;
        }
        self.count += 1;
        let (from, to) = if choices.byte() & 1 == 0 { (NodeId(1), NodeId(2)) } else { (NodeId(2), NodeId(1)) };
        let bytes = [vec![self.count], choices.bytes()].concat();
        self.sent.insert((from, to, bytes.clone()), 0);
        self.on(from, |node, now, meter, fx| node.send(to, bytes, LABEL, now, meter, fx).expect("a known peer"));
    }

    fn deliver(&mut self, to: NodeId, bytes: &[u8]) {
        let link = NodeId(3 - to.0);
        self.on(to, |node, now, meter, fx| node.on_frame(link, bytes, now, meter, fx));
    }

    fn pass_time(&mut self) -> bool {
        let due = self.nodes.iter().filter_map(|(id, node)| Some((node.deadline()?, *id))).min();
        let Some((at, id)) = due else { return false };
        self.now = self.now.max(at);
        self.on(id, |node, now, meter, fx| node.tick(now, meter, fx));
        true
    }

    fn step(&mut self, choices: &mut Choices<'_>) -> bool {
        let (count, recorded) = (self.under_way.len(), self.recorded.len());
        match if choices.is_empty() { 6 } else { choices.below(10) } {
            0 => self.send(choices),
            // Lost.
            1 if count > 0 => drop(self.under_way.swap_remove(choices.below(count))),
            2 => {
                self.pass_time();
            }
            // Repeated, whole or spoilt, perhaps to the other one.
            3..=4 => {
                let (mut to, mut bytes) = self.recorded[choices.below(recorded)].clone();
                choices.spoil(&mut bytes);
                if choices.byte() & 7 == 0 {
                    to = NodeId(3 - to.0);
                }
                self.deliver(to, &bytes);
            }
            5 => {
                let (to, bytes) = (NodeId(1 + u16::from(choices.byte() & 1)), choices.bytes());
                self.deliver(to, &bytes);
            }
            6 if choices.is_empty() && count == 0 => return self.pass_time(),
            _ if count > 0 => {
                let (to, bytes) = self.under_way.swap_remove(choices.below(count));
                self.deliver(to, &bytes);
            }
            _ => {}
        }
        true
    }
}

/// Two nodes with channels, and a hostile link.
pub(super) fn target(data: &[u8]) {
    let (mut world, mut choices) = (World::new(), Choices::new(data));
    while !choices.is_empty() {
        world.step(&mut choices);
    }
    world.send(&mut choices);
    for _ in 0..STEPS_MAX {
        if !world.step(&mut choices) {
            break;
        }
    }
    assert!(world.sent.values().all(|arrivals| *arrivals == 1), "all that was sent arrives");
}
