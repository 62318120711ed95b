//! A proof that one known program made a signature: code, key, signature, and the chain's record that the key may sign for
//! that code, for nothing else, and that nobody can ever change this.
//!
//! `PKPNFT.mintGrantAndBurnNext` mints a key to the contract itself, permits one action and burns the token, in one
//! transaction. A permission can only be given by a token's owner. Before that transaction the token had none, within it
//! the contract was, and afterwards there is none. So the transaction's logs say all about the key's permissions, and
//! whoever holds the action's bytes knows what a signature by the key stands for, without running it.
//!
//! Nothing here asks anybody anything: what is proved is proved from the arguments. What they rest on is said at
//! [`History`].

use alloy_primitives::U256;
use k256::ProjectivePoint;
use std::collections::BTreeSet;
use std::fmt;
use thiserror::Error;

use crate::chain::abi::SCOPE_SIGN_ANYTHING;
use crate::chain::permission_events::{Change, PermissionEvent};
use crate::chain::{ChainEvent, Contracts, EventError};
use crate::cid::{Cid, cid_v0, permission_bytes};
use crate::id::{Digest, KeyId};
use crate::io::ChainLog;
use crate::key::{id_of, uncompressed};
use crate::signing::CombinedSignature;

/// Auth method type of an action.
const ACTION: u64 = 2;
const NOBODY: [u8; 20] = [0; 20];

/// A log, and the transaction that made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryLog {
    /// The transaction's hash.
    pub transaction: [u8; 32],
    /// The log; its index counts all logs of the block.
    pub log: ChainLog,
}

/// What the chain has logged, from the block with the network's contracts to some final block: at least all logs of
/// these contracts. Those of other contracts may be among them, and count for nothing.
///
/// A proof rests on two things that the caller has to know:
///
/// * that `contracts` are the network's contracts, with the code that is published for them: their addresses follow from
///   the deployer's;
/// * that the logs are the chain's. Whoever reads them from one endpoint believes that endpoint. Let several answer, run
///   a node of your own, or check the logs against the receipts' roots of block headers that you trust. Take final blocks
///   only: a transaction that is taken back proves nothing.
///
/// What is forged by halves is refused all the same: logs out of order, a transaction that appears twice, a gap between
/// the logs of minting and burning, events that contradict each other, logs that are no encodings. A history cannot show
/// that nothing was left out of it elsewhere; by the contracts' rules nothing can be there, and whatever is there is
/// refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    contracts: Contracts,
    logs: Vec<HistoryLog>,
}

impl History {
    /// Takes logs in the chain's order.
    ///
    /// # Errors
    /// If they are in another order, or a transaction's logs do not lie together in one block.
    pub fn new(contracts: Contracts, logs: Vec<HistoryLog>) -> Result<Self, NoProof> {
        let mut ended = BTreeSet::new();
        for pair in logs.windows(2) {
            let [before, after] = pair else { continue };
            if Place::of(&before.log) >= Place::of(&after.log) {
                return Err(NoProof::Disordered(Place::of(&after.log)));
            }
            let torn = if before.transaction == after.transaction {
                before.log.block != after.log.block
            } else {
                !ended.insert(before.transaction)
            };
            if torn {
                return Err(NoProof::TornTransaction(before.transaction));
            }
        }
        match logs.last() {
            Some(last) if ended.contains(&last.transaction) => Err(NoProof::TornTransaction(last.transaction)),
            _ => Ok(Self { contracts, logs }),
        }
    }

    /// Everything about one key, in order.
    fn of(&self, key: KeyId) -> Result<Vec<Entry>, NoProof> {
        let mut entries = Vec::new();
        for HistoryLog { transaction, log } in &self.logs {
            let place = Place::of(log);
            let malformed = |error| NoProof::Malformed { place, error };
            let step = match PermissionEvent::decode(&self.contracts, log).map_err(malformed)? {
                Some(event) if event.key == key => Some(Step::Permission(event)),
                Some(_) => None,
                None => self.token_step(key, log).map_err(malformed)?,
            };
            entries.extend(step.map(|step| Entry { place, transaction: *transaction, step }));
        }
        Ok(entries)
    }

    fn token_step(&self, of: KeyId, log: &ChainLog) -> Result<Option<Step>, EventError> {
        Ok(match ChainEvent::decode(&self.contracts, log)? {
            Some(ChainEvent::KeyRouted { key, public_key, .. }) if key == of => Some(Step::Routed(public_key)),
            Some(ChainEvent::PkpMinted { key, public_key }) if key == of => Some(Step::Minted(public_key)),
            Some(ChainEvent::Transfer { key, from, to }) if key == of => Some(Step::Transfer { from, to }),
            _ => None,
        })
    }
}

