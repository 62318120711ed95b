//! A node that says what is said in a round only when it has heard the others.
//!
//! A dealer that rushes may bias the public key (Gennaro, Jarecki, Krawczyk, Rabin 1999), and nothing else; a holder
//! that rushes gains nothing, because shares are checked against commitments made before.

use std::collections::{BTreeMap, BTreeSet};

use k256::{ProjectivePoint, Scalar};
use lit_node::conduct::Conduct;
use lit_node::dkg::{Dealing, KeyCurve, Proof};
use lit_node::id::{NodeId, SessionId};
use lit_node::io::Label;
use lit_node::statement::Statement;
use lit_node::{dkg, signing};

use super::{Aiming, Part};
use crate::fault::{Rush, StolenKey};

/// A round in which everybody speaks to everybody.
type Round = (SessionId, &'static str, &'static str);

/// What a rusher makes of what it has heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Booty {
    /// Nothing.
    Nothing,
    /// It says the same.
    Everything,
    /// It hides its own shares under the ephemeral key of another dealer.
    Ephemeral(StolenKey),
}

impl Booty {
    /// What a fault says.
    pub fn of(rush: &Rush) -> Self {
        match rush.ephemeral {
            _ if rush.copy => Self::Everything,
            Some(theft) => Self::Ephemeral(theft),
            None => Self::Nothing,
        }
    }
}

/// Speaks last.
pub struct Rushing {
    aiming: Aiming,
    booty: Booty,
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
    pub fn new(part: &Part, aiming: Aiming, booty: Booty) -> Self {
        let dealers = part.roster.certificate_size() - 1;
        let holders = part.roster.threshold() - 1;
        let (heard, first, held) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { aiming, booty, dealers, holders, heard, first, held, released: Vec::new() }
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
        if let Some(first) = self.first.get(round) {
            held.iter_mut().for_each(|(_, own)| plunder(first, own, self.booty, self.aiming.me()));
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

/// Puts what another node said, or a part of it, into an own statement of the same round.
fn plunder(heard: &Statement, own: &mut Statement, booty: Booty, me: NodeId) {
    use signing::Message;
    match (heard, own) {
        (Statement::Dkg(heard), Statement::Dkg(own)) => plunder_dealing(heard, own, booty, me),
        (Statement::NetworkDkg(heard), Statement::NetworkDkg(own)) => plunder_dealing(heard, own, booty, me),
        (Statement::Signing(Message::Share(heard)), Statement::Signing(Message::Share(own)))
            if booty == Booty::Everything =>
        {
            own.share = heard.share;
        }
        _ => {}
    }
}

fn plunder_dealing<P: KeyCurve>(heard: &dkg::Message<P>, own: &mut dkg::Message<P>, booty: Booty, me: NodeId) {
    let (dkg::Message::Dealing(heard), dkg::Message::Dealing(own)) = (heard, own) else { return };
    match booty {
        Booty::Nothing => {}
        Booty::Everything => {
            *own = heard.clone();
            own.dealer = me;
        }
        Booty::Ephemeral(theft) => steal(heard, own, theft),
    }
}

/// Whoever complains about the ciphertext under a stolen key would reveal what opens its owner's.
fn steal<P: KeyCurve>(heard: &Dealing<P>, own: &mut Dealing<P>, theft: StolenKey) {
    let Proof { nonce, response } = heard.ephemeral_proof;
    (own.ephemeral, own.ephemeral_proof) = match theft {
        StolenKey::Copied => (heard.ephemeral, heard.ephemeral_proof),
        StolenKey::Shifted => {
            let shifted = *heard.ephemeral.point() + ProjectivePoint::GENERATOR;
            (shifted.into(), Proof { nonce, response: response + Scalar::ONE })
        }
    };
}
