//! Every number of `facts.json`, every live key, on every fixture.

use bbolt_page::{Db, Serial};
use etcd_snapshot::state::AlarmKind;
use etcd_snapshot::{Options, Provenance, Scan, scan, trailer};
use fixtures::Fixture;
use serde_json::Value;
use sha2::{Digest, Sha256};

fn scanned<'a>(bytes: &'a [u8], fixture: &Fixture) -> Scan<'a> {
    let db = Db::open(bytes).unwrap_or_else(|error| panic!("{}: {error}", fixture.name));
    scan(db, Options::default(), &Serial)
}

fn number(facts: &Value, pointer: &str) -> i64 {
    facts.pointer(pointer).and_then(Value::as_i64).unwrap_or_else(|| panic!("no number at {pointer}"))
}

/// Runs `check` on every fixture, with its scan and its facts.
fn each(mut check: impl FnMut(&Fixture, &Scan<'_>, &Value)) {
    for fixture in fixtures::all() {
        let bytes = fixture.bytes();
        check(&fixture, &scanned(&bytes, &fixture), &fixture.facts());
    }
}

#[test]
fn sound_files_have_no_fault() {
    each(|fixture, scan, _| {
        let structure: Vec<_> = scan.walked.faults.kept().iter().map(ToString::to_string).collect();
        assert_eq!(structure, Vec::<String>::new(), "{}", fixture.name);
        assert_eq!(scan.faults.kept(), [], "{}", fixture.name);
        assert_eq!(scan.state.faults, [], "{}", fixture.name);
    });
}

#[test]
fn trailer_is_valid_and_the_length_is_right() {
    each(|fixture, scan, facts| {
        let bytes = fixture.bytes();
        let trailer = trailer::read(&bytes, |_| {});
        assert_eq!(trailer.valid(), Some(true), "{}", fixture.name);
        assert_eq!(i64::try_from(bytes.len()).unwrap(), number(facts, "/size"), "{}", fixture.name);
        assert_eq!(scan.walked.db.tail().map(<[u8]>::len), Some(32), "{}", fixture.name);
        assert_eq!(Provenance::of_scan(scan), Provenance::Stream, "{}", fixture.name);
    });
}

#[test]
fn status_numbers_of_every_etcd_version() {
    each(|fixture, scan, facts| {
        let (name, status) = (&fixture.name, &scan.status);
        for version in ["3.4", "3.5", "3.6"] {
            let of = |field: &str| number(facts, &format!("/status-{version}/{field}"));
            assert_eq!(i64::from(status.hash), of("hash"), "{name} {version}");
            assert_eq!(status.revision, of("revision"), "{name} {version}");
            assert_eq!(i64::try_from(status.total_size).unwrap(), of("totalSize"), "{name} {version}");
            let total = if version == "3.6" { status.total_key_36.unwrap() } else { status.total_key };
            assert_eq!(i64::try_from(total).unwrap(), of("totalKey"), "{name} {version}");
        }
        assert_eq!(
            Some(status.version.as_str()),
            facts.pointer("/status-3.6/version").and_then(Value::as_str),
            "{name}"
        );
    });
}

#[test]
fn hash_kv_as_the_live_server_gave_it() {
    each(|fixture, scan, facts| {
        let hash = scan.hash_kv(&Serial).expect("the latest revision is answerable");
        if facts["hashkv"].is_null() {
            assert_eq!(fixture.name, "page-size-64k", "every other fixture has a HashKV");
            return;
        }
        assert_eq!(i64::from(hash.hash), number(facts, "/hashkv"), "{}", fixture.name);
        assert_eq!(hash.compact_revision, number(facts, "/hashkv_compact_rev"), "{}", fixture.name);
        assert_eq!(hash.hash_revision, number(facts, "/live_header_revision"), "{}", fixture.name);
    });
}

#[test]
fn revisions_entries_and_tombstones() {
    each(|fixture, scan, facts| {
        let name = &fixture.name;
        assert_eq!(i64::try_from(scan.counts.records).unwrap(), number(facts, "/revision_entries"), "{name}");
        assert_eq!(i64::try_from(scan.counts.tombstones).unwrap(), number(facts, "/tombstones"), "{name}");
        assert_eq!(scan.first.map(|first| first.main), Some(number(facts, "/first_rev")), "{name}");
        let last = scan.last.expect("records");
        assert_eq!([last.main, last.sub], [number(facts, "/last_rev/0"), number(facts, "/last_rev/1")], "{name}");
        assert_eq!(scan.current(), last.main, "{name}");
        assert_eq!(i64::try_from(scan.records().count()).unwrap(), number(facts, "/revision_entries"), "{name}");
    });
}

#[test]
fn pages_by_kind() {
    each(|fixture, scan, facts| {
        let (name, walked) = (&fixture.name, &scan.walked);
        assert_eq!(i64::try_from(walked.db.meta().high_water.0).unwrap(), number(facts, "/hwm"), "{name}");
        assert_eq!(i64::try_from(walked.pages_free).unwrap(), number(facts, "/pages/free"), "{name}");
        assert_eq!(i64::try_from(walked.branch_pages).unwrap(), number(facts, "/pages/branch"), "{name}");
        assert_eq!(i64::try_from(walked.leaf_pages).unwrap(), number(facts, "/pages/leaf"), "{name}");
        assert_eq!(u64::try_from(walked.unreachable().count()).unwrap(), walked.pages_free, "{name}");
    });
}

#[test]
fn etcds_own_state() {
    each(|fixture, scan, truth| {
        let (name, facts) = (&fixture.name, &scan.state);
        let unsigned = |pointer: &str| truth.pointer(pointer).and_then(Value::as_u64);
        let text = |pointer: &str| truth.pointer(pointer).and_then(Value::as_str);
        assert_eq!(facts.consistent_index, unsigned("/consistent_index"), "{name}");
        assert_eq!(facts.term, unsigned("/term"), "{name}");
        assert_eq!(facts.cluster_version.as_deref(), text("/clusterVersion"), "{name}");
        assert_eq!(facts.storage_version.as_deref(), text("/storageVersion"), "{name}");
        let downgrade = facts.downgrade.as_ref().filter(|downgrade| downgrade.enabled);
        let expected = text("/downgrade").map(|json| serde_json::from_str::<Value>(json).expect("JSON"));
        let target = expected.as_ref().and_then(|json| json["target-version"].as_str());
        assert_eq!(downgrade.map(|downgrade| downgrade.target_version.as_str()), target, "{name}");
        for (field, got) in [
            ("n_members", facts.members.len()),
            ("n_members_removed", facts.removed_members.len()),
            ("n_alarm", facts.alarms.len()),
            ("n_lease", facts.leases.len()),
            ("n_authUsers", facts.users.len()),
            ("n_authRoles", facts.roles.len()),
        ] {
            assert_eq!(u64::try_from(got).ok(), unsigned(&format!("/{field}")), "{name} {field}");
        }
        assert_eq!(facts.auth_enabled, name == "auth-enabled", "{name}");
        let alarm = facts.alarms.first().map(|alarm| alarm.kind);
        assert_eq!(alarm, (name == "nospace-alarm").then_some(AlarmKind::NoSpace), "{name}");
        assert_eq!(
            facts.members.iter().filter(|member| member.is_learner).count(),
            usize::from(name == "members-learner")
        );
    });
}

#[test]
fn live_keys_as_etcdctl_listed_them() {
    // `odd-keys` has keys that a line-wise listing cannot hold, see below.
    each(|fixture, scan, facts| {
        let listed: Vec<&[u8]> = scan.store.live_sorted(|_| true, &Serial).map(|live| live.kv.key).collect();
        assert_eq!(u64::try_from(listed.len()).ok(), scan.status.total_key_36, "{}", fixture.name);
        if fixture.name == "odd-keys" {
            return;
        }
        let text = fixture.read("live-keys.txt").expect("live keys");
        let expected: Vec<&[u8]> = text.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()).collect();
        assert!(listed == expected, "{}: {} keys, expected {}", fixture.name, listed.len(), expected.len());
        assert_eq!(i64::try_from(listed.len()).unwrap(), number(facts, "/live_keys"), "{}", fixture.name);
    });
}

