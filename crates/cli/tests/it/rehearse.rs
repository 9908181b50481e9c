//! `rehearse`: what it makes, and what it refuses. What an etcd makes of it is asked in tests/oracle.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use crate::fixture::named;
use crate::rebuild::Bench;
use crate::run::{json_of, run};

#[test]
fn the_directory_is_whole_private_and_takes_no_room_for_zeros() {
    let bench = Bench::new();
    let (source, out) = (named("plain-etcd36").snapshot(), bench.text("data"));
    let packed = fs::read(&source).unwrap();
    let document = json_of(&["rehearse", source.to_str().unwrap(), "--data-dir", &out, "--json"]);
    assert!(fs::read(&source).unwrap() == packed, "the input was changed");
    assert_eq!(bench.names(), ["data"]);
    let told = &document["artifacts"][0];
    assert_eq!((&told["member"], &told["cluster"]), (&"8e9e05c52164694d".into(), &"cdf818194e3a8c32".into()));
    let hash = json_of(&["hash", "--json", source.to_str().unwrap()]);
    assert_eq!(told["content"], hash["artifacts"][0]["content"]);
    for file in told["files"].as_array().unwrap() {
        let path = bench.path("data").join(file["path"].as_str().unwrap());
        let metadata = fs::metadata(&path).unwrap();
        assert_eq!(metadata.len(), file["size"].as_u64().unwrap(), "{}", path.display());
        if file["role"] == "wal" {
            assert!(metadata.blocks() * 512 < 1 << 20, "{} blocks", metadata.blocks());
        }
    }
    for (path, mode) in [("data", 0o700), ("data/member/wal", 0o700), ("data/member/snap/db", 0o600)] {
        assert_eq!(fs::metadata(bench.path(path)).unwrap().permissions().mode() & 0o777, mode, "{path}");
    }
    let checks: Vec<_> = told["checks"].as_array().unwrap().iter().collect();
    let outcome = |name: &str| checks.iter().find(|check| check["name"] == name).unwrap()["outcome"].clone();
    assert_eq!((outcome("content"), outcome("boot")), ("proven".into(), "not-checked".into()));
}

#[test]
fn what_a_restore_refuses_is_refused_and_nothing_is_left() {
    let bench = Bench::new();
    let whole = named("plain-etcd34").bytes();
    let out = bench.text("data");
    let sound = bench.write("sound.db", &whole);
    let mut flipped = whole.clone();
    flipped[300_000] ^= 1; // in the middle of a value
    let flipped = bench.write("flipped.db", &flipped);
    let bare = bench.write("bare.db", &whole[..whole.len() - 32]);
    let cut = bench.write("cut.db", &whole[..whole.len() / 2]);
    let refused = |line: &[&str], said: &str| bench.refused(&[&["rehearse"], line, &["--out", &out]].concat(), said);
    refused(&[&flipped], "its SHA-256 is not that of its bytes");
    refused(&[&bare], "snapshot missing hash but --skip-hash-check=false");
    refused(&[&cut, "--skip-hash-check"], "cut.db");
    refused(&[&sound, "--name", "other"], "couldn't find local name \"other\" in the initial cluster configuration");
    refused(&[&sound, "--initial-advertise-peer-urls", "http://localhost:2381"], "--initial-advertise-peer-urls has");
    refused(&[&sound, "--bump-revision", "5"], "--mark-compacted");
    refused(&[&sound, "--bump-revision", "9223372036854775807", "--mark-compacted"], "is none that etcd can have");
    bench.write(".data.unproven", b"");
    refused(&[&sound], "one was broken off");
    fs::remove_file(bench.path(".data.unproven")).unwrap();
    fs::create_dir(bench.path("data")).unwrap();
    refused(&[&sound], "there is one already");
    fs::remove_dir(bench.path("data")).unwrap();
    for source in [&flipped, &bare] {
        let taken = run(&["rehearse", source, "--out", &out, "--skip-hash-check"]);
        assert_eq!(taken.code, Some(0), "{}", taken.err);
        fs::remove_dir_all(&out).unwrap();
    }
}
