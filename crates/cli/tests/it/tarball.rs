//! `inspect` and `verify` on tarballs of static pod resources.

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use static_resources::Limits;

use crate::fixture::{Fixture, all, named};
use crate::run::{Run, assay, json_of, run};

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn tar_of(fixture: &Fixture) -> Vec<u8> {
    let mut bytes = Vec::new();
    GzDecoder::new(fs::File::open(fixture.tarball()).unwrap()).read_to_end(&mut bytes).unwrap();
    bytes
}

/// The archive without its end, one more member, an end.
fn with_member(tar: &[u8], kind: tar::EntryType, path: &str, data: &[u8]) -> Vec<u8> {
    let last = tar.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    let mut bytes = tar[..last.next_multiple_of(512)].to_vec();
    let mut header = tar::Header::new_gnu();
    header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
    header.set_entry_type(kind);
    header.set_mode(0o600);
    header.set_size(data.len() as u64);
    header.set_cksum();
    bytes.extend_from_slice(header.as_bytes());
    bytes.extend_from_slice(data);
    bytes.resize(bytes.len().next_multiple_of(512) + 1024, 0);
    bytes
}

/// The archive without the members below a directory, as a split leaves it.
fn without(tar: &[u8], prefix: &str) -> Vec<u8> {
    let resources = static_resources::read(tar, &Limits::default()).unwrap();
    let mut bytes = Vec::new();
    let mut gone = 0;
    let mut end = 0;
    for member in &resources.members {
        end = member.end_offset as usize;
        if member.path.as_str().unwrap().contains(prefix) {
            gone += 1;
        } else {
            bytes.extend_from_slice(&tar[member.header_offset as usize..end]);
        }
    }
    assert!(gone > 0, "no {prefix}");
    bytes.extend_from_slice(&tar[end..]);
    bytes
}

pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn parse(run: &Run) -> Value {
    serde_json::from_str(&run.out).unwrap()
}

