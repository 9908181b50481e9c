//! Secrets planted everywhere in a snapshot, and looked for in what every command prints.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use memchr::memmem;
use sha2::{Digest, Sha256};
use snapshot_builder::{Builder, Put};

use crate::fixture::named;
use crate::run::{assay, run};

/// A secret, and where it was planted.
struct Canary {
    place: &'static str,
    secret: String,
}

/// Where a secret is planted: in the object under this key. `{}` is the secret, `{64}` its base64.
const PLACES: [(&str, &str, &str); 11] = [
    (
        "data of a Secret",
        "/kubernetes.io/secrets/a/data",
        r#"{"apiVersion":"v1","kind":"Secret","metadata":{"name":"data"},"data":{"p":"{64}"}}"#,
    ),
    (
        "stringData of a Secret",
        "/kubernetes.io/secrets/a/string",
        r#"{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"},"stringData":{"p":"{}"}}"#,
    ),
    (
        "the last applied configuration of a Secret",
        "/kubernetes.io/secrets/a/applied",
        r#"{"apiVersion":"v1","kind":"Secret","metadata":{"name":"applied","annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{\"data\":{\"p\":\"{64}\"}}"}}}"#,
    ),
    (
        "an annotation that repeats a Secret",
        "/kubernetes.io/secrets/a/note",
        r#"{"apiVersion":"v1","kind":"Secret","metadata":{"name":"note","annotations":{"note":"it is {}"}},"data":{"p":"{64}"}}"#,
    ),
    (
        "something else among Secrets",
        "/kubernetes.io/secrets/a/other",
        r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"other"},"data":{"p":"{64}"}}"#,
    ),
    (
        "an OAuth client",
        "/openshift.io/oauth/clients/console",
        r#"{"apiVersion":"oauth.openshift.io/v1","kind":"OAuthClient","metadata":{"name":"console"},"secret":"{}"}"#,
    ),
    (
        "an OAuth authorize token",
        "/openshift.io/oauth/authorizetokens/sha256~x",
        r#"{"apiVersion":"oauth.openshift.io/v1","kind":"OAuthAuthorizeToken","metadata":{"name":"sha256~x"},"codeChallenge":"{}"}"#,
    ),
    (
        "the key of a route",
        "/openshift.io/routes/a/web",
        r#"{"apiVersion":"route.openshift.io/v1","kind":"Route","metadata":{"name":"web"},"spec":{"tls":{"key":"{}"}}}"#,
    ),
    (
        "a webhook",
        "/openshift.io/buildconfigs/a/b",
        r#"{"apiVersion":"build.openshift.io/v1","kind":"BuildConfig","metadata":{"name":"b"},"spec":{"triggers":[{"type":"GitHub","github":{"secret":"{}"}}]}}"#,
    ),
    (
        "a private key in a ConfigMap",
        "/kubernetes.io/configmaps/a/pem",
        r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"pem"},"data":{"k":"-----BEGIN RSA PRIVATE KEY-----\n{}\n-----END RSA PRIVATE KEY-----\n"}}"#,
    ),
    (
        "a Secret in a template",
        "/openshift.io/templates/a/t",
        r#"{"apiVersion":"template.openshift.io/v1","kind":"Template","metadata":{"name":"t"},"objects":[{"apiVersion":"v1","kind":"Secret","data":{"p":"{64}"}}]}"#,
    ),
];

/// Places that are not masked, because nothing in them says that they hold a secret: README.md and docs/ say so.
const SHOWN: [(&str, &str, &str); 3] = [
    (
        "a kubeconfig in a ConfigMap",
        "/kubernetes.io/configmaps/a/kubeconfig",
        r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"kubeconfig"},"data":{"kubeconfig":"users:\n- user:\n    token: {}\n"}}"#,
    ),
    (
        "the environment of a pod",
        "/kubernetes.io/pods/a/web",
        r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web"},"spec":{"containers":[{"name":"c","env":[{"name":"TOKEN","value":"{}"}]}]}}"#,
    ),
    (
        "a custom resource",
        "/kubernetes.io/example.com/things/a/t",
        r#"{"apiVersion":"example.com/v1","kind":"Thing","metadata":{"name":"t"},"spec":{"password":"{}"}}"#,
    ),
];

