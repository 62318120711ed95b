//! What an omniscient observer sees: every secret that comes into being, and everything that leaves its owner.
//!
//! The observer sits in each node's conduct, where statements pass in the clear before they are sealed.

mod triples;

pub use triples::{Doings, Triples};

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use alloy_sol_types::SolCall;
use k256::{ProjectivePoint, SecretKey};
use lit_node::bls::{SealedShare, ShareStatement};
use lit_node::bugs::{self, BugSet};
use lit_node::chain::ContractCall;
use lit_node::chain::abi::DkgBoard;
use lit_node::conduct::{Conduct, Decision, Secret, SecretKind};
use lit_node::curve::{Bls12381, ScalarField};
use lit_node::dkg::{self, Dealing, KeyCurve, Proof, WirePoint};
use lit_node::id::{Boot, Digest, NodeId, RequestId, SessionId};
use lit_node::meter::Meter;
use lit_node::roster::Roster;
use lit_node::signing;
use lit_node::statement::Statement;
use lit_node::wire::{Signable, SignatureBytes, encode};

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
    pub plaintexts: BTreeMap<Reader, BTreeSet<Vec<u8>>>,
    /// The right shares that dealings hold, by dealing and recipient.
    pub dealt: BTreeMap<(Digest, NodeId), [u8; 32]>,
    /// What every dealing that was sent commits to, by its digest.
    pub dealings: BTreeMap<Digest, Dealt>,
    /// Who acknowledged which dealing.
    pub acknowledged: BTreeSet<(NodeId, Digest)>,
    /// Right shares that their recipients opened to everybody by complaining about them.
    pub disclosed: BTreeSet<(NodeId, [u8; 32])>,
    /// What was said about triples.
    pub triples: Triples,
    /// Presignatures that were started, by what their starts hash to.
    pub presignatures: BTreeSet<Digest>,
    /// Proposals of ECDSA signatures, by their digests.
    pub ecdsa_proposals: BTreeSet<Digest>,
    /// Nonces, and nodes' shares of them, by the run of a protocol that they are for; of several the last.
    pub nonces: BTreeMap<SessionId, BTreeMap<NodeId, [u8; 32]>>,
}

/// What everybody can see of a dealing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dealt {
    /// The key generation.
    pub session: SessionId,
    /// Whose name it bears.
    pub dealer: NodeId,
    /// The commitments to its polynomial's coefficients.
    pub commitments: Commitments,
    /// Its proof of knowledge, encoded.
    pub proof: Vec<u8>,
    /// The key under which it hides its shares.
    pub ephemeral: Ephemeral,
    /// How many other dealings were sent before it.
    pub order: usize,
}

/// An ephemeral key of a dealing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ephemeral {
    /// The key, and the proof that the dealer knows its logarithm.
    pub key: WirePoint,
    /// See `key`.
    pub proof: Proof,
    /// The hash of everything that the key generation is bound to.
    pub context: [u8; 32],
}

/// Commitments to the coefficients of a polynomial, over the curve of the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Commitments {
    /// Of a key that signs transactions.
    Secp256k1(Vec<ProjectivePoint>),
    /// Of the network's own key.
    Bls12381(Vec<Bls12381>),
}

/// A curve of keys whose generation is watched.
trait Watched: KeyCurve {
    fn commitments(points: Vec<Self>) -> Commitments;
}

impl Watched for ProjectivePoint {
    fn commitments(points: Vec<Self>) -> Commitments {
        Commitments::Secp256k1(points)
    }
}

impl Watched for Bls12381 {
    fn commitments(points: Vec<Self>) -> Commitments {
        Commitments::Bls12381(points)
    }
}

/// A slot of a session that takes one statement of a node, whatever happens to that node.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// The dealing of a key generation.
    Dealing(SessionId),
    /// The acknowledgement of one dealer.
    Ack(SessionId, NodeId),
    /// The complaint about one dealer; the accuser is the node that makes the statement.
    Complaint(SessionId, NodeId),
    /// The opened values of a presignature.
    Opening(Digest),
    /// An announcement for an attempt, the first or a later one, by one boot.
    Announcement(SessionId, u32, u32, Boot),
    /// The proposal of a presignature.
    Proposal(Digest),
    /// The share of a proposal.
    Share(Digest),
}

