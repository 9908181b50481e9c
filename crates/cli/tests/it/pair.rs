//! Whole backups: real files, changed in one thing each, judged by the binary.

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use crate::fixture::{Fixture, all, named};
use crate::run::run;

const KCM_CONFIG: &str = "static-pod-resources/kube-controller-manager-pod-7/configmaps/config/config.yaml";
const CONFIG: &str = "static-pod-resources/kube-apiserver-pod-9/secrets/encryption-config/encryption-config";

/// A directory as cluster-backup.sh leaves it, to be changed.
struct Folder {
    dir: tempfile::TempDir,
    fixture: Fixture,
    timestamp: String,
}

impl Folder {
    fn of(name: &str) -> Self {
        let fixture = named(name);
        let name = fixture.tarball().file_name().unwrap().to_str().unwrap().to_owned();
        let timestamp = name["static_kuberesources_".len()..][..17].to_owned();
        let folder = Self { dir: tempfile::tempdir().unwrap(), fixture, timestamp };
        fs::write(folder.snapshot(), folder.fixture.bytes()).unwrap();
        fs::copy(folder.fixture.tarball(), folder.tarball()).unwrap();
        folder
    }

    fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn snapshot(&self) -> PathBuf {
        self.file(&format!("snapshot_{}.db", self.timestamp))
    }

    fn tarball(&self) -> PathBuf {
        self.file(&format!("static_kuberesources_{}.tar.gz", self.timestamp))
    }

    /// Packs the tarball anew with each member's path and content changed; `None` leaves a member out.
    fn repack(&self, change: impl Fn(&str, Vec<u8>) -> Option<(String, Vec<u8>)>) {
        let packed = fs::read(self.fixture.tarball()).unwrap();
        let mut archive = tar::Archive::new(GzDecoder::new(&packed[..]));
        let mut builder = tar::Builder::new(GzEncoder::new(Vec::new(), flate2::Compression::fast()));
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            let path = String::from_utf8(entry.path_bytes().into_owned()).unwrap();
            let mut data = Vec::new();
            entry.read_to_end(&mut data).unwrap();
            let Some((path, data)) = change(&path, data) else { continue };
            let mut header = entry.header().clone();
            header.set_size(data.len() as u64);
            builder.append_data(&mut header, path, &data[..]).unwrap();
        }
        let mut encoder = builder.into_inner().unwrap();
        encoder.flush().unwrap();
        fs::write(self.tarball(), encoder.finish().unwrap()).unwrap();
    }

    fn verify(&self) -> Judged {
        judge(self.dir.path())
    }
}

/// What `verify --target 4.18.30` says of a directory.
struct Judged {
    code: Option<i32>,
    document: Value,
}

fn judge(path: &Path) -> Judged {
    let run = run(&["verify", "--json", "--target", "4.18.30", path.to_str().unwrap()]);
    let document = serde_json::from_str(&run.out).unwrap_or(Value::Null);
    assert!(!document.is_null(), "{}", run.err);
    Judged { code: run.code, document }
}

impl Judged {
    fn ids(&self, least: &[&str]) -> Vec<String> {
        let findings = self.document["findings"].as_array().unwrap().iter();
        let of = findings.filter(|finding| least.contains(&finding["severity"].as_str().unwrap()));
        let mut ids: Vec<String> = of.map(|finding| finding["id"].as_str().unwrap().to_owned()).collect();
        ids.dedup();
        ids
    }

    fn serious(&self) -> Vec<String> {
        self.ids(&["high", "critical"])
    }

    fn has(&self, id: &str) -> bool {
        self.document["findings"].as_array().unwrap().iter().any(|finding| finding["id"] == id)
    }

    fn backup(&self) -> &Value {
        let artifacts = self.document["artifacts"].as_array().unwrap();
        artifacts.iter().find(|artifact| artifact["kind"] == "backup").unwrap()
    }
}

/// Findings of severity high or above that the ground truth of a fixture holds. What is not a Kubernetes cluster is saved
/// beside a tarball of one: that the two do not belong together is true.
const TRUE_AND_SERIOUS: [(&str, &[&str]); 8] = [
    ("auth-enabled", &["PAIR-031"]),
    ("downgrade-enabled", &["PAIR-031"]),
    ("members-learner", &["PAIR-031"]),
    ("members-m0", &["PAIR-031"]),
    ("members-m1", &["PAIR-031"]),
    ("members-m2", &["PAIR-031"]),
    ("nospace-alarm", &["PAIR-031", "ETCD-001"]),
    ("odd-keys", &["KEY-033", "KEY-019", "PAIR-031"]),
];

