//! What a scan costs, part by part, on a real snapshot: `cargo bench --profile dist -p etcd-assay-snapshot`.
//!
//! `ASSAY_BENCH_DB=FILE` takes a file of your own; `scripts/make-large-snapshot` makes one. Whole commands are compared
//! with etcd's tools by `scripts/bench`.
#![allow(clippy::disallowed_methods, reason = "not shipped: it reads files of its own")]
#![allow(clippy::unwrap_used, reason = "a bench that cannot go on has failed")]

use std::sync::LazyLock;

use bbolt_page::{Db, Serial};
use divan::Bencher;
use divan::counter::BytesCount;
use etcd_snapshot::{Options, Scan, scan, trailer};

static FILE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    if let Some(path) = std::env::var_os("ASSAY_BENCH_DB") {
        return std::fs::read(path).unwrap();
    }
    fixtures::named("aescbc-rotated").bytes()
});

fn main() {
    divan::main();
}

fn scanned(options: Options<'static>) -> Scan<'static> {
    scan(Db::open(&FILE).unwrap(), options, &Serial)
}

#[divan::bench]
fn crc32c_of_the_file(bencher: Bencher<'_, '_>) {
    bencher.counter(BytesCount::new(FILE.len())).bench(|| crc32c::crc32c(&FILE));
}

#[divan::bench]
fn sha256_of_the_file(bencher: Bencher<'_, '_>) {
    bencher.counter(BytesCount::new(FILE.len())).bench(|| trailer::read(&FILE, |_| {}));
}

#[divan::bench]
fn scan_with_every_check(bencher: Bencher<'_, '_>) {
    bencher.counter(BytesCount::new(FILE.len())).bench(|| scanned(Options::default()));
}

#[divan::bench]
fn scan_without_hashes(bencher: Bencher<'_, '_>) {
    let options = Options { without_hashes: true, ..Options::default() };
    bencher.counter(BytesCount::new(FILE.len())).bench(|| scanned(options));
}

#[divan::bench]
fn hash_kv_at_the_middle(bencher: Bencher<'_, '_>) {
    let middle = scanned(Options::default()).current() / 2;
    let scan = scanned(Options { at: Some(middle), ..Options::default() });
    bencher.bench(|| scan.hash_kv(&Serial));
}

#[divan::bench]
fn live_names_sorted(bencher: Bencher<'_, '_>) {
    let scan = scanned(Options::default());
    bencher.bench(|| scan.store.live_names(|_| true, &Serial).len());
}

#[divan::bench]
fn content_digest(bencher: Bencher<'_, '_>) {
    let scan = scanned(Options::default());
    bencher.counter(BytesCount::new(FILE.len())).bench(|| scan.content_digest(&Serial));
}
