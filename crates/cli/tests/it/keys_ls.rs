//! `assay keys ls`: what is there, and never the thing itself.

use std::fs;

use serde_json::{Value, json};

use crate::fixture;
use crate::keys_support::{Bench, CONFIG, gunzip, peer, piped, tar_gz};
use crate::run::{assay, json_of, run};

fn listed(fixture: &str) -> Value {
    let path = fixture::named(fixture).path(".tar.gz");
    json_of(&["keys", "ls", "--json", path.to_str().unwrap()])["artifacts"][0].clone()
}

#[test]
fn the_document_has_the_fields_of_the_contract() {
    let tarball = listed("aescbc-rotated");
    assert_eq!(tarball["kind"], "static-kuberesources");
    assert_eq!((&tarball["timestamp"], &tarball["dirty"]), (&json!("2026-11-23_090915"), &json!(false)));
    assert_eq!(tarball["pods"][0], json!({"name": "kube-apiserver", "revision": 9, "members": 44}));
    assert_eq!(tarball["version"]["minor"], "4.18");
    assert_eq!(tarball["keyless"], false);
    let resource = &tarball["encryptionConfig"]["resources"][0];
    assert_eq!((&resource["resource"], &resource["state"]), (&json!("secrets"), &json!("rotated")));
    assert_eq!(resource["writer"]["key"], "2");
    assert_eq!(resource["readers"][1], json!({"provider": "identity", "key": null, "fingerprint": null}));
    let material = tarball["keyMaterial"].as_array().unwrap();
    assert_eq!(
        (&material[0]["path"], &material[0]["class"], &material[0]["keyName"]),
        (&json!(CONFIG), &json!("encryption-config"), &json!("2"))
    );
    // hashlib.scrypt(b64decode(secret), salt=b"assay encryption key fingerprint v1", n=2**15, r=8, p=1, dklen=16)
    assert_eq!(material[0]["fingerprint"], "scrypt:6ca9cfd0baa2fc68d41ad5e06c360119");
    assert_eq!(material[0]["algorithm"], "aescbc-256");
    assert_eq!(tarball["secretMembers"], json!({"encryption-config": 1, "signing-key": 1, "tls-key": 13, "token": 3}));
    let ends = |class: &str| material.iter().filter(|m| m["class"] == class && m["notAfter"].is_string()).count();
    assert_eq!((ends("tls-key"), ends("token"), ends("signing-key")), (13, 0, 0));
}

/// What each fixture's own facts say of its encryption.
#[test]
fn every_fixture_says_whether_its_keys_are_there() {
    for fixture in fixture::all() {
        let path = fixture.path(".tar.gz");
        let tarball = json_of(&["keys", "ls", "--json", path.to_str().unwrap()])["artifacts"][0].clone();
        let has = String::from_utf8_lossy(&gunzip(&fs::read(&path).unwrap())).contains(CONFIG);
        assert_eq!(tarball["encryptionConfig"].is_object(), has, "{}", fixture.name);
        assert_eq!(tarball["faults"], json!([]), "{}", fixture.name);
        let human = run(&["keys", "ls", path.to_str().unwrap()]).out;
        assert_eq!(human.contains("the snapshot is plaintext"), !has, "{human}");
    }
}

#[test]
fn every_form_lists_the_same_and_fits_its_reader() {
    let path = fixture::named("aescbc-rotated").path(".tar.gz");
    let path = path.to_str().unwrap();
    let lines = run(&["keys", "ls", "-o", "ndjson", path]).out;
    let rows: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(Value::from(rows.clone()), listed("aescbc-rotated")["keyMaterial"]);
    let table = run(&["keys", "ls", "-o", "csv", path]).out;
    assert_eq!(table.lines().next(), Some("path,class,algorithm,keyName,fingerprint,notAfter,subject,evidence"));
    assert_eq!(table.lines().count(), rows.len() + 1);
    assert_eq!(run(&["keys", "ls", "-o", "csv-exact", path]).out, table, "there is no formula in it");
    let all = run(&["keys", "ls", "-o", "csv", "--all", path]).out;
    assert!(all.contains(",public-key,") && all.contains(",certificate,"));
    let long = run(&["keys", "ls", "-l", path]).out;
    assert!(long.contains("spki-sha256:") && !run(&["keys", "ls", path]).out.contains("spki-sha256:"));
}

/// The fingerprint of a private key is one that other tools make too.
#[test]
fn openssl_makes_the_same_fingerprint() {
    let path = fixture::named("plain-etcd36").path(".tar.gz");
    let (Some(tar), Some(openssl)) = (peer("tar"), peer("openssl")) else { return };
    let member = "static-pod-resources/kube-apiserver-pod-9/secrets/etcd-client/tls.key";
    let pem = piped(tar, &["-xzOf", path.to_str().unwrap(), member], b"").stdout;
    let der = piped(openssl, &["pkey", "-pubout", "-outform", "DER"], &pem).stdout;
    let sum = piped(peer("sha256sum").unwrap(), &[] as &[&str], &der).stdout;
    let sum = String::from_utf8(sum).unwrap();
    let expected = format!("spki-sha256:{}", sum.split_whitespace().next().unwrap());
    let tarball = listed("plain-etcd36");
    let rows = tarball["keyMaterial"].as_array().unwrap();
    let row = rows.iter().find(|row| row["path"] == member).unwrap();
    assert_eq!(row["fingerprint"], expected);
}

