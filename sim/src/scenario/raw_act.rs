//! Acts as they are read: the steps of clients, and the faults beside them.
//!
//! The doc comments here are what `litsim schema` and `litsim explain` print.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use super::source::Placed;
use super::value::{Expectation, NodeChoice, Wei};
use crate::identity::Login;

/// A named part of the run. Its steps run one after another; its faults are over before the next act starts.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Act {
    /// Name of the act, unique.
    pub name: Placed<String>,
    /// What clients do, in order.
    #[serde(default)]
    pub step: Vec<Step>,
    /// What goes wrong meanwhile.
    #[serde(default)]
    pub fault: Vec<Fault>,
}

/// One thing that a client does, and how it must end.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Step {
    /// Name of the step, unique in the scenario.
    pub id: Placed<String>,
    /// Which user does it.
    pub user: Placed<String>,
    /// What is done.
    #[serde(rename = "do")]
    pub deed: Deed,
    /// How it must end: `ok`, or with this error.
    #[serde(default)]
    pub expect: Expectation,
    /// A part of the error's text.
    pub expect_message: Option<String>,
    /// How often it is done, once after the other: 1 to 10,000, once if not given. The second time's id ends in `#2`, and so
    /// on. Only what introduces no name can be done again.
    pub times: Option<Placed<u16>>,
}

/// What a client can do.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Deed {
    /// Requests a new distributed key; done when the key is routed on chain.
    Keygen(Keygen),
    /// Mints the next routed key as a PKP (mintNext), paying exactly the mint cost unless told otherwise.
    Mint(Mint),
    /// Mints the next routed key, permits one action for ever and burns the token, in one transaction
    /// (mintGrantAndBurnNext).
    MintGrantBurn(MintGrantBurn),
    /// Mints the next routed key for a user, who needs no wallet for it (mintNextAndAddAuthMethods): the user's logins may use
    /// the PKP, and so may its own address, which owns it.
    MintFor(MintFor),
    /// Burns a PKP: its permissions stay as they are for ever.
    Burn(Burn),
    /// Permits an action, by its CID, to use a PKP.
    PermitAction(PermitAction),
    /// Takes that permission back.
    RevokeAction(PermitAction),
    /// Permits a user's address to use a PKP.
    PermitAddress(PermitAddress),
    /// Takes that permission back.
    RevokeAddress(PermitAddress),
    /// Permits a user's logins to use a PKP, in one transaction (batchAddRemoveAuthMethods).
    PermitLogins(PermitLogins),
    /// Takes that permission back, and all scopes with it.
    RevokeLogins(RevokeLogins),
    /// Transfers a PKP (ERC-721 transferFrom).
    Transfer(Transfer),
    /// Has every node run an action, and combines what they answer.
    Execute(Execute),
    /// Has every node sign a text with a PKP, without an action, and combines the signature.
    Sign(Sign),
    /// Has a PKP sign that a session's key may use what the PKP may, and keeps the session for later steps.
    SessionKey(SessionKey),
    /// An identity provider goes on to its next key; that before it stays published.
    RotateKeys(RotateKeys),
    /// Shows from the chain's record alone that one action, and nothing else, made the signatures of an earlier step: the PKP
    /// was minted for it and burned in one transaction. Needs no node.
    Prove(Prove),
    /// Sends ether to a PKP's address.
    Fund(Fund),
    /// Has an action sign a transaction of the PKP's own address and submits it; the chain must accept it.
    PkpTransaction(PkpTransaction),
    /// Asks every node for its epoch and newest block.
    Handshake(Handshake),
    /// Waits until as many keys are ready to be minted as `keys.unminted` says.
    KeyPool(KeyPool),
    /// Lets time pass.
    Wait(Wait),
    /// Encrypts a text to whoever signs in as a user, with the network's key and nobody's help.
    Encrypt(Encrypt),
    /// Asks every node for its decryption share, and decrypts: what comes out must be what was encrypted.
    Decrypt(Decrypt),
}

/// Waits for the pool of keys.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct KeyPool {}

/// Encrypts a text.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Encrypt {
    /// A name for the ciphertext.
    pub secret: Placed<String>,
    /// What is encrypted.
    pub text: String,
    /// The user who may decrypt it.
    pub to: Placed<String>,
}

