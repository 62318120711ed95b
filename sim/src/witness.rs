//! What an omniscient observer sees: every secret that comes into being, and everything that leaves its owner.
//!
//! The observer sits in each node's conduct, where statements pass in the clear before they are sealed.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use k256::SecretKey;
use lit_node::chain::ContractCall;
use lit_node::conduct::{Conduct, Decision, Secret, SecretKind};
use lit_node::curve::scalar_bytes;
use lit_node::dkg::{self, Dealing};
use lit_node::id::{Boot, Digest, NodeId, SessionId};
use lit_node::meter::Meter;
use lit_node::roster::Roster;
use lit_node::signing;
use lit_node::statement::Statement;
use lit_node::wire::encode;

/// Who may read something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reader {
    /// One node.
    Node(NodeId),
    /// Anybody: clients, the chain, web servers.
    Anybody,
}

/// Everything seen so far.
#[derive(Default)]
pub struct Witness {
    /// Which nodes know a secret by right, and what it is.
    pub secrets: BTreeMap<[u8; 32], (SecretKind, BTreeSet<NodeId>)>,
    /// What each node signed for each place, across its restarts: a place is a slot of a session that takes one
    /// statement.
    pub signed: BTreeMap<(NodeId, Place), BTreeSet<[u8; 32]>>,
    /// What each reader got to read, in the clear.
    pub plaintexts: BTreeMap<Reader, Vec<Vec<u8>>>,
}

/// A slot of a session that takes one statement of a node, whatever happens to that node.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// The dealing of a key generation.
    Dealing(SessionId),
    /// The acknowledgement of one dealer.
    Ack(SessionId, NodeId),
    /// The opened values of a presignature.
    Opening(Digest),
    /// The announcement of an attempt, by one boot.
    Announcement(SessionId, u32, Boot),
    /// The proposal of a presignature.
    Proposal(Digest),
    /// The share of a proposal.
    Share(Digest),
}

impl Place {
    fn of(statement: &Statement) -> Option<Self> {
        match statement {
            Statement::Dkg(dkg::Message::Dealing(dealing)) => Some(Self::Dealing(dealing.session)),
            Statement::Dkg(dkg::Message::Ack(ack)) => Some(Self::Ack(ack.session, ack.dealer)),
            Statement::Signing(signing::Message::PresignShare(share)) => Some(Self::Opening(share.presignature)),
            Statement::Signing(signing::Message::Announce(announce)) => {
                Some(Self::Announcement(announce.session, announce.attempt, announce.boot))
            }
            Statement::Signing(signing::Message::Propose(propose)) => propose.presignature.map(Self::Proposal),
            Statement::Signing(signing::Message::Share(share)) => Some(Self::Share(share.proposal)),
            _ => None,
        }
    }
}

impl Witness {
    /// Takes note that `reader` can read these bytes.
    pub fn read_by(&mut self, reader: Reader, bytes: Vec<u8>) {
        self.plaintexts.entry(reader).or_default().push(bytes);
    }
}

/// A conduct that reports to the witness and otherwise leaves everything to the conduct inside it.
pub struct Witnessed {
    /// The node that behaves.
    pub me: NodeId,
    /// How it behaves.
    pub inner: Box<dyn Conduct>,
    /// Who watches.
    pub witness: Rc<RefCell<Witness>>,
    /// The observer reads what each recipient of a dealing reads.
    pub reading: Rc<Reading>,
}

/// What it takes to read dealings: everybody's decryption key, and the validator set.
pub struct Reading {
    /// The decryption keys.
    pub keys: BTreeMap<NodeId, SecretKey>,
    /// The validator set.
    pub roster: Roster,
}

impl Reading {
    /// The share that a dealing holds for one recipient.
    fn share(&self, dealing: &Dealing, recipient: NodeId) -> Option<[u8; 32]> {
        let mut uncounted = Meter::default();
        let context = dkg::Context::new(dealing.session, &self.roster, &mut uncounted);
        let key = self.keys.get(&recipient)?;
        let share = dealing.open_share(&context, recipient, key, &mut uncounted).ok()?;
        Some(scalar_bytes(&share))
    }
}

impl Conduct for Witnessed {
    fn outbound(&mut self, to: NodeId, statement: Statement) -> Vec<(NodeId, Statement)> {
        let said = self.inner.outbound(to, statement);
        let mut witness = self.witness.borrow_mut();
        for (to, statement) in said.iter().filter(|(to, _)| *to != self.me) {
            if let (Some(place), Some(digest)) = (Place::of(statement), statement.signing_digest()) {
                witness.signed.entry((self.me, place)).or_default().insert(digest);
            }
            if let Statement::Dkg(dkg::Message::Dealing(dealing)) = statement
                && let Some(share) = self.reading.share(dealing, *to)
            {
                witness.read_by(Reader::Node(*to), share.to_vec());
            }
            witness.read_by(Reader::Node(*to), encode(statement));
        }
        drop(witness);
        said
    }

    fn inbound(&mut self, from: NodeId, statement: &Statement) -> Vec<(NodeId, Statement)> {
        self.inner.inbound(from, statement)
    }

    fn submit(&mut self, call: ContractCall) -> Vec<ContractCall> {
        self.inner.submit(call)
    }

    fn decide(&mut self, decision: &Decision, honest: bool) -> bool {
        self.inner.decide(decision, honest)
    }

    fn learn(&mut self, secret: Secret<'_>) {
        let mut witness = self.witness.borrow_mut();
        let entry = witness.secrets.entry(*secret.bytes).or_insert_with(|| (secret.kind, BTreeSet::new()));
        // With a threshold of one, a coefficient, the dealt shares and the key share are one number.
        entry.0 = entry.0.max(secret.kind);
        entry.1.insert(self.me);
        drop(witness);
        self.inner.learn(secret);
    }
}
