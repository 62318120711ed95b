//! The store against thieves of the disk, wrong keys and corrupt images. Crashes are tested in the simulator.

use super::*;
use crate::id::Boot;
use proptest::prelude::*;
use std::io;
use std::sync::{Arc, Mutex};

const MASTER: [u8; 32] = [0x4d; 32];
const EPOCH: Scope = Scope::Epoch(Epoch(3));

/// Memory whose bytes the test can look at and change.
#[derive(Clone, Debug, Default)]
struct Image(Arc<Mutex<Vec<u8>>>);

impl Image {
    fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap().clone()
    }
}

impl StorageBackend for Image {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.lock().unwrap().len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let bytes = self.0.lock().unwrap();
        let range = offset as usize..(offset as usize).saturating_add(out.len());
        out.copy_from_slice(bytes.get(range).ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        if len > 1 << 26 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.0.lock().unwrap().resize(len as usize, 0);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut bytes = self.0.lock().unwrap();
        let range = offset as usize..(offset as usize).saturating_add(data.len());
        bytes.get_mut(range).ok_or(io::ErrorKind::UnexpectedEof)?.copy_from_slice(data);
        Ok(())
    }
}

fn open_with(image: &Image, master: &[u8; 32], boot: u32) -> Result<Store, StoreError> {
    let entropy = Entropy::new(&[1; 32], Boot(boot));
    Store::open(Box::new(image.clone()), master, &entropy, &mut Meter::default())
}

fn open(image: &Image, boot: u32) -> Store {
    open_with(image, &MASTER, boot).expect("a good image")
}

fn commit(store: &mut Store, batch: Batch) -> u64 {
    let mut meter = Meter::default();
    store.commit(batch, &mut meter).expect("a good batch");
    meter.count(Op::StoreSync)
}