/// Decrypts a text.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Decrypt {
    /// The ciphertext.
    pub secret: Placed<String>,
    /// The user who signs in; nobody if not given.
    pub auth: Option<Placed<String>>,
    /// The session that asks, instead of an AuthSig.
    pub session: Option<Placed<Session>>,
    /// The client shows the nodes other conditions than those of the ciphertext: conditions that let this user in.
    pub shows: Option<Placed<String>>,
}

/// What a key is over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum Curve {
    /// secp256k1: a key that can be minted as a PKP.
    #[default]
    #[serde(rename = "secp256k1")]
    Secp256k1,
    /// BLS12-381: the network's own key, of which there is one.
    #[serde(rename = "bls12-381")]
    Bls12381,
}

/// Requests a new distributed key.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Keygen {
    /// A name for the key, for reports.
    pub key: Placed<String>,
    /// What it is over; only one key of a run can be over `bls12-381`.
    #[serde(default)]
    pub curve: Curve,
}

/// Mints a PKP.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Mint {
    /// A name for the PKP.
    pub pkp: Placed<String>,
    /// What is paid, wei; the mint cost if not given.
    pub value_wei: Option<Wei>,
}

/// Mints a PKP for one action.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MintGrantBurn {
    /// A name for the PKP.
    pub pkp: Placed<String>,
    /// The action's file, relative to the scenario.
    pub action: Placed<String>,
}

/// Mints a PKP for a user without a wallet. Whoever does the step pays.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MintFor {
    /// A name for the PKP.
    pub pkp: Placed<String>,
    /// The user.
    pub user: Placed<String>,
    /// With which of the user's logins the PKP may be used; all if not given.
    pub methods: Option<Vec<Placed<Login>>>,
    /// What they may have signed: 1 is anything, 2 messages. `[1]` if not given.
    pub scopes: Option<Vec<u64>>,
}

/// Certifies a session's key.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SessionKey {
    /// The PKP.
    pub pkp: Placed<String>,
    /// A name for the session.
    pub session: Placed<String>,
    /// How long the PKP's signature is good for, milliseconds: an hour if not given; nodes accept 30 days.
    #[serde(default = "certificate_lasts_ms_default")]
    pub lasts_ms: u64,
    /// Whose address the text names, a mistake; the PKP's own if not given.
    pub names: Option<Placed<String>>,
    /// The user whose AuthSig goes along; none if not given.
    pub auth: Option<Placed<String>>,
    /// The session that asks, which it may not.
    pub session_asks: Option<Placed<Session>>,
    /// What shows who asks, besides.
    pub proof: Option<Proof>,
}

fn certificate_lasts_ms_default() -> u64 {
    3_600_000
}

/// Changes a provider's key.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RotateKeys {
    /// Whose: `google` or `apple`.
    pub provider: Placed<Login>,
}

/// Shows by a login who asks. Tokens are good for an hour, and nodes give a minute more, for clocks that differ.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Proof {
    /// Whom it is to prove.
    pub user: Placed<String>,
    /// How.
    pub method: Placed<Login>,
    /// The application that it was made for, or the page on which a passkey was used, a mistake; the right one if not
    /// given.
    pub audience: Option<String>,
    /// How long ago it was made, milliseconds: of tokens only.
    #[serde(default)]
    pub age_ms: Placed<u64>,
    /// How far in the future it was made, milliseconds: of ID tokens only.
    #[serde(default)]
    pub ahead_ms: Placed<u64>,
    /// What it is bound to, a mistake; the request if not given. Access tokens are bound to nothing.
    pub nonce: Option<Placed<Bound>>,
    /// The user who made it, a forgery: a passkey of another user's, an ID token that was changed after it had been signed, an
    /// access token that no provider knows.
    pub by: Option<Placed<String>>,
    /// The provider that signed the ID token without the user. Another one than `method` says cannot do that; the same one
    /// can, and no node notices.
    pub issuer: Option<Placed<Login>>,
    /// It is the one that this earlier step has shown.
    pub replay_of: Option<Placed<String>>,
}

/// What a proof is bound to that is not bound to its request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// Another request.
    Other,
    /// Nothing: of ID tokens only.
    Nothing,
}

