//! Crash points: redb alone, and a node's store on redb, survive a failure at every write and sync.

use super::*;
use lit_node::entropy::Entropy;
use lit_node::id::{Boot, Epoch};
use lit_node::meter::Meter;
use lit_node::store::{Batch, Scope, Store, Table};
use redb::{Builder, Database, ReadableDatabase, ReadableTable, TableDefinition};
use std::collections::BTreeMap;

const TABLE: TableDefinition<'static, u64, &[u8]> = TableDefinition::new("t");
const COMMITS: u64 = 8;
type Content = BTreeMap<u64, Vec<u8>>;

fn value(commit: u64, key: u64) -> Vec<u8> {
    vec![(commit * 16 + key) as u8; 300 * (key as usize + 1)]
}

/// What the database holds after so many commits: each writes three keys and removes one of an earlier commit.
fn expected(commits: u64) -> Content {
    let mut content = Content::new();
    for commit in 0..commits {
        content.extend((0..3).map(|key| (commit * 4 + key, value(commit, key))));
        content.insert(1000, value(commit, 9));
        content.remove(&((commit / 2) * 4));
    }
    content
}

fn open(disk: &Disk) -> Result<Database, redb::DatabaseError> {
    Builder::new().set_cache_size(64 * 1024).create_with_backend(disk.open())
}

fn commit(database: &Database, commit: u64) -> Result<(), redb::Error> {
    let transaction = database.begin_write()?;
    {
        let mut table = transaction.open_table(TABLE)?;
        for key in 0..3 {
            table.insert(commit * 4 + key, &value(commit, key)[..])?;
        }
        table.insert(1000, &value(commit, 9)[..])?;
        table.remove((commit / 2) * 4)?;
    }
    Ok(transaction.commit()?)
}

fn content(database: &Database) -> Content {
    let transaction = database.begin_read().expect("a good database");
    let Ok(table) = transaction.open_table(TABLE) else { return Content::new() };
    let rows = table.iter().expect("a good table").map(|row| row.expect("a good row"));
    rows.map(|(key, value)| (key.value(), value.value().to_vec())).collect()
}

/// Opens an existing database and commits until the disk fails; how many commits were acknowledged.
fn work(disk: &Disk) -> u64 {
    let Ok(database) = open(disk) else { return 0 };
    (0..COMMITS).take_while(|index| commit(&database, *index).is_ok()).count() as u64
}

fn fresh() -> Disk {
    let disk = Disk::new();
    drop(open(&disk).expect("an empty disk"));
    disk.crash(Loss::KeepAll);
    disk
}

/// Every trip that the work can meet.
fn trips(mut run: impl FnMut(Trip) -> bool) {
    for make in [Trip::Write, Trip::Sync] {
        let mut points = 0;
        while run(make(points + 1)) {
            points += 1;
        }
        assert!(points >= COMMITS, "only {points} points met");
    }
}

#[test]
fn redb_keeps_every_acknowledged_commit_and_no_half_commit_at_every_crash_point() {
    for loss in [Loss::KeepAll, Loss::LoseUnsynced, Loss::TornWrite { seed: 1 }, Loss::TornWrite { seed: 2 }] {
        trips(|trip| {
            let disk = fresh();
            disk.trip_at(trip);
            let acknowledged = work(&disk);
            let tripped = disk.is_tripped();
            disk.crash(loss);
            let found = content(&open(&disk).expect("a crashed database opens"));
            let last = acknowledged + u64::from(tripped && acknowledged < COMMITS && loss != Loss::LoseUnsynced);
            let allowed: Vec<Content> = (acknowledged..=last).map(expected).collect();
            assert!(allowed.contains(&found), "{trip:?} {loss:?}: {acknowledged} commits acknowledged");
            tripped
        });
    }
}

fn entropy(boot: u32) -> Entropy {
    Entropy::new(&[5; 32], Boot(boot))
}

fn open_store(disk: &Disk, boot: u32) -> Result<Store, lit_node::store::StoreError> {
    Store::open(Box::new(disk.open()), &[6; 32], &entropy(boot), &mut Meter::default())
}

