//! Backups whose keys were taken out.

use std::fs;

use crate::support::{Place, assay, told};

const T: &str = "2026-11-23_090915";

/// A recipient that nothing here opens for.
const RECIPIENT: &str = "age17xcex3p3cpa0zhx4743llarhxyps7ec8gk9q4293v6ncr7x7w5fsq9au6j";

#[test]
fn a_tarball_without_its_keys_is_judged_by_the_manifest_of_its_split_and_nothing_sealed_is_carried() {
    let place = Place::new();
    let pair = fixtures::named("aescbc-rotated");
    let (snapshot, tarball) = (place.path(&format!("snapshot_{T}.db")), format!("static_kuberesources_{T}.tar.gz"));
    fs::write(&snapshot, pair.bytes()).unwrap();
    fs::write(place.path(&tarball), pair.tarball_bytes()).unwrap();
    let mut split = std::process::Command::new(assay());
    split.args(["keys", "split", "--recipient", RECIPIENT, "--snapshot"]).arg(&snapshot);
    let split = split.arg("--out").arg(place.path("set")).arg(place.path(&tarball)).output().unwrap();
    assert!(split.status.success(), "{split:?}");
    let file = |end: &str| fs::read(place.path("set").join(format!("static_kuberesources_{T}.{end}"))).unwrap();
    // with its manifest, without, and with one that cannot be read
    for (folder, manifest) in [("a", Some(file("manifest.json"))), ("b", None), ("c", Some(b"x".to_vec()))] {
        place.put(&format!("{folder}/snapshot_{T}.db"), &pair.bytes());
        place.put(&format!("{folder}/static_kuberesources_{T}.keyless.tar.gz"), &file("keyless.tar.gz"));
        place.put(&format!("{folder}/static_kuberesources_{T}.escrow.age"), &file("escrow.age"));
        manifest.map(|bytes| place.put(&format!("{folder}/static_kuberesources_{T}.manifest.json"), &bytes));
    }
    // the tarball is kept elsewhere, or lost
    place.put(&format!("d/snapshot_{T}.db"), &pair.bytes());
    place.put(&format!("d/static_kuberesources_{T}.manifest.json"), &file("manifest.json"));
    assert_eq!(place.plan("run", &[]), 1);
    assert_eq!(place.json("run/plan.json")["passedOver"], 3, "the sealed files");
    place.judge("run", 1);
    place.ok(&["merge", "--run", &place.address("run")]);
    let Some(rows) = place.rows("run/verdicts.ndjson.zst") else { return };
    let verdicts: Vec<String> = told(&rows, "verdict").into_iter().map(|(_, verdict)| verdict).collect();
    assert_eq!(verdicts, ["warn", "fail", "fail", "pass"]);
    let findings = place.rows("run/findings.ndjson.zst").unwrap();
    let with = |id: &str| {
        let items = findings.iter().filter(|row| row["id"] == id).map(|row| &row["item"]);
        items.map(|item| rows.iter().position(|row| row["item"] == *item).unwrap()).collect::<Vec<_>>()
    };
    assert_eq!((with("PAIR-033"), with("FLEET-004"), with("FLEET-001")), (vec![0], vec![2], vec![3]));
    let half = findings.iter().find(|row| row["id"] == "FLEET-001").unwrap();
    assert!(half["message"].as_str().unwrap().contains("only the manifest"), "{half}");
}
