//! What is made is what etcd's own tools make.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]
#![allow(clippy::disallowed_methods, reason = "tests make and read files of their own")]

use std::fs;
use std::io::Cursor;

use bbolt_page::{Db, Serial};
use etcd_snapshot::wal::Log;
use etcd_snapshot::{Options, scan};
use peer_harness::{Peer, PeerVersion, hex};
use restore::{Bump, Cluster, Flags, PlanError, Release, SEGMENT, database, snap, snap_name, wal, wal_name};
use sha2::{Digest, Sha256};
use snapshot_builder::Builder;

/// Three members, the second of which has two URLs, told in no order.
fn three() -> Flags {
    Flags {
        name: "m1".to_owned(),
        initial_cluster: "m2=https://10.0.0.3:2380,m0=http://127.0.0.1:2380,m1=http://127.0.0.1:12380".to_owned(),
        token: "tok-3".to_owned(),
        peer_urls: "http://127.0.0.1:12380".to_owned(),
    }
}

/// The whole segment, zeros and all.
fn segment(cluster: &Cluster, release: Release) -> Vec<u8> {
    let mut segment = wal(cluster, release);
    segment.resize(usize::try_from(SEGMENT).unwrap(), 0);
    segment
}

/// What is in a segment before its zeros.
fn log(path: &std::path::Path) -> Vec<u8> {
    let file = fs::File::open(path).unwrap();
    assert_eq!(file.metadata().unwrap().len(), SEGMENT);
    let mut head = vec![0; 1 << 16];
    std::os::unix::fs::FileExt::read_exact_at(&file, &mut head, 0).unwrap();
    // frames are of eight bytes, and none begins with a length of zero
    let end = head.chunks(8).position(|frame| frame == [0; 8]).unwrap();
    let end = (end..head.len() / 8).find(|at| head[at * 8..].iter().all(|byte| *byte == 0)).unwrap();
    head.truncate(end * 8);
    head
}

fn restored(file: &[u8], flags: &Flags, release: Release, bump: Option<u64>) -> Vec<u8> {
    let cluster = Cluster::plan(flags).unwrap();
    let bump = bump.map(|by| Bump { by });
    let db = Db::open(file).unwrap();
    let (out, _) = database(&db, &cluster, release, bump, Cursor::new(Vec::new()), |_| {}).unwrap();
    out.into_inner()
}

/// Recorded from etcdutl 3.5.30 (and 3.5.1, and etcdctl 3.4.23 for the `.snap`).
#[test]
fn ids_and_files_are_those_of_the_tools() {
    let cluster = Cluster::plan(&Flags::default()).unwrap();
    assert_eq!(
        (cluster.own.hex(), format!("{:x}", cluster.id)),
        ("8e9e05c52164694d".into(), "cdf818194e3a8c32".into())
    );
    let sum = |bytes: &[u8]| hex(&Sha256::digest(bytes))[..10].to_owned();
    assert_eq!(sum(&segment(&cluster, Release::V35)), "0b4a5ce53d");
    assert_eq!(sum(&snap(&cluster, Release::V35)), "391e233526");
    let cluster = Cluster::plan(&three()).unwrap();
    let ids: Vec<String> = cluster.members.iter().map(restore::Member::hex).collect();
    assert_eq!(ids, ["a1e17166fc360ef9", "c01e72d42cb8a9e7", "c1fc833c4538e2c6"]);
    assert_eq!(format!("{:x}", cluster.id), "2b9ecb7867280d33");
    assert_eq!(sum(&segment(&cluster, Release::V35)), "2daa4a9f6f");
    let mut log = Log::default();
    log.take(&segment(&cluster, Release::V35));
    assert_eq!((log.first, log.last, log.commit, log.fault), (Some(1), Some(3), 3, None));
    assert_eq!(sum(&snap(&cluster, Release::V35)), "9e1da1de85");
}

#[test]
fn what_etcd_refuses_is_refused() {
    let refused = |change: &dyn Fn(&mut Flags)| {
        let mut flags = three();
        change(&mut flags);
        Cluster::plan(&flags).unwrap_err()
    };
    let name = refused(&|flags| flags.name = "other".to_owned());
    assert_eq!(name.to_string(), "couldn't find local name \"other\" in the initial cluster configuration");
    let twice = refused(&|flags| flags.initial_cluster += ",m3=http://127.0.0.1:2380");
    assert!(matches!(twice, PlanError::DuplicateUrl { .. }), "{twice}");
    let other = refused(&|flags| flags.peer_urls = "http://127.0.0.1:12381".to_owned());
    assert!(matches!(other, PlanError::OtherUrls { .. }), "{other}");
    for part in ["m3", "m3=", "=http://a:1", ",,m3"] {
        let fault = refused(&|flags| flags.initial_cluster += &format!(",{part}"));
        assert!(matches!(fault, PlanError::Part { .. }), "{part}: {fault}");
    }
    for url in ["127.0.0.1:2380", "ftp://a:1", "http://a", "http://:1", "http://a:99999", "http://a:1/path"] {
        let fault = refused(&|flags| flags.initial_cluster += &format!(",m3={url}"));
        assert!(matches!(fault, PlanError::Url { .. }), "{url}: {fault}");
    }
}

