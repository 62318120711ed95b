//! An in-memory disk with the failure modes of a real one: a volatile write cache, torn writes, failing
//! operations, rollback to an old image, and running full.
//!
//! Writes go to the cache and are visible at once; only a sync makes them durable. A [`Disk`] outlives the node that
//! uses it through a [`DiskHandle`]. A crash cuts off all handles first, so that what a dropped database still wants
//! to write does not reach the disk.

use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
use redb::StorageBackend;
use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The unit in which a torn write is kept or lost, bytes.
const SECTOR_BYTES: usize = 512;
/// The size of a disk unless told otherwise, bytes.
const SIZE_BYTES: u64 = 1 << 30;
/// The unit in which a disk gives out space, bytes. A file may have holes, which take none until they are written to.
const BLOCK_BYTES: u64 = 4096;

/// What a crash does to writes that were not synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// The cache survives: the process crashed, not the machine.
    KeepAll,
    /// The cache is lost.
    LoseUnsynced,
    /// Of each unsynced write, some sectors reach the disk; which, is chosen by this seed.
    TornWrite {
        /// The seed.
        seed: u64,
    },
}

/// When the disk begins to fail. The operation fails without effect, and all later ones until the disk is opened again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trip {
    /// At this write from now on, counted from 1. A change of length counts as a write.
    Write(u64),
    /// At this sync from now on, counted from 1. What was to be synced stays unsynced.
    Sync(u64),
}

/// Counted operations since the disk was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DiskCounters {
    /// Writes and changes of length that took effect.
    pub writes: u64,
    /// Syncs that took effect.
    pub syncs: u64,
    /// Bytes written.
    pub bytes: u64,
}

/// The durable content of a disk at some time.
#[derive(Clone, PartialEq, Eq)]
pub struct Snapshot(Vec<u8>);

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Snapshot({} bytes)", self.0.len())
    }
}

enum Change {
    Length(usize),
    Bytes { offset: usize, data: Vec<u8> },
}

impl Change {
    fn apply(&self, image: &mut Vec<u8>) {
        match self {
            Self::Length(len) => image.resize(*len, 0),
            Self::Bytes { offset, data } => put(image, *offset, data),
        }
    }
}

/// Writes at an offset, growing the image where a lost change of length would have.
fn put(image: &mut Vec<u8>, offset: usize, data: &[u8]) {
    let end = offset + data.len();
    if image.len() < end {
        image.resize(end, 0);
    }
    image[offset..end].copy_from_slice(data);
}

#[derive(Default)]
struct State {
    /// What survives a loss of the cache.
    durable: Vec<u8>,
    /// What reads see.
    current: Vec<u8>,
    /// Leads from `durable` to `current`.
    unsynced: Vec<Change>,
    /// Handles of other generations are dead.
    generation: u64,
    trip: Option<Trip>,
    tripped: bool,
    /// Absent: [`SIZE_BYTES`].
    limit: Option<u64>,
    /// The blocks that have ever been written to.
    taken: BTreeSet<u64>,
    /// No further block can be taken.
    full: bool,
    /// Writes that were refused because the disk was full.
    refused: u64,
    counters: DiskCounters,
}

impl State {
    fn check(&self, generation: u64) -> io::Result<()> {
        if self.generation != generation {
            Err(io::Error::new(io::ErrorKind::NotConnected, "the machine that held this handle has crashed"))
        } else if self.tripped {
            Err(io::Error::other("the disk failed"))
        } else {
            Ok(())
        }
    }

    /// Counts down to the trip; fails when it is reached.
    fn count_down(&mut self, is_sync: bool) -> io::Result<()> {
        match &mut self.trip {
            Some(Trip::Write(left)) if !is_sync => *left = left.saturating_sub(1),
            Some(Trip::Sync(left)) if is_sync => *left = left.saturating_sub(1),
            _ => {}
        }
        if matches!(self.trip, Some(Trip::Write(0) | Trip::Sync(0))) {
            self.trip = None;
            self.tripped = true;
        }
        self.check(self.generation)
    }

    fn change(&mut self, end: u64, change: impl FnOnce() -> Option<Change>) -> io::Result<()> {
        if end > self.limit.unwrap_or(SIZE_BYTES) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.count_down(false)?;
        let change = change().ok_or(io::ErrorKind::InvalidInput)?;
        self.take(&change)?;
        self.counters.writes += 1;
        if let Change::Bytes { data, .. } = &change {
            self.counters.bytes += data.len() as u64;
        }
        change.apply(&mut self.current);
        self.unsynced.push(change);
        Ok(())
    }

    /// Takes the blocks that a change needs, or refuses it for lack of room.
    fn take(&mut self, change: &Change) -> io::Result<()> {
        let (blocks, grows) = match change {
            Change::Length(len) => (0..0, *len > self.current.len()),
            Change::Bytes { data, .. } if data.is_empty() => return Ok(()),
            Change::Bytes { offset, data } => {
                let (start, end) = (*offset as u64, (offset + data.len()) as u64);
                (start / BLOCK_BYTES..end.div_ceil(BLOCK_BYTES), false)
            }
        };
        if self.full && (grows || blocks.clone().any(|block| !self.taken.contains(&block))) {
            self.refused += 1;
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.taken.extend(blocks);
        Ok(())
    }

    fn cut_off(&mut self, content: Vec<u8>) {
        self.generation += 1;
        self.unsynced.clear();
        self.current.clone_from(&content);
        self.durable = content;
    }
}

/// A disk; clones are the same disk.
#[derive(Clone, Default)]
pub struct Disk {
    state: Arc<Mutex<State>>,
}

impl fmt::Debug for Disk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.lock();
        f.debug_struct("Disk").field("len", &state.current.len()).field("counters", &state.counters).finish()
    }
}

