//! Picks the statements that a behaviour is aimed at.

use std::collections::BTreeMap;

use lit_node::id::{NodeId, SessionId};
use lit_node::io::Label;
use lit_node::statement::Statement;

use super::Line;
use crate::fault::Aim;

/// An aim during a run. What it picks is a keyed hash of session, label, occurrence and victim, never the next draw of
/// a stream, so that one statement more or less leaves the fate of the others as it was.
#[derive(Debug)]
pub struct Aiming {
    me: NodeId,
    aim: Aim,
    line: Line,
    key: [u8; 32],
    /// How often a statement with a label was said to a node.
    said: BTreeMap<(Label, NodeId), u32>,
    hits: u32,
}

impl Aiming {
    /// Aims what `me` says.
    pub fn new(me: NodeId, aim: Aim, line: Line, key: [u8; 32]) -> Self {
        Self { me, aim, line, key, said: BTreeMap::new(), hits: 0 }
    }

    /// The same aim at other victims.
    #[must_use]
    pub fn at(mut self, victims: Vec<NodeId>) -> Self {
        self.aim.victims = victims;
        self
    }

    /// Whether the scenario names victims.
    pub fn has_victims(&self) -> bool {
        !self.aim.victims.is_empty()
    }

    /// Who speaks.
    pub fn me(&self) -> NodeId {
        self.me
    }

    /// Whether the behaviour should act at all.
    pub fn is_on(&self) -> bool {
        self.line.is_on()
    }

    /// Whether this statement is to be corrupted. To be asked once for each statement that the behaviour can corrupt.
    pub fn hits(&mut self, to: NodeId, statement: &Statement) -> bool {
        self.hits_label(to, &statement.label())
    }

    /// The same for a statement with this label.
    pub fn hits_label(&mut self, to: NodeId, label: &Label) -> bool {
        let aim = &self.aim;
        let is_meant = self.line.is_on()
            && to != self.me
            && (aim.victims.is_empty() || aim.victims.contains(&to))
            && aim.label.as_ref().is_none_or(|pattern| pattern.matches(label.protocol, label.kind))
            && aim.first.is_none_or(|first| self.hits < first.get());
        if !is_meant {
            return false;
        }
        let occurrence = self.said.entry((label.clone(), to)).or_insert(0);
        *occurrence += 1;
        let occurrence = *occurrence;
        let hit = self.aim.rate.is_none_or(|rate| {
            self.draw("rate", label.session, &[label.protocol, label.kind], to, occurrence) % 1_000_000
                < u64::from(rate.ppm)
        });
        self.hits += u32::from(hit);
        hit
    }

    /// The behaviour has corrupted what it hit.
    pub fn act(&self) {
        self.line.act();
    }

    /// A draw for one purpose at one statement.
    pub fn draw_at(&self, purpose: &str, to: NodeId, statement: &Statement, number: u32) -> u64 {
        let label = statement.label();
        let occurrence = self.said.get(&(label.clone(), to)).copied().unwrap_or(0);
        let numbers = [label.protocol, label.kind, &occurrence.to_string()];
        self.draw(purpose, label.session, &numbers, to, number)
    }

    fn draw(&self, purpose: &str, session: SessionId, texts: &[&str], to: NodeId, number: u32) -> u64 {
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        for text in std::iter::once(&purpose).chain(texts) {
            hasher.update(&(text.len() as u64).to_be_bytes()).update(text.as_bytes());
        }
        hasher.update(&session.0).update(&to.0.to_be_bytes()).update(&number.to_be_bytes());
        let hash = hasher.finalize();
        u64::from_be_bytes(hash.as_bytes()[..8].try_into().expect("8 of 32 bytes"))
    }
}

/// 32 bytes for one purpose of a behaviour, from its key.
pub(super) fn seed(key: &[u8; 32], purpose: &str, session: SessionId) -> [u8; 32] {
    *blake3::Hasher::new_keyed(key).update(purpose.as_bytes()).update(&session.0).finalize().as_bytes()
}
