//! What engines do with a run: the same fleet on each.

mod kubernetes;
mod parallel;
mod recipes;
mod slurm;

use std::fs;

use crate::support::{Place, flipped, snapshot};

/// Backups, one in each shard.
const SHARDS: u64 = 20;

/// Twenty clusters, of which two are not what they were when they were planned: two plans, `calm` and `disturbed`, of the
/// same digest.
fn fleet() -> Place {
    let place = Place::new();
    let name = |at: u64| format!("c{at:02}/snapshot_2026-11-23_090915.db");
    for at in 0..SHARDS {
        place.put(&name(at), &if at % 5 == 3 { flipped() } else { snapshot() });
    }
    for run in ["calm", "disturbed"] {
        assert_eq!(place.plan(run, &["--shard-items", "1"]), SHARDS);
    }
    fs::remove_file(place.path("source").join(name(6))).unwrap();
    place.put(&name(12), b"another");
    place
}

/// The parts of a run, by name.
fn parts(place: &Place, run: &str) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(place.path(run).join("parts")).unwrap();
    let named = |entry: fs::DirEntry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap());
    let mut parts: Vec<_> = entries.map(|entry| named(entry.unwrap())).collect();
    parts.sort();
    parts
}

/// Both hold the same parts, byte for byte.
fn assert_same(found: &[(String, Vec<u8>)], expected: &[(String, Vec<u8>)]) {
    let names = |parts: &[(String, Vec<u8>)]| parts.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    assert_eq!(names(found), names(expected));
    let other = found.iter().zip(expected).find(|(found, expected)| found != expected);
    assert!(other.is_none(), "{}: other bytes", other.unwrap().0.0);
}
