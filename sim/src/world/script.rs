//! The workload: the scenario's acts and steps, one after the other, and what the clients know from earlier ones.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use k256::ProjectivePoint;
use k256::ecdsa::SigningKey;
use lit_node::api::{AuthSig, Proof};
use lit_node::auth::conditions::Conditions;
use lit_node::blame::Board;
use lit_node::bls::Encrypted;
use lit_node::chain::Contracts;
use lit_node::cid;
use lit_node::client::{self, VerifiedSignature};
use lit_node::curve::Bls12381;
use lit_node::evidence::Evidence;
use lit_node::id::{Digest, Generation, KeyId, NodeId};
use lit_node::io::{ChainRequest, Label, Time};
use lit_node::key;
use lit_node::signing::CombinedSignature;
use serde_json::Value;

use super::identity::Keys;
use super::sign_in::{as_actions_see, sign_in};
use crate::heap::Nanos;
use crate::identity::Passkey;
use crate::oracle::{Accepted, Decrypted, Encryption, Proven, Requested};
use crate::outcome::RequestReport;
use crate::scenario::{Reference, Scenario, Step};

/// A key that a client has minted.
#[derive(Clone, Debug)]
pub(super) struct Pkp {
    pub key: KeyId,
    pub point: ProjectivePoint,
}

impl Pkp {
    /// Reads an uncompressed public key, as the chain has it.
    pub fn read(uncompressed: &[u8; 65]) -> Option<Self> {
        let point = k256::PublicKey::from_sec1_bytes(uncompressed).ok()?.to_projective();
        let id = KeyId(<sha3::Keccak256 as sha3::Digest>::digest(uncompressed).into());
        Some(Self { key: id, point })
    }

    /// Its Ethereum address.
    pub fn address(&self) -> [u8; 20] {
        key::eth_address(&self.point)
    }
}

/// Something encrypted.
#[derive(Clone, Debug)]
pub(super) struct Secret {
    /// Who may decrypt it.
    pub conditions: Conditions,
    /// The ciphertext.
    pub encrypted: Encrypted,
    /// What was encrypted.
    pub text: String,
}

/// A session that a PKP has certified.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    /// The session's secret key.
    pub secret: [u8; 32],
    /// What the PKP has signed.
    pub capability: AuthSig,
    /// The PKP's address.
    pub signer: [u8; 20],
    /// When the capability ends.
    pub ends: Time,
}

/// What a step wants from the world.
pub(super) enum ClientEffect {
    /// Bytes to a node.
    Send { node: NodeId, label: Label, bytes: Vec<u8> },
    /// A question to the home chain.
    Ask(ChainRequest),
    /// Oracles are told what an action may be judged by.
    Requested(Requested),
    /// Oracles are told of a signature.
    Accepted(Accepted),
    /// Oracles are told what was encrypted.
    Encrypted(Encryption),
    /// Oracles are told what a decryption key came to.
    Decrypted(Decrypted),
    /// The client has proof that a node lied.
    Accused { node: NodeId, what: String, evidence: Evidence },
}

/// What clients know beforehand, and what earlier steps found out.
pub(super) struct Book {
    pub scenario: Arc<Scenario>,
    pub keys: Keys,
    pub contracts: Contracts,
    pub chain_id: u64,
    pub network: client::Network,
    pub pkps: BTreeMap<String, Pkp>,
    /// The network's own key and what its votes commit to, as the chain has them.
    pub network_key: Option<(Bls12381, Digest)>,
    /// The generations of keys that were made before the network was begun anew.
    former: BTreeMap<KeyId, Generation>,
    /// The keys that were the network's own then, what their votes committed to, and where its contracts were.
    pub former_network_keys: BTreeMap<KeyId, (Bls12381, Digest, Contracts)>,
    /// What was encrypted.
    pub secrets: BTreeMap<String, Secret>,
    /// The signatures that each step obtained.
    pub signed: BTreeMap<String, Vec<VerifiedSignature<CombinedSignature>>>,
    /// Sessions that PKPs have certified.
    pub sessions: BTreeMap<String, Kept>,
    /// Users' passkeys, once they have been used.
    pub passkeys: BTreeMap<String, Passkey>,
    /// What steps have shown of who asks, and what is true of it.
    pub shown: BTreeMap<String, (Proof, Proven)>,
    /// The position of each user, which is his end of a link.
    pub users: BTreeMap<String, u16>,
}