/// Burns a PKP.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Burn {
    /// The PKP.
    pub pkp: Placed<String>,
}

/// An action, and a PKP that it may use or may use no more.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PermitAction {
    /// The PKP.
    pub pkp: Placed<String>,
    /// The action's file, relative to the scenario.
    pub action: Placed<String>,
}

/// A user's address, and a PKP that it may use or may use no more.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PermitAddress {
    /// The PKP.
    pub pkp: Placed<String>,
    /// The user whose address it is.
    pub address: Placed<String>,
}

/// A user's logins, and a PKP that they may use.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PermitLogins {
    /// The PKP.
    pub pkp: Placed<String>,
    /// The user.
    pub user: Placed<String>,
    /// Which of the user's logins; all if not given.
    pub methods: Option<Vec<Placed<Login>>>,
    /// What they may have signed: 1 is anything, 2 messages. `[1]` if not given.
    pub scopes: Option<Vec<u64>>,
}

/// A user's logins, and a PKP that they may use no more.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RevokeLogins {
    /// The PKP.
    pub pkp: Placed<String>,
    /// The user.
    pub user: Placed<String>,
    /// Which of the user's logins; all if not given.
    pub methods: Option<Vec<Placed<Login>>>,
}

/// Transfers a PKP.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Transfer {
    /// The PKP.
    pub pkp: Placed<String>,
    /// The user who receives it.
    pub to: Placed<String>,
}

/// Runs an action. Exactly one of `action`, `code` and `cid` is given.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Execute {
    /// The action's file, relative to the scenario.
    pub action: Option<Placed<String>>,
    /// The action's code.
    pub code: Option<Placed<String>>,
    /// The CID of something that the IPFS gateway need not have.
    pub cid: Option<Placed<String>>,
    /// The client goes away so long after it has asked, milliseconds, and waits for no answer.
    pub disconnect_after_ms: Option<u64>,
    /// How the nodes get the code: `ipfs` for a file, `inline` for code, if not given.
    pub by: Option<Delivery>,
    /// Globals of the action. In strings, `${pkp.NAME.public_key}`, `${pkp.NAME.token_id}`, `${pkp.NAME.eth_address}`
    /// and `${user.NAME.address}` are replaced, and so is `${cid:FILE}`, by the CID of an action's file (relative to the
    /// scenario), which the gateway then serves; `${keccak256:TEXT}` alone stands for the digest's 32 bytes,
    /// `${user.NAME.auth_sig}` alone for an AuthSig that the user's wallet makes as the step begins, as actions hand it to
    /// `checkConditions` and `decryptAndCombine`; `${secret.NAME.ciphertext}` and `${secret.NAME.hash}` are what the step
    /// that encrypted has left.
    #[serde(default)]
    #[schemars(with = "std::collections::BTreeMap<String, serde_json::Value>")]
    pub params: Option<BTreeMap<String, Placed<toml::Value>>>,
    /// The user whose AuthSig goes along; none if not given.
    pub auth: Option<Placed<String>>,
    /// The session that asks, instead of an AuthSig.
    pub session: Option<Placed<Session>>,
    /// What shows who asks, besides.
    pub proof: Option<Proof>,
    /// The user whom the AuthSig is said to be of, a lie; who signed it if not given.
    pub claims: Option<Placed<String>>,
    /// How long ago the AuthSig was made, milliseconds; it is good for an hour.
    #[serde(default)]
    pub auth_age_ms: u64,
    /// The names of the signatures that must result; not checked if not given.
    pub expect_signatures: Option<Vec<String>>,
    /// The response that must result, as text.
    pub expect_response: Option<String>,
}

/// Proves that an action made signatures.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Prove {
    /// The PKP.
    pub pkp: Placed<String>,
    /// The action's file, relative to the scenario.
    pub action: Placed<String>,
    /// The step whose signatures they are; it must have some.
    pub by: Placed<String>,
}

/// Signs without an action: whoever signs in must have the right to use the PKP.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Sign {
    /// The PKP.
    pub pkp: Placed<String>,
    /// The text, of which keccak256 is signed.
    pub text: String,
    /// How.
    #[serde(default)]
    pub scheme: SignScheme,
    /// The user whose AuthSig goes along; none if not given.
    pub auth: Option<Placed<String>>,
    /// The session that asks, instead of an AuthSig.
    pub session: Option<Placed<Session>>,
    /// What shows who asks, besides.
    pub proof: Option<Proof>,
}

