//! Restore hazards.

mod fixtures;

use std::io::Read;
use std::path::PathBuf;

use backup_facts::hazards::{Hazards, read};
use bbolt_page::{Db, Serial};
use etcd_snapshot::{Options, scan};
use jiff::Timestamp;
use static_resources::{Limits, StaticResources};
use zeroize::Zeroizing;

/// When the fixtures were made, more or less: after the last lease was renewed.
const NOW: &str = "2026-11-23T18:00:00Z";

fn at(time: &str) -> Timestamp {
    time.parse().unwrap()
}

/// Hazards of a snapshot without keys or tarball, restored when it was made.
fn of(snapshot: &[u8]) -> Hazards {
    with(snapshot, |_, _| None, None, NOW)
}

fn with(
    snapshot: &[u8],
    open: impl Fn(&[u8], &[u8]) -> Option<Zeroizing<Vec<u8>>>,
    tarball: Option<&StaticResources>,
    restore: &str,
) -> Hazards {
    let scan = scan(Db::open(snapshot).unwrap(), Options::default(), &Serial);
    read(&scan, &open, tarball, at(NOW), at(restore))
}

fn folder(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "../../fixtures", name].iter().collect()
}

/// The file of a fixture whose name ends so.
fn file(fixture: &str, end: &str) -> Vec<u8> {
    let mut files = std::fs::read_dir(folder(fixture)).unwrap().map(|entry| entry.unwrap().path());
    std::fs::read(files.find(|path| path.to_str().unwrap().ends_with(end)).unwrap()).unwrap()
}

fn snapshot(fixture: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(&file(fixture, ".db.gz")[..]).read_to_end(&mut bytes).unwrap();
    bytes
}

fn tarball(fixture: &str) -> StaticResources {
    static_resources::read(&file(fixture, ".tar.gz")[..], &Limits::default()).unwrap()
}
