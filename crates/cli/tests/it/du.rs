//! `assay du`: figures against the ground truth, forms against each other.

use serde_json::Value;
use snapshot_builder::{Builder, Put};

use crate::fixture::{all, named};
use crate::run::{json_of, run};

fn document(fixture: &crate::fixture::Fixture, options: &[&str]) -> Value {
    let path = fixture.snapshot();
    let line: Vec<&str> = ["du", "--json", path.to_str().unwrap()].iter().chain(options).copied().collect();
    json_of(&line)["artifacts"][0].clone()
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap()
}

#[test]
fn the_account_adds_up_and_the_figures_are_those_of_etcd() {
    for fixture in all() {
        let (du, facts) = (document(&fixture, &[]), fixture.facts());
        let sum: u64 = du["account"].as_object().unwrap().values().map(number).sum();
        assert_eq!(sum, fixture.bytes().len() as u64, "{}", fixture.name);
        assert_eq!(sum, number(&du["fileSize"]), "{}", fixture.name);
        let had = &du["reclaimable"];
        let free = number(&facts["pages"]["free"]) * number(&had["dbTotalSize"]) / number(&facts["hwm"]);
        assert_eq!(number(&had["dbTotalSize"]) - number(&had["dbInUse"]), free, "{}", fixture.name);
        assert_eq!(number(&had["dbTotalSize"]), number(&facts["status-3.6"]["totalSize"]), "{}", fixture.name);
        assert_eq!(number(&du["keys"]["live"]), number(&facts["status-3.6"]["totalKey"]), "{}", fixture.name);
        assert_eq!(number(&du["keys"]["revisions"]), number(&facts["revision_entries"]), "{}", fixture.name);
        for list in ["resources", "namespaces"] {
            let sum: u64 = du[list].as_array().unwrap().iter().map(|group| number(&group["live"])).sum();
            assert_eq!(sum, number(&du["account"]["live"]), "{}: {list}", fixture.name);
        }
    }
}

#[test]
fn encryption_is_seen_where_it_is() {
    let added = |name: &str| number(&document(&named(name), &[])["keys"]["encryption"]);
    assert_eq!(added("plain-etcd36"), 0);
    let fixture = named("aesgcm-rotated");
    let scan = |bytes: &[u8]| {
        let db = bbolt_page::Db::open(bytes).unwrap();
        let scan = etcd_snapshot::scan(db, etcd_snapshot::Options::default(), &bbolt_page::Serial);
        let sealed = |value: &[u8]| value.starts_with(b"k8s:enc:aesgcm:v1:");
        // `k8s:enc:aesgcm:v1:N:`, a nonce of 12 bytes and a tag of 16.
        scan.records().filter(|record| sealed(record.kv.value)).count() as u64 * (20 + 12 + 16)
    };
    assert_eq!(added("aesgcm-rotated"), scan(&fixture.bytes()));
}

#[test]
fn tables_are_what_the_document_says() {
    let fixture = named("odd-keys");
    let path = fixture.snapshot();
    let path = path.to_str().unwrap();
    let du = document(&fixture, &["--top", "0"]);
    for (by, list) in [("resource", "resources"), ("namespace", "namespaces"), ("prefix", "prefixes"), ("key", "top")] {
        let csv = run(&["du", path, "--by", by, "--top", "0", "-o", "csv"]).out;
        assert_eq!(csv.lines().count(), du[list].as_array().unwrap().len() + 1, "{by}");
    }
    let churn = run(&["du", path, "--churn", "-o", "csv", "--top", "1"]).out;
    assert!(churn.lines().nth(1).unwrap().starts_with("/kubernetes.io/leases/kube-system/hot,1,0,300,"), "{churn}");
    assert_eq!(du["churn"][0]["name"], "/kubernetes.io/leases/kube-system/hot");
    assert_eq!(du["top"][0]["name"], "/kubernetes.io/configmaps/ns/big");
    let some = document(&fixture, &["/kubernetes.io/leases/"]);
    assert_eq!(some["resources"].as_array().unwrap().len(), 1);
    assert_eq!(some["account"], du["account"], "of the whole file all the same");
}

#[test]
fn people_get_at_most_80_columns() {
    for fixture in all() {
        let path = fixture.snapshot();
        for options in
            [&[][..], &["--by", "prefix", "--depth", "9"], &["--churn", "--top", "0"], &["--by", "namespace"]]
        {
            let line: Vec<&str> = ["du", path.to_str().unwrap()].iter().chain(options).copied().collect();
            let run = run(&line);
            assert_eq!(run.code, Some(0), "{}", run.err);
            let rows = run.out.lines().skip(usize::from(options.is_empty()));
            for row in rows {
                assert!(row.chars().count() <= 80, "{}: {row}", fixture.name);
            }
        }
    }
}

#[test]
fn the_page_fetches_nothing_and_obeys_no_key() {
    let fixture = named("odd-keys");
    let page = run(&["du", fixture.snapshot().to_str().unwrap(), "-o", "html"]).out;
    assert!(page.starts_with("<!DOCTYPE html>") && page.ends_with("</html>\n"));
    assert!(page.contains("default-src 'none'") && page.matches("<rect class=\"tile").count() > 10);
    for never in ["<script", "http://", "https://", " src=", "url(", "\u{0}", "\u{202e}"] {
        assert!(!page.contains(never), "{never:?}");
    }
}

#[test]
fn a_prefix_that_nothing_has_is_said() {
    let path = named("odd-keys").snapshot();
    let (path, none) =
        (path.to_str().unwrap(), run(&["du", named("odd-keys").snapshot().to_str().unwrap(), "/nosuch/"]));
    assert!(none.code == Some(0) && none.err.contains("no key begins with `/nosuch/`"), "{}", none.err);
    assert!(!run(&["du", path, "/kubernetes.io/"]).err.contains("no key begins"));
}

/// Of a key whose history is compacted, its version says how often it was written.
#[test]
fn churn_counts_what_was_compacted() {
    let mut builder = Builder::new();
    let put = |key: &'static str, main: i64, version: i64, builder: &mut Builder| {
        builder.put(main, 0, &Put { key: key.as_bytes(), value: b"v", create: 2, modified: main, version, lease: 0 });
    };
    put("/busy", 2000, 1999, &mut builder);
    put("/calm", 2001, 1, &mut builder);
    put("/calm", 2002, 2, &mut builder);
    put("/calm", 2003, 3, &mut builder);
    builder.compacted(2000, Some(2000));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.db");
    std::fs::write(&path, builder.build()).unwrap();
    let du = |words: &[&str]| run(&[&["du", path.to_str().unwrap(), "--churn"], words].concat());
    let told = du(&[]).out;
    let rows: Vec<Vec<&str>> = told.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[0], ["LIVE", "WRITES", "REVS", "KEY"], "{told}");
    assert_eq!(rows[1][2..], ["1999", "1", "/busy"], "{told}");
    assert_eq!(rows[2][2..], ["3", "3", "/calm"], "{told}");
    let document: serde_json::Value = serde_json::from_str(&du(&["--json"]).out).unwrap();
    let busy = &document["artifacts"][0]["churn"][0];
    assert_eq!(
        (&busy["name"], &busy["revisions"], &busy["removedVersions"]),
        (&"/busy".into(), &1.into(), &1998.into())
    );
    let csv = du(&["-o", "csv"]).out;
    assert!(
        csv.lines().nth(1).unwrap().starts_with("/busy,") && csv.lines().nth(1).unwrap().ends_with(",1998"),
        "{csv}"
    );
}