fn ids(document: &Value) -> Vec<String> {
    let findings = document["findings"].as_array().unwrap().iter();
    findings.map(|finding| finding["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn every_tarball_is_sound_and_has_the_shape_of_the_contract() {
    for fixture in all() {
        let path = fixture.tarball();
        for command in ["inspect", "verify"] {
            let document = json_of(&[command, "--json", text(&path)]);
            assert_eq!(document["artifacts"].as_array().unwrap().len(), 1);
            let artifact = &document["artifacts"][0];
            let name = path.file_name().unwrap().to_str().unwrap();
            assert_eq!(artifact["kind"], "static-kuberesources");
            assert_eq!(artifact["path"], text(&path));
            assert_eq!(artifact["size"], fs::metadata(&path).unwrap().len());
            assert_eq!(artifact["sha256"], fixture.digest(name), "{name}");
            assert_eq!(format!("static_kuberesources_{}.tar.gz", artifact["timestamp"].as_str().unwrap()), name);
            assert_eq!(artifact["dirty"], false);
            assert_eq!(artifact["keyless"], false);
            assert_eq!(artifact["complete"], true);
            assert_eq!(artifact["producer"], "cluster-backup.sh");
            assert_eq!(artifact["node"], "master-0");
            let pods = artifact["pods"].as_array().unwrap().iter();
            let pods: Vec<_> =
                pods.map(|pod| (pod["name"].as_str().unwrap(), pod["revision"].as_u64().unwrap())).collect();
            let expected = [("kube-apiserver", 9), ("kube-controller-manager", 7), ("kube-scheduler", 6), ("etcd", 8)];
            assert_eq!(pods, expected);
            let members = artifact["pods"].as_array().unwrap().iter().map(|pod| pod["members"].as_u64().unwrap());
            assert_eq!(json!(members.sum::<u64>()), artifact["members"]);
            let source = "static-pod-resources/kube-apiserver-pod-9/kube-apiserver-pod.yaml";
            assert_eq!(artifact["version"], json!({"exact": "4.18.30", "minor": "4.18", "source": source}));
            check_encryption(&fixture, artifact);
            // expired certificates grow in number with the years; they are no reason to refuse a backup
            let serious = document["findings"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|finding| matches!(finding["severity"].as_str().unwrap(), "critical" | "high"));
            assert_eq!(serious.count(), 0, "{}: {:?}", fixture.name, ids(&document));
            assert!(ids(&document).contains(&"TAR-029".to_owned()), "the scheduler's certificate has expired");
            assert_ne!(document["verdict"], "fail");
        }
    }
}

/// Writers and readers are those of the configuration that the API server ran with.
fn check_encryption(fixture: &Fixture, artifact: &Value) {
    let Some(config) = fixture.json("encryption-config.json") else {
        assert_eq!(artifact["encryptionConfig"], Value::Null, "{}", fixture.name);
        return;
    };
    let ours = artifact["encryptionConfig"]["resources"].as_array().unwrap();
    let theirs = config["resources"].as_array().unwrap();
    assert_eq!(ours.len(), theirs.len());
    for (ours, theirs) in ours.iter().zip(theirs) {
        assert_eq!(ours["resource"], theirs["resources"][0]);
        let expected: Vec<(String, Value)> = theirs["providers"]
            .as_array()
            .unwrap()
            .iter()
            .map(|provider| {
                let (name, body) = provider.as_object().unwrap().iter().next().unwrap();
                (name.clone(), body.pointer("/keys/0/name").cloned().unwrap_or(Value::Null))
            })
            .collect();
        let uses = std::iter::once(&ours["writer"]).chain(ours["readers"].as_array().unwrap());
        let uses: Vec<(String, Value)> =
            uses.map(|used| (used["provider"].as_str().unwrap().to_owned(), used["key"].clone())).collect();
        assert_eq!(uses, expected, "{}", fixture.name);
        for used in std::iter::once(&ours["writer"]).chain(ours["readers"].as_array().unwrap()) {
            let print = used["fingerprint"].as_str().unwrap_or_default();
            assert_eq!(print.len(), if used["provider"] == "identity" { 0 } else { "scrypt:".len() + 32 });
        }
    }
}

#[test]
fn the_inventory_names_keys_by_class_and_fingerprint() {
    let fixture = named("aescbc-rotated");
    let document = json_of(&["inspect", "--json", text(&fixture.tarball())]);
    let artifact = &document["artifacts"][0];
    let material = artifact["keyMaterial"].as_array().unwrap();
    let of = |class: &str| material.iter().filter(|row| row["class"] == class).collect::<Vec<_>>();
    let counts = ["encryption-config", "signing-key", "tls-key", "token", "public-key"].map(|class| of(class).len());
    assert_eq!(counts, [2, 1, 13, 3, 4]);
    let keys: Vec<_> =
        of("encryption-config").iter().map(|row| (row["keyName"].clone(), row["algorithm"].clone())).collect();
    assert_eq!(keys, [(json!("2"), json!("aescbc-256")), (json!("1"), json!("aescbc-256"))]);
    // the fingerprint is that of the configuration's own list, and another for another key
    let writer = &artifact["encryptionConfig"]["resources"][0]["writer"]["fingerprint"];
    assert_eq!(&of("encryption-config")[0]["fingerprint"], writer);
    assert_ne!(of("encryption-config")[1]["fingerprint"], *writer);
    let scheduler = "static-pod-resources/kube-scheduler-pod-6/secrets/serving-cert/tls.key";
    let row = of("tls-key").into_iter().find(|row| row["path"] == scheduler).unwrap();
    assert_eq!(row["notAfter"], "2026-09-14T08:50:55Z", "that of its certificate");
    assert_eq!(row["algorithm"], "RSA-2048");
    assert!(row["fingerprint"].as_str().unwrap().starts_with("spki-sha256:"));
}

/// `keys ls` and `inspect` look at the same file: what both say must be the same.
#[test]
fn the_inventory_is_that_of_keys_ls() {
    for fixture in all() {
        let path = fixture.tarball();
        let [mut ours, mut theirs] = [&["inspect"][..], &["keys", "ls"]].map(|command| {
            let line: Vec<&str> = command.iter().copied().chain(["--json", text(&path)]).collect();
            json_of(&line)["artifacts"][0].take()
        });
        for field in
            ["kind", "path", "size", "sha256", "timestamp", "dirty", "complete", "node", "pods", "version", "keyless"]
        {
            assert_eq!(ours[field], theirs[field], "{}: {field}", fixture.name);
            assert!(!theirs[field].is_null(), "{field}");
        }
        let served = "/encryptionConfig/resources";
        assert_eq!(ours.pointer(served), theirs.pointer(served), "{}", fixture.name);
        let rows = |artifact: &mut Value| {
            let mut rows: Vec<String> = artifact["keyMaterial"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|row| !["public-key", "certificate"].contains(&row["class"].as_str().unwrap()))
                .map(Value::to_string)
                .collect();
            rows.sort_unstable();
            rows
        };
        let (ours, theirs) = (rows(&mut ours), rows(&mut theirs));
        assert!(theirs.len() >= 17);
        assert_eq!(ours, theirs, "{}", fixture.name);
    }
}

#[test]
fn content_tells_a_tarball_whatever_its_name_and_its_way_in() {
    let folder = tempfile::tempdir().unwrap();
    let fixture = named("plain-etcd36");
    let packed = fs::read(fixture.tarball()).unwrap();
    let odd = folder.path().join("snapshot_2026-11-23_010203.db");
    fs::write(&odd, &packed).unwrap();
    let document = json_of(&["verify", "--json", text(&odd)]);
    assert_eq!(document["artifacts"][0]["kind"], "static-kuberesources");
    assert_eq!(document["artifacts"][0]["timestamp"], Value::Null, "the name is that of a snapshot");
    for arguments in [&["verify", "--json", "-"][..], &["inspect", "--json", "--no-mmap", "-"]] {
        let stdin = fs::File::open(fixture.tarball()).unwrap();
        let run = Run::from(assay(arguments).stdin(stdin).output().unwrap());
        assert_eq!(run.code, Some(0), "{}", run.err);
        let artifact = &parse(&run)["artifacts"][0];
        assert_eq!((&artifact["path"], &artifact["size"]), (&json!("-"), &json!(packed.len())));
    }
    // a bare tar says the same, and that it has to be compressed before a restore
    let bare = folder.path().join("resources.tar");
    fs::write(&bare, tar_of(&fixture)).unwrap();
    let run = run(&["verify", "--json", text(&bare)]);
    let document = parse(&run);
    assert_eq!((run.code, &document["verdict"]), (Some(0), &json!("warn")));
    assert_eq!(document["artifacts"][0]["compression"], Value::Null);
    assert!(ids(&document).contains(&"TAR-003".to_owned()));
}

#[test]
fn the_screen_gives_the_verdict_first() {
    let path = named("aescbc-rotated").tarball();
    let verify = run(&["verify", text(&path)]);
    assert_eq!((verify.code, verify.err.as_str()), (Some(0), ""));
    let mut lines = verify.out.lines();
    assert_eq!(lines.next(), Some(format!("PASS  {}", text(&path)).as_str()));
    assert_eq!(lines.next(), Some("  nothing stands against a restore with this tarball"));
    for part in ["TAR-029 certificate-expired", "135 members; sound", "kube-apiserver 9", "4.18.30 (exact", "master-0"]
    {
        assert!(verify.out.contains(part), "{part}: {}", verify.out);
    }
    let served = "secrets, configmaps: aescbc 2 writes; aescbc 1, plaintext read (rotated, or being so)";
    assert!(verify.out.contains(served), "{}", verify.out);
    let inspect = run(&["inspect", text(&path)]);
    assert!(inspect.out.starts_with(&format!("{}: static pod resources", text(&path))), "{}", inspect.out);
    assert!(inspect.out.contains("aescbc-256 key 2") && !inspect.out.contains("public-key"));
    assert!(run(&["inspect", "-v", text(&path)]).out.contains("public-key"));
}

#[test]
fn keys_held_apart_and_keys_that_are_gone_are_two_answers() {
    let folder = tempfile::tempdir().unwrap();
    let keyless = gzip(&without(&tar_of(&named("aescbc-rotated")), "secrets/encryption-config"));
    for (name, code, verdict, id) in [
        ("static_kuberesources_2026-11-23_090915.keyless.tar.gz", 0, "pass", "KEY-002"),
        ("static_kuberesources_2026-11-23_090915.tar.gz", 1, "fail", "KEY-001"),
    ] {
        let path = folder.path().join(name);
        fs::write(&path, &keyless).unwrap();
        let run = run(&["verify", "--json", text(&path)]);
        let document = parse(&run);
        assert_eq!((run.code, document["verdict"].as_str()), (Some(code), Some(verdict)), "{}", run.out);
        let artifact = &document["artifacts"][0];
        assert_eq!((&artifact["keyless"], &artifact["encryptionConfig"]), (&json!(true), &Value::Null));
        assert_eq!(artifact["timestamp"], "2026-11-23_090915");
        assert!(ids(&document).contains(&id.to_owned()), "{:?}", ids(&document));
        assert!(!artifact["keyMaterial"].to_string().contains("encryption-config"));
    }
    let path = folder.path().join("static_kuberesources_2026-11-23_090915.keyless.tar.gz");
    let screen = run(&["verify", text(&path)]).out;
    assert!(screen.contains("once its keys are joined to it again"), "{screen}");
    assert!(screen.contains("17 members are still secret: 1 signing-key"), "{screen}");
}

#[test]
fn a_forced_backup_is_looked_at_twice() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("static_kuberesources_2026-11-23_090848__POSSIBLY_DIRTY__.tar.gz");
    fs::copy(named("plain-etcd36").tarball(), &path).unwrap();
    let run = run(&["verify", "--json", text(&path)]);
    let document = parse(&run);
    assert_eq!((run.code, &document["verdict"]), (Some(0), &json!("warn")));
    assert_eq!(document["artifacts"][0]["dirty"], true);
    assert!(ids(&document).contains(&"TAR-027".to_owned()));
}

#[test]
fn hostile_archives_fail_by_name_and_nothing_is_extracted() {
    let folder = tempfile::tempdir().unwrap();
    let tar = tar_of(&named("plain-etcd36"));
    let packed = fs::read(named("plain-etcd36").tarball()).unwrap();
    let file = tar::EntryType::Regular;
    let add = |kind, path| gzip(&with_member(&tar, kind, path, b""));
    let mut wrong_crc = packed.clone();
    let at = wrong_crc.len() - 6;
    wrong_crc[at] ^= 0xff;
    let cases: [(&str, Vec<u8>, &str); 9] = [
        ("half", packed[..packed.len() / 2].to_vec(), "TAR-001"),
        ("crc", wrong_crc, "TAR-002"),
        ("cut", gzip(&tar[..tar.len() / 2]), "TAR-007"),
        ("upwards", add(file, "static-pod-resources/../../escaped"), "TAR-013"),
        ("absolute", add(file, "/tmp/escaped"), "TAR-013"),
        ("first", gzip(&with_first(&tar, "../escaped")), "TAR-013"),
        ("link", add(tar::EntryType::Symlink, "static-pod-resources/link"), "TAR-018"),
        ("twice", add(file, "static-pod-resources/etcd-pod-8/etcd-pod.yaml"), "TAR-017"),
        ("no scheduler", gzip(&without(&tar, "kube-scheduler-pod-6")), "TAR-022"),
    ];
    for (name, bytes, id) in &cases {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        let run = run(&["verify", "--json", text(&path)]);
        assert_eq!(run.code, Some(1), "{name}: {}{}", run.out, run.err);
        let document = parse(&run);
        assert_eq!(document["verdict"], "fail");
        let finding = document["findings"].as_array().unwrap().iter().find(|finding| finding["id"] == *id);
        let finding = finding.unwrap_or_else(|| panic!("{name}: {:?}", ids(&document)));
        assert!(finding["location"]["offset"].is_u64() || *id == "TAR-022", "{finding}");
        assert!(!finding["remedy"].as_str().unwrap().is_empty());
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), cases.len(), "nothing was written");
    assert!(!folder.path().join("../escaped").exists() && !Path::new("/tmp/escaped").exists());
    // a description of a part must not pass for one of the whole
    assert_eq!(run(&["inspect", text(&folder.path().join("half"))]).code, Some(1));
    let screen = run(&["verify", text(&folder.path().join("half"))]).out;
    assert!(screen.contains("NOT READ TO ITS END") && screen.starts_with("FAIL"), "{screen}");
}

