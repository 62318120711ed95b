//! Tests of traces.

use super::*;

fn record(index: u64) -> Record {
    Record {
        time_ns: index * 7,
        kind: Kind::Send,
        actor: Actor::Node(1),
        peer: Some(Actor::Node(2)),
        label: format!("dkg/ack/{index}"),
        payload: Some(Payload::of(&index.to_le_bytes())),
        text: String::new(),
    }
}

fn trace(count: u64, change: Option<(u64, u8)>) -> Trace {
    let mut trace = Trace::new(Retention::All);
    for index in 0..count {
        let mut record = record(index);
        if let (Some((at, mask)), Some(payload)) = (change, record.payload.as_mut())
            && at == index
        {
            payload.hash[31] ^= mask;
        }
        trace.push(record);
    }
    trace
}

#[test]
fn the_digest_is_the_same_whatever_is_kept() {
    let mut bare = Trace::new(Retention::Nothing);
    let mut some = Trace::new(Retention::Last(3));
    for index in 0..2500 {
        bare.push(record(index));
        some.push(record(index));
    }
    assert_eq!(bare.digest(), trace(2500, None).digest());
    assert_eq!(some.digest(), bare.digest());
    assert_eq!((some.kept().len(), some.len()), (3, 2500));
    assert_ne!(trace(2499, None).digest(), bare.digest());
}

#[test]
fn no_field_can_change_unnoticed() {
    let base = record(1);
    let changed = [
        Record { time_ns: 8, ..base.clone() },
        Record { kind: Kind::Drop, ..base.clone() },
        Record { actor: Actor::Client(1), ..base.clone() },
        Record { peer: None, ..base.clone() },
        Record { label: "x".into(), ..base.clone() },
        Record { payload: None, ..base.clone() },
        Record { text: "x".into(), ..base.clone() },
    ];
    let digest = |record: &Record| {
        let mut trace = Trace::new(Retention::Nothing);
        trace.push(record.clone());
        trace.digest()
    };
    for other in changed {
        assert_ne!(digest(&base), digest(&other), "{other:?}");
    }
}

#[test]
fn diff_finds_the_one_changed_byte_wherever_it_is() {
    let length = 3 * CHECKPOINT_RECORDS + 10;
    let base = trace(length, None);
    for at in [0, 1, 1023, 1024, 1025, 2047, 2048, length - 1] {
        let divergence = diff(&base, &trace(length, Some((at, 1)))).unwrap().unwrap();
        assert_eq!(divergence.index, at);
        assert_eq!(divergence.left, Some(record(at)));
        assert!(divergence.right.is_some_and(|right| right != record(at)));
        assert!(divergence.context.len() as u64 <= at);
    }
    assert_eq!(diff(&base, &base).unwrap(), None);
}

#[test]
fn diff_sees_that_one_trace_ends_even_at_a_checkpoint() {
    for length in [0, 1, 1023, 1024, 1025, 2048] {
        let divergence = diff(&trace(length, None), &trace(length + 1, None)).unwrap().unwrap();
        assert_eq!((divergence.index, divergence.left), (length, None));
        assert_eq!(divergence.right, Some(record(length)));
    }
}

#[test]
fn diff_of_run_folders_equals_diff_of_traces() {
    let root = std::env::temp_dir().join(format!("litsim-trace-{}", std::process::id()));
    let (left, right) = (trace(3000, None), trace(3000, Some((2100, 0x80))));
    for (name, trace) in [("a", &left), ("b", &right)] {
        std::fs::create_dir_all(root.join(name)).unwrap();
        write(trace, &root.join(name)).unwrap();
    }
    let folders = diff(&RunFolder::new(root.join("a")), &RunFolder::new(root.join("b"))).unwrap();
    assert_eq!(folders, diff(&left, &right).unwrap());
    assert_eq!(folders.map(|divergence| divergence.index), Some(2100));
    assert_eq!(diff(&RunFolder::new(root.join("a")), &RunFolder::new(root.join("a"))).unwrap(), None);
    let missing = diff(&RunFolder::new(root.join("a")), &RunFolder::new(root.join("c"))).unwrap_err();
    assert!(missing.to_string().contains("cannot read"), "{missing}");
    std::fs::remove_dir_all(root).unwrap();
}

#[test]
fn records_that_were_not_kept_are_missed_not_invented() {
    let mut short = Trace::new(Retention::Last(2));
    (0..10).for_each(|index| short.push(record(index)));
    assert!(matches!(diff(&short, &trace(10, Some((1, 1)))), Err(DiffError::NotKept(0))));
}
