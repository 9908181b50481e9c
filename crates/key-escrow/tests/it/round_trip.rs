//! Split and join give back every byte, whoever made the tarball.

use std::fs;

use key_escrow::{EncryptionState, MemberLabel, RejoinMethod, RemovalPolicy, SealTo, split};

use crate::support::{Bench, CONFIG, files, gunzip, gzip, peer, recorded, run, tarball_of, with_keys};

#[test]
fn every_fixture_tarball() {
    for backup in fixtures::all() {
        let (name, bytes) = (&backup.name, backup.tarball_bytes());
        let bench = Bench::new();
        let tarball = bench.tarball(&bytes);
        let split = bench.split(&tarball).unwrap_or_else(|e| panic!("{name}: {e}"));
        let (joined, outcome) = bench.join(&split).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert!(joined == bytes, "{name}: other bytes");
        assert!(outcome.manifest_agrees);
        assert_eq!(split.manifest.rejoin.method, RejoinMethod::Corrections, "{name}");
        let has_keys = files(&gunzip(&bytes)).keys().any(|p| p.contains("/secrets/encryption-config/"));
        let expected = if has_keys { EncryptionState::KeysRemoved } else { EncryptionState::NoKeys };
        assert_eq!(split.manifest.encryption, expected, "{name}");
        assert_eq!(split.manifest.removed.is_empty(), !has_keys, "{name}");
        assert_eq!(fs::read(&tarball).unwrap(), bytes, "the input is as it was");
    }
}

