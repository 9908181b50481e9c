//! Servers that come up and servers that do not: programs made by hand, and a real etcd.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests fail by panicking")]
#![allow(clippy::disallowed_methods, reason = "tests read what they wrote")]

use std::fs;
use std::io::BufWriter;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};

use bbolt_page::{Db, Serial};
use boot::{Etcd, EtcdError, Expected, Launcher, Outcome, Plan, Probe, Probing, StartError, Symptom, patience};
use etcd_snapshot::{Options, scan};
use peer_harness::{Peer, PeerVersion};
use restore::{Cluster, Flags, Release};
use tempfile::TempDir;

/// Long enough for a shell to have begun on a busy machine.
const SOON: Duration = Duration::from_millis(1500);

fn ask(folder: &TempDir, script: &str) -> Result<Etcd, EtcdError> {
    let program = folder.path().join("etcd");
    fixtures::program(&program, &format!("#!/bin/sh\n{script}\n"));
    Etcd::ask(program, Launcher::default(), SOON * 10)
}

#[test]
fn what_is_no_etcd_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let why = |script: &str| ask(&folder, script).unwrap_err().to_string();
    assert_eq!(why("echo etcdctl version: 3.5.1"), "`--version` says no `etcd Version: X.Y.Z`");
    assert_eq!(why("exit 1"), "`--version` says no `etcd Version: X.Y.Z`");
    // nothing but zeros, for ever
    assert_eq!(why("cat /dev/zero"), "`--version` says no `etcd Version: X.Y.Z`");
    let none = Etcd::ask(folder.path().join("none"), Launcher::default(), SOON).unwrap_err();
    assert!(none.to_string().starts_with("it does not start: No such file"), "{none}");
}

#[test]
fn who_says_nothing_is_ended_with_all_that_it_started() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("etcd");
    let noted = folder.path().join("pid");
    // the one that is left behind holds the pipe open
    fixtures::program(&program, &format!("#!/bin/sh\nsleep 1000 & echo $! > {}\nwait\n", noted.display()));
    let silent = Etcd::ask(program, Launcher::default(), SOON).unwrap_err();
    assert!(matches!(silent, EtcdError::Silent), "{silent}");
    let pid = fs::read_to_string(noted).unwrap();
    gone(pid.trim());
}

/// A killed process takes a moment to go, and is a zombie until somebody has waited for it.
fn gone(pid: &str) {
    let runs = || {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with(['Z', 'X']))
    };
    let until = Instant::now() + Duration::from_secs(60);
    while runs() && Instant::now() < until {
        std::thread::yield_now();
    }
    assert!(!runs(), "{pid} still runs");
}

/// Starts a program on nothing.
fn start(etcd: &Etcd, folder: &TempDir) -> Result<(), StartError> {
    let (data, log) = (folder.path().join("data"), folder.path().join("log"));
    let plan = Plan { data: &data, log: &log, name: "m0", one_of_many: false, size: 0, within: SOON };
    etcd.start(&plan, &|spawn| spawn()).map(drop)
}

