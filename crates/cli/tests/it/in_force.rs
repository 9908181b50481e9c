//! One configuration is in force, whichever command asks: directories made in every way in which keys may lie.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use crate::fixture::named;
use crate::keys_support::{Bench, CONFIG};
use crate::run::run;

const SERVER: &str = "static-pod-resources/kube-apiserver-pod-9/configmaps/config/config.yaml";
const STAMP: &str = "2026-11-23_090915";

/// Path and content of each file of a tarball.
pub(crate) type Members = Vec<(String, Vec<u8>)>;

pub(crate) fn members() -> Members {
    let packed = fs::read(named("aescbc-rotated").tarball()).unwrap();
    let mut archive = tar::Archive::new(GzDecoder::new(&packed[..]));
    let files = archive.entries().unwrap().map(Result::unwrap).filter(|entry| entry.header().entry_type().is_file());
    files
        .map(|mut entry| {
            let path = String::from_utf8(entry.path_bytes().into_owned()).unwrap();
            let mut data = Vec::new();
            entry.read_to_end(&mut data).unwrap();
            (path, data)
        })
        .collect()
}

pub(crate) fn pack(members: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut builder = tar::Builder::new(GzEncoder::new(Vec::new(), flate2::Compression::fast()));
    for (path, data) in members {
        let mut header = tar::Header::new_ustar();
        header.set_size(data.len() as u64);
        header.set_mode(0o600);
        builder.append_data(&mut header, path, &data[..]).unwrap();
    }
    builder.into_inner().unwrap().finish().unwrap()
}

/// The content of a member, to be changed.
fn content<'m>(members: &'m mut Members, path: &str) -> &'m mut Vec<u8> {
    &mut members.iter_mut().find(|(known, _)| known == path).unwrap().1
}

fn replace(members: &mut Members, path: &str, from: &str, to: &str) {
    let content = content(members, path);
    let text = String::from_utf8(content.clone()).unwrap();
    assert!(text.contains(from), "no {from}");
    *content = text.replace(from, to).into_bytes();
}

/// What kube-apiserver's `config.yaml` has of encryption.
fn argument(members: &Members) -> String {
    let text = String::from_utf8(members.iter().find(|(path, _)| path == SERVER).unwrap().1.clone()).unwrap();
    let from = text.find("\"encryption-provider-config\"").unwrap();
    let to = from + text[from..].find(']').unwrap() + 1;
    let comma = usize::from(text[to..].starts_with(','));
    text[from..to + comma].to_owned()
}

/// The keys of another cluster.
fn wrong() -> Vec<u8> {
    fs::read(named("page-size-64k").path("encryption-config.json")).unwrap()
}

/// Another revision of kube-apiserver: its configuration, and the keys of another cluster.
fn revision(members: &Members, number: &str) -> Members {
    let pod = format!("kube-apiserver-pod-{number}");
    let config = members.iter().find(|(path, _)| path == SERVER).unwrap().1.clone();
    let there = |path: &str| path.replace("kube-apiserver-pod-9", &pod);
    vec![(there(SERVER), config), (there(CONFIG), wrong())]
}

/// A directory, and what is to be said of its keys.
struct Case {
    what: &'static str,
    bench: Bench,
    dir: PathBuf,
    words: Vec<String>,
    fit: Value,
    /// Exit codes of `verify` and `keys check`: they differ only where something else than keys stands against it.
    codes: [i32; 2],
    /// Whether `inspect` tells of a configuration in use, and of one that is kept elsewhere.
    told: [bool; 2],
}

fn made(what: &'static str, fit: Value, codes: [i32; 2], told: [bool; 2], change: impl FnOnce(&mut Members)) -> Case {
    packed(what, fit, codes, told, |members| {
        change(members);
        pack(members)
    })
}

fn packed(
    what: &'static str,
    fit: Value,
    codes: [i32; 2],
    told: [bool; 2],
    file: impl FnOnce(&mut Members) -> Vec<u8>,
) -> Case {
    let bench = Bench::new();
    let dir = bench.path("backup");
    fs::create_dir(&dir).unwrap();
    fs::copy(named("aescbc-rotated").snapshot(), dir.join(format!("snapshot_{STAMP}.db.gz"))).unwrap();
    let tarball = file(&mut members());
    fs::write(dir.join(format!("static_kuberesources_{STAMP}.tar.gz")), tarball).unwrap();
    Case { what, bench, dir, words: Vec::new(), fit, codes, told }
}

fn cases() -> Vec<Case> {
    let (none, fails) = (Value::Null, [1, 1]);
    vec![
        made("named", json!(true), [0, 0], [true, false], |_| {}),
        made("not named", json!(false), fails, [false, false], |members| {
            let argument = argument(members);
            replace(members, SERVER, &argument, "");
        }),
        made("named elsewhere", none.clone(), fails, [false, true], |members| {
            replace(members, SERVER, "encryption-config/encryption-config", "encryption-config-2/encryption-config");
        }),
        made("named outside", none.clone(), fails, [false, true], |members| {
            let path = "/etc/kubernetes/static-pod-resources/secrets/encryption-config/encryption-config";
            replace(members, SERVER, path, "/etc/kubernetes/keys");
        }),
        made("a newer revision, first in the archive", json!(false), fails, [true, false], |members| {
            let newer = revision(members, "10");
            members.splice(0..0, newer);
        }),
        made("an older revision, last in the archive", json!(true), [1, 0], [true, false], |members| {
            members.extend(revision(members, "8"));
        }),
        made("keyless", none.clone(), fails, [false, true], |members| members.retain(|(path, _)| path != CONFIG)),
        made("without a config.yaml", json!(true), [1, 0], [true, false], |members| {
            members.retain(|(path, _)| path != SERVER);
        }),
        made("a config.yaml that cannot be read", none.clone(), fails, [false, false], |members| {
            *content(members, SERVER) = b"{\"kind\": ".to_vec();
        }),
        made("keys that cannot be read", none.clone(), fails, [false, false], |members| {
            *content(members, CONFIG) = b"{\"kind\": ".to_vec();
        }),
        packed("broken off", none, fails, [false, false], |members| {
            let at = members.iter().position(|(path, _)| path == CONFIG).unwrap();
            let keys = members.remove(at);
            members.push(keys);
            let whole = pack(members);
            whole[..whole.len() - 2_000].to_vec()
        }),
        escrow_beside(),
        hosted(true),
        hosted(false),
    ]
}

