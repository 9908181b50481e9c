//! Secrets planted everywhere in a snapshot, and looked for in what every command prints.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use memchr::memmem;
use sha2::{Digest, Sha256};
use snapshot_builder::{Builder, Put};

use crate::canary_lines::{Line, commands, lines};
use crate::fixture::named;
use crate::keys_leaks;
use crate::keys_support::{CONFIG, files, gunzip, identity, tar_gz};
use crate::pty::Tty;
use crate::run::{assay, run};

/// A secret, and where it was planted.
struct Canary {
    place: &'static str,
    secret: String,
}

/// Where a secret is planted: in the object under this key. `{}` is the secret, `{64}` its base64.
pub(crate) const PLACES: [(&str, &str, &str); 11] = [
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
pub(crate) const SHOWN: [(&str, &str, &str); 3] = [
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
const SHOWING: [&str; 6] = ["get", "export", "history", "timeline", "diff", "browse"];

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
    let secret = secret("a free page");
    let value = fill(PLACES[0].2, &secret) + &" ".repeat(2000); // too long for an inline bucket
    let put =
        Put { key: PLACES[0].1.as_bytes(), value: value.as_bytes(), create: 2, modified: 2, version: 1, lease: 0 };
    canaries.push(Canary { place: "a free page", secret });
    (with_free_page(&builder, &put), canaries)
}

/// Revisions in the planted snapshot begin at 2 and every canary takes one.
fn main_of(canaries: &[Canary]) -> i64 {
    canaries.len() as i64 + 2
}

/// The file, with a page that nothing uses: a leaf with a record on it, as deletion leaves it. The value is too long for
/// an inline bucket.
pub(crate) fn with_free_page(builder: &Builder, put: &Put<'_>) -> Vec<u8> {
    let other = Builder::new().put(put.modified, 0, put).pages();
    let leaf = other.chunks(4096).find(|page| memmem::find(page, put.value).is_some()).unwrap();
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
    file
}

/// A tarball with canaries for keys, and the encryption configuration in it.
fn tarball() -> (Vec<u8>, Vec<u8>, [Canary; 2]) {
    // 24 bytes are an AES-192 key, and whole groups of base64.
    let key = secret("a key of encryption")[..24].to_owned();
    let pem = secret("a private key in the tarball");
    let config = format!(
        r#"{{"apiVersion":"apiserver.config.k8s.io/v1","kind":"EncryptionConfiguration","resources":[{{"resources":["secrets"],"providers":[{{"aescbc":{{"keys":[{{"name":"1","secret":"{}"}}]}}}},{{"identity":{{}}}}]}}]}}"#,
        STANDARD.encode(&key)
    );
    let private = format!("-----BEGIN RSA PRIVATE KEY-----\n{pem}\n-----END RSA PRIVATE KEY-----\n");
    let path = "static-pod-resources/kube-apiserver-pod-9/secrets/canary-tls/tls.key";
    let packed = tar_gz(&[(CONFIG, config.as_bytes()), (path, private.as_bytes())]);
    let canaries = [
        Canary { place: "a key of encryption", secret: key },
        Canary { place: "a private key in the tarball", secret: pem },
    ];
    (packed, config.into_bytes(), canaries)
}

/// A backup with canaries in its snapshot and its tarball, an older snapshot of it, and what commands ask for besides.
struct Bench {
    dir: tempfile::TempDir,
    recipient: String,
    canaries: Vec<Canary>,
    snapshot: Vec<u8>,
    /// What the catalog calls the backup.
    id: String,
}

const STAMP: &str = "2026-11-23_010203";

impl Bench {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (snapshot, mut canaries) = planted(true);
        let (packed, config, of_keys) = tarball();
        let recipient = identity(&dir.path().join("identity"));
        fs::create_dir(dir.path().join("backup")).unwrap();
        for (name, bytes) in [
            (&*format!("backup/snapshot_{STAMP}.db"), &snapshot),
            (&format!("backup/static_kuberesources_{STAMP}.tar.gz"), &packed),
            ("before.db", &planted(false).0),
            ("config.json", &config),
        ] {
            fs::write(dir.path().join(name), bytes).unwrap();
        }
        for canary in &canaries {
            assert!(canary.is_in(&snapshot), "{} was not planted", canary.place);
        }
        for canary in &of_keys {
            assert!(canary.is_in(&gunzip(&packed)), "{} was not planted", canary.place);
        }
        canaries.extend(of_keys);
        let mut bench = Self { dir, recipient, canaries, snapshot, id: String::new() };
        fs::write(bench.path("policy.yaml"), run(&["policy", "init"]).out).unwrap();
        let split = bench.words("keys split {K} -r {R} --out {B}/vault");
        assert_eq!(run(&split).code, Some(0), "{}", run(&split).err);
        assert_eq!(run(&bench.words("catalog --db {L} add {D}")).code, Some(0));
        run(&bench.words("catalog --db {L} ls -o name")).out.trim().clone_into(&mut bench.id);
        fs::write(bench.path("catalog.ndjson"), run(&bench.words("catalog --db {L} export")).out).unwrap();
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn snapshot(&self) -> PathBuf {
        self.path(&format!("backup/snapshot_{STAMP}.db"))
    }

    /// The words of a line, see [`crate::canary_lines`].
    fn words(&self, line: &str) -> Vec<String> {
        let path = |name: &str| self.path(name).to_str().unwrap().to_owned();
        let stem = format!("static_kuberesources_{STAMP}");
        line.split(' ')
            .map(|word| {
                word.replace("{S}", self.snapshot().to_str().unwrap())
                    .replace("{T}", &path("before.db"))
                    .replace("{D}", &path("backup"))
                    .replace("{K}", &path(&format!("backup/{stem}.tar.gz")))
                    .replace("{C}", &path("config.json"))
                    .replace("{P}", &path("policy.yaml"))
                    .replace("{V}", &path(&format!("vault/{stem}")))
                    .replace("{I}", &path("identity"))
                    .replace("{R}", &self.recipient)
                    .replace("{L}", &path("catalog.db"))
                    .replace("{N}", &self.id)
                    .replace("{O}", &path("out"))
                    .replace("{B}", self.dir.path().to_str().unwrap())
            })
            .collect()
    }
}

impl Canary {
    fn is_in(&self, said: &[u8]) -> bool {
        forms(&self.secret).iter().any(|form| memmem::find(said, form.as_bytes()).is_some())
    }

    fn is_shown_by_design(&self) -> bool {
        SHOWN.iter().any(|(place, ..)| self.place.starts_with(*place))
    }
}

/// What a line says, and what it writes unless the secrets in that were asked for.
fn said(line: &Line, words: &[String], out: &Path) -> Vec<u8> {
    let output = assay(words).output().unwrap();
    let mut said = [output.stdout, output.stderr].concat();
    for mistake in [&b"For more information, try"[..], b"for usage, add"] {
        assert!(memmem::find(&said, mistake).is_none(), "{line:?} is a mistake: {}", String::from_utf8_lossy(&said));
    }
    if !line.writes_secrets {
        said.extend(files(out).into_values().flatten());
        said.extend(fs::read(out).unwrap_or_default());
    }
    let _ = fs::remove_dir_all(out);
    let _ = fs::remove_file(out);
    said
}

#[test]
fn no_command_prints_a_secret_that_it_was_not_asked_for() {
    let bench = Bench::new();
    let mut shown = BTreeSet::new();
    let mut tried = BTreeSet::from(["browse".to_owned()]); // see below
    for line in lines(bench.snapshot.len() / 4096) {
        let said = said(&line, &bench.words(&line.text), &bench.path("out"));
        for canary in bench.canaries.iter().filter(|canary| canary.is_in(&said)) {
            let text = String::from_utf8_lossy(&said);
            let by_design = canary.is_shown_by_design() && SHOWING.contains(&&*line.command);
            assert!(by_design, "assay {} prints {}: {text}", line.text, canary.place);
            shown.insert(canary.place);
        }
        tried.insert(line.command);
    }
    assert_eq!(tried, commands(), "a command is not tried, or is none: see canary_lines.rs");
    assert_eq!(shown.len(), SHOWN.len(), "the test would not see a leak: what is shown by design was not seen");
}

#[test]
fn the_browser_shows_no_secret_that_it_was_not_asked_for() {
    let bench = Bench::new();
    for (query, kind) in [
        ("secrets data", "kind: Secret"),
        ("secrets applied", "kind: Secret"),
        ("secrets note", "kind: Secret"),
        ("secrets other", "kind: Pod"),
        ("configmaps pem", "kind: ConfigMap"),
        ("configmaps kubeconfig", "kind: ConfigMap"),
        ("accesstokens", "kind: OAuthAccessToken"),
    ] {
        let mut command = assay(&bench.words("browse {S} --keys {C}"));
        command.env("TERM", "xterm").env("LANG", "C.UTF-8").env_remove("LC_ALL").env_remove("LC_CTYPE");
        let mut tty = Tty::start(&command, (120, 40));
        tty.wait_for("structure sound");
        tty.press(&format!("/{query}"));
        tty.wait_for(query);
        tty.press("\r\r");
        tty.wait_for(kind);
        tty.press("\t");
        tty.wait_for("created");
        tty.press("\u{3}");
        let ended = tty.end();
        for canary in bench.canaries.iter().filter(|canary| !canary.is_shown_by_design()) {
            for form in forms(&canary.secret) {
                assert!(!ended.showed(&form), "browse, at `{query}`, shows {}", canary.place);
            }
        }
        let by_design = bench.canaries.iter().find(|canary| canary.place == "a kubeconfig in a ConfigMap").unwrap();
        let seen = bench.canaries.iter().any(|canary| canary.place == by_design.place && ended.showed(&canary.secret));
        assert_eq!(seen, query == "configmaps kubeconfig", "the test sees what is shown");
    }
}

/// Values of a backup's Secrets, as they stand in an object and opened.
fn values_of(snapshot: &Path, keys: &[&str]) -> Vec<Vec<u8>> {
    let line = ["get", snapshot.to_str().unwrap(), "-r", "secrets", "--reveal", "-o", "json"];
    let line: Vec<&str> = line.iter().chain(keys).copied().collect();
    let list: serde_json::Value = serde_json::from_str(&run(&line).out).unwrap();
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
    needles
}

#[test]
fn secrets_of_real_backups_are_not_printed() {
    let plain = named("plain-etcd36");
    let sealed = named("aescbc-rotated");
    let tarball = sealed.tarball();
    let auth = named("auth-enabled");
    let bytes = auth.bytes();
    let hashes: Vec<Vec<u8>> = memmem::find_iter(&bytes, b"$2a$").map(|at| bytes[at..at + 40].to_vec()).collect();
    assert!(!hashes.is_empty());
    let of_sealed = values_of(&sealed.snapshot(), &["--keys", tarball.to_str().unwrap()]);
    let folder = tempfile::tempdir().unwrap();
    for (fixture, needles) in [(&plain, values_of(&plain.snapshot(), &[])), (&sealed, of_sealed), (&auth, hashes)] {
        // Unpacked once: the file is read some hundred times.
        let snapshot = folder.path().join(format!("{}.db", fixture.name));
        fs::write(&snapshot, fixture.bytes()).unwrap();
        let directory = fixture.snapshot().parent().unwrap().to_owned();
        let keys = fixture.tarball();
        for line in lines(0) {
            // The others name what is in the planted backup alone, or write files.
            let text = line.text.as_str();
            if text.contains("{O}") || text.contains("{V}") || text.contains("{P}") || text.contains(" /") {
                continue;
            }
            let words: Vec<String> = text
                .split(' ')
                .map(|word| match word {
                    "{S}" | "{T}" => snapshot.to_str().unwrap().to_owned(),
                    "{K}" | "{C}" => keys.to_str().unwrap().to_owned(),
                    "{D}" => directory.to_str().unwrap().to_owned(),
                    word => word.to_owned(),
                })
                .collect();
            let output = assay(&words).output().unwrap();
            let said = [output.stdout, output.stderr].concat();
            for needle in needles.iter().step_by(needles.len().div_ceil(80)) {
                let found = memmem::find(&said, needle).is_some();
                assert!(!found, "assay {text} on {} prints {}", fixture.name, needle.escape_ascii());
            }
            assert_eq!(keys_leaks::found(&said), None, "assay {text} on {}", fixture.name);
        }
    }
}

/// Not even what is shown by design, nor what history and free pages have, whoever looks at the bytes.
#[test]
fn a_file_for_a_support_case_has_no_secret_in_it() {
    let bench = Bench::new();
    let out = bench.path("out.db");
    for more in ["", " --keys {C}"] {
        let run = run(&bench.words(&format!("rebuild {{S}} --out {{B}}/out.db --sanitize --json{more}")));
        assert_eq!(run.code, Some(0), "{}", run.err);
        let written = [fs::read(&out).unwrap(), run.out.into_bytes(), run.err.into_bytes()].concat();
        for canary in &bench.canaries {
            assert!(!canary.is_in(&written), "{} is left", canary.place);
        }
        fs::remove_file(&out).unwrap();
        fs::remove_file(bench.path("out.db.rebuild.json")).unwrap();
    }
    // of real backups, sealed with keys and without
    for (name, keys) in [("plain-etcd36", false), ("aescbc-rotated", true), ("aescbc-rotated", false)] {
        let backup = named(name);
        let (snapshot, tarball) = (backup.snapshot(), backup.tarball());
        let given = ["--keys", tarball.to_str().unwrap()];
        let needles = values_of(&snapshot, if name == "plain-etcd36" { &[] } else { &given });
        let line =
            ["rebuild", snapshot.to_str().unwrap(), "--out", out.to_str().unwrap(), "--sanitize", "--no-sidecar"];
        let run = run(&[&line[..], if keys { &given[..] } else { &[] }].concat());
        assert_eq!(run.code, Some(0), "{name}: {}", run.err);
        let written = fs::read(&out).unwrap();
        for needle in &needles {
            assert!(memmem::find(&written, needle).is_none(), "{name}: {}", needle.escape_ascii());
        }
        assert!(memmem::find(&written, b"k8s:enc:").is_none(), "{name}");
        assert!(memmem::find(&written, b"PRIVATE KEY-----").is_none(), "{name}");
        fs::remove_file(&out).unwrap();
    }
}
