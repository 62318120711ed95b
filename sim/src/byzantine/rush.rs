//! A node that says what is said in a round only when it has heard the others.
//!
//! A dealer that rushes may bias the public key (Gennaro, Jarecki, Krawczyk, Rabin 1999), and nothing else; a holder
//! that rushes gains nothing, because shares are checked against commitments made before.

use std::collections::{BTreeMap, BTreeSet};

use lit_node::conduct::Conduct;
use lit_node::id::{NodeId, SessionId};
use lit_node::io::Label;
use lit_node::statement::Statement;
use lit_node::{dkg, signing};

use super::{Aiming, Part};

/// A round in which everybody speaks to everybody.
type Round = (SessionId, &'static str, &'static str);

/// Speaks last.
pub struct Rushing {
    aiming: Aiming,
    copy: bool,
    /// How many others must have spoken: of the dealers, and of the holders.
    dealers: usize,
    holders: usize,
    heard: BTreeMap<Round, BTreeSet<NodeId>>,
    /// What was heard first.
    first: BTreeMap<Round, Statement>,
    held: BTreeMap<Round, Vec<(NodeId, Statement)>>,
    /// What is on its way through the conduct for the second time.
    released: Vec<(NodeId, Statement)>,
}

impl Rushing {
    /// Waits for as many others as an honest network is sure to hear.
    pub fn new(part: &Part, aiming: Aiming, copy: bool) -> Self {
        let dealers = part.roster.certificate_size() - 1;
        let holders = part.roster.threshold() - 1;
        let (heard, first, held) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { aiming, copy, dealers, holders, heard, first, held, released: Vec::new() }
    }

    fn has_heard(&self, round: &Round) -> bool {
        let wanted = if round.1 == "dkg" { self.dealers } else { self.holders };
        self.heard.get(round).map_or(0, BTreeSet::len) >= wanted
    }

    /// What is held back of a round whose others have spoken.
    fn release(&mut self, round: &Round) -> Vec<(NodeId, Statement)> {
        let mut held = self.held.remove(round).unwrap_or_default();
        if !held.is_empty() {
            self.aiming.act();
        }
        if let Some(first) = self.first.get(round).filter(|_| self.copy) {
            held.iter_mut().for_each(|(_, own)| copy(first, own, self.aiming.me()));
        }
        held
    }
}

impl Conduct for Rushing {
    fn outbound(&mut self, to: NodeId, statement: Statement) -> Vec<(NodeId, Statement)> {
        let said = (to, statement);
        if let Some(position) = self.released.iter().position(|released| *released == said) {
            self.released.swap_remove(position);
            return vec![said];
        }
        let (to, statement) = said;
        match round(&statement.label()).filter(|_| self.aiming.hits(to, &statement)) {
            Some(round) => {
                self.held.entry(round).or_default().push((to, statement));
                if self.has_heard(&round) { self.release(&round) } else { Vec::new() }
            }
            None => vec![(to, statement)],
        }
    }

    fn inbound(&mut self, from: NodeId, statement: &Statement) -> Vec<(NodeId, Statement)> {
        let Some(round) = round(&statement.label()) else { return Vec::new() };
        self.heard.entry(round).or_default().insert(from);
        self.first.entry(round).or_insert_with(|| statement.clone());
        if self.aiming.is_on() && !self.has_heard(&round) {
            return Vec::new();
        }
        let said = self.release(&round);
        self.released.extend(said.iter().cloned());
        said
    }
}

fn round(label: &Label) -> Option<Round> {
    let is_heard_by_all = matches!((label.protocol, label.kind), ("dkg", "dealing") | ("ecdsa" | "frost", "share"));
    is_heard_by_all.then_some((label.session, label.protocol, label.kind))
}

/// Puts what another node said into an own statement of the same round.
fn copy(heard: &Statement, own: &mut Statement, me: NodeId) {
    use signing::Message;
    match (heard, own) {
        (Statement::Dkg(dkg::Message::Dealing(heard)), Statement::Dkg(dkg::Message::Dealing(own))) => {
            *own = heard.clone();
            own.dealer = me;
        }
        (Statement::Signing(Message::Share(heard)), Statement::Signing(Message::Share(own))) => own.share = heard.share,
        _ => {}
    }
}