impl Disk {
    /// An empty disk.
    pub fn new() -> Self {
        Self::default()
    }

    /// Opens the disk: it works again if it had failed, and earlier handles are dead.
    pub fn open(&self) -> DiskHandle {
        let mut state = self.lock();
        state.tripped = false;
        state.generation += 1;
        DiskHandle { disk: self.clone(), generation: state.generation }
    }

    /// The machine crashes: all handles are dead, and unsynced writes fare as told. Disarms a trip.
    pub fn crash(&self, loss: Loss) {
        let mut state = self.lock();
        let content = match loss {
            Loss::KeepAll => state.current.clone(),
            Loss::LoseUnsynced => state.durable.clone(),
            Loss::TornWrite { seed } => torn(&state, seed),
        };
        state.cut_off(content);
        state.trip = None;
    }

    /// Makes the disk fail later.
    pub fn trip_at(&self, trip: Trip) {
        self.lock().trip = Some(trip);
    }

    /// Whether the disk has failed and was not opened since.
    pub fn is_tripped(&self) -> bool {
        self.lock().tripped
    }

    /// Refuses to grow beyond this many bytes; without a limit, beyond a gibibyte.
    pub fn full(&self, limit: Option<u64>) {
        self.lock().limit = limit;
    }

    /// From now on refuses whatever needs more room than is taken, or no longer does.
    pub fn fill(&self, full: bool) {
        self.lock().full = full;
    }

    /// How many changes have been refused because the disk was [full](Self::fill).
    pub fn refused(&self) -> u64 {
        self.lock().refused
    }

    /// Another disk with the durable content of this one.
    pub fn copy(&self) -> Self {
        let copy = Self::new();
        let from = self.lock();
        let mut to = copy.lock();
        to.current.clone_from(&from.durable);
        to.durable.clone_from(&from.durable);
        to.taken.clone_from(&from.taken);
        drop(to);
        copy
    }

    /// The durable content now.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot(self.lock().durable.clone())
    }

    /// Puts old content back, as a restored backup or a malicious operator does. All handles are dead.
    pub fn rollback(&self, snapshot: &Snapshot) {
        self.lock().cut_off(snapshot.0.clone());
    }

    /// Everything that a thief of the disk might read: the current content, and the durable one where it differs.
    pub fn raw(&self) -> Vec<u8> {
        let state = self.lock();
        let mut bytes = state.current.clone();
        if !state.unsynced.is_empty() {
            bytes.extend(&state.durable);
        }
        bytes
    }

    /// Counted operations.
    pub fn counters(&self) -> DiskCounters {
        self.lock().counters
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere cannot leave the state half changed in a way that matters to a simulation.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The durable content with each unsynced sector kept or lost.
fn torn(state: &State, seed: u64) -> Vec<u8> {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let mut image = state.durable.clone();
    for change in &state.unsynced {
        match change {
            Change::Length(_) => {
                if rng.next_u32() & 1 == 0 {
                    change.apply(&mut image);
                }
            }
            Change::Bytes { offset, data } => {
                let mut start = 0;
                while start < data.len() {
                    let sector_end = (offset + start) / SECTOR_BYTES * SECTOR_BYTES + SECTOR_BYTES;
                    let end = data.len().min(sector_end - offset);
                    if rng.next_u32() & 1 == 0 {
                        put(&mut image, offset + start, &data[start..end]);
                    }
                    start = end;
                }
            }
        }
    }
    image
}

/// Access to a disk until it crashes or is opened again.
#[derive(Debug)]
pub struct DiskHandle {
    disk: Disk,
    generation: u64,
}

impl DiskHandle {
    fn state(&self) -> io::Result<MutexGuard<'_, State>> {
        let state = self.disk.lock();
        state.check(self.generation)?;
        Ok(state)
    }
}

impl StorageBackend for DiskHandle {
    fn len(&self) -> io::Result<u64> {
        Ok(self.state()?.current.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let state = self.state()?;
        let start = usize::try_from(offset).map_err(|_| io::ErrorKind::InvalidInput)?;
        let end = start.checked_add(out.len()).ok_or(io::ErrorKind::InvalidInput)?;
        out.copy_from_slice(state.current.get(start..end).ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.state()?.change(len, || Some(Change::Length(usize::try_from(len).ok()?)))
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut state = self.state()?;
        state.count_down(true)?;
        state.counters.syncs += 1;
        let unsynced = std::mem::take(&mut state.unsynced);
        for change in unsynced {
            change.apply(&mut state.durable);
        }
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let end = offset.saturating_add(data.len() as u64);
        let change = || Some(Change::Bytes { offset: usize::try_from(offset).ok()?, data: data.to_vec() });
        self.state()?.change(end, change)
    }
}

#[cfg(test)]
mod tests;