/// Commands that show objects, and so what is not masked in them.
const SHOWING: [&str; 5] = ["get", "export", "history", "timeline", "diff"];

fn secret(place: &str) -> String {
    let digest = Sha256::digest(format!("canary: {place}"));
    let hex: String = digest.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    format!("Zq{hex}")
}

/// The forms in which a secret may stand in output: as it is, in base64, in hexadecimal digits.
fn forms(secret: &str) -> Vec<String> {
    let hex = |upper: bool| -> String {
        secret.bytes().map(|byte| if upper { format!("{byte:02X}") } else { format!("{byte:02x}") }).collect()
    };
    let base64 = STANDARD.encode(secret);
    vec![secret.to_owned(), base64.trim_end_matches('=').to_owned(), hex(false), hex(true)]
}

fn fill(template: &str, secret: &str) -> String {
    template.replace("{64}", &STANDARD.encode(secret)).replace("{}", secret)
}

/// A snapshot with a canary in every place, and what was planted where.
fn planted(changed: bool) -> (Vec<u8>, Vec<Canary>) {
    let mut builder = Builder::new();
    let mut canaries = Vec::new();
    let mut main = 2;
    let mut put = |builder: &mut Builder, key: &str, value: &str, version: i64, create: i64| {
        let put = Put { key: key.as_bytes(), value: value.as_bytes(), create, modified: main, version, lease: 0 };
        builder.put(main, 0, &put);
        main += 1;
        main - 1
    };
    for (place, key, template) in PLACES.iter().chain(&SHOWN) {
        let old = secret(&format!("{place}, before"));
        let create = put(&mut builder, key, &fill(template, &old), 1, main_of(&canaries));
        canaries.push(Canary { place, secret: old });
        if changed || !key.contains("/a/note") {
            let new = secret(place);
            put(&mut builder, key, &fill(template, &new), 2, create);
            canaries.push(Canary { place, secret: new });
        }
    }
    let token = secret("the name of an OAuth token");
    let key = format!("/openshift.io/oauth/accesstokens/{token}");
    let value = format!(
        r#"{{"apiVersion":"oauth.openshift.io/v1","kind":"OAuthAccessToken","metadata":{{"name":"{token}"}},"authorizeToken":"{token}"}}"#
    );
    put(&mut builder, &key, &value, 1, 100);
    canaries.push(Canary { place: "the name of an OAuth token", secret: token });
    let password = secret("a password hash");
    // authpb.User {1 name, 2 password}
    let hash = format!("$2a$10${password}");
    let user = [&[0x0a, 4][..], b"root", &[0x12, hash.len() as u8], hash.as_bytes()].concat();
    builder.set("authUsers", b"root", &user);
    canaries.push(Canary { place: "a password hash", secret: password });
    let (file, canary) = with_free_page(&builder);
    canaries.push(canary);
    (file, canaries)
}

/// Revisions in the planted snapshot begin at 2 and every canary takes one.
fn main_of(canaries: &[Canary]) -> i64 {
    canaries.len() as i64 + 2
}