#[test]
fn a_keyless_tarball_says_so_and_a_stream_is_read_too() {
    let bench = Bench::new();
    bench.tarball("aescbc-rotated");
    bench.split();
    let human = bench.keys_ok("ls {vault}.keyless.tar.gz").out;
    assert!(human.contains("keyless: the API server is told to encrypt"), "{human}");
    assert!(human.contains("2026-11-23 09:09:15"), "{human}");
    let bytes = fs::read(bench.vault("keyless.tar.gz")).unwrap();
    let output = piped(assay(&["keys", "ls", "--json", "-"]), &[] as &[&str], &bytes);
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&document["artifacts"][0]["keyless"], &document["verdict"]), (&json!(true), &json!("pass")));
    assert_eq!(document["artifacts"][0]["encryptionConfig"], Value::Null);
}

#[test]
fn a_damaged_archive_is_a_finding_and_what_is_no_archive_an_error() {
    let bench = Bench::new();
    let whole = fs::read(bench.tarball("aescbc-rotated")).unwrap();
    bench.tarball_of(&whole[..whole.len() / 2]);
    let cut = bench.keys("ls --json {tarball}");
    assert_eq!(cut.code, Some(1), "{}", cut.err);
    assert!(cut.err.contains("the gzip stream is truncated") && cut.err.contains("not all of it"), "{}", cut.err);
    let document: Value = serde_json::from_str(&cut.out).unwrap();
    assert_eq!((&document["verdict"], &document["artifacts"][0]["complete"]), (&json!("fail"), &json!(false)));
    // A quarter holds no encryption config yet; that there is none must not be said.
    bench.tarball_of(&whole[..600]);
    let early = bench.keys("ls {tarball}");
    assert_eq!(early.code, Some(1));
    assert!(!early.out.contains("the snapshot is plaintext") && early.out.contains("not known"), "{}", early.out);

    for bytes in [&b""[..], b"hello\n", b"\x1f\x8b\x08"] {
        bench.tarball_of(bytes);
        let none = bench.keys("ls {tarball}");
        assert_eq!((none.code, none.out.as_str()), (Some(2), ""), "{}", none.err);
        assert!(none.err.contains("static_kuberesources_<timestamp>.tar.gz"), "{}", none.err);
    }
}

#[test]
fn a_broken_configuration_is_a_finding_that_repeats_nothing_of_it() {
    let bench = Bench::new();
    let secret = "c2VjcmV0IGtleSBvZiB0aGlydHkgdHdvIGJ5dGVzISE=";
    let broken = format!("{{\"kind\":\"EncryptionConfiguration\",\"aescbc\":{{\"secret\":\"{secret}\"\n");
    bench.tarball_of(&tar_gz(&[(CONFIG, broken.as_bytes())]));
    for form in ["", "--json", "-o csv", "-l"] {
        let run = bench.keys(&format!("ls {form} {{tarball}}"));
        assert_eq!(run.code, Some(1), "{}", run.err);
        assert!(run.err.contains("syntax error"), "{}", run.err);
        assert!(!run.out.contains(&secret[..12]) && !run.err.contains(&secret[..12]));
    }
    // Names in it have no power over the terminal.
    let odd = r#"{"kind":"EncryptionConfiguration","apiVersion":"apiserver.config.k8s.io/v1","resources":[{"resources":["secrets"],
        "providers":[{"secretbox":{"keys":[{"name":"\u001b[2J","secret":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}]}}]}]}"#;
    bench.tarball_of(&tar_gz(&[(CONFIG, odd.as_bytes())]));
    for form in ["", "--json", "-o csv", "-o ndjson"] {
        let run = bench.keys_ok(&format!("ls {form} {{tarball}}"));
        assert!(!run.out.contains('\u{1b}') && !run.err.contains('\u{1b}'), "{run:?}");
    }
}

