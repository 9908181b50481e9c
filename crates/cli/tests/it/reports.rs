//! A verdict in every form: the same exit code, and not a finding more or less.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::fixture::named;
use crate::run::{json_of, run};
use crate::tarball::text;

const FORMS: [&str; 4] = ["sarif", "junit", "html", "prometheus"];

fn document(arguments: &[&str]) -> Value {
    serde_json::from_str(&run(&[&["verify", "--json"], arguments].concat()).out).unwrap()
}

/// How many findings a report tells.
fn told(form: &str, report: &str) -> usize {
    match form {
        "sarif" => {
            let log: Value = serde_json::from_str(report).unwrap();
            log["runs"][0]["results"].as_array().unwrap().len()
        }
        "html" => report.matches("class=\"message\"").count(),
        // a line each, under the kind
        "junit" => ["info", "low", "medium", "high", "critical"]
            .iter()
            .map(|word| report.lines().filter(|line| line_of(line, word)).count())
            .sum(),
        _ => report
            .lines()
            .filter(|line| line.starts_with("assay_findings{") || line.starts_with("assay_findings_waived{"))
            .map(|line| line.rsplit(' ').next().unwrap().parse::<usize>().unwrap())
            .sum(),
    }
}

fn line_of(line: &str, severity: &str) -> bool {
    let text = line.rsplit_once("\">").map_or(line, |(_, text)| text);
    let text = text.rsplit_once("<system-out>").map_or(text, |(_, text)| text);
    [": ", ", waived: "].iter().any(|end| text.starts_with(&format!("{severity}{end}")))
}