/// Adds a page that nothing uses: a leaf with a Secret on it, as deletion leaves it.
fn with_free_page(builder: &Builder) -> (Vec<u8>, Canary) {
    let secret = secret("a free page");
    let mut other = Builder::new();
    let value = fill(PLACES[0].2, &secret) + &" ".repeat(2000); // too long for an inline bucket
    let put =
        Put { key: PLACES[0].1.as_bytes(), value: value.as_bytes(), create: 2, modified: 2, version: 1, lease: 0 };
    let other = other.put(2, 0, &put).pages();
    let leaf =
        other.chunks(4096).find(|page| memmem::find(page, STANDARD.encode(&secret).as_bytes()).is_some()).unwrap();
    let mut file = builder.pages();
    let id = file.len() as u64 / 4096;
    let mut page = leaf.to_vec();
    page[..8].copy_from_slice(&id.to_le_bytes());
    file.extend(page);
    for meta in [16, 4096 + 16] {
        file[meta + 40..meta + 48].copy_from_slice(&(id + 1).to_le_bytes());
        let sum = file[meta..meta + 56]
            .iter()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        file[meta + 56..meta + 64].copy_from_slice(&sum.to_le_bytes());
    }
    let digest = Sha256::digest(&file);
    file.extend_from_slice(&digest);
    (file, Canary { place: "a free page", secret })
}

/// What each command is tried with; `S` is the snapshot, `T` another, `O` a directory to be. Commands that are not named
/// here are tried with the snapshot alone.
fn lines(commands: &BTreeSet<String>, pages: usize) -> Vec<Vec<String>> {
    let mut lines: BTreeMap<&str, Vec<Vec<&str>>> = BTreeMap::from([
        (
            "ls",
            vec![
                vec!["S"],
                vec!["S", "-l"],
                vec!["S", "--json"],
                vec!["S", "--all-revisions", "-o", "csv"],
                vec!["S", "--deleted"],
            ],
        ),
        (
            "export",
            vec![
                vec!["S", "-g", "/**"],
                vec!["S", "-g", "/**", "--everything", "--as-is"],
                vec!["S", "-g", "/**", "-o", "json"],
            ],
        ),
        (
            "timeline",
            vec![
                vec!["S"],
                vec!["S", "--values", "--all"],
                vec!["S", "-o", "json", "--values"],
                vec!["S", "-o", "csv"],
            ],
        ),
        (
            "diff",
            vec![
                vec!["T", "S", "--values"],
                vec!["T", "S", "--values", "--all", "--json"],
                vec!["S", "T", "--values", "-o", "ndjson"],
            ],
        ),
        ("hash", vec![vec!["S"], vec!["S", "--json"]]),
        ("bucket", vec![vec!["S"], vec!["S", "key"], vec!["S", "authUsers"], vec!["S", "key", "-o", "json"]]),
    ]);
    let mut get = Vec::new();
    for form in ["yaml", "json", "table", "ndjson"] {
        get.push(vec!["S", "-g", "/**", "-o", form, "--show-managed-fields"]);
    }
    let mut history = Vec::new();
    for (_, key, _) in PLACES.iter().chain(&SHOWN) {
        for form in ["raw", "hex", "yaml"] {
            get.push(vec!["S", key, "-o", form]);
        }
        get.push(vec!["S", key, "-o", "raw", "--stored"]);
        history.extend([vec!["S", *key], vec!["S", key, "--values", "--json"]]);
    }
    lines.insert("get", get);
    lines.insert("history", history);
    let mut all = Vec::new();
    for command in commands {
        match lines.get(command.as_str()) {
            Some(lines) => all.extend(lines.iter().map(|line| with(command, line))),
            None if command == "page" => all.extend((0..pages).map(|page| with(command, &["S", &page.to_string()]))),
            None => all.extend([with(command, &["S"]), with(command, &["S", "--json"]), with(command, &["S", "-v"])]),
        }
    }
    all
}

fn with(command: &str, rest: &[&str]) -> Vec<String> {
    [command].iter().chain(rest).map(|part| (*part).to_owned()).collect()
}

/// The commands that read a snapshot.
fn commands() -> BTreeSet<String> {
    // `keys` has tests of its own; the others take no snapshot, or wait for a person.
    const WITHOUT: [&str; 6] = ["explain", "completions", "man", "keys", "browse", "catalog"];
    let help = run(&["--help"]).out;
    let list = help.split_once("Commands:\n").unwrap().1;
    let names = list.lines().take_while(|line| !line.is_empty()).map(|line| line.split_whitespace().next().unwrap());
    names.filter(|name| !WITHOUT.contains(name)).map(str::to_owned).collect()
}