/// Where a log is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The block.
    pub block: u64,
    /// Position among all logs of the block.
    pub index: u32,
}

impl Place {
    fn of(log: &ChainLog) -> Self {
        Self { block: log.block, index: log.index }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "log {} of block {}", self.index, self.block)
    }
}

/// What the chain says of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Routed([u8; 65]),
    Minted([u8; 65]),
    Transfer { from: [u8; 20], to: [u8; 20] },
    Permission(PermissionEvent),
}

impl Step {
    fn is_mint(&self) -> bool {
        matches!(self, Self::Transfer { from: NOBODY, .. })
    }

    fn is_burn(&self) -> bool {
        matches!(self, Self::Transfer { to: NOBODY, .. })
    }
}

#[derive(Clone, Debug)]
struct Entry {
    place: Place,
    transaction: [u8; 32],
    step: Step,
}

/// What was shown: `signature` is one of `digest` by `public_key`, and the only thing that could ever sign with that key
/// is the action of this CID.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The CIDv0 of the action's bytes.
    pub action: Cid,
    /// The key.
    pub key: KeyId,
    /// The key, uncompressed.
    pub public_key: [u8; 65],
    /// What is signed. What it means is for the reader of the action's code to say, who has to reckon with whatever
    /// parameters and callers the action may have had.
    pub digest: Digest,
    /// The signature.
    pub signature: CombinedSignature,
    /// The contracts that vouch for it.
    pub contracts: Contracts,
    /// The transaction that minted, granted and burned.
    pub transaction: [u8; 32],
    /// Where its first log about the key is.
    pub place: Place,
}

/// Why nothing is proved.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum NoProof {
    /// The logs are not in the chain's order.
    #[error("the history is out of order at {0}")]
    Disordered(Place),
    /// A transaction's logs do not lie together in one block.
    #[error("the logs of transaction 0x{} do not lie together", hex::encode(.0))]
    TornTransaction([u8; 32]),
    /// A log of the network's contracts is not an encoding of the event that it claims to be.
    #[error("the log at {place} is forged: {error}")]
    Malformed {
        /// Where.
        place: Place,
        /// What is wrong.
        error: EventError,
    },
    /// The key is the point at infinity.
    #[error("this is no key")]
    NoKey,
    /// The signature is not one of this digest by this key.
    #[error("the signature is not one of this digest by this key")]
    InvalidSignature,
    /// The network's validators have not voted for the key before it was minted: it may be anybody's.
    #[error("the network does not vouch for the key")]
    NotRouted,
    /// The key was never minted.
    #[error("the key was never minted")]
    NotMinted,
    /// The token was not burned: its owner can change permissions.
    #[error("the token is not burned")]
    NotBurned,
    /// The token was minted or burned more than once, which the contracts do not do.
    #[error("the token is minted or burned again at {0}")]
    Again(Place),
    /// Minted and burned in different transactions: in between, its owner could do anything.
    #[error("the token was minted and burned in different transactions")]
    NotAtOnce,
    /// The token had another owner than the contract that burned it.
    #[error("the token changed hands at {0}")]
    Transferred(Place),
    /// No action was permitted.
    #[error("the key permits nothing")]
    NothingPermitted,
    /// Another action is permitted.
    #[error("the key permits another action: 0x{}", hex::encode(.permitted))]
    OtherAction {
        /// The permitted action's CID, in binary form.
        permitted: Vec<u8>,
    },
    /// Something else was permitted, or taken back, sometime.
    #[error("another change of permissions at {0}")]
    OtherPermission(Place),
    /// Between minting and burning a log is missing, or a strange one is there.
    #[error("the transaction's logs about the key are not those of mint, grant and burn")]
    OtherTrace,
    /// An event says that the token stands for another public key.
    #[error("the event at {0} names another public key")]
    OtherKey(Place),
}

/// Shows that `action`, and no other program, has had `key` sign `digest`.
///
/// # Errors
/// If one of the arguments does not go with the others. Nothing is then known about the signature.
pub fn prove(
    action: &[u8],
    key: &ProjectivePoint,
    signature: &CombinedSignature,
    digest: &Digest,
    history: &History,
) -> Result<Proof, NoProof> {
    if *key == ProjectivePoint::IDENTITY {
        return Err(NoProof::NoKey);
    }
    if !signature.verify(key, digest) {
        return Err(NoProof::InvalidSignature);
    }
    let (public_key, id, cid) = (uncompressed(key), id_of(key), cid_v0(action));
    let entries = history.of(id)?;
    let Phases { before, trace, after } = phases(&entries)?;
    if let Some((place, _)) = before.iter().chain(after).find_map(Entry::permission) {
        return Err(NoProof::OtherPermission(place));
    }
    check_trace(&history.contracts, trace, &permission_bytes(&cid))?;
    for entry in &entries {
        if let Step::Routed(named) | Step::Minted(named) = entry.step
            && named != public_key
        {
            return Err(NoProof::OtherKey(entry.place));
        }
    }
    match before {
        [Entry { step: Step::Routed(_), .. }] if after.is_empty() => {}
        [] => return Err(NoProof::NotRouted),
        _ => return Err(NoProof::OtherTrace),
    }
    let Entry { place, transaction, .. } = trace[0];
    let contracts = history.contracts;
    Ok(Proof {
        action: cid,
        key: id,
        public_key,
        digest: *digest,
        signature: *signature,
        contracts,
        transaction,
        place,
    })
}

