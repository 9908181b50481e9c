//! `assay carve` on a snapshot with known deletions, and what it writes.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::fixture::named;
use crate::run::{assay, json_of, run};

fn deletions() -> PathBuf {
    fixtures::named("after-deletes").path("snapshot.db.gz")
}

fn carved(options: &[&str]) -> Vec<Value> {
    let path = deletions();
    let line: Vec<&str> = ["carve", path.to_str().unwrap(), "--json"].iter().chain(options).copied().collect();
    json_of(&line)["artifacts"][0]["carved"].as_array().unwrap().clone()
}

#[test]
fn every_form_gives_the_same_rows_and_the_summary_counts_them() {
    let path = deletions();
    let path = path.to_str().unwrap();
    let document = json_of(&["carve", "--json", "--all", path]);
    let (rows, summary) = (&document["artifacts"][0]["carved"], &document["artifacts"][0]["summary"]);
    let rows = rows.as_array().unwrap();
    for (kind, of_key) in [("records", true), ("entries", false)] {
        for (label, count) in summary[kind].as_object().unwrap() {
            let listed = rows.iter().filter(|row| (row["bucket"] == "key") == of_key && row["label"] == *label);
            assert_eq!(listed.count() as u64, count.as_u64().unwrap(), "{kind} {label}");
        }
    }
    let lines = |format: &str| run(&["carve", path, "--all", "-o", format]).out;
    let ndjson: Vec<Value> = lines("ndjson").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(&ndjson, rows);
    assert_eq!(lines("csv").lines().count(), rows.len() + 1);
    let human = lines("human");
    assert_eq!(human.lines().take_while(|line| !line.is_empty()).count(), rows.len() + 1);
    assert!(rows.len() > 1000);
}

#[test]
fn labels_of_objects_choose_and_what_has_none_to_see_is_said() {
    let path = fixtures::named("partially-encrypted").snapshot();
    let path = path.to_str().unwrap();
    let of = |selector: &str| run(&["carve", path, "--all", "-o", "ndjson", "--selector", selector]);
    let service = of("kubernetes.io/service-name=kubernetes");
    assert_eq!(service.out.lines().count(), 1, "{}", service.out);
    assert!(service.out.contains("/kubernetes.io/endpointslices/default/kubernetes"), "{}", service.out);
    let others = of("!kubernetes.io/service-name");
    assert!(others.out.lines().count() == 2 && !others.out.contains("endpointslices"), "{}", others.out);
    for run in [&service, &others] {
        assert_eq!(run.code, Some(1), "{}", run.err);
        assert!(run.err.contains("1 object not shown\n") && run.err.contains("3 deletions not shown"), "{}", run.err);
    }
    assert_eq!(of("a=b,,").code, Some(2));
    let document = run(&["carve", path, "--all", "--selector", "a=b", "--json"]).out;
    assert_eq!(serde_json::from_str::<Value>(&document).unwrap()["verdict"], "fail");
}

#[test]
fn labels_and_keys_choose() {
    let all = carved(&["--all"]);
    let with = |test: &dyn Fn(&Value) -> bool| all.iter().filter(|row| test(row)).cloned().collect::<Vec<_>>();
    let key = |row: &Value| row["fields"]["key"].as_str().unwrap_or_default().to_owned();
    let position = |row: &Value| row["bucket"] == "meta" && ["consistent_index", "term"].contains(&key(row).as_str());
    assert_eq!(carved(&[]), with(&|row| row["label"] != "identical" && !position(row)));
    let deleted = carved(&["--label", "deleted"]);
    assert!(!deleted.is_empty());
    assert_eq!(deleted, with(&|row| row["label"] == "deleted"));
    let some = carved(&["--all", "-r", "secrets", "-n", "ns-3"]);
    assert_eq!(some, with(&|row| key(row).starts_with("/kubernetes.io/secrets/ns-3/")));
    assert_eq!(carved(&["--all", "-g", "name-00?"]), with(&|row| key(row).contains("/name-00")));
    let newest = carved(&["/kubernetes.io/secrets/ns-0/name-000"]);
    assert!(newest.iter().all(|row| row["label"] == "older") && !newest.is_empty(), "deleted, and created again");
}