/// A configuration of so many keys, each with bytes of its own; `first` is the first one's number.
fn of_keys(first: u32, count: u32) -> String {
    use base64::Engine as _;
    let keys: Vec<String> = (first..first + count)
        .map(|number| {
            let secret = base64::engine::general_purpose::STANDARD.encode(number.to_be_bytes().repeat(8));
            format!(r#"{{"name":"{number}","secret":"{secret}"}}"#)
        })
        .collect();
    format!(
        r#"{{"kind":"EncryptionConfiguration","apiVersion":"apiserver.config.k8s.io/v1","resources":[{{"resources":["secrets"],"providers":[{{"aescbc":{{"keys":[{}]}}}},{{"identity":{{}}}}]}}]}}"#,
        keys.join(",")
    )
}

/// A fingerprint is slow on purpose: a run makes so many, whatever a tarball claims, and says which it left out.
#[test]
fn a_flood_of_keys_is_listed_and_only_the_first_are_marked() {
    const BUDGET: usize = encryption_config::Fingerprints::BUDGET;
    let bench = Bench::new();
    // revision 9 is in force: its keys come first, wherever it stands
    let flood: Vec<(String, String)> = (1..=9)
        .map(|revision| {
            let path = CONFIG.replace("kube-apiserver-pod-9", &format!("kube-apiserver-pod-{revision}"));
            (path, of_keys(revision * 1000, if revision == 9 { 20 } else { 130 }))
        })
        .collect();
    let members: Vec<(&str, &[u8])> = flood.iter().map(|(path, text)| (path.as_str(), text.as_bytes())).collect();
    bench.tarball_of(&tar_gz(&members));
    let run = bench.keys("ls {tarball} --json");
    assert!(
        run.err.contains("only 4 of its keys were given a fingerprint, 126 were not: a run makes 24"),
        "{}",
        run.err
    );
    assert!(run.err.contains("only 0 of its keys were given a fingerprint, 130 were not"), "{}", run.err);
    let document: Value = serde_json::from_str(&run.out).unwrap();
    let listed = document["artifacts"][0]["keyMaterial"].as_array().unwrap();
    let marked: Vec<_> = listed.iter().filter(|row| !row["fingerprint"].is_null()).collect();
    assert_eq!((listed.len(), marked.len()), (1060, BUDGET));
    let of_nine = marked.iter().filter(|row| row["path"].as_str().unwrap().contains("pod-9/")).count();
    assert_eq!(of_nine, 20, "what is in force comes first");
    for row in listed {
        let omitted = row.get("fingerprintOmitted").map(|word| word.as_str().unwrap());
        assert_eq!(omitted, row["fingerprint"].is_null().then_some("budget"), "{row}");
    }
    let human = bench.keys("ls --long {tarball}").out;
    assert!(human.contains("no fingerprint: as many were made as a run makes"), "{human}");
    assert!(human.contains("  left out  "), "{human}");
    let split = bench.keys("split {tarball} -r RECIPIENT --out {}/vault");
    assert_eq!(split.code, Some(2), "{split:?}");
    assert!(
        split.err.contains("holds 1060 encryption keys, and what is left in clear is searched for 1024"),
        "{split:?}"
    );
}

/// What a few hundred kilobytes of archive can hold of configurations is not all held in memory.
#[test]
fn a_flood_of_configurations_is_told_and_not_read() {
    let bench = Bench::new();
    let text = of_keys(1, 2);
    let paths: Vec<String> =
        (1..=70).map(|revision| CONFIG.replace("pod-9", &format!("pod-{}", 100 - revision))).collect();
    let members: Vec<(&str, &[u8])> = paths.iter().map(|path| (path.as_str(), text.as_bytes())).collect();
    bench.tarball_of(&tar_gz(&members));
    let run = bench.keys("ls {tarball} --json");
    assert_eq!(run.code, Some(1), "{run:?}");
    assert_eq!(run.err.matches("one of more than 64 encryption configs, it was not read").count(), 6, "{}", run.err);
    let document: Value = serde_json::from_str(&run.out).unwrap();
    let listed = document["artifacts"][0]["keyMaterial"].as_array().unwrap();
    assert_eq!(listed.len(), 64 * 2 + 6, "what was not read is listed as a member that holds keys");
    // a split must know every key, to look for it in what it leaves in clear
    let split = bench.keys("split {tarball} -r RECIPIENT --out {}/vault");
    assert_eq!(split.code, Some(2), "{split:?}");
    assert!(split.err.contains("not all of its encryption configurations were read"), "{}", split.err);
    assert!(!bench.path("vault").exists());
}

/// A key may be called anything, and a table of keys is opened in a spreadsheet.
#[test]
fn a_name_is_no_formula_in_a_table_unless_cells_are_asked_for_as_they_are() {
    let config = br#"{"kind":"EncryptionConfiguration","apiVersion":"apiserver.config.k8s.io/v1","resources":[{"resources":["secrets"],
        "providers":[{"aescbc":{"keys":[{"name":"=HYPERLINK(0)","secret":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}]}},{"identity":{}}]}]}"#;
    let bench = Bench::new();
    bench.tarball_of(&tar_gz(&[(CONFIG, config)]));
    assert!(bench.keys_ok("ls {tarball} -o csv").out.contains(",'=HYPERLINK(0),"));
    assert!(bench.keys_ok("ls {tarball} -o csv-exact").out.contains(",=HYPERLINK(0),"));
}
