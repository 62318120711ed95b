//! The protocol.

use std::collections::{BTreeMap, BTreeSet};

use lit_node::id::NodeId;
use litsim::extend::{Labels, Outputs, Protocol, Setup};
use serde::{Deserialize, Serialize};

/// Who sends.
const SENDER: NodeId = NodeId(1);
/// The value that an honest sender sends.
const VALUE: u32 = 7;
/// How often a node says again what it has said, in case it got lost.
const REPEATS: u64 = 5;

/// What nodes say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Message {
    /// The sender's value.
    Init(u32),
    /// The first value that a node got from the sender.
    Echo(u32),
    /// A value that a node is ready to deliver.
    Ready(u32),
}

/// How all nodes are built.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// The bug: a quorum has one node too few.
    pub off_by_one: bool,
}

/// What a node has said. It is on disk before it is said: a node that forgot it could say something else.
#[derive(Clone, Copy, Debug, Default)]
pub struct Said {
    echo: Option<u32>,
    ready: Option<u32>,
    delivered: bool,
}

/// A node.
pub struct Broadcast {
    setup: Setup,
    quorum: usize,
    said: Said,
    echoes: BTreeMap<u32, BTreeSet<NodeId>>,
    readies: BTreeMap<u32, BTreeSet<NodeId>>,
}

impl Protocol for Broadcast {
    type Message = Message;
    type Note = ();
    type Decision = u32;
    type Disk = Said;
    type Options = Options;

    const LABELS: Labels = &[("broadcast", &["init", "echo", "ready"])];

    fn new(options: &Options, setup: Setup, disk: Said) -> Self {
        // n - f: all honest nodes are enough, and any two quorums share an honest one.
        let quorum = usize::from(setup.nodes - setup.faulty_max) - usize::from(options.off_by_one);
        Self { setup, quorum, said: disk, echoes: BTreeMap::new(), readies: BTreeMap::new() }
    }

    fn label(message: &Message) -> (&'static str, &'static str) {
        let kind = match message {
            Message::Init(_) => "init",
            Message::Echo(_) => "echo",
            Message::Ready(_) => "ready",
        };
        ("broadcast", kind)
    }

    fn start(&mut self, _: u64, out: &mut Outputs<Self>) {
        self.speak(out);
        for repeat in 1..=REPEATS {
            out.timer(repeat, repeat * 4 * self.setup.delta_ms);
        }
    }

    fn on_message(&mut self, _: u64, from: NodeId, message: Message, out: &mut Outputs<Self>) {
        match message {
            Message::Init(value) if from == SENDER && self.said.echo.is_none() => {
                self.said.echo = Some(value);
                out.save(self.said);
                out.broadcast(&self.setup, Message::Echo(value));
            }
            Message::Init(_) => {}
            Message::Echo(value) => {
                self.echoes.entry(value).or_default().insert(from);
            }
            Message::Ready(value) => {
                self.readies.entry(value).or_default().insert(from);
            }
        }
        self.advance(out);
    }

    fn on_timer(&mut self, _: u64, _: u64, out: &mut Outputs<Self>) {
        self.speak(out);
    }

    fn describe(&self) -> serde_json::Value {
        serde_json::json!({
            "echo": self.said.echo,
            "ready": self.said.ready,
            "delivered": self.said.delivered,
            "echoes": self.echoes,
            "readies": self.readies,
        })
    }
}

impl Broadcast {
    /// Says again what it has said.
    fn speak(&mut self, out: &mut Outputs<Self>) {
        if self.setup.me == SENDER {
            out.broadcast(&self.setup, Message::Init(VALUE));
        }
        let said = [self.said.echo.map(Message::Echo), self.said.ready.map(Message::Ready)];
        for message in said.into_iter().flatten() {
            out.broadcast(&self.setup, message);
        }
    }

    fn advance(&mut self, out: &mut Outputs<Self>) {
        let has = |heard: &BTreeMap<u32, BTreeSet<NodeId>>, count: usize| {
            heard.iter().find(|(_, nodes)| nodes.len() >= count).map(|(value, _)| *value)
        };
        let amplified = usize::from(self.setup.faulty_max) + 1;
        if self.said.ready.is_none()
            && let Some(value) = has(&self.echoes, self.quorum).or_else(|| has(&self.readies, amplified))
        {
            self.said.ready = Some(value);
            out.save(self.said);
            out.broadcast(&self.setup, Message::Ready(value));
        }
        if let Some(value) = has(&self.readies, self.quorum).filter(|_| !self.said.delivered) {
            self.said.delivered = true;
            out.save(self.said);
            out.decide(value);
        }
    }
}
