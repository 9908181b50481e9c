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

/// The options of OpenShift's script, by the release that the backup is of or that is said; what is given comes first.
#[test]
fn openshift_is_restored_as_its_own_script_does() {
    let bench = Bench::new();
    let folder = named("aescbc-rotated").snapshot().parent().unwrap().to_str().unwrap().to_owned();
    let rehearsed = |out: &str, more: &[&str]| {
        let out = bench.text(out);
        let line = [&["rehearse", "--json", &folder, "--out", &out], more].concat();
        json_of(&line)["artifacts"][0].clone()
    };
    let told = rehearsed("a", &["--as", "openshift"]);
    let member = &told["members"][0];
    assert_eq!((&member["name"], &member["peerURLs"][0]), (&"master-0".into(), &"https://127.0.0.1:2380".into()));
    let of = &told["as"];
    let expected = ("openshift".into(), "4.18".into(), "master-0".into());
    assert_eq!((&of["platform"], &of["release"], &of["node"]), (&expected.0, &expected.1, &expected.2));
    assert_eq!((&told["bump"], &told["revision"]), (&1_000_000_000.into(), &1_000_001_497.into()));
    assert_eq!(told["etcdRelease"], "3.5");
    // a new token each time: two clusters that are restored from one backup must not take each other for themselves
    let token = |told: &serde_json::Value| told["as"]["token"].as_str().unwrap().to_owned();
    let again = rehearsed("b", &["--as", "openshift"]);
    assert!(token(&told).starts_with("openshift-etcd-") && token(&told).len() == 15 + 36, "{}", token(&told));
    assert!(token(&told) != token(&again) && told["member"] != again["member"]);

    for (out, release, bump, etcd) in [
        ("c", "openshift:4.8", serde_json::Value::Null, "3.4"),
        ("d", "openshift:4.17", serde_json::Value::Null, "3.5"),
        ("e", "openshift:4.21", 1_000_000_000.into(), "3.6"),
    ] {
        let told = rehearsed(out, &["--as", release]);
        assert_eq!((&told["bump"], &told["etcdRelease"]), (&bump, &etcd.into()), "{release}");
    }
    let index = bench.write("revision.json", b"{\"clusterId\":\"a\",\"maxRaftIndex\":1000004}");
    let told = rehearsed("f", &["--as", "openshift", "--revision-json", &index]);
    assert_eq!(told["bump"], 1_200_004);
    let more = ["--as", "openshift", "--node", "n", "--peer-host", "[fd00::7]", "--initial-cluster-token", "t"];
    let plain = ["--name", "n", "--initial-cluster", "n=https://[fd00::7]:2380", "--initial-cluster-token", "t"];
    let (told, url) = (rehearsed("g", &more), ["--initial-advertise-peer-urls", "https://[fd00::7]:2380"]);
    let same = rehearsed("h", &[&plain[..], &url].concat());
    assert_eq!((&told["member"], &told["cluster"]), (&same["member"], &same["cluster"]));
}

/// Platforms that are no OpenShift: each member of all that there are, or the one server that resets the cluster.
#[test]
fn other_platforms_are_restored_with_their_own_options() {
    let bench = Bench::new();
    let folder = named("members-m0").snapshot().parent().unwrap().to_str().unwrap().to_owned();
    let rehearsed = |out: &str, more: &[&str]| {
        let out = bench.text(out);
        json_of(&[&["rehearse", "--json", &folder, "--out", &out], more].concat())["artifacts"][0].clone()
    };
    let members = |told: &serde_json::Value| told["members"].as_array().unwrap().len();
    for (platform, count, token) in
        [("kubeadm", 3, "etcd-cluster-"), ("hypershift", 3, "etcd-cluster"), ("k3s", 1, ""), ("rke2", 1, "")]
    {
        let told = rehearsed(platform, &["--as", platform, "--node", "m1"]);
        let said = told["as"]["token"].as_str().unwrap();
        assert_eq!((members(&told), &told["as"]["platform"]), (count, &platform.into()), "{told}");
        assert!(said.starts_with(token) && (platform == "kubeadm") == (said.len() == token.len() + 36), "{said}");
        assert_eq!((&told["as"]["node"], &told["bump"]), (&"m1".into(), &serde_json::Value::Null));
        assert_eq!(told["etcdRelease"], "3.6", "as the data says");
    }
    let fixed =
        rehearsed("t", &["--as", "k3s", "--node", "n", "--peer-host", "10.0.0.9", "--initial-cluster-token", "t"]);
    let plain = ["--name", "n", "--initial-cluster", "n=https://10.0.0.9:2380", "--initial-cluster-token", "t"];
    let same = rehearsed("u", &[&plain[..], &["--initial-advertise-peer-urls", "https://10.0.0.9:2380"]].concat());
    assert_eq!((&fixed["member"], &fixed["cluster"]), (&same["member"], &same["cluster"]));
}

#[test]
fn what_the_script_cannot_know_is_asked_for() {
    let bench = Bench::new();
    let folder = named("aescbc-rotated").snapshot().parent().unwrap().to_str().unwrap().to_owned();
    let plain = bench.write("plain.db", &named("auth-enabled").bytes());
    let (odd, out) = (bench.write("odd.json", b"{\"maxRaftIndex\":\"1\"}"), bench.text("data"));
    let refused = |line: &[&str], said: &str| bench.refused(&[&["rehearse"], line, &["--out", &out]].concat(), said);
    refused(&[&folder, "--as", "openshift", "--node", "nope"], "no member is called `nope`: there are master-0");
    refused(&[&plain, "--as", "openshift"], "nothing in it tells which release of OpenShift it is of");
    refused(&[&folder, "--as", "openshift", "--revision-json", &odd], "it has no number `maxRaftIndex`");
    refused(&[&folder, "--as", "nomad"], "known are `openshift`");
    refused(&[&folder, "--as", "k3s:1.31"], "do not go by its release");
    refused(&[&folder, "--as", "microshift"], "it puts its directory back as it was");
    refused(&[&folder, "--as", "openshift:3.11"], "is no release such as 4.18");
    refused(&[&folder, "--as", "openshift", "--name", "x"], "cannot be used with");
    // of several backups none is guessed
    let two = tempfile::tempdir().unwrap();
    for name in ["a.db", "b.db"] {
        fs::write(two.path().join(name), named("auth-enabled").bytes()).unwrap();
    }
    refused(&[two.path().to_str().unwrap()], "a restore would take no snapshot of it");
}
