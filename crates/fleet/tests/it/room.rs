//! A disk that has no room.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::{Mutex, mpsc};

use crate::moto::{Act, BUCKET, Moto, Proxy, SECRETS};
use crate::support::{Ended, Place, snapshot};

/// The place of a spool that is a disk of its own, of this size, where only the worker sees it.
fn worker(place: &Place, port: u16, size: &str) -> Option<Command> {
    // root may do it as it is, others as the root of a namespace of their own
    let ways: [&[&str]; 2] = [&["--mount"], &["--user", "--map-root-user", "--mount"]];
    let mut works = None;
    for way in ways {
        let probe = fixtures::tool("unshare")?.args(way).arg("true").output().unwrap();
        works = works.or(probe.status.success().then_some(way));
    }
    let Some(way) = works else {
        assert!(std::env::var_os("CI").is_none(), "no namespaces in CI");
        let _ = std::io::stderr().write_all(b"SKIPPED: the system gives no namespace with mounts of its own\n");
        return None;
    };
    let (run, spool) = (place.address("run"), place.path("spool").display().to_string());
    let words = ["judge", "--run", &run, "--shard", "0", "--spool", &spool, "--retries", "2"];
    let judge = Moto::command(place, port, &words);
    let mut command = fixtures::tool("unshare")?;
    let script = "mount -t tmpfs -o size=$0 none \"$TMPDIR\" && exec \"$@\"";
    command.args(way).args(["sh", "-c", script, size]);
    command.arg(judge.get_program()).args(judge.get_args()).env_clear();
    command.envs(judge.get_envs().filter_map(|(name, value)| Some((name, value?))));
    Some(command)
}

fn plan(place: &Place, port: u16) {
    crate::support::assay();
    let (source, run) = (format!("s3://{BUCKET}/"), place.address("run"));
    let words = ["plan", "--source", &source, "--run", &run, "--depth", "full"];
    let planned: Ended = Moto::command(place, port, &words).output().unwrap().into();
    assert_eq!(planned.code, 0, "{planned:?}");
}

#[test]
fn what_does_not_fit_is_not_begun() {
    let Some(moto) = Moto::start() else { return };
    let place = Place::new();
    moto.put("a/one.db", &snapshot());
    plan(&place, moto.port);
    let proxy = Proxy::start(moto.port, |_| Act::Pass);
    let Some(mut command) = worker(&place, proxy.port, "1m") else { return };
    let ended: Ended = command.output().unwrap().into();
    assert_eq!(ended.code, 75, "{ended:?}");
    assert!(ended.err.contains("are free, 2.1 MiB are to come"), "{ended:?}");
    assert_eq!(proxy.count("one.db"), 0, "nothing is asked for");
    assert!(!place.path("run/parts").exists());
}

/// There was room when it was looked for, and then somebody else took it.
#[test]
fn a_disk_that_fills_up_while_it_is_written_to_ends_in_another_attempt() {
    let Some(moto) = Moto::start() else { return };
    let place = Place::new();
    moto.put("a/one.db", &snapshot());
    moto.put("a/two.db", &snapshot());
    plan(&place, moto.port);
    let (asked, hear) = mpsc::channel::<()>();
    let (go, went) = mpsc::channel::<()>();
    let gate = Mutex::new((asked, went));
    let proxy = Proxy::start(moto.port, move |it| {
        if it.path.contains("two.db") {
            let (asked, went) = &*gate.lock().unwrap();
            asked.send(()).unwrap();
            went.recv().unwrap();
        }
        Act::Pass
    });
    let Some(mut command) = worker(&place, proxy.port, "6m") else { return };
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    hear.recv().unwrap();
    // the disk as the worker sees it
    let disk = format!("/proc/{}/root{}", child.id(), place.path("spool").display());
    let mut filler = fs::File::create(format!("{disk}/filler")).unwrap();
    while filler.write_all(&[0; 1 << 16]).is_ok() {}
    go.send(()).unwrap();
    let ended: Ended = child.wait_with_output().unwrap().into();
    assert_eq!(ended.code, 75, "{ended:?}");
    assert!(ended.err.contains("the spool: No space left on device"), "{ended:?}");
    assert!(SECRETS.iter().all(|secret| !format!("{ended:?}").contains(secret)), "{ended:?}");
    assert!(!place.path("run/parts").exists(), "nothing of a shard is written that was not judged to its end");
    let Some(mut again) = worker(&place, moto.port, "6m") else { return };
    let ended: Ended = again.output().unwrap().into();
    assert!(ended.code == 0 && ended.err.contains("2 items"), "{ended:?}");
}