fn damaged(dir: &Path) -> PathBuf {
    let mut bytes = named("plain-etcd36").bytes();
    bytes[300 * 4096..302 * 4096].fill(0);
    let path = dir.join("damaged.db");
    fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn every_form_says_what_json_says() {
    let dir = tempfile::tempdir().unwrap();
    let pair = named("aescbc-rotated");
    let (snapshot, tarball, damaged) = (pair.snapshot(), pair.tarball(), damaged(dir.path()));
    let folder = snapshot.parent().unwrap();
    for (inputs, code) in [
        (vec![text(&snapshot), text(&tarball)], 0),
        (vec![text(folder)], 0),
        (vec![text(&damaged)], 1),
        (vec![text(&damaged), "--fail-on", "never"], 0),
    ] {
        let document = document(&inputs);
        let findings = document["findings"].as_array().unwrap();
        for form in FORMS {
            let report = run(&[&["verify", "-o", form], &inputs[..]].concat());
            assert_eq!(report.code, Some(code), "{form} {inputs:?} {}", report.err);
            assert_eq!(told(form, &report.out), findings.len(), "{form} {inputs:?}\n{}", report.out);
            let verdict = document["verdict"].as_str().unwrap();
            let names = match form {
                "sarif" => format!("\"verdict\": \"{verdict}\""),
                "html" => format!("<h1>{}</h1>", verdict.to_uppercase()),
                "prometheus" => format!("assay_verdict{{verdict=\"{verdict}\"}} 1"),
                _ => "<testsuites name=\"assay\">".to_owned(),
            };
            assert!(report.out.contains(&names), "{form}: {names}");
        }
    }
    let limit = document(&[text(&damaged), "--fail-on", "medium"]);
    assert_eq!((&limit["failOn"], &limit["policy"]), (&Value::from("medium"), &Value::Null));
}

/// Where a collector reads the file of yesterday, silence would be approval.
#[test]
fn what_cannot_be_judged_is_said_in_every_form() {
    let missing = Path::new("/nonexistent/snapshot.db");
    for (form, word) in [
        ("sarif", "\"executionSuccessful\": false"),
        ("junit", "<error message="),
        ("html", "could not be read or judged"),
        ("prometheus", "assay_complete 0\n"),
    ] {
        let report = run(&["verify", "-o", form, text(missing)]);
        assert_eq!(report.code, Some(2), "{form}");
        assert!(report.out.contains(word), "{form}: {}", report.out);
        let good = run(&["verify", "-o", form, text(&named("auth-enabled").snapshot())]);
        assert!(!good.out.contains(word), "{form}: {}", good.out);
    }
}

fn policy(dir: &Path, text: &str) -> String {
    let path = dir.join("policy.toml");
    fs::write(&path, format!("version = 1\n{text}")).unwrap();
    path.to_string_lossy().into_owned()
}

#[test]
fn a_policy_changes_the_verdict_and_every_form_says_why() {
    let dir = tempfile::tempdir().unwrap();
    let alarm = named("nospace-alarm").snapshot();
    let path = text(&alarm);
    assert_eq!(run(&["verify", path]).code, Some(1));

    let waiver = "[[waiver]]\nid = 'ETCD-001'\nartifact = '*nospace-alarm/*'\nreason = 'quota raised since'\n";
    let waived = policy(dir.path(), &format!("{waiver}until = 2999-12-31"));
    let run_with = |form: &str, policy: &str| run(&["verify", path, "-o", form, "--policy", policy]);
    let human = run_with("human", &waived);
    assert_eq!(human.code, Some(0), "{}", human.out);
    assert!(human.out.contains("waived until 2999-12-31 ETCD-001 (high): quota raised since"), "{}", human.out);
    let json: Value = serde_json::from_str(&run_with("json", &waived).out).unwrap();
    let finding = json["findings"].as_array().unwrap().iter().find(|finding| finding["id"] == "ETCD-001").unwrap();
    assert_eq!(finding["waived"], serde_json::json!({"reason": "quota raised since", "until": "2999-12-31"}));
    assert_eq!(json["policy"]["path"], waived.as_str());
    assert_ne!(json["verdict"], "fail");
    for (form, word) in [
        ("sarif", "\"justification\": \"quota raised since\""),
        ("junit", "<skipped message=\"waived until 2999-12-31: quota raised since\">"),
        ("html", "Waived until "),
        ("prometheus", "assay_findings_waived{"),
    ] {
        let report = run_with(form, &waived);
        assert!(report.code == Some(0) && report.out.contains(word), "{form}: {}", report.out);
    }

    let expired = policy(dir.path(), &format!("{waiver}until = 2020-12-31"));
    let json: Value = serde_json::from_str(&run_with("json", &expired).out).unwrap();
    let ids: Vec<_> = json["findings"].as_array().unwrap().iter().map(|finding| finding["id"].clone()).collect();
    assert!(ids.contains(&Value::from("POL-008")) && json["verdict"] == "fail", "{ids:?}");
}

#[test]
fn a_policy_asks_of_every_half_of_a_backup() {
    let dir = tempfile::tempdir().unwrap();
    let asks = "[require]\nmax_age = '1m'\nmin_certificate_days = 36500\ntrailer = true\nmax_fragmentation_percent = 0.1\n\
        [require.encryption]\ntypes = ['aesgcm']\nresources = ['secrets', 'routes.route.openshift.io']\n\
        [severity]\nPOL-002 = 'medium'";
    let policy = policy(dir.path(), asks);
    let pair = named("aescbc-rotated");
    let folder = pair.snapshot().parent().unwrap().to_path_buf();
    let run = run(&["verify", "--json", text(&folder), "--policy", &policy]);
    assert_eq!(run.code, Some(1), "{}", run.err);
    let json: Value = serde_json::from_str(&run.out).unwrap();
    let mut found: Vec<(String, bool)> = json["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|finding| finding["id"].as_str().unwrap().starts_with("POL"))
        .map(|it| (it["id"].as_str().unwrap().to_owned(), it["artifact"].as_str().unwrap().ends_with(".tar.gz")))
        .collect();
    found.sort();
    found.dedup();
    let expected = [("POL-001", false), ("POL-001", true), ("POL-002", false), ("POL-003", true), ("POL-004", false)];
    assert_eq!(found, expected.map(|(id, tarball)| (id.to_owned(), tarball)));
    let backup = json["artifacts"].as_array().unwrap().iter().find(|one| one["kind"] == "backup").unwrap();
    assert_eq!(backup["verdict"], "fail", "the backup's own verdict is the policy's, too");
}

#[test]
fn policy_init_gives_what_check_and_verify_take() {
    let dir = tempfile::tempdir().unwrap();
    let init = run(&["policy", "init"]);
    assert_eq!((init.code, init.err.as_str()), (Some(0), ""));
    let path = dir.path().join("policy.toml");
    fs::write(&path, &init.out).unwrap();
    let check = run(&["policy", "check", text(&path)]);
    assert!(check.code == Some(0) && check.out.contains("a valid integrity hash"), "{}", check.out);
    let json = json_of(&["policy", "check", "--json", text(&path)]);
    assert_eq!(json["artifacts"][0]["require"]["trailer"], true);
    let snapshot = named("auth-enabled").snapshot();
    assert_eq!(run(&["verify", text(&snapshot), "--policy", text(&path)]).code, Some(0));

    fs::write(&path, "version = 1\n[[waiver]]\nid = 'residue'\nreason = 'r'\nuntil = 2020-01-01\n").unwrap();
    let check = run(&["policy", "check", text(&path)]);
    assert!(check.code == Some(1) && check.out.contains("PAGE-016 EXPIRED on 2020-01-01: r"), "{}", check.out);

    fs::write(&path, "version = 1\n[require]\nmax_aeg = '1h'\n").unwrap();
    for line in [&["policy", "check", text(&path)][..], &["verify", text(&snapshot), "--policy", text(&path)]] {
        let refused = run(line);
        assert_eq!((refused.code, refused.out.as_str()), (Some(2), ""), "{line:?}");
        assert!(refused.err.contains("line 3, column 1: unknown field `max_aeg`"), "{}", refused.err);
    }
}
