//! What a node keeps across restarts: typed records in a redb database, sealed under keys that can be destroyed.
//!
//! Every record belongs to a [`Scope`], the node's lifetime or one epoch, and is sealed (XChaCha20-Poly1305) under
//! the scope's random key. The keys live in the *key slot* ([`slot`]), sealed under the node's master key, which the
//! driver provides and which is on no disk of ours. [`Store::destroy_epoch`] destroys the epoch's key: the database's
//! free pages may keep sealed records, but nothing opens them.
//!
//! Nonces are 24 random bytes from this boot's entropy stream, never counters from the disk, so that a rolled-back
//! disk cannot make one repeat. A record is bound to its table, scope and id; that it is the newest version is not
//! (a rolled-back disk is a consistent old one). Table, scope and id of a record stand on the disk in clear.
//!
//! A [`Batch`] becomes durable as a whole or not at all, with one sync; only the first record of a scope costs two
//! more, for the key slot.

mod partition;
mod slot;

#[cfg(test)]
mod tests;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use rand_chacha::ChaCha20Rng;
use rand_core::RngCore;
use redb::{Builder, Database, Durability, ReadableDatabase, ReadableTable, StorageBackend, TableDefinition};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::bugs::{self, Bug};
use crate::entropy::Entropy;
use crate::id::Epoch;
use crate::meter::{Meter, Op};
use crate::wire::{self, DecodeError};

use partition::{Medium, Partition};
use slot::{KeySlot, REGION_BYTES, RecordKey};

const RECORDS: TableDefinition<'static, &[u8], &[u8]> = TableDefinition::new("records");
/// Memory for cached pages, bytes. Stores are small and there may be many in one process.
const CACHE_BYTES: usize = 1024 * 1024;
/// The longest record, bytes of its encoding.
pub const RECORD_BYTES_MAX: usize = 16 * 1024 * 1024;
const KEY_ID_BYTES: usize = 8;
const NONCE_BYTES: usize = 24;

/// Kinds of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Table {
    /// Facts about the node itself.
    Meta = 1,
    /// Sessions of distributed key generation: what was sent, so that it can be sent again.
    DkgSession = 2,
    /// Shares of distributed keys.
    KeyShare = 3,
    /// Secrets of an epoch, such as its decryption key.
    EpochSecret = 4,
    /// What was promised to peers or clients and must not be contradicted after a restart.
    Promise = 5,
}

/// How long records live.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// As long as the node.
    Node,
    /// Until the epoch is destroyed.
    Epoch(Epoch),
}

impl Scope {
    /// Epochs start at 1, so 0 is free for the node itself.
    fn number(self) -> u32 {
        match self {
            Self::Node => 0,
            Self::Epoch(Epoch(number)) => number,
        }
    }

    fn from_number(number: u32) -> Self {
        if number == 0 { Self::Node } else { Self::Epoch(Epoch(number)) }
    }
}

/// Why the store failed. After any error but `Decode`, `TooManyScopes` and `TooLong`, reopen it.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The storage failed below the database.
    #[error("storage failed")]
    Io(#[from] std::io::Error),
    /// The database failed or is corrupt.
    #[error("database failed")]
    Database(#[source] Box<redb::Error>),
    /// The storage ends before the database begins.
    #[error("the storage is truncated")]
    Truncated,
    /// Neither copy of the key slot opens: it is corrupt, or the master key is another one.
    #[error("the key slot does not open with this master key")]
    KeySlot,
    /// A record does not open under its scope's key.
    #[error("a record of {table:?} is corrupt")]
    Corrupt {
        /// Its table.
        table: Table,
    },
    /// A record has a key that no version of this store writes.
    #[error("a record with a malformed key")]
    MalformedKey,
    /// A record opens, but is not of the type asked for.
    #[error("a record of {table:?} is not of the expected type")]
    Decode {
        /// Its table.
        table: Table,
        /// What is wrong with it.
        source: DecodeError,
    },
    /// A record is longer than [`RECORD_BYTES_MAX`].
    #[error("a record of {len} bytes exceeds the bound of {RECORD_BYTES_MAX}")]
    TooLong {
        /// Its length, bytes.
        len: usize,
    },
    /// Too many epochs have records at the same time.
    #[error("no more than {} scopes can have records at the same time", slot::KEYS_MAX)]
    TooManyScopes,
}

fn database(error: impl Into<redb::Error>) -> StoreError {
    StoreError::Database(Box::new(error.into()))
}

/// Where a record stands; also what its seal is bound to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Row {
    table: Table,
    scope: Scope,
    id: Vec<u8>,
}

impl Row {
    fn new(table: Table, scope: Scope, id: &[u8]) -> Self {
        Self { table, scope, id: id.to_vec() }
    }

    fn encode(&self) -> Vec<u8> {
        [&[self.table as u8][..], &self.scope.number().to_be_bytes(), &self.id].concat()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (&table, rest) = bytes.split_first()?;
        let (scope, id) = rest.split_first_chunk()?;
        let table = Table::ALL.into_iter().find(|known| *known as u8 == table)?;
        Some(Self { table, scope: Scope::from_number(u32::from_be_bytes(*scope)), id: id.to_vec() })
    }
}