/// Commits two records in each of three epochs, destroys the first epoch, and commits once more.
fn store_steps(store: &mut Store) -> usize {
    let meter = &mut Meter::default();
    let mut put = |store: &mut Store, epoch: u32| {
        let scope = Scope::Epoch(Epoch(epoch));
        let batch = Batch::new().put(Table::KeyShare, scope, b"a", &u64::from(epoch)).put(
            Table::Meta,
            Scope::Node,
            b"last",
            &epoch,
        );
        store.commit(batch, meter).is_ok()
    };
    if !put(store, 1) {
        return 0;
    }
    if !put(store, 2) {
        return 1;
    }
    if store.destroy_epoch(Epoch(1), &mut Meter::default()).is_err() {
        return 2;
    }
    if put(store, 3) { 4 } else { 3 }
}

/// What can be read: the record of each epoch, and the last epoch.
fn view(store: &Store) -> (Vec<Option<u64>>, Option<u32>) {
    let meter = &mut Meter::default();
    let of = |epoch, meter: &mut Meter| {
        let scope = Scope::Epoch(Epoch(epoch));
        store.get(Table::KeyShare, scope, b"a", meter).expect("a good record")
    };
    let shares = (1..=3).map(|epoch| of(epoch, meter)).collect();
    (shares, store.get(Table::Meta, Scope::Node, b"last", meter).expect("a good record"))
}

#[test]
fn a_store_keeps_what_it_acknowledged_from_its_very_first_write_on() {
    let after = [
        (vec![None, None, None], None),
        (vec![Some(1), None, None], Some(1)),
        (vec![Some(1), Some(2), None], Some(2)),
        (vec![None, Some(2), None], Some(2)),
        (vec![None, Some(2), Some(3)], Some(3)),
    ];
    for loss in [Loss::KeepAll, Loss::LoseUnsynced, Loss::TornWrite { seed: 3 }, Loss::TornWrite { seed: 4 }] {
        trips(|trip| {
            let disk = Disk::new();
            disk.trip_at(trip);
            let done = open_store(&disk, 0).map_or(0, |mut store| store_steps(&mut store));
            let tripped = disk.is_tripped();
            disk.crash(loss);
            let mut store = open_store(&disk, 1).expect("a crashed store opens");
            let found = view(&store);
            let allowed = &after[done..=(done + usize::from(tripped)).min(4)];
            assert!(allowed.contains(&found), "{trip:?} {loss:?}: {done} steps done, found {found:?}");
            assert_eq!(store_steps(&mut store), 4, "the store works on");
            tripped
        });
    }
}

#[test]
fn a_tripped_disk_fails_until_it_is_opened_and_old_handles_stay_dead() {
    let disk = Disk::new();
    let handle = disk.open();
    handle.write(0, b"one").expect("works");
    disk.trip_at(Trip::Write(2));
    handle.write(3, b"two").expect("works");
    assert!(handle.write(6, b"six").is_err() && disk.is_tripped());
    assert!(handle.sync_data().is_err() && handle.len().is_err() && handle.read(0, &mut [0]).is_err());
    let again = disk.open();
    assert_eq!(again.len().expect("works"), 6);
    again.sync_data().expect("works");
    assert!(handle.len().is_err());
    disk.crash(Loss::LoseUnsynced);
    assert!(again.len().is_err());
    assert_eq!(disk.raw(), b"onetwo");
    assert_eq!(disk.counters(), DiskCounters { writes: 2, syncs: 1, bytes: 6 });
}

#[test]
fn a_crash_keeps_loses_or_tears_what_was_not_synced() {
    let prepared = || {
        let disk = Disk::new();
        let handle = disk.open();
        handle.write(0, &[1; 4096]).expect("works");
        handle.sync_data().expect("works");
        handle.write(100, &[2; 3900]).expect("works");
        handle.set_len(5000).expect("works");
        disk
    };
    let after = |loss| {
        let disk = prepared();
        disk.crash(loss);
        disk.raw()
    };
    assert_eq!(after(Loss::LoseUnsynced), [1; 4096]);
    assert_eq!((after(Loss::KeepAll).len(), after(Loss::KeepAll)[100]), (5000, 2));
    let torn = after(Loss::TornWrite { seed: 7 });
    assert!(torn[..4096].contains(&2) && torn[100..4000].contains(&1));
    for sector in torn[512..3584].chunks(512) {
        assert!(sector.iter().all(|byte| *byte == sector[0]), "a sector is kept or lost as a whole");
    }
    assert_eq!(torn, after(Loss::TornWrite { seed: 7 }));
    assert_ne!(torn, after(Loss::TornWrite { seed: 8 }));
    assert!(prepared().raw().len() == 5000 + 4096, "the old content under the cache can be read too");
}