/// The archive behind one more member.
fn with_first(tar: &[u8], path: &str) -> Vec<u8> {
    let alone = with_member(&[&[1][..], &[0; 511]].concat(), tar::EntryType::Regular, path, b"");
    [&alone[512..1024], tar].concat()
}

#[test]
fn what_is_no_tarball_of_a_backup_is_refused_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, bytes: &[u8]| -> PathBuf {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    let packed = fs::read(named("plain-etcd36").tarball()).unwrap();
    let foreign = with_member(&[&[1][..], &[0; 511]].concat(), tar::EntryType::Regular, "home/me/snapshot.db", b"x");
    for (path, message, hint) in [
        (put("cut.tar.gz", &packed[..20]), "the gzip stream is cut off", "fetch the file again"),
        (put("static_kuberesources_2026-11-23_090848.tar.gz", b""), "is empty", "take it again"),
        (
            put("foreign.tar.gz", &gzip(&foreign[512..])),
            // an archive of one file is that file
            "foreign.tar.gz/home/me/snapshot.db` is not an etcd snapshot: it looks like a text file",
            "",
        ),
        (put("x.json", b"{\"a\":1}"), "is not an etcd snapshot: it looks like a JSON document", ""),
        (folder.path().join("missing.tar.gz"), "no such file", ""),
    ] {
        for command in ["verify", "inspect"] {
            let run = run(&[command, text(&path)]);
            assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{}", path.display());
            assert!(run.err.starts_with("error: ") && run.err.contains(message), "{}", run.err);
            assert!(run.err.contains(hint) && run.err.lines().count() <= 2, "{}", run.err);
        }
    }
}

