//! The generation of the network that a store belongs to. A network that is begun anew has nothing in common with what it
//! was: a node destroys what it has stored before it says or reads anything in the new one.

use super::OpenError;
use crate::bugs::{self, Bug};
use crate::id::Generation;
use crate::meter::Meter;
use crate::store::{Batch, Scope, Store, Table};

/// Where the generation stands. Stores of the first one do not name it.
const PLACE: &[u8] = b"generation";

/// Sees to it that the store holds nothing of an earlier generation. It names the new one only when that is so; a crash
/// in between has the next start do it again.
///
/// # Errors
/// If the store fails, or belongs to a later generation: then whoever started the node has told it of a network that is
/// no more.
pub(super) fn begin(store: &mut Store, generation: Generation, meter: &mut Meter) -> Result<(), OpenError> {
    let stored: Generation = store.get(Table::Meta, Scope::Node, PLACE, meter)?.unwrap_or_default();
    if stored > generation {
        return Err(OpenError::FormerNetwork { stored, asked: generation });
    }
    if stored < generation {
        if !bugs::planted(Bug::ResetKeepsKeys) {
            store.wipe(meter)?;
        }
        store.commit(Batch::new().put(Table::Meta, Scope::Node, PLACE, &generation), meter)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::Entropy;
    use crate::id::{Boot, Epoch};
    use redb::StorageBackend;
    use redb::backends::InMemoryBackend;
    use std::io;
    use std::sync::Arc;

    /// One disk for several openings, one after the other.
    #[derive(Clone, Debug, Default)]
    struct Disk(Arc<InMemoryBackend>);

    impl StorageBackend for Disk {
        fn len(&self) -> Result<u64, io::Error> {
            self.0.len()
        }

        fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), io::Error> {
            self.0.read(offset, out)
        }

        fn set_len(&self, len: u64) -> Result<(), io::Error> {
            self.0.set_len(len)
        }

        fn sync_data(&self) -> Result<(), io::Error> {
            self.0.sync_data()
        }

        fn write(&self, offset: u64, data: &[u8]) -> Result<(), io::Error> {
            self.0.write(offset, data)
        }
    }

    const SHARE: (Table, Scope, &[u8]) = (Table::DkgSession, Scope::Epoch(Epoch(1)), b"share");

    /// The store of a node that is started in a generation.
    fn start(disk: &Disk, boot: u32, generation: u32) -> Result<Store, OpenError> {
        let entropy = Entropy::new(&[7; 32], Boot(boot));
        let mut store = Store::open(Box::new(disk.clone()), &[8; 32], &entropy, &mut Meter::default())?;
        begin(&mut store, Generation(generation), &mut Meter::default())?;
        Ok(store)
    }

    fn has_share(store: &Store) -> bool {
        let (table, scope, id) = SHARE;
        store.get::<u64>(table, scope, id, &mut Meter::default()).unwrap().is_some()
    }

    fn put_share(store: &mut Store) {
        let (table, scope, id) = SHARE;
        store.commit(Batch::new().put(table, scope, id, &5u64), &mut Meter::default()).unwrap();
    }

    #[test]
    fn what_was_stored_in_a_generation_is_there_until_another_one_begins() {
        let disk = Disk::default();
        put_share(&mut start(&disk, 0, 0).unwrap());
        assert!(has_share(&start(&disk, 1, 0).unwrap()));
        let mut store = start(&disk, 2, 1).unwrap();
        assert!(!has_share(&store));
        assert_eq!(store.list(SHARE.0, SHARE.1).unwrap(), Vec::<Vec<u8>>::new());
        put_share(&mut store);
        drop(store);
        assert!(has_share(&start(&disk, 3, 1).unwrap()));
        assert!(!has_share(&start(&disk, 4, 3).unwrap()), "a machine that was off may have missed one");
    }

    #[test]
    fn a_node_does_not_start_in_a_generation_before_that_of_its_store() {
        let disk = Disk::default();
        drop(start(&disk, 0, 2).unwrap());
        let refused = start(&disk, 1, 1).unwrap_err();
        assert!(
            matches!(refused, OpenError::FormerNetwork { stored: Generation(2), asked: Generation(1) }),
            "{refused}"
        );
    }

    #[test]
    fn a_crash_before_the_store_names_its_generation_has_the_next_start_wipe_it_again() {
        let disk = Disk::default();
        put_share(&mut start(&disk, 0, 0).unwrap());
        let entropy = Entropy::new(&[7; 32], Boot(1));
        let mut store = Store::open(Box::new(disk.clone()), &[8; 32], &entropy, &mut Meter::default()).unwrap();
        store.wipe(&mut Meter::default()).unwrap();
        drop(store);
        assert!(!has_share(&start(&disk, 2, 1).unwrap()));
    }
}
