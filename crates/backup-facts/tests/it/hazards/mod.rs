//! Restore hazards.

mod built;
mod fixtures;

use backup_facts::hazards::{Hazards, read};
use backup_facts::platform::Platform;
use bbolt_page::{Db, Serial};
use etcd_snapshot::{Options, scan};
use jiff::Timestamp;
use static_resources::{Limits, StaticResources};
use zeroize::Zeroizing;

use crate::fixture::{self, snapshot};

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
    read(&scan, &open, tarball, Platform::OpenShift, at(NOW), at(restore))
}

fn tarball(name: &str) -> StaticResources {
    static_resources::read(&fixture::tarball(name)[..], &Limits::default()).unwrap()
}
