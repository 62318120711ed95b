//! The key slot: a small region at the start of the storage that is overwritten in place and holds the keys under
//! which records are sealed.
//!
//! A copy-on-write database keeps old pages, so deleting a key inside it would leave the key's bytes behind. Here, a
//! key that is taken out is gone from both of the slot's copies once the call returns (as far as the medium
//! overwrites in place: a flash controller may keep old blocks, which only destroying the master key reaches).
//!
//! There are two copies, each sealed under the master key as one piece. A change is written to one copy, synced, and
//! then to the other, so at any crash at least one is whole; opening takes the newer whole one and makes the other
//! equal, which completes an interrupted change.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use rand_core::{CryptoRng, RngCore};
use std::collections::BTreeMap;
use zeroize::Zeroizing;

use super::partition::Medium;
use super::{Scope, StoreError};
use crate::bugs::{self, Bug};

const COPY_BYTES: usize = 4096;
/// Bytes of the whole region.
pub const REGION_BYTES: u64 = 2 * COPY_BYTES as u64;
const MAGIC: &[u8; 8] = b"litslot1";
const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;
const PLAIN_BYTES: usize = COPY_BYTES - MAGIC.len() - NONCE_BYTES - TAG_BYTES;
const HEAD_BYTES: usize = 8 + 1 + 2;
const ENTRY_BYTES: usize = 4 + 8 + 32;
/// How many scopes can have a key at the same time.
pub const KEYS_MAX: usize = (PLAIN_BYTES - HEAD_BYTES) / ENTRY_BYTES;

/// A key that seals records.
#[derive(Clone, PartialEq, Eq)]
pub struct RecordKey {
    /// Stands in front of each record that the key seals, to tell it from those of a destroyed key.
    pub id: [u8; 8],
    /// The key.
    pub key: Zeroizing<[u8; 32]>,
}

impl RecordKey {
    fn random(rng: &mut (impl RngCore + CryptoRng)) -> Self {
        let mut fresh = Self { id: [0; 8], key: Zeroizing::new([0; 32]) };
        rng.fill_bytes(&mut fresh.id);
        rng.fill_bytes(&mut *fresh.key);
        fresh
    }
}

/// What the slot says.
#[derive(Clone, Default, PartialEq, Eq)]
struct Content {
    generation: u64,
    formatted: bool,
    keys: BTreeMap<Scope, RecordKey>,
}

impl Content {
    fn encode(&self) -> Zeroizing<Vec<u8>> {
        // Sized at once, so that growing leaves no copies behind.
        let mut plain = Zeroizing::new(Vec::with_capacity(PLAIN_BYTES));
        plain.extend(self.generation.to_be_bytes());
        plain.push(u8::from(self.formatted));
        plain.extend((self.keys.len() as u16).to_be_bytes());
        for (scope, key) in &self.keys {
            plain.extend(scope.number().to_be_bytes());
            plain.extend(key.id);
            plain.extend(*key.key);
        }
        plain.resize(PLAIN_BYTES, 0);
        plain
    }

    fn decode(plain: &[u8]) -> Option<Self> {
        let (generation, rest) = plain.split_first_chunk()?;
        let (&formatted, rest) = rest.split_first()?;
        let (count, mut rest) = rest.split_first_chunk()?;
        let mut keys = BTreeMap::new();
        for _ in 0..u16::from_be_bytes(*count) {
            let (scope, tail) = rest.split_first_chunk()?;
            let (id, tail) = tail.split_first_chunk()?;
            let (key, tail) = tail.split_first_chunk()?;
            keys.insert(
                Scope::from_number(u32::from_be_bytes(*scope)),
                RecordKey { id: *id, key: Zeroizing::new(*key) },
            );
            rest = tail;
        }
        Some(Self { generation: u64::from_be_bytes(*generation), formatted: formatted == 1, keys })
    }

    fn seal(&self, master: &XChaCha20Poly1305, rng: &mut (impl RngCore + CryptoRng)) -> Vec<u8> {
        let mut nonce = [0; NONCE_BYTES];
        rng.fill_bytes(&mut nonce);
        let plain = self.encode();
        let sealed = master
            .encrypt(XNonce::from_slice(&nonce), Payload { msg: &plain, aad: MAGIC })
            .expect("a page is far below the cipher's limit");
        [&MAGIC[..], &nonce, &sealed].concat()
    }