/// Every recorded producer, with the way its gzip bytes come back.
#[test]
fn every_producer() {
    use RejoinMethod::{Corrections as C, SealedOriginal as S};
    let expected = [
        ("busybox", C),
        ("concatenated", C),
        ("gnu-long-names", C),
        ("gnutar-gzip-1", C),
        ("gnutar-gzip-6", C),
        ("gnutar-gzip-9", C),
        ("gnutar-z", C),
        ("go-default", C),
        ("go-fastest", C),
        ("go-stored", C),
        ("pax-gzip-6", C),
        ("pax-long-names", C),
        ("pigz-6", C),
        ("pigz-9-blocks", C),
        ("pigz-independent", C),
        ("python-stored", C),
        ("python-zlib-9", C),
        ("trailing-garbage", C),
        ("trailing-zeros", C),
        ("ustar-gzip-6", C),
        ("zopfli", S),
    ];
    let data = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let recorded_here = fs::read_dir(data)
        .unwrap()
        .filter(|e| e.as_ref().unwrap().file_name().to_string_lossy().ends_with(".tar.gz"))
        .count();
    assert_eq!(recorded_here, expected.len(), "a recorded tarball is not in the table");
    let mut wrong = Vec::new();
    for (name, method) in expected {
        let bytes = recorded(&format!("{name}.tar.gz"));
        let bench = Bench::new();
        let split = bench.split(&bench.tarball(&bytes)).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert!(bench.join(&split).unwrap_or_else(|e| panic!("{name}: {e}")).0 == bytes, "{name}: other bytes");
        assert_eq!(split.manifest.encryption, EncryptionState::KeysRemoved, "{name}");
        let got = &split.manifest.rejoin;
        assert_eq!(got.reason.is_some(), got.method == S, "{name}");
        if got.method != method {
            wrong.push(format!("{name}: {:?} {:?}", got.method, got.reason));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_sealed_original_gives_the_same_bytes() {
    for bytes in [with_keys(), recorded("pax-long-names.tar.gz")] {
        let bench = Bench::new();
        let tarball = bench.tarball(&bytes);
        let policy = RemovalPolicy::encryption_config();
        let mut options = bench.options(&tarball, &policy, SealTo::Recipients(bench.recipients()));
        options.seal_original = true;
        let split = split(options, &mut |_, _, _| {}).unwrap();
        assert_eq!(split.manifest.rejoin.method, RejoinMethod::SealedOriginal);
        assert!(bench.join(&split).unwrap().0 == bytes);
    }
}

/// Keyless is the original tar minus whole members: order, headers and bytes of all others as they were.
#[test]
fn keyless_is_the_original_without_the_removed_members() {
    let bytes = with_keys();
    let bench = Bench::new();
    let split = bench.split(&bench.tarball(&bytes)).unwrap();
    let (original, keyless) = (gunzip(&bytes), gunzip(&fs::read(&split.keyless).unwrap()));
    let start = (0..original.len())
        .step_by(512)
        .find(|at| original[*at..].starts_with(CONFIG.rsplit_once('/').unwrap().0.as_bytes()))
        .unwrap();
    let gone = 3 * 512 + 570_usize.next_multiple_of(512) - 512;
    assert!(keyless == [&original[..start], &original[start + gone..]].concat());
    let mut expected = files(&original);
    expected.remove(CONFIG).unwrap();
    assert_eq!(files(&keyless), expected);
    if let Some(mut tar) = peer("tar") {
        let listing = String::from_utf8(run(tar.arg("-tvzf").arg(&split.keyless), b"")).unwrap();
        assert!(
            listing.lines().all(|l| l.contains(" static-pod-resources/")) && !listing.contains("encryption-config/")
        );
    }
    let twice = Bench::new();
    let again = twice.split(&twice.tarball(&bytes)).unwrap();
    assert!(fs::read(&split.keyless).unwrap() == fs::read(&again.keyless).unwrap(), "deterministic");
    assert_eq!(fs::read(&split.keyless).unwrap()[4..8], [0; 4], "no time in it");
}

#[test]
fn a_keyless_tarball_compressed_anew_still_joins() {
    let bytes = with_keys();
    let bench = Bench::new();
    let split = bench.split(&bench.tarball(&bytes)).unwrap();
    let tar = gunzip(&fs::read(&split.keyless).unwrap());
    for (name, again) in [("plain.tar", tar.clone()), ("again.tar.gz", gzip(&tar))] {
        let path = bench.path(name);
        fs::write(&path, again).unwrap();
        assert!(bench.join_files(&path, &split.escrow, None, &bench.identities()).unwrap().0 == bytes, "{name}");
    }
}

#[test]
fn many_members_empty_members_and_other_classes() {
    let dirs: Vec<String> =
        (0..3000).map(|i| format!("static-pod-resources/etcd-pod-8/secrets/s{i}/tls.key")).collect();
    let mut members: Vec<(&str, &[u8])> = vec![("static-pod-resources/etcd-pod-8/empty", b""), (CONFIG, b"{}")];
    members.extend(dirs.iter().map(|d| (d.as_str(), d.as_bytes())));
    let bytes = tarball_of(&members);
    let bench = Bench::new();
    let tarball = bench.tarball(&bytes);
    let mut policy = RemovalPolicy::encryption_config().with_remaining("token", 2);
    for dir in dirs.iter().step_by(2) {
        policy = policy.with_member(
            dir,
            MemberLabel {
                fingerprint: Some("fp".into()),
                key_names: vec!["1".into()],
                ..MemberLabel::class("private-key")
            },
        );
    }
    policy = policy.with_member("static-pod-resources/etcd-pod-8/empty", MemberLabel::class("token"));
    let split =
        split(bench.options(&tarball, &policy, SealTo::Recipients(bench.recipients())), &mut |_, _, _| {}).unwrap();
    assert_eq!(split.manifest.removed.len(), 1502);
    assert_eq!(split.manifest.removed[2].fingerprint.as_deref(), Some("fp"));
    assert_eq!(split.manifest.key_names, ["1"]);
    assert_eq!(split.manifest.remaining["token"], 2);
    assert!(bench.join(&split).unwrap().0 == bytes);
}

#[test]
fn a_policy_that_leaves_the_keys_says_so() {
    let bench = Bench::new();
    let tarball = bench.tarball(&with_keys());
    let policy = RemovalPolicy::default();
    let split =
        split(bench.options(&tarball, &policy, SealTo::Recipients(bench.recipients())), &mut |_, _, _| {}).unwrap();
    assert_eq!(split.manifest.encryption, EncryptionState::KeysRemain);
}