impl Place {
    fn of(statement: &Statement) -> Option<Self> {
        match statement {
            Statement::Dkg(message) => Self::of_dkg(message),
            Statement::NetworkDkg(message) => Self::of_dkg(message),
            Statement::Signing(signing::Message::PresignShare(share)) => Some(Self::Opening(share.presignature)),
            Statement::Signing(signing::Message::Announce(announce)) => {
                Some(Self::Announcement(announce.session, announce.attempt, announce.turn, announce.boot))
            }
            Statement::Signing(signing::Message::Propose(propose)) => propose.presignature.map(Self::Proposal),
            Statement::Signing(signing::Message::Share(share)) => Some(Self::Share(share.proposal)),
            _ => None,
        }
    }

    fn of_dkg<P: KeyCurve>(message: &dkg::Message<P>) -> Option<Self> {
        match message {
            dkg::Message::Dealing(dealing) => Some(Self::Dealing(dealing.session)),
            dkg::Message::Ack(ack) => Some(Self::Ack(ack.session, ack.dealer)),
            _ => None,
        }
    }
}

impl Witness {
    /// Takes note that `reader` can read these bytes.
    pub fn read_by(&mut self, reader: Reader, bytes: Vec<u8>) {
        self.plaintexts.entry(reader).or_default().insert(bytes);
    }

    /// Takes note of what `node` sends to a contract: a complaint about a dealing is a statement that opens the node's
    /// share in it to everybody.
    fn submits(&mut self, node: NodeId, call: &ContractCall) {
        let Ok(complaint) = DkgBoard::complainCall::abi_decode(&call.data) else { return };
        let (session, dealer) = (SessionId(complaint.sid.0), NodeId(complaint.dealer));
        let said = *blake3::hash(&call.data).as_bytes();
        self.signed.entry((node, Place::Complaint(session, dealer))).or_default().insert(said);
        if let Some(share) = self.dealt.get(&(Digest(complaint.digest.0), node)) {
            self.disclosed.insert((node, *share));
        }
    }

    /// A dealing is sent.
    fn dealt<P: Watched>(&mut self, dealing: &Dealing<P>, context: &dkg::Context<P>) {
        let (key, proof, context) = (dealing.ephemeral, dealing.ephemeral_proof, *context.digest());
        let order = self.dealings.len();
        self.dealings.entry(dealing.digest()).or_insert_with(|| Dealt {
            session: dealing.session,
            dealer: dealing.dealer,
            commitments: P::commitments(dealing.points()),
            proof: encode(&dealing.proof),
            ephemeral: Ephemeral { key, proof, context },
            order,
        });
    }

    /// Something about signing is said.
    fn signs(&mut self, message: &signing::Message) {
        match message {
            signing::Message::PresignStart(start) => _ = self.presignatures.insert(start.digest()),
            signing::Message::Propose(propose) if propose.presignature.is_some() => {
                self.ecdsa_proposals.insert(propose.digest());
            }
            _ => {}
        }
    }

    /// `reader` receives a dealing that holds this share for it.
    fn dealt_to(&mut self, reader: NodeId, digest: Digest, share: [u8; 32]) {
        self.dealt.insert((digest, reader), share);
        self.read_by(Reader::Node(reader), share.to_vec());
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
    /// What this boot of the node has done with triples.
    pub doings: Doings,
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
    fn share<P: KeyCurve>(&self, dealing: &Dealing<P>, recipient: NodeId) -> Option<[u8; 32]> {
        // The observer makes none of the mistakes of the node in whose call it is asked.
        let _honest = bugs::plant(BugSet::NONE);
        let mut uncounted = Meter::default();
        let context = dkg::Context::new(dealing.session, &self.roster, &mut uncounted);
        let key = self.keys.get(&recipient)?;
        let share = dealing.open_share(&context, recipient, key, &mut uncounted).ok()?;
        Some(share.to_wire())
    }
}

impl Witnessed {
    /// A message about a key generation is sent to `to`.
    fn watch<P: Watched>(&self, witness: &mut Witness, to: NodeId, message: &dkg::Message<P>) {
        let dealing = match message {
            dkg::Message::Dealing(dealing) => &**dealing,
            dkg::Message::Fetched(signed) => &signed.body,
            dkg::Message::Ack(ack) => {
                witness.acknowledged.insert((self.me, ack.digest));
                return;
            }
            dkg::Message::Fetch { .. } => return,
        };
        // As the node itself is bound, which may have a mistake planted.
        let context = dkg::Context::new(dealing.session, &self.reading.roster, &mut Meter::default());
        witness.dealt(dealing, &context);
        if let Some(share) = self.reading.share(dealing, to) {
            witness.dealt_to(to, dealing.digest(), share);
        }
    }
}

impl Conduct for Witnessed {
    fn outbound(&mut self, to: NodeId, statement: Statement) -> Vec<(NodeId, Statement)> {
        let meant = triples::extension(&statement).cloned();
        let said = self.inner.outbound(to, statement);
        let mut witness = self.witness.borrow_mut();
        for (to, statement) in said.iter().filter(|(to, _)| *to != self.me) {
            witness.triples.says((self.me, *to), meant.as_ref(), statement, &mut self.doings);
            if let (Some(place), Some(digest)) = (Place::of(statement), statement.signing_digest()) {
                witness.signed.entry((self.me, place)).or_default().insert(digest);
            }
            match statement {
                Statement::Dkg(message) => self.watch(&mut witness, *to, message),
                Statement::NetworkDkg(message) => self.watch(&mut witness, *to, message),
                Statement::Signing(message) => witness.signs(message),
                _ => {}
            }
            let bytes = match statement {
                Statement::Raw(bytes) => bytes.clone(),
                statement => encode(statement),
            };
            witness.read_by(Reader::Node(*to), bytes);
        }
        drop(witness);
        said
    }