/// A session: a key of the client's own, to which a user's wallet, or a PKP, hands on the use of some PKPs and actions,
/// and the decryption of some ciphertexts. It signs for each node apart.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Session {
    /// The user whose wallet signs; either this or `of`.
    pub user: Option<Placed<String>>,
    /// The session that a `session_key` step has kept, to which a PKP has handed on all that it may.
    pub of: Option<Placed<String>>,
    /// The PKPs that are handed on; all if not given.
    pub pkps: Option<Vec<Placed<String>>>,
    /// The actions that are handed on, by their files relative to the scenario; all if not given.
    pub actions: Option<Vec<Placed<String>>>,
    /// The ciphertexts whose decryption is handed on; all if not given.
    pub secrets: Option<Vec<Placed<String>>>,
    /// How long ago it began, milliseconds.
    #[serde(default)]
    pub age_ms: u64,
    /// How long it is good for, milliseconds: 300,000 if not given. What the wallet has signed is good for an hour. Nodes give
    /// a minute more, for clocks that differ.
    #[serde(default = "session_lasts_ms_default")]
    pub lasts_ms: u64,
    /// How far in the future it begins, milliseconds.
    #[serde(default)]
    pub ahead_ms: u64,
    /// All nodes get the signature that is for this node, a mistake.
    pub for_node: Option<Placed<u16>>,
}

fn session_lasts_ms_default() -> u64 {
    300_000
}

/// How a signature is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum SignScheme {
    /// ECDSA over secp256k1.
    #[default]
    #[serde(rename = "ecdsa")]
    Ecdsa,
    /// FROST(secp256k1, SHA-256) of RFC 9591.
    #[serde(rename = "schnorr")]
    Schnorr,
    /// FROST with the signatures of BIP-340.
    #[serde(rename = "bip340")]
    Bip340,
}

/// How nodes get an action's code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// The request names its CID, and nodes fetch it.
    Ipfs,
    /// The request contains it.
    Inline,
}

/// Sends ether to a PKP's address.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Fund {
    /// The PKP.
    pub pkp: Placed<String>,
    /// How much, wei.
    pub value_wei: Wei,
}

/// Sends a transaction from a PKP's address. The action gets `publicKey` and `toSign` and signs under the name `sig`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PkpTransaction {
    /// The PKP.
    pub pkp: Placed<String>,
    /// The action's file, relative to the scenario.
    pub action: Placed<String>,
    /// The user who receives the ether.
    pub to: Placed<String>,
    /// How much, wei.
    pub value_wei: Wei,
    /// The user whose AuthSig goes along; none if not given.
    pub auth: Option<Placed<String>>,
}

/// Asks every node who it is.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Handshake {}

/// Lets time pass.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Wait {
    /// How long, milliseconds: 1 to 3,600,000.
    pub ms: Placed<u64>,
}

/// Something that goes wrong.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Fault {
    /// Name of the fault, unique in its act.
    pub name: Placed<String>,
    /// When it starts: at the start of the act or step if not given.
    pub when: Option<Placed<When>>,
    /// The step that it belongs to: it is armed only while that step runs, and over before the next one starts.
    pub during: Option<Placed<String>>,
    /// How long it lasts, milliseconds; to the end of the act or step if not given.
    pub for_ms: Option<u64>,
    /// What goes wrong.
    pub what: crate::fault::Fault<Placed<NodeChoice>>,
}

/// When a fault starts: either after a time, or when a message of a kind is sent.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct When {
    /// Milliseconds after the start of the act, or of the step that the fault belongs to.
    pub at_ms: Option<u64>,
    /// `protocol/kind` or just `protocol`: when such a message is sent.
    pub label: Option<Placed<String>>,
    /// By which node; for a crash the node that crashes, otherwise any, if not given.
    pub node: Option<Placed<u16>>,
    /// By any node, also for a crash.
    #[serde(default)]
    pub any_node: bool,
    /// The how-manieth such message, from 1.
    pub occurrence: Option<Placed<u32>>,
}