#[test]
fn evidence_is_what_its_names_say() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("evidence");
    let (path, target) = (deletions(), out.to_str().unwrap());
    let line = ["carve", path.to_str().unwrap(), "-n", "ns-1", "--with-values", "--out", target, "--json"];
    let document = json_of(&line);
    let rows = document["artifacts"][0]["carved"].as_array().unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&out), 0o700);
    let manifest: Value = serde_json::from_slice(&fs::read(out.join("manifest.json")).unwrap()).unwrap();
    let bytes = {
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(fs::File::open(&path).unwrap()), &mut bytes)
            .unwrap();
        bytes
    };
    let hex = |bytes: &[u8]| Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    assert_eq!(manifest["sha256"], hex(&bytes), "of the snapshot");
    let files = manifest["files"].as_array().unwrap();
    let puts: Vec<&Value> = rows.iter().filter(|row| row["fields"]["tombstone"] == false).collect();
    assert_eq!(files.len(), puts.len());
    for (file, row) in files.iter().zip(puts) {
        let name = file["file"].as_str().unwrap();
        let path = out.join(name);
        let value = fs::read(&path).unwrap();
        assert_eq!((name, mode(&path)), (format!("{}.bin", hex(&value)).as_str(), 0o600));
        assert_eq!((&file["sha256"], &row["file"]), (&hex(&value).into(), &file["file"]));
        assert_eq!(value.len() as u64, row["fields"]["size"].as_u64().unwrap());
        let at = usize::try_from(row["offset"].as_u64().unwrap()).unwrap();
        assert!(
            bytes[at..at + 200 + value.len()]
                .windows(value.len().max(1))
                .any(|window| window == value || value.is_empty())
        );
    }
    let names: BTreeSet<String> = files.iter().map(|file| file["file"].as_str().unwrap().to_owned()).collect();
    assert!(names.len() > 50);
    assert_eq!(fs::read_dir(&out).unwrap().count(), names.len() + 1, "and nothing else");

    let again = run(&line);
    assert_eq!((again.code, again.out.as_str()), (Some(2), ""));
    assert!(again.err.contains("the directory is not empty"), "{}", again.err);
    let alone = run(&["carve", path.to_str().unwrap(), "--with-values"]);
    assert_eq!(alone.code, Some(2), "--with-values needs --out");
}

/// Values and password hashes of stale pages are as secret as those in use.
#[test]
fn no_value_is_shown() {
    let path = deletions();
    let mut shown = Vec::new();
    for format in ["human", "json", "ndjson", "csv"] {
        shown.extend(assay(&["carve", path.to_str().unwrap(), "--all", "-o", format]).output().unwrap().stdout);
    }
    let log = fs::File::open(path.with_file_name("log.json.gz")).unwrap();
    let log: Vec<Value> = serde_json::from_reader(flate2::read::GzDecoder::new(log)).unwrap();
    let mut values = 0;
    for value in log.iter().filter_map(|logged| logged["value"].as_str()).filter(|value| value.len() > 20) {
        assert!(!shown.windows(20).any(|window| window == &value.as_bytes()[..20]), "{value}");
        values += 1;
        if values == 40 {
            break;
        }
    }
    assert!(values == 40 && shown.len() > 100_000);
    let users = named("auth-enabled").snapshot();
    let shown = run(&["carve", users.to_str().unwrap(), "--all", "--json"]).out;
    assert!(shown.contains("\"password\":\"masked\"") && !shown.contains("$2a$"), "{shown}");
}

#[test]
fn a_defragmented_file_has_nothing_to_carve() {
    let path = deletions().with_file_name("defragmented.db.gz");
    let run = run(&["carve", path.to_str().unwrap(), "/"]);
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
    assert!(run.out.lines().all(|line| !line.contains(" put ") && !line.contains(" deleted /")), "{}", run.out);
}