    fn deal(&mut self, dealing: Dealing) -> Dealing {
        self.inner.deal(dealing)
    }

    fn deal_network_key(&mut self, dealing: Dealing<Bls12381>) -> Dealing<Bls12381> {
        self.inner.deal_network_key(dealing)
    }

    fn signed(&mut self, from: NodeId, statement: &Statement, signature: SignatureBytes) {
        self.inner.signed(from, statement, signature);
    }

    fn inbound(&mut self, from: NodeId, statement: &Statement) -> Vec<(NodeId, Statement)> {
        self.inner.inbound(from, statement)
    }

    fn submit(&mut self, call: ContractCall) -> Vec<ContractCall> {
        let calls = self.inner.submit(call);
        calls.iter().for_each(|call| self.witness.borrow_mut().submits(self.me, call));
        calls
    }

    fn decide(&mut self, decision: &Decision, honest: bool) -> bool {
        self.inner.decide(decision, honest)
    }

    fn share_decryption(&mut self, share: ShareStatement) -> ShareStatement {
        self.inner.share_decryption(share)
    }

    fn answer_decryption(&mut self, request: RequestId, answer: SealedShare) -> SealedShare {
        self.inner.answer_decryption(request, answer)
    }

    fn learn(&mut self, secret: Secret<'_>) {
        let mut witness = self.witness.borrow_mut();
        let entry = witness.secrets.entry(*secret.bytes).or_insert_with(|| (secret.kind, BTreeSet::new()));
        // With a threshold of one, a coefficient, the dealt shares and the key share are one number.
        entry.0 = entry.0.max(secret.kind);
        entry.1.insert(self.me);
        if secret.kind == SecretKind::Nonce {
            witness.nonces.entry(secret.session).or_default().insert(self.me, *secret.bytes);
        }
        drop(witness);
        self.inner.learn(secret);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lit_node::chain::Contracts;

    #[test]
    fn each_pair_of_accuser_and_dealer_is_one_place_and_a_right_share_is_disclosed() {
        let (accuser, contracts) = (NodeId(1), Contracts::of_deployer([1; 20]));
        let (session, digest) = (SessionId([2; 32]), Digest([3; 32]));
        let complaint = |dealer, byte: u8| contracts.complain(session, NodeId(dealer), digest, &[byte; 97]);
        let mut witness = Witness::default();
        for call in [complaint(2, 1), complaint(2, 1), complaint(3, 1), contracts.restart(session)] {
            witness.submits(accuser, &call);
        }
        assert_eq!(witness.signed.len(), 2);
        assert!(witness.signed.values().all(|said| said.len() == 1));
        assert!(witness.disclosed.is_empty(), "the shares were bad, or the dealing is unknown");
        witness.dealt_to(accuser, digest, [9; 32]);
        witness.submits(NodeId(4), &complaint(2, 1));
        assert!(witness.disclosed.is_empty(), "another recipient's share was bad");
        witness.submits(accuser, &complaint(2, 2));
        assert_eq!(witness.signed[&(accuser, Place::Complaint(session, NodeId(2)))].len(), 2);
        assert_eq!(witness.disclosed, BTreeSet::from([(accuser, [9; 32])]));
    }
}
