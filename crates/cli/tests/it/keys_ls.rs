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

/// A fingerprint is slow on purpose; no more are made than take a few seconds.
#[test]
fn a_flood_of_keys_is_listed_and_only_the_first_are_marked() {
    use base64::Engine as _;
    let keys: Vec<String> = (1..=300_u32)
        .map(|number| {
            let secret = base64::engine::general_purpose::STANDARD.encode(number.to_be_bytes().repeat(8));
            format!(r#"{{"name":"{number}","secret":"{secret}"}}"#)
        })
        .collect();
    let config = format!(
        r#"{{"kind":"EncryptionConfiguration","apiVersion":"apiserver.config.k8s.io/v1","resources":[{{"resources":["secrets"],"providers":[{{"aescbc":{{"keys":[{}]}}}},{{"identity":{{}}}}]}}]}}"#,
        keys.join(",")
    );
    let bench = Bench::new();
    bench.tarball_of(&tar_gz(&[(CONFIG, config.as_bytes())]));
    let run = bench.keys("ls {tarball} --json");
    assert!(run.err.contains("only 32 of its keys were given a fingerprint, 268 were not"), "{}", run.err);
    let document: Value = serde_json::from_str(&run.out).unwrap();
    let listed = document["artifacts"][0]["keyMaterial"].as_array().unwrap();
    let marked = listed.iter().filter(|row| !row["fingerprint"].is_null()).count();
    assert_eq!((listed.len(), marked), (300, 32));
    let human = bench.keys("ls {tarball}").out;
    assert!(human.contains("no fingerprint: it is not among the first"), "{human}");
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