#[test]
fn one_bad_file_does_not_hide_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let fixture = named("plain-etcd36");
    let missing = folder.path().join("missing");
    let line =
        ["verify", "--json", text(&missing), text(&fixture.tarball()), text(&fixture.snapshot())].map(str::to_owned);
    let run = run(&line);
    let document = parse(&run);
    assert_eq!((run.code, &document["verdict"]), (Some(2), &json!("fail")));
    let kinds: Vec<_> = document["artifacts"].as_array().unwrap().iter().map(|one| one["kind"].clone()).collect();
    assert_eq!(kinds, ["backup", "snapshot", "static-kuberesources", "unreadable"]);
}

#[test]
fn damage_anywhere_is_an_answer_and_never_a_crash() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.tar.gz");
    let packed = fs::read(named("plain-etcd36").tarball()).unwrap();
    let tar = tar_of(&named("plain-etcd36"));
    for part in 1..12 {
        let flip = |bytes: &[u8]| {
            let mut bytes = bytes.to_vec();
            let at = bytes.len() * part / 12;
            bytes[at] ^= 0x55;
            bytes
        };
        for bytes in [flip(&packed), gzip(&flip(&tar)), flip(&tar), packed[..packed.len() * part / 12].to_vec()] {
            fs::write(&path, &bytes).unwrap();
            let output = assay(&["verify", "--json", text(&path)]).output().unwrap();
            let err = String::from_utf8(output.stderr).unwrap();
            assert!(matches!(output.status.code(), Some(0..=2)), "{part}: {err}");
            assert!(!err.contains("internal error"), "{part}: {err}");
        }
    }
}