#[test]
fn how_it_does_not_come_up_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let failure = |script: &str| {
        let script = format!("[ $1 = --version ] && echo etcd Version: 3.5.1 && exit\n{script}");
        match start(&ask(&folder, &script).unwrap(), &folder) {
            Err(StartError::Failed(failure)) => failure,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(failure("exit 7").to_string(), "etcd ended with exit code 7");
    let told =
        failure("echo '{\"level\":\"fatal\",\"msg\":\"discovery failed\",\"error\":\"walpb: crc mismatch\"}'; exit 1");
    assert_eq!(told.to_string(), "etcd ended with exit code 1: discovery failed: walpb: crc mismatch");
    assert_eq!(told.symptom, Symptom::LogDamaged);
    let noted = folder.path().join("pid");
    let late = failure(&format!("echo $$ > {}; exec sleep 1000", noted.display()));
    assert_eq!((late.how.as_str(), late.symptom), ("etcd was not ready after 1 s", Symptom::Late));
    gone(fs::read_to_string(noted).unwrap().trim());
    // tried again where the port was taken, and not for ever
    let tried = folder.path().join("tried");
    let taken = failure(&format!("echo x >> {}; echo bind: address already in use; exit 1", tried.display()));
    assert_eq!((taken.symptom, fs::read_to_string(tried).unwrap().lines().count()), (Symptom::PortTaken, 3));
}

#[test]
fn nothing_of_the_environment_configures_it() {
    let folder = tempfile::tempdir().unwrap();
    let (program, noted) = (folder.path().join("etcd"), folder.path().join("noted"));
    let script = format!("#!/bin/sh\necho etcd Version: 3.5.1\n(env; echo \"$@\") > {}\n", noted.display());
    fixtures::program(&program, &script);
    let variable = |name: &str, value: &str| (name.into(), value.into());
    let environment = vec![variable("PATH", "/usr/bin:/bin"), variable("ETCD_NAME", "x"), variable("ETCDCTL_API", "3")];
    let through = Some(("/usr/bin/env".into(), vec!["THROUGH=it".into()]));
    let etcd = Etcd::ask(program, Launcher { through, environment }, SOON * 10).unwrap();
    assert_eq!(etcd.version().to_string(), "3.5.1");
    assert!(start(&etcd, &folder).is_err());
    let noted = fs::read_to_string(noted).unwrap();
    assert!(!noted.contains("ETCD_NAME"), "{noted}");
    assert!(
        ["THROUGH=it", "ETCDCTL_API=3", "--listen-peer-urls http://127.0.0.1:"].iter().all(|it| noted.contains(it))
    );
}

/// The data directory of a restored snapshot.
fn restored(bytes: &[u8], cluster: &Cluster, data: &Path) {
    let (snap, wal) = (data.join("member/snap"), data.join("member/wal"));
    fs::create_dir_all(&snap).unwrap();
    fs::create_dir_all(&wal).unwrap();
    let out = BufWriter::new(fs::File::create(snap.join("db")).unwrap());
    restore::database(&Db::open(bytes).unwrap(), cluster, Release::V35, None, out, |_| {}).unwrap();
    fs::write(snap.join(restore::snap_name(cluster)), restore::snap(cluster, Release::V35)).unwrap();
    let log = wal.join(restore::wal_name());
    fs::write(&log, restore::wal(cluster, Release::V35)).unwrap();
    fs::OpenOptions::new().write(true).open(log).unwrap().set_len(restore::SEGMENT).unwrap();
}

#[test]
fn a_real_etcd_serves_what_it_should() {
    let bytes = fixtures::named("plain-etcd36").bytes();
    let cluster = Cluster::plan(&Flags::default()).unwrap();
    for version in PeerVersion::ALL {
        let Some(peer) = Peer::for_test(version, "a_real_etcd_serves_what_it_should") else { continue };
        let folder = tempfile::tempdir().unwrap();
        let (data, log) = (folder.path().join("data"), folder.path().join("log"));
        restored(&bytes, &cluster, &data);
        let db = fs::read(data.join("member/snap/db")).unwrap();
        let before = scan(Db::open(&db).unwrap(), Options::default(), &Serial);
        let expected = Expected::of(&before, cluster.own.id, cluster.id, &Serial);
        let environment = std::env::vars_os().collect();
        let etcd = Etcd::ask(peer.etcd().into(), Launcher { through: None, environment }, patience(0)).unwrap();
        let size = db.len() as u64;
        let plan =
            Plan { data: &data, log: &log, name: "default", one_of_many: false, size, within: 10 * patience(size) };
        let server = etcd.start(&plan, &|spawn| spawn()).unwrap();
        let (mut out, mut probes): (Vec<u8>, Vec<Probe>) = (Vec::new(), Vec::new());
        let probing =
            Probing { version: etcd.version(), size, quick: false, snapshot: Some(&mut out), progress: &|_| {} };
        server.probe(&expected, probing, &mut |probe| probes.push(probe)).unwrap();
        let names: Vec<_> = probes.iter().map(|probe| probe.name).collect();
        assert_eq!(
            names,
            [
                "status",
                "keys",
                "member",
                "cluster",
                "content",
                "hashkv",
                "put",
                "delete",
                "compaction",
                "defragmentation",
                "snapshot"
            ]
        );
        for probe in &probes {
            let due = if probe.name == "hashkv" { Outcome::NotAsked } else { Outcome::Held };
            assert_eq!(probe.outcome, due, "etcd {version}: {probe:?}");
        }
        let after =
            scan(Db::open(&out).unwrap(), Options { at: Some(expected.revision), ..Options::default() }, &Serial);
        assert_eq!(after.content_digest(&Serial), expected.content, "etcd {version}");
        // what is not as it should be is told, by the first key that is not
        let told = |name: &str, change: &dyn Fn(&mut Expected<'_>)| {
            let mut other = expected.clone();
            change(&mut other);
            let mut got = None;
            let probing = Probing { version: etcd.version(), size, quick: false, snapshot: None, progress: &|_| {} };
            server
                .probe(&other, probing, &mut |probe| got = got.take().or((probe.name == name).then_some(probe)))
                .unwrap();
            let probe = got.unwrap();
            assert_eq!(probe.outcome, Outcome::Failed, "etcd {version}: {probe:?}");
            probe.got
        };
        assert_eq!(told("member", &|other| other.member += 1), format!("{:x}", cluster.own.id));
        assert_eq!(told("cluster", &|other| other.cluster += 1), format!("{:x}", cluster.id));
        let key = format!("{:?}", String::from_utf8_lossy(expected.live[700].kv.key));
        let lease = expected.live[700].kv.lease;
        let got = told("content", &|other| other.live[700].kv.lease += 1);
        assert_eq!(got, format!("lease {lease} of key {key}, expected {}", lease + 1));
        assert_eq!(told("content", &|other| other.live[700].kv.value = b"x"), format!("another value of key {key}"));
        assert!(
            told("content", &|other| {
                other.live.remove(699);
            })
            .contains(" where ")
        );
        assert!(
            told("keys", &|other| {
                other.live.pop();
            })
            .contains("the server is at revision")
        );
        server.end();
    }
}

/// Starts a real etcd on a directory that was changed after it was made, and asks it.
fn asked(peer: &Peer, change: &dyn Fn(&Path)) -> Result<Vec<Probe>, StartError> {
    let bytes = fixtures::named("auth-enabled").bytes();
    let cluster = Cluster::plan(&Flags::default()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (data, log) = (folder.path().join("data"), folder.path().join("log"));
    restored(&bytes, &cluster, &data);
    let db = fs::read(data.join("member/snap/db")).unwrap();
    let scanned = scan(Db::open(&db).unwrap(), Options::default(), &Serial);
    let expected = Expected::of(&scanned, cluster.own.id, cluster.id, &Serial);
    let auth = scanned.elements(scanned.bucket(b"auth").unwrap()).find(|entry| entry.key == b"authEnabled").unwrap();
    let at = auth.value.as_ptr().addr() - db.as_ptr().addr();
    let file = fs::OpenOptions::new().write(true).open(data.join("member/snap/db")).unwrap();
    file.write_all_at(&[0], at as u64).unwrap();
    change(&data);
    let environment = std::env::vars_os().collect();
    let etcd = Etcd::ask(peer.etcd().into(), Launcher { through: None, environment }, patience(0)).unwrap();
    let within = 4 * patience(0);
    let plan = Plan { data: &data, log: &log, name: "default", one_of_many: false, size: db.len() as u64, within };
    let server = etcd.start(&plan, &|spawn| spawn())?;
    let mut probes = Vec::new();
    let probing = Probing { version: etcd.version(), size: 0, quick: false, snapshot: None, progress: &|_| {} };
    server.probe(&expected, probing, &mut |probe| probes.push(probe)).unwrap();
    Ok(probes)
}

fn wrong(probes: &[Probe]) -> Vec<(&str, Option<Symptom>)> {
    let wrong = probes.iter().filter(|probe| probe.outcome == Outcome::Failed);
    wrong.map(|probe| (probe.name, probe.symptom)).collect()
}

#[test]
fn what_was_changed_after_it_was_made_is_told_for_what_it_is() {
    for version in PeerVersion::ALL {
        let Some(peer) = Peer::for_test(version, "what_was_changed_after_it_was_made") else { continue };
        let failure = |change: &dyn Fn(&Path)| match asked(&peer, change) {
            Err(StartError::Failed(failure)) => failure,
            other => panic!("etcd {version}: {other:?}"),
        };
        assert_eq!(wrong(&asked(&peer, &|_| {}).unwrap()), []);
        // it makes a cluster of its own, and serves every key
        let alone = asked(&peer, &|data| fs::remove_dir_all(data.join("member/wal")).unwrap()).unwrap();
        assert!(wrong(&alone).contains(&("cluster", None)), "etcd {version}: {alone:?}");
        assert!(!wrong(&alone).iter().any(|(name, _)| *name == "content"), "etcd {version}: {alone:?}");
        let none = failure(&|data| fs::remove_file(data.join("member/snap/db")).unwrap());
        assert_eq!(none.symptom, Symptom::NoDatabase, "etcd {version}: {none}");
        let torn = failure(&|data| {
            let log = data.join("member/wal").join(restore::wal_name());
            let mut bytes = fs::read(&log).unwrap();
            bytes[0x30] ^= 1;
            fs::write(log, bytes).unwrap();
        });
        assert_eq!(torn.symptom, Symptom::LogDamaged, "etcd {version}: {torn}");
        let cut = failure(&|data| {
            let db = fs::OpenOptions::new().write(true).open(data.join("member/snap/db")).unwrap();
            db.set_len(3 * 4096).unwrap();
        });
        assert!([Symptom::Truncated, Symptom::DatabaseDamaged].contains(&cut.symptom), "etcd {version}: {cut}");
    }
}

#[test]
fn a_write_that_is_skipped_is_told() {
    let Some(peer) = Peer::for_test(PeerVersion::V35, "a_write_that_is_skipped_is_told") else { return };
    let probes = asked(&peer, &|data| {
        let db = data.join("member/snap/db");
        let mut bytes = fs::read(&db).unwrap();
        let name = b"consistent_index";
        let found: Vec<usize> = (0..bytes.len() - name.len()).filter(|at| bytes[*at..].starts_with(name)).collect();
        for at in found {
            bytes[at + name.len()..][..8].copy_from_slice(&100_000_u64.to_be_bytes());
        }
        fs::write(db, bytes).unwrap();
    });
    assert_eq!(wrong(&probes.unwrap()), [("put", Some(Symptom::IndexAhead))]);
}