impl Book {
    /// What clients know at the start.
    pub fn new(scenario: Arc<Scenario>, keys: Keys, contracts: Contracts) -> Self {
        let network = client::Network {
            nodes: (1..=scenario.network.nodes).map(NodeId).collect(),
            threshold: usize::from(scenario.network.threshold),
            generation: Generation(0),
        };
        let users = scenario.users.keys().cloned().zip(0..).collect();
        let chain_id = scenario.chains[0].chain_id;
        Self {
            scenario,
            keys,
            contracts,
            chain_id,
            network,
            pkps: BTreeMap::new(),
            network_key: None,
            former: BTreeMap::new(),
            former_network_keys: BTreeMap::new(),
            secrets: BTreeMap::new(),
            signed: BTreeMap::new(),
            sessions: BTreeMap::new(),
            passkeys: BTreeMap::new(),
            shown: BTreeMap::new(),
            users,
        }
    }

    /// Where key generations are opened, in the network with these contracts.
    pub fn board(&self, contracts: &Contracts) -> Board {
        Board { chain_id: self.chain_id, contract: contracts.dkg_board }
    }

    /// Clients hear of a new generation of the network. What they have of the former one they keep, and go on asking for
    /// it where it came from.
    pub fn begin_anew(&mut self, generation: Generation, contracts: Contracts) {
        let former = self.network.generation;
        for pkp in self.pkps.values() {
            self.former.entry(pkp.key).or_insert(former);
        }
        if let Some((key, key_data)) = self.network_key.take() {
            let id = key::id_of(&key);
            self.former.insert(id, former);
            self.former_network_keys.insert(id, (key, key_data, self.contracts));
        }
        self.network.generation = generation;
        self.contracts = contracts;
    }

    /// Whom a client asks that wants something done with a key.
    pub fn network_of(&self, key: KeyId) -> client::Network {
        let generation = self.former.get(&key).copied().unwrap_or(self.network.generation);
        client::Network { generation, ..self.network.clone() }
    }

    /// A user's wallet.
    pub fn wallet(&self, user: &str) -> SigningKey {
        self.keys.wallet(user)
    }

    /// A user's address.
    pub fn address(&self, user: &str) -> [u8; 20] {
        lit_node::chain::registration::address_of(self.wallet(user).verifying_key())
    }

    /// What a reference in an action's parameters stands for. Who signs in does so now.
    pub fn lookup(&self, reference: &Reference, now: Time) -> Option<Value> {
        let text = match reference {
            Reference::UserAuthSig(name) => return Some(as_actions_see(&sign_in(self, name, None, now).0)),
            other => self.lookup_text(other),
        };
        text.map(Value::String)
    }

    fn lookup_text(&self, reference: &Reference) -> Option<String> {
        let hex = |bytes: &[u8]| format!("0x{}", hex::encode(bytes));
        match reference {
            Reference::PkpPublicKey(name) => Some(hex(&key::uncompressed(&self.pkps.get(name)?.point))),
            Reference::PkpTokenId(name) => Some(hex(&self.pkps.get(name)?.key.0)),
            Reference::PkpAddress(name) => Some(hex(&self.pkps.get(name)?.address())),
            Reference::UserAddress(name) => Some(hex(&self.address(name))),
            Reference::SecretCiphertext(name) => {
                Some(STANDARD.encode(lit_node::wire::encode(&self.secrets.get(name)?.encrypted)))
            }
            Reference::SecretHash(name) => Some(hex::encode(self.secrets.get(name)?.encrypted.header.plaintext.0)),
            Reference::Cid(file) => {
                Some(cid::cid_v0(self.scenario.actions().get(file.as_str())?.code.as_bytes()).to_string())
            }
            Reference::UserAuthSig(_) | Reference::Keccak(_) => None,
        }
    }
}

/// Where the run is in the scenario.
pub(super) struct Script {
    scenario: Arc<Scenario>,
    next: (usize, usize),
    /// How many times a step has begun.
    pub begun: usize,
    /// Finished steps.
    pub reports: Vec<RequestReport>,
}

/// What comes next.
pub(super) enum Next {
    /// A step; `first` if it opens its act.
    Step { act: String, step: Box<Step>, first: bool },
    /// An act ends here.
    ActEnds(String),
    /// Nothing.
    End,
}

impl Script {
    /// Before the first step.
    pub fn new(scenario: Arc<Scenario>) -> Self {
        Self { scenario, next: (0, 0), begun: 0, reports: Vec::new() }
    }

    /// Counts a step that begins; its number.
    pub fn number(&mut self) -> usize {
        self.begun += 1;
        self.begun
    }

    /// Moves on.
    pub fn advance(&mut self) -> Next {
        let (act, step) = self.next;
        let Some(current) = self.scenario.acts.get(act) else { return Next::End };
        match current.steps.get(step) {
            Some(found) => {
                self.next = (act, step + 1);
                Next::Step { act: current.name.clone(), step: Box::new(found.clone()), first: step == 0 }
            }
            None => {
                self.next = (act + 1, 0);
                Next::ActEnds(current.name.clone())
            }
        }
    }
}

/// The clients' clock: true time.
pub(super) fn client_clock(base: u64, now: Nanos) -> Time {
    Time(base + now)
}
