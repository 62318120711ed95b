//! The part of the driver's storage that the database gets: everything behind the key slot. Counts syncs.

use redb::StorageBackend;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Storage whose durable writes are counted; clones share it.
#[derive(Clone, Debug)]
pub struct Medium {
    backend: Arc<dyn StorageBackend>,
    syncs: Arc<AtomicU64>,
}

impl Medium {
    /// Wraps the driver's storage.
    pub fn new(backend: Box<dyn StorageBackend>) -> Self {
        Self { backend: backend.into(), syncs: Arc::default() }
    }

    /// The storage itself.
    pub fn raw(&self) -> &dyn StorageBackend {
        &*self.backend
    }

    /// Makes all writes durable.
    pub fn sync(&self) -> io::Result<()> {
        self.syncs.fetch_add(1, Ordering::Relaxed);
        self.backend.sync_data()
    }

    /// How many syncs there were since the last call.
    pub fn take_syncs(&self) -> u64 {
        self.syncs.swap(0, Ordering::Relaxed)
    }
}

/// The storage from byte `start` on.
#[derive(Debug)]
pub struct Partition {
    medium: Medium,
    start: u64,
}

impl Partition {
    /// Everything behind the first `start` bytes.
    pub fn new(medium: Medium, start: u64) -> Self {
        Self { medium, start }
    }

    fn shift(&self, offset: u64) -> io::Result<u64> {
        offset.checked_add(self.start).ok_or_else(|| io::ErrorKind::InvalidInput.into())
    }
}

impl StorageBackend for Partition {
    fn len(&self) -> io::Result<u64> {
        Ok(self.medium.raw().len()?.saturating_sub(self.start))
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.medium.raw().read(self.shift(offset)?, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.medium.raw().set_len(self.shift(len)?)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.medium.sync()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.medium.raw().write(self.shift(offset)?, data)
    }

    fn close(&self) -> io::Result<()> {
        self.medium.raw().close()
    }
}