/// What is about a key before it is minted, from minting to burning, and after that.
struct Phases<'a> {
    before: &'a [Entry],
    /// Of one transaction; not empty.
    trace: &'a [Entry],
    after: &'a [Entry],
}

fn phases(entries: &[Entry]) -> Result<Phases<'_>, NoProof> {
    let minted = only(entries, Step::is_mint)?.ok_or(NoProof::NotMinted)?;
    let burned = only(entries, Step::is_burn)?.ok_or(NoProof::NotBurned)?;
    if burned < minted {
        return Err(NoProof::OtherTrace);
    }
    let moved = entries
        .iter()
        .enumerate()
        .find(|(at, entry)| matches!(entry.step, Step::Transfer { .. }) && *at != minted && *at != burned);
    if let Some((_, transfer)) = moved {
        return Err(NoProof::Transferred(transfer.place));
    }
    if entries[minted].transaction != entries[burned].transaction {
        return Err(NoProof::NotAtOnce);
    }
    Ok(Phases { before: &entries[..minted], trace: &entries[minted..=burned], after: &entries[burned + 1..] })
}

/// The position of the one entry of a kind, if there is any.
fn only(entries: &[Entry], is: fn(&Step) -> bool) -> Result<Option<usize>, NoProof> {
    let mut found = entries.iter().enumerate().filter(|(_, entry)| is(&entry.step));
    let first = found.next().map(|(at, _)| at);
    found.next().map_or(Ok(first), |(_, again)| Err(NoProof::Again(again.place)))
}

/// Checks that the logs from minting to burning are those of `PKPNFT.mintGrantAndBurnNext` for this action, without a gap.
fn check_trace(contracts: &Contracts, trace: &[Entry], cid: &[u8]) -> Result<(), NoProof> {
    let permissions: Vec<(Place, &PermissionEvent)> = trace.iter().filter_map(Entry::permission).collect();
    let Some(((_, granted), others)) = permissions.split_first() else { return Err(NoProof::NothingPermitted) };
    if let Some((place, _)) = others.iter().find(|(_, event)| !event.is_scope_of(granted)) {
        return Err(NoProof::OtherPermission(*place));
    }
    let expected =
        |change| PermissionEvent { key: granted.key, auth_method_type: U256::from(ACTION), id: cid.to_vec(), change };
    if granted.auth_method_type == U256::from(ACTION) && granted.id != cid {
        return Err(NoProof::OtherAction { permitted: granted.id.clone() });
    }
    let [mint, minted, grant, scope, burn] = trace else { return Err(NoProof::OtherTrace) };
    let added = expected(Change::Added { user_pubkey: Vec::new() });
    let scoped = expected(Change::ScopeAdded(U256::from(SCOPE_SIGN_ANYTHING)));
    let right = mint.step == Step::Transfer { from: NOBODY, to: contracts.pkp_nft }
        && matches!(minted.step, Step::Minted(_))
        && grant.step == Step::Permission(added)
        && scope.step == Step::Permission(scoped)
        && burn.step == Step::Transfer { from: contracts.pkp_nft, to: NOBODY };
    let whole = trace.windows(2).all(|pair| pair[0].place.index.checked_add(1) == Some(pair[1].place.index));
    if right && whole { Ok(()) } else { Err(NoProof::OtherTrace) }
}

impl Entry {
    fn permission(&self) -> Option<(Place, &PermissionEvent)> {
        match &self.step {
            Step::Permission(event) => Some((self.place, event)),
            Step::Routed(_) | Step::Minted(_) | Step::Transfer { .. } => None,
        }
    }
}

impl PermissionEvent {
    /// Whether this gives a scope to the method that `granted` permits.
    fn is_scope_of(&self, granted: &Self) -> bool {
        matches!(self.change, Change::ScopeAdded(_))
            && (self.auth_method_type, &self.id) == (granted.auth_method_type, &granted.id)
    }
}

#[cfg(test)]
mod tests;