/// As a split leaves it, its escrow beside it.
fn escrow_beside() -> Case {
    let mut case = made("an escrow beside", json!(true), [0, 0], [false, true], |_| {});
    let whole = case.dir.join(format!("static_kuberesources_{STAMP}.tar.gz"));
    fs::rename(&whole, case.bench.path(&format!("static_kuberesources_{STAMP}.tar.gz"))).unwrap();
    case.bench.split();
    for end in ["keyless.tar.gz", "escrow.age", "manifest.json"] {
        fs::copy(case.bench.vault(end), case.dir.join(format!("static_kuberesources_{STAMP}.{end}"))).unwrap();
    }
    case.words = vec!["-i".to_owned(), case.bench.path("key.txt").to_str().unwrap().to_owned()];
    case
}

/// A directory as of a hosted control plane, with its own keys or with another's. What is in the snapshot is of another
/// platform, and the data would be believed: so it is said.
fn hosted(right: bool) -> Case {
    let (what, codes) = if right { ("hosted", [0, 0]) } else { ("hosted, with the keys of another", [1, 1]) };
    let bench = Bench::new();
    let dir = bench.path("hosted");
    fs::create_dir_all(dir.join("secrets")).unwrap();
    fs::write(dir.join("snapshot.db"), named("aescbc-rotated").bytes()).unwrap();
    fs::write(dir.join("secrets/root-ca.json"), r#"{"kind":"Secret","data":{"ca.crt":"eA=="}}"#).unwrap();
    let keys = if right { fs::read(named("aescbc-rotated").path("encryption-config.json")).unwrap() } else { wrong() };
    fs::write(dir.join("secrets/config.json"), keys).unwrap();
    let words = ["--platform", "hypershift"].map(str::to_owned).to_vec();
    Case { what, bench, dir, words, fit: json!(right), codes, told: [false, false] }
}

fn asked(command: &[&str], dir: &Path, words: &[String]) -> (i32, Value) {
    let words = words.iter().map(String::as_str);
    let line: Vec<&str> = command.iter().copied().chain(["--json", dir.to_str().unwrap()]).chain(words).collect();
    let run = run(&line);
    let document = serde_json::from_str(&run.out).unwrap_or_else(|_| panic!("{line:?}: {}", run.err));
    (run.code.unwrap(), document)
}

#[test]
fn every_command_means_the_same_keys() {
    for case in cases() {
        let what = case.what;
        let (code, verify) = asked(&["verify"], &case.dir, &case.words);
        let (checked, check) = asked(&["keys", "check"], &case.dir, &case.words);
        let fit = |document: &Value| document["artifacts"][0]["encryption"]["keysFit"].clone();
        assert_eq!((fit(&verify), fit(&check)), (case.fit.clone(), case.fit), "{what}");
        let ids = verify["findings"].as_array().unwrap().iter().map(|it| format!("{} {}", it["severity"], it["id"]));
        assert_eq!([code, checked], case.codes, "{what}: {:?}", ids.collect::<Vec<_>>());
        let words: &[String] = if case.words.iter().any(|word| word == "--platform") { &case.words } else { &[] };
        let (inspected, inspect) = asked(&["inspect"], &case.dir, words);
        assert!(inspected <= code, "{what}: inspect fails what verify passes");
        for document in [&inspect, &verify] {
            let of_tarball = |artifact: &&Value| artifact["kind"] == "static-kuberesources";
            let Some(tarball) = document["artifacts"].as_array().unwrap().iter().find(of_tarball) else { continue };
            let told = [!tarball["encryptionConfig"].is_null(), tarball["keyless"] == true];
            assert_eq!(told, case.told, "{what}: {tarball:#}");
            let path = tarball["path"].as_str().unwrap();
            let (_, listed) = asked(&["keys", "ls"], Path::new(path), &[]);
            assert_eq!(listed["artifacts"][0]["keyless"], case.told[1], "{what}: keys ls");
        }
    }
}

/// Keys in a tarball that nothing names open nothing by themselves; whoever wants to read with them says so.
#[test]
fn keys_that_nothing_names_are_told_of() {
    let case = cases().into_iter().find(|case| case.what == "not named").unwrap();
    let tarball = case.dir.join(format!("static_kuberesources_{STAMP}.tar.gz"));
    let dir = case.dir.to_str().unwrap();
    for line in [&["keys", "check", dir][..], &["verify", dir, "--keys", tarball.to_str().unwrap()]] {
        let run = run(line);
        assert_eq!(run.code, Some(1), "{line:?}");
        assert!(run.err.contains("is not told to use"), "{line:?}: {}", run.err);
    }
    let shown = run(&["inspect", tarball.to_str().unwrap()]).out;
    assert!(shown.contains("IS NOT TOLD to use the keys"), "{shown}");
}
