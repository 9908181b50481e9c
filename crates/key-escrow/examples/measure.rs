//! Splits, drills and joins a tarball, and prints time and peak memory of each step.
//!
//!     cargo run --release -p etcd-assay-key-escrow --example measure -- TARBALL [sealed]
#![allow(clippy::disallowed_methods, reason = "not shipped: it reads files of its own")]
#![expect(clippy::print_stdout, reason = "a measuring tool prints")]

use std::path::Path;
use std::time::Instant;

use age::secrecy::ExposeSecret as _;
use key_escrow::{
    Identities, JoinOptions, Limits, Recipients, RemovalPolicy, SealTo, SplitOptions, VerifyOptions, join, split,
    verify_escrow,
};

fn report(step: &str, since: Instant) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).unwrap_or("?").trim().to_owned();
    println!("{step:<8} {:>8.2} s   peak so far {peak}", since.elapsed().as_secs_f64());
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let tarball = std::env::args().nth(1).ok_or("usage: measure TARBALL [sealed]")?;
    let seal_original = std::env::args().nth(2).is_some();
    let dir = tempfile::tempdir_in(Path::new(&tarball).parent().ok_or("no directory")?)?;
    let key = age::x25519::Identity::generate();
    let mut recipients = Recipients::new();
    recipients.add(&key.to_public().to_string(), age::NoCallbacks)?;
    let start = Instant::now();
    let done = split(
        SplitOptions {
            tarball: Path::new(&tarball),
            out_dir: &dir.path().join("out"),
            policy: &RemovalPolicy::encryption_config(),
            seal_to: SealTo::Recipients(recipients),
            armor: false,
            snapshot: None,
            created: jiff::Timestamp::UNIX_EPOCH,
            tool: "measure",
            force: false,
            seal_original,
            limits: Limits::default(),
            search: None,
        },
        &mut |_, _, _| {},
    )?;
    report("split", start);
    println!(
        "{:?} {:?}; keyless {} bytes, escrow {:?} bytes",
        done.manifest.rejoin.method,
        done.manifest.rejoin.reason,
        done.manifest.keyless.file.digest.size,
        done.manifest.escrow.as_ref().map(|e| e.file.digest.size)
    );
    let mut identities = Identities::new();
    identities.add_file("key", key.to_string().expose_secret().as_bytes(), age::NoCallbacks)?;
    let start = Instant::now();
    let drill = verify_escrow(
        &VerifyOptions {
            manifest: &done.manifest_path,
            expect_manifest: None,
            escrow: Some(&done.escrow),
            keyless: Some(&done.keyless),
            shares: &[],
            identities: Some(&identities),
            limits: key_escrow::Limits::default(),
        },
        &mut |_, _, _| {},
    )?;
    report("drill", start);
    println!("passed: {}", drill.passed());
    let start = Instant::now();
    let out = dir.path().join("joined.tar.gz");
    join(
        &JoinOptions {
            keyless: &done.keyless,
            escrow: &done.escrow,
            manifest: Some(&done.manifest_path),
            expect_manifest: None,
            identities: &identities,
            out: &out,
            force: false,
        },
        &mut |_, _, _| {},
    )?;
    report("join", start);
    println!("identical: {}", std::fs::read(&tarball)? == std::fs::read(&out)?);
    Ok(())
}