fn get(store: &Store, table: Table, scope: Scope, id: &[u8]) -> Option<[u8; 32]> {
    store.get(table, scope, id, &mut Meter::default()).expect("a good record")
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

#[test]
fn records_survive_a_restart_and_tables_and_scopes_are_apart() {
    let image = Image::default();
    let mut store = open(&image, 0);
    let batch = Batch::new()
        .put(Table::KeyShare, EPOCH, b"b", &[1u8; 32])
        .put(Table::KeyShare, EPOCH, b"a", &[2u8; 32])
        .put(Table::KeyShare, Scope::Epoch(Epoch(4)), b"b", &[3u8; 32])
        .put(Table::Promise, EPOCH, b"b", &[4u8; 32])
        .put(Table::KeyShare, Scope::Node, b"c", &[5u8; 32]);
    commit(&mut store, batch);
    drop(store);
    let mut store = open(&image, 1);
    assert_eq!(store.list(Table::KeyShare, EPOCH).unwrap(), [b"a", b"b"]);
    assert_eq!(get(&store, Table::KeyShare, EPOCH, b"b"), Some([1; 32]));
    assert_eq!(get(&store, Table::KeyShare, Scope::Epoch(Epoch(4)), b"b"), Some([3; 32]));
    assert_eq!(get(&store, Table::Promise, EPOCH, b"b"), Some([4; 32]));
    assert_eq!(get(&store, Table::KeyShare, EPOCH, b"c"), None);
    assert_eq!(get(&store, Table::KeyShare, Scope::Epoch(Epoch(9)), b"b"), None);
    let batch = Batch::new().delete(Table::KeyShare, EPOCH, b"a").put(Table::KeyShare, EPOCH, b"b", &[6u8; 32]);
    commit(&mut store, batch);
    assert_eq!(store.list(Table::KeyShare, EPOCH).unwrap(), [b"b"]);
    assert_eq!(get(&store, Table::KeyShare, EPOCH, b"b"), Some([6; 32]));
}

#[test]
fn a_commit_takes_one_sync_and_the_first_of_a_scope_two_more() {
    let mut store = open(&Image::default(), 0);
    let put = |value: u8| Batch::new().put(Table::Meta, EPOCH, b"x", &value).put(Table::Meta, EPOCH, b"y", &value);
    assert_eq!([commit(&mut store, put(1)), commit(&mut store, put(2)), commit(&mut store, Batch::new())], [3, 1, 0]);
}

#[test]
fn secrets_never_appear_on_the_disk_and_a_destroyed_epoch_cannot_be_opened() {
    let image = Image::default();
    let mut store = open(&image, 0);
    let secret = [0xa7u8, 0x31, 0xc5, 0x0e].repeat(8);
    let secret: [u8; 32] = secret.try_into().unwrap();
    commit(&mut store, Batch::new().put(Table::EpochSecret, EPOCH, b"s", &secret));
    commit(&mut store, Batch::new().put(Table::EpochSecret, Scope::Epoch(Epoch(4)), b"s", &secret));
    let epoch_key = store.slot.get(EPOCH).expect("has records").clone();
    let sealed: Vec<u8> = {
        let place = Row::new(Table::EpochSecret, EPOCH, b"s").encode();
        let transaction = store.database.begin_read().unwrap();
        transaction.open_table(RECORDS).unwrap().get(&place[..]).unwrap().unwrap().value().to_vec()
    };
    for bytes in [&secret[..8], &epoch_key.key[..8], &MASTER[..8]] {
        assert!(!contains(&image.bytes(), bytes));
    }
    assert!(contains(&image.bytes(), &sealed), "the scan would find what is there");

    let slot_before = image.bytes()[..REGION_BYTES as usize].to_vec();
    store.destroy_epoch(Epoch(3), &mut Meter::default()).unwrap();
    assert_eq!(get(&store, Table::EpochSecret, EPOCH, b"s"), None);
    drop(store);
    // Neither copy of the old slot is anywhere on the image, so the key that sealed the record is gone from it.
    let now = image.bytes();
    for copy in slot_before.chunks(4096) {
        assert!(!contains(&now, &copy[8..72]));
    }
    let mut store = open(&image, 1);
    assert!(store.slot.get(EPOCH).is_none());
    assert_eq!(get(&store, Table::EpochSecret, Scope::Epoch(Epoch(4)), b"s"), Some(secret));
    // Using the epoch again makes a new key, under which the old record, still in a free page, does not open.
    commit(&mut store, Batch::new().put(Table::Meta, EPOCH, b"t", &[0u8; 32]));
    let place = Row::new(Table::EpochSecret, EPOCH, b"s").encode();
    let new_key = store.slot.get(EPOCH).expect("made again");
    assert!(unseal(&epoch_key, &place, &sealed, &mut Meter::default()).is_some());
    assert!(unseal(new_key, &place, &sealed, &mut Meter::default()).is_none());
    assert_eq!(get(&store, Table::EpochSecret, EPOCH, b"s"), None);
}

#[test]
fn another_master_key_opens_nothing_and_harms_nothing() {
    let image = Image::default();
    commit(&mut open(&image, 0), Batch::new().put(Table::Meta, EPOCH, b"x", &[1u8; 32]));
    assert!(matches!(open_with(&image, &[0; 32], 1), Err(StoreError::KeySlot)));
    assert_eq!(get(&open(&image, 2), Table::Meta, EPOCH, b"x"), Some([1; 32]));
}

#[test]
fn one_corrupt_copy_of_the_key_slot_is_repaired_from_the_other() {
    for copy in [0, 4096] {
        let image = Image::default();
        commit(&mut open(&image, 0), Batch::new().put(Table::Meta, EPOCH, b"x", &[1u8; 32]));
        image.0.lock().unwrap()[copy + 100] ^= 1;
        assert_eq!(get(&open(&image, 1), Table::Meta, EPOCH, b"x"), Some([1; 32]));
        image.0.lock().unwrap()[4096 - copy + 100] ^= 1;
        assert_eq!(get(&open(&image, 2), Table::Meta, EPOCH, b"x"), Some([1; 32]));
    }
}

#[test]
fn a_moved_record_or_one_of_another_type_is_a_typed_error() {
    let mut store = open(&Image::default(), 0);
    commit(&mut store, Batch::new().put(Table::KeyShare, EPOCH, b"a", &[1u8; 32]));
    let (from, to) = (Row::new(Table::KeyShare, EPOCH, b"a").encode(), Row::new(Table::Meta, EPOCH, b"b").encode());
    let transaction = store.database.begin_write().unwrap();
    {
        let mut records = transaction.open_table(RECORDS).unwrap();
        let sealed = records.get(&from[..]).unwrap().unwrap().value().to_vec();
        records.insert(&to[..], &sealed[..]).unwrap();
    }
    transaction.commit().unwrap();
    let moved = store.get::<[u8; 32]>(Table::Meta, EPOCH, b"b", &mut Meter::default());
    assert!(matches!(moved, Err(StoreError::Corrupt { table: Table::Meta })));
    let other = store.get::<u8>(Table::KeyShare, EPOCH, b"a", &mut Meter::default());
    assert!(matches!(other, Err(StoreError::Decode { table: Table::KeyShare, .. })));
}

#[test]
fn too_many_scopes_and_too_long_records_change_nothing() {
    let mut store = open(&Image::default(), 0);
    let meter = &mut Meter::default();
    let batch = (1..=slot::KEYS_MAX as u32 + 1)
        .fold(Batch::new(), |batch, epoch| batch.put(Table::Meta, Scope::Epoch(Epoch(epoch)), b"x", &epoch));
    assert!(matches!(store.commit(batch, meter), Err(StoreError::TooManyScopes)));
    let long = Batch::new().put(Table::Meta, Scope::Epoch(Epoch(1)), b"x", &1u8).put(
        Table::Meta,
        EPOCH,
        b"x",
        &"x".repeat(RECORD_BYTES_MAX),
    );
    assert!(matches!(store.commit(long, meter), Err(StoreError::TooLong { .. })));
    assert!(store.list(Table::Meta, Scope::Epoch(Epoch(1))).unwrap().is_empty());
    commit(&mut store, Batch::new().put(Table::Meta, EPOCH, b"x", &[1u8; 32]));
}

#[test]
fn no_nonce_repeats_between_boots_even_when_the_disk_was_rolled_back() {
    let image = Image::default();
    drop(open(&image, 0));
    let old = image.bytes();
    let mut nonces = BTreeSet::new();
    for boot in 1..4 {
        *image.0.lock().unwrap() = old.clone();
        let mut store = open(&image, boot);
        for round in 0..3u8 {
            commit(&mut store, Batch::new().put(Table::Meta, Scope::Node, b"x", &[round; 32]));
            let place = Row::new(Table::Meta, Scope::Node, b"x").encode();
            let transaction = store.database.begin_read().unwrap();
            let sealed = transaction.open_table(RECORDS).unwrap().get(&place[..]).unwrap().unwrap().value().to_vec();
            assert!(nonces.insert(sealed[8..32].to_vec()));
        }
    }
    assert_eq!(nonces.len(), 9);
}

fn good_image() -> Vec<u8> {
    let image = Image::default();
    let mut store = open(&image, 0);
    for round in 0..6u8 {
        let batch = (0..8u8).fold(Batch::new(), |batch, id| batch.put(Table::KeyShare, EPOCH, &[id], &[round; 32]));
        commit(&mut store, batch);
    }
    drop(store);
    image.bytes()
}

/// Opens and uses an image that may be corrupt; any answer is right but a panic or a wrong value.
fn survives(bytes: Vec<u8>) {
    let image = Image(Arc::new(Mutex::new(bytes)));
    let Ok(mut store) = open_with(&image, &MASTER, 1) else { return };
    let meter = &mut Meter::default();
    for id in 0..8u8 {
        if let Ok(Some(value)) = store.get::<[u8; 32]>(Table::KeyShare, EPOCH, &[id], meter) {
            assert!(value[0] < 6 && value == [value[0]; 32]);
        }
    }
    let _ = store.list(Table::KeyShare, EPOCH);
    let _ = store.commit(Batch::new().put(Table::Meta, EPOCH, b"x", &1u8), meter);
    let _ = store.destroy_epoch(Epoch(3), meter);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]
    #[test]
    fn a_corrupt_or_truncated_image_is_an_error_and_never_a_panic(
        flips in proptest::collection::vec((any::<prop::sample::Index>(), 1..=255u8), 0..6),
        header in proptest::collection::vec((0..400usize, 1..=255u8), 0..3),
        cut in proptest::option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = good_image();
        for (at, mask) in flips {
            let at = at.index(bytes.len());
            bytes[at] ^= mask;
        }
        for (at, mask) in header {
            bytes[REGION_BYTES as usize + at] ^= mask;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        survives(bytes);
    }
}