#[test]
fn an_untouched_pair_has_no_serious_finding_but_the_true_ones() {
    for fixture in all() {
        let judged = judge(fixture.snapshot().parent().unwrap());
        let expected = TRUE_AND_SERIOUS.iter().find(|(name, _)| *name == fixture.name).map_or(&[][..], |(_, ids)| ids);
        assert_eq!(judged.serious(), expected, "{}", fixture.name);
        assert_eq!(judged.code, Some(i32::from(!expected.is_empty())), "{}", fixture.name);
        let compat = &judged.backup()["compat"];
        assert_eq!((&compat["verdict"], &compat["target"]), (&json!("pass"), &json!("4.18.30")), "{}", fixture.name);
        assert_eq!(judged.backup()["verdict"], judged.document["verdict"]);
    }
}

#[test]
fn a_backup_as_the_script_leaves_it_is_what_a_restore_takes() {
    let folder = Folder::of("aescbc-rotated");
    let judged = folder.verify();
    assert_eq!(judged.serious(), [""; 0]);
    let picks = &judged.backup()["restorePicks"];
    assert_eq!(picks["snapshot"], format!("snapshot_{}.db", folder.timestamp));
    assert_eq!(picks["tarball"], format!("static_kuberesources_{}.tar.gz", folder.timestamp));
    for id in ["PAIR-021", "PAIR-022", "PAIR-023", "PAIR-028"] {
        assert!(!judged.has(id), "{id}");
    }
    let screen = run(&["verify", folder.dir.path().to_str().unwrap()]);
    assert!(screen.out.contains("restore takes   these two files"), "{}", screen.out);
    assert!(screen.out.lines().count() <= 50, "one screen: {}", screen.out.lines().count());
}