/// Every fixture, restored by the tool of each release that is here and by us: the same log, the same `.snap`, and a
/// database of equal content.
#[test]
fn a_restored_directory_is_that_of_the_release_s_tool() {
    let folder = tempfile::tempdir().unwrap();
    for (version, release) in [(PeerVersion::V34, Release::V34), (PeerVersion::V35, Release::V35)] {
        let Some(peer) = Peer::for_test(version, "a_restored_directory_is_that_of_the_release_s_tool") else {
            continue;
        };
        for (number, fixture) in fixtures::all().into_iter().enumerate() {
            let flags = if number % 2 == 0 { Flags::default() } else { three() };
            let cluster = Cluster::plan(&flags).unwrap();
            let (file, theirs) =
                (folder.path().join("snapshot.db"), folder.path().join(format!("{}-{number}", version.name())));
            let bytes = fixture.bytes();
            fs::write(&file, &bytes).unwrap();
            let line = [
                "--name",
                &flags.name,
                "--initial-cluster",
                &flags.initial_cluster,
                "--initial-cluster-token",
                &flags.token,
                "--initial-advertise-peer-urls",
                &flags.peer_urls,
            ];
            peer.restore(&file, &theirs, &line).unwrap();
            let what = format!("{}, etcd {}", fixture.name, version.name());
            let member = theirs.join("member");
            assert!(log(&member.join("wal").join(wal_name())) == wal(&cluster, release), "{what}: another log");
            let other = fs::read(member.join("snap").join(snap_name(&cluster))).unwrap();
            assert!(other == snap(&cluster, release), "{what}: another .snap");
            let (db, ours) = (fs::read(member.join("snap/db")).unwrap(), restored(&bytes, &flags, release, None));
            let status = |bytes: &[u8]| {
                let scan = scan(Db::open(bytes).unwrap(), Options::default(), &Serial);
                assert_eq!(scan.walked.faults.kept(), [], "{what}");
                (scan.status.hash, scan.status.total_key, scan.status.revision)
            };
            assert_eq!(status(&ours), status(&db), "{what}");
            fs::remove_dir_all(theirs).unwrap();
        }
    }
}

/// Recorded from etcdutl 3.5.30, which is no package: status hash after a raise of the revision.
#[test]
fn a_raised_revision_is_that_of_the_tool() {
    let recorded = include_str!("restored-by-etcdutl-3.5.30.tsv");
    let mut seen = 0;
    for line in recorded.lines().filter(|line| !line.starts_with('#') && !line.starts_with("fixture")) {
        let [path, bump, hash, revision, ..] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let name = path.split('/').next().unwrap();
        let fixture = fixtures::named(name);
        let bump = bump.parse::<u64>().unwrap();
        let ours = restored(&fixture.bytes(), &Flags::default(), Release::V35, (bump > 0).then_some(bump));
        let scan = scan(Db::open(&ours).unwrap(), Options::default(), &Serial);
        assert_eq!(scan.walked.faults.kept(), [], "{line}");
        let got = (scan.status.hash.to_string(), scan.status.revision.to_string());
        assert_eq!(got, (hash.to_owned(), revision.to_owned()), "{line}");
        seen += 1;
    }
    assert!(seen >= 24, "only {seen}");
}

/// A bucket of one leaf, of many, of one that is full to the byte, and of none.
#[test]
fn a_record_is_appended_behind_any_tree() {
    for records in [0, 1, 40, 41, 42, 300, 5000] {
        let mut builder = Builder::new();
        for main in 2..2 + records {
            builder.create(main, &format!("key-{main}"));
        }
        let ours = restored(&builder.pages(), &Flags::default(), Release::V35, Some(1000));
        let scan = scan(Db::open(&ours).unwrap(), Options::default(), &Serial);
        assert_eq!(scan.walked.faults.kept(), [], "{records} records");
        let expected = if records == 0 { 1000 } else { 1001 + records };
        assert_eq!(
            (scan.status.revision, scan.counts.records),
            (expected, records.unsigned_abs() + 1),
            "{records} records"
        );
        assert_eq!(scan.store.live().count() as i64, records);
    }
    let mut builder = Builder::new();
    let file = builder.create(5, "a").pages();
    let cluster = Cluster::plan(&Flags::default()).unwrap();
    let bump = Some(Bump { by: u64::MAX });
    let fault = database(&Db::open(&file).unwrap(), &cluster, Release::V35, bump, Cursor::new(Vec::new()), |_| {});
    assert!(matches!(fault, Err(restore::RestoreError::Bump { latest: 5, .. })));
}