#[test]
fn a_full_disk_refuses_growth_and_a_rollback_restores_the_durable_image() {
    let disk = Disk::new();
    let handle = disk.open();
    handle.write(0, b"old").expect("works");
    handle.sync_data().expect("works");
    let snapshot = disk.snapshot();
    disk.full(Some(4));
    assert_eq!(handle.write(3, b"xx").map_err(|error| error.kind()), Err(io::ErrorKind::StorageFull));
    assert_eq!(handle.set_len(u64::MAX).map_err(|error| error.kind()), Err(io::ErrorKind::StorageFull));
    handle.write(0, b"new!").expect("fits");
    handle.sync_data().expect("works");
    disk.rollback(&snapshot);
    assert_eq!(disk.raw(), b"old");
    assert!(handle.len().is_err());
    disk.full(None);
    assert!(disk.open().write(u64::MAX, b"x").is_err(), "no disk is that large");
}

#[test]
fn a_rolled_back_store_opens_as_it_was() {
    let disk = Disk::new();
    let mut store = open_store(&disk, 0).expect("opens");
    let snapshot = disk.snapshot();
    assert_eq!(store_steps(&mut store), 4);
    drop(store);
    disk.rollback(&snapshot);
    let store = open_store(&disk, 1).expect("opens");
    assert_eq!(view(&store), (vec![None, None, None], None));
}

#[test]
fn a_full_disk_overwrites_what_it_holds_and_takes_nothing_more() {
    let disk = Disk::new();
    let handle = disk.open();
    handle.set_len(3 * BLOCK_BYTES).expect("room");
    handle.write(10, &[1; 100]).expect("room");
    handle.sync_data().expect("synced");
    disk.fill(true);
    handle.write(200, &[2; 100]).expect("the same block");
    let full = |result: io::Result<()>| result.is_err_and(|error| error.kind() == io::ErrorKind::StorageFull);
    assert!(full(handle.write(2 * BLOCK_BYTES, &[3])), "a hole");
    assert!(full(handle.write(BLOCK_BYTES - 1, &[3; 2])), "partly a hole");
    assert!(full(handle.set_len(4 * BLOCK_BYTES)));
    handle.set_len(2 * BLOCK_BYTES).expect("shrinking needs no room");
    assert_eq!(disk.refused(), 3);
    handle.sync_data().expect("what was written is kept");
    disk.fill(false);
    handle.write(BLOCK_BYTES, &[3]).expect("room again");
}

#[test]
fn a_store_on_a_full_disk_fails_and_keeps_every_acknowledged_commit() {
    let disk = fresh();
    let database = open(&disk).expect("a good disk");
    assert!((0..3).all(|index| commit(&database, index).is_ok()));
    disk.fill(true);
    let more = (3..200).take_while(|index| commit(&database, *index).is_ok()).count() as u64;
    assert!(more < 197 && disk.refused() > 0, "the disk was full after {more} commits");
    drop(database);
    disk.crash(Loss::KeepAll);
    disk.fill(false);
    let database = open(&disk).expect("the disk works");
    assert_eq!(content(&database), expected(3 + more));
}

#[test]
fn a_copy_is_another_disk_with_what_was_durable() {
    let disk = Disk::new();
    let handle = disk.open();
    handle.write(0, b"kept").expect("written");
    handle.sync_data().expect("synced");
    handle.write(0, b"lost").expect("written");
    let copy = disk.copy();
    assert_eq!(copy.raw(), b"kept");
    copy.open().write(0, b"mine").expect("written");
    assert_eq!(disk.snapshot(), Disk::copy(&disk).snapshot());
    assert!(disk.raw().starts_with(b"lost"));
}