#[test]
fn each_thing_that_is_wrong_is_named() {
    let same = |path: &str, data: Vec<u8>| Some((path.to_owned(), data));
    let text = |data: Vec<u8>| String::from_utf8(data).unwrap();
    // (what, findings of severity high or above that it must bring up, how)
    type Change<'c> = Box<dyn Fn(&str, Vec<u8>) -> Option<(String, Vec<u8>)> + 'c>;
    let cases: [(&str, &[&str], Change<'_>); 6] = [
        (
            "another cluster's",
            &["PAIR-012"],
            Box::new(|path, data| match path {
                KCM_CONFIG => same(path, text(data).replace("prod-x7k2p", "test-a1b2c").into_bytes()),
                _ => same(path, data),
            }),
        ),
        (
            "another revision",
            &["PAIR-002"],
            Box::new(|path, data| {
                let path = path.replace("kube-apiserver-pod-9", "kube-apiserver-pod-14");
                // the manifest says so, too: the tarball by itself is sound
                let data = match path.ends_with(".yaml") {
                    true => text(data)
                        .replace(r#""revision":"9""#, r#""revision":"14""#)
                        .replace("kube-apiserver-pod-9", "kube-apiserver-pod-14")
                        .into_bytes(),
                    false => data,
                };
                Some((path, data))
            }),
        ),
        (
            "other keys of the same names",
            &["KEY-021", "KEY-022"],
            Box::new(|path, data| match path {
                CONFIG => same(path, other_keys(&text(data))),
                _ => same(path, data),
            }),
        ),
        (
            "an older set of keys",
            &["KEY-020"],
            Box::new(|path, data| match path {
                CONFIG => same(path, older_keys(&text(data))),
                _ => same(path, data),
            }),
        ),
        (
            "a member removed",
            &["KEY-001"],
            Box::new(|path, data| match path {
                CONFIG => None,
                _ => same(path, data),
            }),
        ),
        ("packed from within", &["PAIR-030"], Box::new(|path, data| Some((format!("./{path}"), data)))),
    ];
    for (what, expected, change) in cases {
        let folder = Folder::of("aescbc-rotated");
        folder.repack(|path, data| change(path, data));
        let judged = folder.verify();
        let serious = judged.serious();
        assert!(expected.iter().all(|id| serious.iter().any(|found| found == id)), "{what}: {serious:?}");
        assert_eq!((judged.code, &judged.document["verdict"]), (Some(1), &json!("fail")), "{what}");
        assert_eq!(judged.backup()["verdict"], "fail", "{what}");
    }
}

fn other_keys(config: &str) -> Vec<u8> {
    let mut document: Value = serde_json::from_str(config).unwrap();
    for resource in document["resources"].as_array_mut().unwrap() {
        for provider in resource["providers"].as_array_mut().unwrap() {
            if let Some(key) = provider.pointer_mut("/aescbc/keys/0") {
                let secret: String = key["secret"].as_str().unwrap().trim_end_matches('=').chars().rev().collect();
                key["secret"] = json!(format!("{}A=", &secret[..42]));
            }
        }
    }
    document.to_string().into_bytes()
}

fn older_keys(config: &str) -> Vec<u8> {
    let mut document: Value = serde_json::from_str(config).unwrap();
    for resource in document["resources"].as_array_mut().unwrap() {
        resource["providers"]
            .as_array_mut()
            .unwrap()
            .retain(|it| it.pointer("/aescbc/keys/0/name") != Some(&json!("2")));
    }
    document.to_string().into_bytes()
}

/// Keys from elsewhere stand in for those of the tarball.
#[test]
fn a_keyless_backup_is_proved_with_keys_from_elsewhere() {
    let folder = Folder::of("aescbc-rotated");
    folder.repack(|path, data| (!path.contains("/secrets/encryption-config")).then(|| (path.to_owned(), data)));
    let keyless = folder.file(&format!("static_kuberesources_{}.keyless.tar.gz", folder.timestamp));
    fs::rename(folder.tarball(), &keyless).unwrap();
    let judged = folder.verify();
    assert!(judged.has("KEY-032") && judged.has("KEY-002"), "nothing was tried: {:?}", judged.serious());
    assert!(judged.backup()["encryption"]["keysFit"].is_null());
    let config = folder.fixture.path("encryption-config.json");
    let with = |keys: &Path, path: &Path| {
        let run = run(&["verify", "--json", "--keys", keys.to_str().unwrap(), path.to_str().unwrap()]);
        serde_json::from_str::<Value>(&run.out).unwrap()
    };
    let document = with(&config, folder.dir.path());
    assert_eq!(document["artifacts"][0]["encryption"]["keysFit"], true);
    let ids = |document: &Value| document["findings"].to_string();
    assert!(!ids(&document).contains("KEY-032"));
    // a snapshot by itself is opened too, once there are keys
    assert!(ids(&with(&config, &folder.snapshot())).contains("KEY-025"));
    let wrong = named("aesgcm-rotated").path("encryption-config.json");
    assert!(ids(&with(&wrong, &folder.snapshot())).contains("KEY-020"));
}

#[test]
fn names_that_were_changed_are_noticed() {
    let rename = |from: PathBuf, folder: &Folder, to: &str| fs::rename(from, folder.file(to)).unwrap();
    // one of the two: still one pair, of two times
    let folder = Folder::of("plain-etcd36");
    rename(folder.snapshot(), &folder, "snapshot_2026-11-24_120000.db");
    let judged = folder.verify();
    assert_eq!(judged.serious(), ["PAIR-001"]);
    assert!(judged.has("PAIR-013"), "nor is it the time of the data");
    // both, alike
    let folder = Folder::of("plain-etcd36");
    rename(folder.snapshot(), &folder, "snapshot_2026-11-27_111530.db");
    rename(folder.tarball(), &folder, "static_kuberesources_2026-11-27_111530.tar.gz");
    let judged = folder.verify();
    assert_eq!(judged.serious(), [""; 0]);
    assert!(judged.has("PAIR-013"));
    // to something without a time
    let folder = Folder::of("plain-etcd36");
    rename(folder.tarball(), &folder, "resources.tar.gz");
    let judged = folder.verify();
    assert!(judged.has("PAIR-023") && judged.backup()["restorePicks"]["tarball"].is_null());
    assert_eq!(judged.backup()["crossChecked"], true, "it is held against the snapshot all the same");
}

#[test]
fn what_a_restore_would_take_of_a_crowded_directory() {
    let folder = Folder::of("plain-etcd36");
    fs::copy(folder.snapshot(), folder.file("snapshot_old.db")).unwrap();
    let judged = folder.verify();
    assert!(judged.serious().contains(&"PAIR-021".to_owned()), "{:?}", judged.serious());
    assert_eq!(judged.backup()["restorePicks"]["snapshot"], "snapshot_old.db");
    assert_eq!(judged.code, Some(1));

    let folder = Folder::of("plain-etcd36");
    let dirty = format!("snapshot_{}__POSSIBLY_DIRTY__.db", folder.timestamp);
    fs::copy(folder.snapshot(), folder.file(&dirty)).unwrap();
    fs::copy(
        folder.tarball(),
        folder.file(&format!("static_kuberesources_{}__POSSIBLY_DIRTY__.tar.gz", folder.timestamp)),
    )
    .unwrap();
    let judged = folder.verify();
    assert!(judged.has("PAIR-024") && judged.has("PAIR-022") && !judged.has("PAIR-021"));
    assert_eq!(judged.backup()["restorePicks"]["snapshot"], dirty);

    let folder = Folder::of("plain-etcd36");
    fs::write(folder.file("snapshot_2026-11-25_010203.db.part"), "half").unwrap();
    assert!(folder.verify().has("PAIR-025"));
}

#[test]
fn a_half_alone_is_no_backup() {
    let folder = Folder::of("plain-etcd36");
    fs::remove_file(folder.tarball()).unwrap();
    let judged = folder.verify();
    assert_eq!((judged.code, judged.serious()), (Some(1), vec!["PAIR-019".to_owned()]));
    let folder = Folder::of("plain-etcd36");
    fs::remove_file(folder.snapshot()).unwrap();
    assert_eq!(folder.verify().serious(), ["PAIR-020"]);
    // a file named by itself misses nothing
    let fixture = named("plain-etcd36");
    for path in [fixture.snapshot(), fixture.tarball()] {
        let judged = judge(&path);
        assert!(!judged.has("PAIR-019") && !judged.has("PAIR-020") && judged.code == Some(0));
    }
}

#[test]
fn directories_of_updates_and_schedules_are_gone_through() {
    let outer = tempfile::tempdir().unwrap();
    let fixture = named("plain-etcd36");
    let inner = [
        "backup-nightly-2026-11-23_090848",
        "upgrade-backup-4.17.9-2026-11-23_090848",
        "upgrade-backup-4.18.30-2026-11-23_090848",
    ];
    for name in inner {
        let folder = outer.path().join(name);
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("snapshot_2026-11-23_090848.db"), fixture.bytes()).unwrap();
        fs::copy(fixture.tarball(), folder.join("static_kuberesources_2026-11-23_090848.tar.gz")).unwrap();
    }
    fs::create_dir(outer.path().join("lost+found")).unwrap();
    let judged = judge(outer.path());
    let artifacts = judged.document["artifacts"].as_array().unwrap();
    let backups: Vec<_> = artifacts.iter().filter(|artifact| artifact["kind"] == "backup").collect();
    let names: Vec<_> =
        backups.iter().map(|backup| backup["path"].as_str().unwrap().rsplit('/').next().unwrap()).collect();
    assert_eq!(names, inner);
    let release = |at: usize| {
        let evidence = backups[at]["compat"]["evidence"].as_array().unwrap().iter();
        evidence.filter(|it| it["source"] == "directory-name").map(|it| it["agrees"].clone()).collect::<Vec<_>>()
    };
    assert_eq!([release(0), release(1), release(2)], [vec![], vec![json!(false)], vec![json!(true)]]);
    assert!(judged.has("VER-008"));
    assert!(!judged.has("PAIR-022"), "each directory has one");
}

#[test]
fn microshift_and_hosted_control_planes_have_no_tarball() {
    let bytes = named("auth-enabled").bytes();
    let folder = tempfile::tempdir().unwrap();
    let microshift = folder.path().join(format!("rhel-{}.0_{}", "a1".repeat(32), "b".repeat(32)));
    fs::create_dir_all(microshift.join("etcd/member/snap")).unwrap();
    fs::create_dir(microshift.join("certs")).unwrap();
    // a copy of a running database: nothing appended a hash
    fs::write(microshift.join("etcd/member/snap/db"), &bytes[..bytes.len() - 32]).unwrap();
    let judged = judge(&microshift);
    assert_eq!(judged.serious(), ["VER-003"], "its release is not in an etcd without a cluster");
    assert!(!judged.has("PAIR-019") && judged.has("SNAP-002"));
    let of = |id: &str| {
        let findings = judged.document["findings"].as_array().unwrap().iter();
        findings.filter(|it| it["id"] == id).map(|it| it["severity"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(of("SNAP-002"), [json!("info")]);

    let hosted = folder.path().join("hosted");
    fs::create_dir_all(hosted.join("secrets")).unwrap();
    fs::write(hosted.join("snapshot.db"), &bytes).unwrap();
    let judged = judge(&hosted);
    assert!(!judged.has("PAIR-019"));
}

/// A keyless tarball is no gap where the manifest of its escrow agrees, and a serious one where it does not.
#[test]
fn keys_in_escrow_make_a_backup_whole() {
    let folder = tempfile::tempdir().unwrap();
    let vault = folder.path().join("vault");
    let backup = folder.path().join("backup");
    fs::create_dir(&backup).unwrap();
    let stamp = "2026-11-23_090915";
    let text = |path: PathBuf| path.to_str().unwrap().to_owned();
    let (snapshot, tarball) = (text(named("aescbc-rotated").snapshot()), text(named("aescbc-rotated").tarball()));
    let recipient = "age1667h9mn34kg9aqnwrx0sx44vhez06shh2gdcp7u43jyl2fdewfmqzdvck0";
    let split = ["keys", "split", &tarball, "-r", recipient, "--snapshot", &snapshot, "--out", vault.to_str().unwrap()];
    assert_eq!(run(&split).code, Some(0));
    let keyless = format!("static_kuberesources_{stamp}.keyless.tar.gz");
    fs::copy(&snapshot, backup.join(format!("snapshot_{stamp}.db.gz"))).unwrap();
    fs::copy(vault.join(&keyless), backup.join(&keyless)).unwrap();
    let manifest = vault.join(format!("static_kuberesources_{stamp}.manifest.json"));
    let line = ["verify", backup.to_str().unwrap(), "--json", "--escrow-manifest", manifest.to_str().unwrap()];
    let verify = || {
        let run = run(&line);
        let document: Value = serde_json::from_str(&run.out).unwrap();
        let named = |id: &str| document["findings"].as_array().unwrap().iter().any(|it| it["id"] == id);
        let matches = document["artifacts"][0]["escrow"]["matches"].clone();
        (run.code, matches, named("PAIR-032"), named("PAIR-033"))
    };
    assert_eq!(verify(), (Some(0), Value::Bool(true), false, true));
    // the snapshot is the same when it is unpacked; of a manifest that says nothing of what was in the file, only as it was
    fs::remove_file(backup.join(format!("snapshot_{stamp}.db.gz"))).unwrap();
    fs::write(backup.join(format!("snapshot_{stamp}.db")), named("aescbc-rotated").bytes()).unwrap();
    assert_eq!(verify(), (Some(0), Value::Bool(true), false, true));
    let written = fs::read(&manifest).unwrap();
    let mut older: Value = serde_json::from_slice(&written).unwrap();
    let mut content = older["snapshot"].as_object_mut().unwrap().remove("content").unwrap();
    fs::write(&manifest, older.to_string()).unwrap();
    assert_eq!(verify(), (Some(1), Value::Bool(false), true, false));
    // one that names the snapshot unpacked: that it is compressed since does not change it
    content["name"] = json!("snapshot.db");
    older["snapshot"] = content;
    fs::write(&manifest, older.to_string()).unwrap();
    assert_eq!(verify(), (Some(0), Value::Bool(true), false, true));
    fs::remove_file(backup.join(format!("snapshot_{stamp}.db"))).unwrap();
    fs::copy(&snapshot, backup.join(format!("snapshot_{stamp}.db.gz"))).unwrap();
    assert_eq!(verify(), (Some(0), Value::Bool(true), false, true));
    fs::write(&manifest, written).unwrap();
    // one byte more behind the gzip stream: the members are the same, the file is not the one that was split off
    let mut bytes = fs::read(backup.join(&keyless)).unwrap();
    bytes.push(0);
    fs::write(backup.join(&keyless), bytes).unwrap();
    assert_eq!(verify(), (Some(1), Value::Bool(false), true, false));
    let alone = run(&["verify", &snapshot, "--escrow-manifest", manifest.to_str().unwrap()]);
    assert!(alone.code == Some(2) && alone.err.contains("vouches for a tarball"), "{}", alone.err);
}

#[test]
fn a_lone_snapshot_in_a_directory_misses_its_tarball_whatever_its_name_is() {
    for name in ["snapshot.db", "snapshot_2026-11-23_090848.db"] {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(name), named("plain-etcd36").bytes()).unwrap();
        let judged = judge(folder.path());
        assert!(judged.has("PAIR-019"), "{name}: {:?}", judged.serious());
        assert_eq!(judged.code, Some(1), "{name}");
    }
}

/// What the operator leaves where the disk was full, and calls complete.
#[test]
fn a_file_that_cannot_be_read_fails_the_backup() {
    let folder = tempfile::tempdir().unwrap();
    let stamp = "2026-11-23_090915";
    let tarball = format!("static_kuberesources_{stamp}.tar.gz");
    fs::copy(named("aescbc-rotated").snapshot(), folder.path().join(format!("snapshot_{stamp}.db.gz"))).unwrap();
    for bytes in [Vec::new(), vec![0; 50_000]] {
        fs::write(folder.path().join(&tarball), &bytes).unwrap();
        let line = |format| run(&["verify", folder.path().to_str().unwrap(), "-o", format]);
        let human = line("human");
        assert!(human.out.starts_with("FAIL  ") && !human.out.contains("PASS"), "{}", human.out);
        assert!(
            human.code == Some(2) && human.out.contains("PAIR-040") && human.out.contains(&tarball),
            "{}",
            human.out
        );
        let document: Value = serde_json::from_str(&line("json").out).unwrap();
        assert_eq!(document["verdict"], "fail");
        let found = document["findings"].as_array().unwrap().iter().find(|it| it["id"] == "PAIR-040").unwrap();
        assert_eq!((&found["severity"], &found["location"]["member"]), (&"critical".into(), &tarball.as_str().into()));
        for format in ["sarif", "junit", "prometheus", "html"] {
            assert!(line(format).out.contains("PAIR-040"), "{format}");
        }
    }
}

/// `verify /mnt/backup/*` is judged as the directory is.
#[test]
fn files_named_one_by_one_are_grouped_as_a_directory_is() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (named("aescbc-rotated"), named("page-size-64k"));
    let put = |from: PathBuf, name: &str| {
        let to = folder.path().join(name);
        fs::copy(from, &to).unwrap();
        to.to_str().unwrap().to_owned()
    };
    let snapshot = |stamp: &str| format!("snapshot_{stamp}.db.gz");
    let tarball = |stamp: &str| format!("static_kuberesources_{stamp}.tar.gz");
    let (one, two) = ("2026-11-23_090915", "2026-11-23_101010");
    // each snapshot with the tarball of the other
    let files = [
        put(first.snapshot(), &snapshot(one)),
        put(second.snapshot(), &snapshot(two)),
        put(second.tarball(), &tarball(one)),
        put(first.tarball(), &tarball(two)),
    ];
    let verdicts = |paths: &[&str]| {
        let run = run(&[&["verify", "--json"], paths].concat());
        let document: Value = serde_json::from_str(&run.out).unwrap_or_else(|error| panic!("{error}: {}", run.err));
        let kinds: Vec<String> = document["artifacts"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["kind"].as_str().unwrap().to_owned())
            .collect();
        let ids: Vec<String> =
            document["findings"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap().to_owned()).collect();
        (run.code, kinds.iter().filter(|kind| *kind == "backup").count(), ids)
    };
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let (code, backups, ids) = verdicts(&files);
    assert_eq!((code, backups), (Some(1), 2));
    assert!(ids.iter().any(|id| id == "KEY-021" || id == "KEY-022"), "{ids:?}");
    // a third file has no other half, and that is told
    let (code, backups, ids) = verdicts(&[files[0], files[0], files[1], files[2]]);
    assert!(code == Some(1) && backups == 2 && ids.contains(&"PAIR-019".to_owned()), "{ids:?}");
    // files of one kind are meant one by one
    assert_eq!(verdicts(&files[..2]).1, 0);
}