impl Table {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Meta, Self::DkgSession, Self::KeyShare, Self::EpochSecret, Self::Promise];
}

/// Changes that become durable together.
#[derive(Default)]
pub struct Batch {
    /// In order; `None` deletes.
    changes: Vec<(Row, Option<Zeroizing<Vec<u8>>>)>,
}

impl Batch {
    /// No changes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes a record, replacing one of the same table, scope and id.
    #[must_use]
    pub fn put<T: Serialize + ?Sized>(mut self, table: Table, scope: Scope, id: &[u8], value: &T) -> Self {
        let plain = Zeroizing::new(wire::encode(value));
        self.changes.push((Row::new(table, scope, id), Some(plain)));
        self
    }

    /// Deletes a record, if it is there. Its sealed bytes may stay on the disk until its scope is destroyed.
    #[must_use]
    pub fn delete(mut self, table: Table, scope: Scope, id: &[u8]) -> Self {
        self.changes.push((Row::new(table, scope, id), None));
        self
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }
}

impl std::fmt::Debug for Batch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.changes.iter().map(|(row, _)| row)).finish()
    }
}

/// An open store.
pub struct Store {
    database: Database,
    medium: Medium,
    slot: KeySlot,
    rng: ChaCha20Rng,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the store on `backend`, or makes one if it is empty; completes what a crash interrupted.
    ///
    /// Opens the entropy stream `store`, so it may be called once per boot.
    ///
    /// # Errors
    /// If the storage fails, is corrupt, or belongs to another master key.
    pub fn open(
        backend: Box<dyn StorageBackend>,
        master_key: &[u8; 32],
        entropy: &Entropy,
        meter: &mut Meter,
    ) -> Result<Self, StoreError> {
        let mut rng = entropy.stream(b"", "store");
        let medium = Medium::new(backend);
        let mut slot = KeySlot::open(medium.clone(), master_key, &mut rng)?;
        if !slot.is_formatted() {
            // An interrupted first start may have left half a database, which holds nothing yet.
            medium.raw().set_len(REGION_BYTES)?;
        }
        let database = Builder::new()
            .set_cache_size(CACHE_BYTES)
            // Without the check, a corrupt image could make the database panic later.
            .set_check_integrity_on_open(true)
            .create_with_backend(Partition::new(medium.clone(), REGION_BYTES))
            .map_err(database)?;
        if !slot.is_formatted() {
            let transaction = database.begin_write().map_err(self::database)?;
            transaction.open_table(RECORDS).map_err(self::database)?;
            transaction.commit().map_err(self::database)?;
            slot.set_formatted(&mut rng)?;
        }
        let mut store = Self { database, medium, slot, rng };
        store.remove_destroyed()?;
        store.charge_syncs(meter);
        Ok(store)
    }

    /// Makes the changes of a batch durable, all or none. An empty batch costs nothing.
    ///
    /// # Errors
    /// If a record is too long or there are too many scopes: then nothing was changed. If the storage fails: then
    /// the batch may or may not be durable, as at a crash.
    pub fn commit(&mut self, batch: Batch, meter: &mut Meter) -> Result<(), StoreError> {
        if batch.is_empty() {
            return Ok(());
        }
        let puts = || batch.changes.iter().filter_map(|(row, plain)| Some((row, plain.as_ref()?)));
        if let Some(len) = puts().map(|(_, plain)| plain.len()).find(|len| *len > RECORD_BYTES_MAX) {
            return Err(StoreError::TooLong { len });
        }
        let scopes: BTreeSet<Scope> = puts().map(|(row, _)| row.scope).collect();
        let result = self.slot.ensure(scopes, &mut self.rng).and_then(|()| self.write(&batch, meter));
        self.charge_syncs(meter);
        result
    }

    fn write(&mut self, batch: &Batch, meter: &mut Meter) -> Result<(), StoreError> {
        let mut transaction = self.database.begin_write().map_err(database)?;
        let durability = if bugs::planted(Bug::MissingSync) { Durability::None } else { Durability::Immediate };
        transaction.set_durability(durability).map_err(database)?;
        {
            let mut table = transaction.open_table(RECORDS).map_err(database)?;
            for (row, plain) in &batch.changes {
                let place = row.encode();
                match plain {
                    None => drop(table.remove(&place[..]).map_err(database)?),
                    Some(plain) => {
                        let key = self.slot.get(row.scope).expect("made above for every scope of the batch");
                        let sealed = seal(key, &place, plain, &mut self.rng, meter);
                        table.insert(&place[..], &sealed[..]).map_err(database)?;
                    }
                }
            }
        }
        transaction.commit().map_err(database)
    }