    fn open(bytes: &[u8], master: &XChaCha20Poly1305) -> Option<Self> {
        let rest = bytes.strip_prefix(MAGIC)?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE_BYTES>()?;
        let payload = Payload { msg: sealed, aad: MAGIC };
        let plain = Zeroizing::new(master.decrypt(XNonce::from_slice(nonce), payload).ok()?);
        Self::decode(&plain)
    }
}

/// The slot of an open store.
pub struct KeySlot {
    medium: Medium,
    master: XChaCha20Poly1305,
    content: Content,
}

impl KeySlot {
    /// Reads the slot, or formats one on empty storage.
    pub fn open(
        medium: Medium,
        master_key: &[u8; 32],
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<Self, StoreError> {
        let master = XChaCha20Poly1305::new(master_key.into());
        let len = medium.raw().len()?;
        let copies = [0, 1].map(|copy| read_copy(&medium, copy, len));
        let [first, second] = copies;
        let opened = [first?, second?].map(|bytes| bytes.and_then(|bytes| Content::open(&bytes, &master)));
        let equal = opened[0] == opened[1];
        let newest = opened.into_iter().flatten().max_by_key(|content| content.generation);
        match newest {
            Some(content) if content.formatted && len <= REGION_BYTES => Err(StoreError::Truncated),
            Some(content) => {
                let mut slot = Self { medium, master, content };
                if !equal {
                    slot.write(slot.content.clone(), rng)?;
                }
                Ok(slot)
            }
            // Nothing is behind the slot, so no record was ever stored: a first start, or one that crashed early.
            None if len <= REGION_BYTES => {
                medium.raw().set_len(REGION_BYTES)?;
                let mut slot = Self { medium, master, content: Content::default() };
                slot.write(Content::default(), rng)?;
                Ok(slot)
            }
            None => Err(StoreError::KeySlot),
        }
    }

    /// Whether a database was completely set up behind the slot.
    pub fn is_formatted(&self) -> bool {
        self.content.formatted
    }

    /// Notes that the database is completely set up.
    pub fn set_formatted(&mut self, rng: &mut (impl RngCore + CryptoRng)) -> Result<(), StoreError> {
        self.write(Content { formatted: true, ..self.content.clone() }, rng)
    }

    /// The key of a scope, if it has one.
    pub fn get(&self, scope: Scope) -> Option<&RecordKey> {
        self.content.keys.get(&scope)
    }

    /// Makes keys for those of `scopes` that have none, durably.
    pub fn ensure(
        &mut self,
        scopes: impl IntoIterator<Item = Scope>,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<(), StoreError> {
        let mut content = self.content.clone();
        for scope in scopes {
            content.keys.entry(scope).or_insert_with(|| RecordKey::random(rng));
        }
        if content.keys.len() > KEYS_MAX {
            return Err(StoreError::TooManyScopes);
        }
        if content == self.content { Ok(()) } else { self.write(content, rng) }
    }

    /// Destroys the key of a scope, durably; whether there was one.
    pub fn destroy(&mut self, scope: Scope, rng: &mut (impl RngCore + CryptoRng)) -> Result<bool, StoreError> {
        let mut content = self.content.clone();
        let existed = content.keys.remove(&scope).is_some();
        if existed {
            self.write(content, rng)?;
        }
        Ok(existed)
    }

    /// Destroys the keys of all scopes; whether there were any.
    pub fn clear(&mut self, rng: &mut (impl RngCore + CryptoRng)) -> Result<bool, StoreError> {
        let mut content = self.content.clone();
        let existed = !content.keys.is_empty();
        content.keys.clear();
        if existed {
            self.write(content, rng)?;
        }
        Ok(existed)
    }

    /// Writes both copies, one after the other; the change counts once the first is durable.
    fn write(&mut self, mut content: Content, rng: &mut (impl RngCore + CryptoRng)) -> Result<(), StoreError> {
        content.generation = self.content.generation + 1;
        let copies = if bugs::planted(Bug::SingleCopySlot) { 1 } else { 2 };
        for copy in [0, COPY_BYTES as u64].into_iter().take(copies) {
            self.medium.raw().write(copy, &content.seal(&self.master, rng))?;
            self.medium.sync()?;
        }
        self.content = content;
        Ok(())
    }
}

fn read_copy(medium: &Medium, copy: u64, len: u64) -> Result<Option<Vec<u8>>, StoreError> {
    let start = copy * COPY_BYTES as u64;
    if len < start + COPY_BYTES as u64 {
        return Ok(None);
    }
    let mut bytes = vec![0; COPY_BYTES];
    medium.raw().read(start, &mut bytes)?;
    Ok(Some(bytes))
}