/// Binary keys, a newline in a key, a key of 5001 bytes, empty and 3 MB values: against what was put, not a listing.
#[test]
fn odd_keys_and_values_as_they_were_put() {
    let fixture = fixtures::named("odd-keys");
    let bytes = fixture.bytes();
    let scan = scanned(&bytes, &fixture);
    let truth: Vec<Value> = serde_json::from_value(fixture.json("odd-truth.json").expect("truth")).expect("a list");
    assert_eq!(truth.len(), 14);
    let lives: Vec<_> = scan.store.live().collect();
    for put in &truth {
        let start = put["key_hex"].as_str().expect("hex");
        let hex = |key: &[u8]| key.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let found = |live: &&etcd_snapshot::Live<'_>| {
            u64::try_from(live.kv.key.len()).ok() == put["key_len"].as_u64() && hex(live.kv.key).starts_with(start)
        };
        let live = lives.iter().find(found).unwrap_or_else(|| panic!("{start} is not there"));
        assert_eq!(u64::try_from(live.kv.value.len()).ok(), put["value_len"].as_u64(), "{start}");
        assert_eq!(Some(hex(&Sha256::digest(live.kv.value)).as_str()), put["value_sha256"].as_str(), "{start}");
        assert_eq!(Some(live.revision.main.to_string().as_str()), put["rev"].as_str(), "{start}");
    }
    let hot = lives.iter().find(|live| live.kv.key.ends_with(b"/hot")).expect("the key that was put 300 times");
    assert_eq!((lives.len(), hot.kv.version), (15, 300));
}

/// Stored bytes, revisions, versions and leases of every live key, against a real etcd that restored the snapshot.
#[test]
fn every_live_record_as_a_restored_server_has_it() {
    let mut lines = 0;
    each(|fixture, scan, _| {
        let lives: std::collections::HashMap<_, _> =
            scan.store.live().map(|live| (String::from_utf8_lossy(live.kv.key).into_owned(), live)).collect();
        for line in fixture.truth() {
            let key = line["key"].as_str().expect("key");
            let kv = lives[key].kv;
            let stored: String = Sha256::digest(kv.value).iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(Some(stored.as_str()), line["valueSHA256"].as_str(), "{} {key}", fixture.name);
            for (field, got) in
                [("Create", kv.create_revision), ("Mod", kv.mod_revision), ("Version", kv.version), ("Lease", kv.lease)]
            {
                assert_eq!(Some(got), line[field].as_i64(), "{} {key} {field}", fixture.name);
            }
            lines += 1;
        }
    });
    assert!(lines > 6000, "only {lines} lines of truth");
}