    /// Reads a record; `None` if there is none.
    ///
    /// # Errors
    /// If the storage fails, or the record is corrupt or not a `T`.
    pub fn get<T: Serialize + DeserializeOwned>(
        &self,
        table: Table,
        scope: Scope,
        id: &[u8],
        meter: &mut Meter,
    ) -> Result<Option<T>, StoreError> {
        let Some(key) = self.slot.get(scope) else { return Ok(None) };
        let place = Row::new(table, scope, id).encode();
        let transaction = self.database.begin_read().map_err(database)?;
        let records = transaction.open_table(RECORDS).map_err(database)?;
        let Some(sealed) = records.get(&place[..]).map_err(database)? else { return Ok(None) };
        let plain = unseal(key, &place, sealed.value(), meter).ok_or(StoreError::Corrupt { table })?;
        let value = wire::decode(&plain, RECORD_BYTES_MAX).map_err(|source| StoreError::Decode { table, source })?;
        Ok(Some(value))
    }

    /// The ids of all records of a table in a scope, ascending.
    ///
    /// # Errors
    /// If the storage fails.
    pub fn list(&self, table: Table, scope: Scope) -> Result<Vec<Vec<u8>>, StoreError> {
        let prefix = Row::new(table, scope, &[]).encode();
        let transaction = self.database.begin_read().map_err(database)?;
        let records = transaction.open_table(RECORDS).map_err(database)?;
        let mut ids = Vec::new();
        for record in records.range(&prefix[..]..).map_err(database)? {
            let (place, _) = record.map_err(database)?;
            match place.value().strip_prefix(&prefix[..]) {
                Some(id) => ids.push(id.to_vec()),
                None => break,
            }
        }
        Ok(ids)
    }

    /// Destroys everything that was stored in an epoch: its key first, which is what counts, then its records.
    /// Records that are put into the epoch afterwards get a new key.
    ///
    /// # Errors
    /// If the storage fails: then the epoch is destroyed, or not, as at a crash.
    pub fn destroy_epoch(&mut self, epoch: Epoch, meter: &mut Meter) -> Result<(), StoreError> {
        let result = match self.slot.destroy(Scope::Epoch(epoch), &mut self.rng) {
            Ok(true) => self.remove_destroyed(),
            Ok(false) => Ok(()),
            Err(error) => Err(error),
        };
        self.charge_syncs(meter);
        result
    }

    /// Destroys everything that was ever stored: the keys first, which is what counts, then the records.
    ///
    /// # Errors
    /// If the storage fails: then everything is destroyed, or nothing, as at a crash.
    pub fn wipe(&mut self, meter: &mut Meter) -> Result<(), StoreError> {
        let result = match self.slot.clear(&mut self.rng) {
            Ok(true) => self.remove_destroyed(),
            Ok(false) => Ok(()),
            Err(error) => Err(error),
        };
        self.charge_syncs(meter);
        result
    }

    /// Removes records whose key is gone.
    fn remove_destroyed(&mut self) -> Result<(), StoreError> {
        let mut dead = Vec::new();
        {
            let transaction = self.database.begin_read().map_err(database)?;
            let records = transaction.open_table(RECORDS).map_err(database)?;
            for record in records.iter().map_err(database)? {
                let (place, sealed) = record.map_err(database)?;
                let row = Row::decode(place.value()).ok_or(StoreError::MalformedKey)?;
                let alive = self.slot.get(row.scope).is_some_and(|key| sealed.value().starts_with(&key.id));
                if !alive {
                    dead.push(place.value().to_vec());
                }
            }
        }
        if dead.is_empty() {
            return Ok(());
        }
        let transaction = self.database.begin_write().map_err(database)?;
        {
            let mut records = transaction.open_table(RECORDS).map_err(database)?;
            for place in dead {
                records.remove(&place[..]).map_err(database)?;
            }
        }
        transaction.commit().map_err(database)
    }

    fn charge_syncs(&self, meter: &mut Meter) {
        meter.add(Op::StoreSync, self.medium.take_syncs());
    }
}

/// Seals a record: key id, nonce, ciphertext.
fn seal(key: &RecordKey, place: &[u8], plain: &[u8], rng: &mut ChaCha20Rng, meter: &mut Meter) -> Vec<u8> {
    meter.add(Op::AeadByte, plain.len() as u64);
    let mut nonce = [0; NONCE_BYTES];
    rng.fill_bytes(&mut nonce);
    let sealed = XChaCha20Poly1305::new((&*key.key).into())
        .encrypt(XNonce::from_slice(&nonce), Payload { msg: plain, aad: place })
        .expect("a record is far below the cipher's limit");
    [&key.id[..], &nonce, &sealed].concat()
}

/// Opens a record; `None` if it is not what we sealed at this place under this key.
fn unseal(key: &RecordKey, place: &[u8], bytes: &[u8], meter: &mut Meter) -> Option<Zeroizing<Vec<u8>>> {
    meter.add(Op::AeadByte, bytes.len() as u64);
    let (id, rest) = bytes.split_first_chunk::<KEY_ID_BYTES>()?;
    let (nonce, sealed) = rest.split_first_chunk::<NONCE_BYTES>()?;
    let cipher = XChaCha20Poly1305::new((&*key.key).into());
    let payload = Payload { msg: sealed, aad: place };
    let plain = cipher.decrypt(XNonce::from_slice(nonce), payload).ok()?;
    (*id == key.id).then(|| Zeroizing::new(plain))
}