fn said(line: &[String], snapshot: &Path, other: &Path) -> Vec<u8> {
    let line: Vec<&std::ffi::OsStr> = line
        .iter()
        .map(|part| match part.as_str() {
            "S" => snapshot.as_os_str(),
            "T" => other.as_os_str(),
            part => part.as_ref(),
        })
        .collect();
    let output = assay(&line).output().unwrap();
    [output.stdout, output.stderr].concat()
}

#[test]
fn no_command_prints_a_secret_that_it_was_not_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let (file, canaries) = planted(true);
    let (other, _) = planted(false);
    let (snapshot, before) = (folder.path().join("snapshot.db"), folder.path().join("before.db"));
    fs::write(&snapshot, &file).unwrap();
    fs::write(&before, other).unwrap();
    for canary in &canaries {
        let there = forms(&canary.secret).iter().any(|form| memmem::find(&file, form.as_bytes()).is_some());
        assert!(there, "{} was not planted", canary.place);
    }
    let commands = commands();
    assert!(commands.len() >= 13, "{commands:?}");
    let mut shown = BTreeSet::new();
    for line in lines(&commands, file.len() / 4096) {
        let said = said(&line, &snapshot, &before);
        for canary in &canaries {
            let found = forms(&canary.secret).iter().any(|form| memmem::find(&said, form.as_bytes()).is_some());
            let is_by_design = SHOWN.iter().any(|(place, ..)| *place == canary.place);
            if found && is_by_design && SHOWING.contains(&line[0].as_str()) {
                shown.insert(canary.place);
                continue;
            }
            assert!(!found, "assay {} prints {}: {}", line.join(" "), canary.place, String::from_utf8_lossy(&said));
        }
    }
    assert_eq!(shown.len(), SHOWN.len(), "the test would not see a leak: what is shown by design was not seen");
}

#[test]
fn secrets_of_real_backups_are_not_printed() {
    let plain = named("plain-etcd36");
    let path = plain.snapshot();
    let list = run(&["get", path.to_str().unwrap(), "-r", "secrets", "--reveal", "-o", "json"]);
    let list: serde_json::Value = serde_json::from_str(&list.out).unwrap();
    let data = list["items"].as_array().unwrap().iter().filter_map(|secret| secret["data"].as_object());
    let values: BTreeSet<&str> = data.flat_map(|data| data.values()).filter_map(|value| value.as_str()).collect();
    let mut needles: Vec<Vec<u8>> = Vec::new();
    for value in values.iter().filter(|value| value.len() >= 20) {
        let opened = STANDARD.decode(value).unwrap();
        // certificates of secrets are public, and stand in other places, too
        if memmem::find(&opened, b"BEGIN CERTIFICATE").is_none() {
            needles.extend([value.as_bytes()[..20].to_vec(), opened[..15].to_vec()]);
        }
    }
    assert!(needles.len() > 100, "{}", needles.len());
    let auth = named("auth-enabled").snapshot();
    let hashes = named("auth-enabled").bytes();
    let hashes: Vec<Vec<u8>> = memmem::find_iter(&hashes, b"$2a$").map(|at| hashes[at..at + 40].to_vec()).collect();
    assert!(!hashes.is_empty());
    for (snapshot, needles) in [(&path, &needles), (&auth, &hashes)] {
        for line in lines(&commands(), 0) {
            if line[0] == "history" || line[0] == "get" && line.len() < 7 {
                continue; // these name keys of the planted snapshot
            }
            let said = said(&line, snapshot, snapshot);
            for needle in needles.iter().step_by(needles.len().div_ceil(80)) {
                let found = memmem::find(&said, needle).is_some();
                assert!(!found, "assay {} prints {}", line.join(" "), needle.escape_ascii());
            }
        }
    }
}
