//! What was rebuilt says what its source says.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]
#![allow(clippy::disallowed_methods, reason = "it reads files of tests")]

mod campaign;
mod compaction;
mod narrowed;
mod repack;
mod salvage;
mod salvage_any;

use std::collections::BTreeMap;
use std::io::Cursor;

use bbolt_page::{Db, Serial};
use etcd_snapshot::{Options, Scan, scan};
use rebuild::{RebuildError, Rebuilt, Wanted, plan};

type Buckets = BTreeMap<Vec<u8>, Vec<(Vec<u8>, Vec<u8>)>>;

fn rebuilt(file: &[u8], wanted: Wanted) -> Result<(Vec<u8>, Rebuilt), RebuildError> {
    let plan = plan(Db::open(file).unwrap(), wanted, &Serial)?;
    let (out, rebuilt) = plan.write(Cursor::new(Vec::new()), |_| {})?;
    let file = out.into_inner();
    assert!(file.len() as u64 + 32 <= plan.at_most(), "{} of at most {}", file.len(), plan.at_most());
    Ok((file, rebuilt))
}

/// A scan of a file that must have no fault in its pages and no page that nothing uses.
fn sound(file: &[u8]) -> Scan<'_> {
    let scan = scan(Db::open(file).unwrap(), Options::default(), &Serial);
    assert_eq!(scan.walked.faults.kept(), []);
    assert_eq!(scan.walked.unreachable().count(), 0);
    scan
}

fn buckets(scan: &Scan<'_>) -> Buckets {
    let entries =
        |bucket| scan.elements(bucket).map(|element| (element.key.to_vec(), element.value.to_vec())).collect();
    scan.buckets.iter().map(|bucket| (bucket.name().to_vec(), entries(bucket))).collect()
}
