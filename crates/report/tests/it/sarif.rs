//! SARIF against its official schema, which the crate serde-sarif carries.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use report::Format;
use serde_json::{Value, json};

use crate::{DOCUMENTS, document, findings, peer, report};

/// Where cargo keeps the sources of a package of this workspace.
fn package(name: &str) -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    // what other platforms need was never fetched
    let (_, rustc) = peer::run(Command::new(Path::new(env!("CARGO")).with_file_name("rustc")).arg("-vV"));
    let host = rustc.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let mut command = Command::new(env!("CARGO"));
    command.args(["metadata", "--format-version=1", "--offline", "--filter-platform", host, "--manifest-path"]);
    let output = command.arg(manifest).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let found = packages.iter().find(|package| package["name"] == name).unwrap();
    Path::new(found["manifest_path"].as_str().unwrap()).parent().unwrap().to_path_buf()
}

fn schema() -> jsonschema::Validator {
    let text = std::fs::read_to_string(package("serde-sarif").join("src/schema.json")).unwrap();
    // an unpaired bracket in the pattern of languages, which JavaScript takes and Unicode-aware readers do not
    let text = text.replace("-[a-zA-Z]{2}]?$", "-[a-zA-Z]{2}\\\\]?$");
    let schema: Value = serde_json::from_str(&text).unwrap();
    assert!(schema["title"].as_str().unwrap().contains("(SARIF) Version 2.1.0 JSON Schema"), "another schema");
    jsonschema::options().should_validate_formats(true).build(&schema).unwrap()
}

#[test]
fn every_log_is_valid() {
    let schema = schema();
    for name in DOCUMENTS {
        let log: Value = serde_json::from_str(&report(name, Format::Sarif)).unwrap();
        let faults: Vec<String> =
            schema.iter_errors(&log).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(faults.is_empty(), "{name}: {faults:#?}");
        serde_json::from_value::<serde_sarif::sarif::Sarif>(log).unwrap();
    }
    let mut wrong: Value = serde_json::from_str(&report("damaged", Format::Sarif)).unwrap();
    wrong["runs"][0]["results"][0]["level"] = json!("dire");
    assert!(!schema.is_valid(&wrong), "the schema refuses nothing");
}

#[test]
fn each_finding_is_a_result_and_nothing_else_is() {
    for name in DOCUMENTS {
        let document = document(name);
        let log: Value = serde_json::from_str(&report(name, Format::Sarif)).unwrap();
        let run = &log["runs"][0];
        let (results, rules) = (run["results"].as_array().unwrap(), run["tool"]["driver"]["rules"].as_array().unwrap());
        let all = document["findings"].as_array().unwrap();
        let unread = document["artifacts"].as_array().unwrap().iter().filter(|it| it["kind"] == "unreadable").count();
        assert_eq!(results.len(), unread + all.len(), "{name}");
        assert!(results.iter().take(unread).all(|result| result["ruleId"] == "unreadable"), "{name}");
        let mut used = BTreeSet::new();
        for (result, finding) in results.iter().skip(unread).zip(all) {
            let of = |name: &str| finding.get(name).cloned().unwrap_or_else(|| json!(""));
            let rule = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
            used.insert(rule);
            assert_eq!(result["ruleId"], rules[rule]["id"], "{name}");
            if finding["id"].is_string() {
                assert_eq!(result["ruleId"], of("id"), "{name}");
                assert_eq!(result["message"]["text"], of("message"), "{name}");
            }
            let waived = finding.get("waived").is_some_and(|waived| !waived.is_null());
            assert_eq!(result.get("suppressions").is_some(), waived, "{name}");
        }
        assert_eq!(used.len() + usize::from(unread > 0), rules.len(), "{name}: a rule without a result");
        for artifact in document["artifacts"].as_array().unwrap() {
            let size = artifact.get("size").and_then(Value::as_i64);
            let listed = |one: &Value| size.is_none() || one["length"] == json!(size);
            assert!(run["artifacts"].as_array().unwrap().iter().any(listed), "{name}");
        }
        assert_eq!(run["properties"]["verdict"], document["verdict"], "{name}");
    }
    let damaged = document("damaged");
    assert!(findings(&damaged).len() >= 4);
    let log: Value = serde_json::from_str(&report("damaged", Format::Sarif)).unwrap();
    let result = log["runs"][0]["results"].as_array().unwrap().iter().find(|r| r["ruleId"] == "PAGE-002").unwrap();
    assert_eq!(result["level"], "error");
    assert_eq!(result["locations"][0]["physicalLocation"]["region"]["byteOffset"], 0x12_d000);
    assert_eq!(result["locations"][0]["logicalLocations"][0]["fullyQualifiedName"], "page 301");
    assert_eq!(log["runs"][0]["invocations"][0]["executionSuccessful"], true);
    assert_eq!(result["locations"][0]["physicalLocation"]["region"]["startLine"], 1);
    let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    assert!(rules.iter().all(|rule| rule["properties"]["security-severity"].is_string()), "{rules:#?}");
    let mixed: Value = serde_json::from_str(&report("mixed", Format::Sarif)).unwrap();
    let results = mixed["runs"][0]["results"].as_array().unwrap();
    assert_eq!((&results[1]["ruleId"], &results[1]["level"]), (&json!("unreadable"), &json!("error")));
    assert_eq!(results[1]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "file:///mnt/old.db");
    let invocation = &mixed["runs"][0]["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], false);
    assert!(invocation["toolExecutionNotifications"][0]["message"]["text"].as_str().unwrap().contains("cut short"));
    let unread: Value = serde_json::from_str(&report("unread", Format::Sarif)).unwrap();
    assert_eq!(unread["runs"][0]["invocations"][0]["executionSuccessful"], false);
}