/// 300 MiB of content with 200 MiB of address space: whoever expands it into memory fails.
#[test]
fn a_large_archive_is_read_in_little_memory() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.tar.gz");
    let mut encoder = GzEncoder::new(fs::File::create(&path).unwrap(), Compression::fast());
    let tar = tar_of(&named("plain-etcd36"));
    let size: u64 = 300 << 20;
    let with = with_member(&tar, tar::EntryType::Regular, "static-pod-resources/large", b"");
    let mut header = tar::Header::new_gnu();
    header.as_old_mut().name[..26].copy_from_slice(b"static-pod-resources/large");
    header.set_entry_type(tar::EntryType::Regular);
    header.set_mode(0o600);
    header.set_size(size);
    header.set_cksum();
    encoder.write_all(&with[..with.len() - 1024 - 512]).unwrap();
    encoder.write_all(header.as_bytes()).unwrap();
    let zeros = vec![0; 1 << 20];
    (0..300).for_each(|_| encoder.write_all(&zeros).unwrap());
    encoder.write_all(&[0; 1024]).unwrap();
    drop(encoder.finish().unwrap());
    for arguments in
        [format!("verify --threads 1 --json {}", text(&path)), format!("verify --threads 1 --json - <{}", text(&path))]
    {
        let line = format!("ulimit -v 204800 && exec {} {arguments}", env!("CARGO_BIN_EXE_assay"));
        let output = fixtures::tool("sh").unwrap().args(["-c", &line]).stdin(Stdio::null()).output().unwrap();
        let run = Run::from(output);
        assert_eq!(run.code, Some(0), "{}", run.err);
        let document = parse(&run);
        assert!(ids(&document).contains(&"TAR-019".to_owned()), "{:?}", ids(&document));
        assert_eq!(document["artifacts"][0]["complete"], true);
    }
    let capped = run(&["verify", "--json", "--max-expanded", "10MiB", text(&path)]);
    assert_eq!(capped.code, Some(1));
    assert!(ids(&parse(&capped)).contains(&"TAR-012".to_owned()));
}
