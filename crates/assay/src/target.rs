//! The cluster to restore onto.

use std::path::Path;

use backup_facts::version::TargetCluster;
use serde_json::Value;
use version_compat::{Target, Version};

use crate::error::Error;
use crate::text_file::{self, TextFile, Unreadable};

/// A ClusterVersion has some 20 KB; with all of its history, a few hundred.
const LONGEST: u64 = 4 << 20;
/// Nodes of a YAML document that are read.
const NODES: usize = 200_000;
/// Levels of a document that are read.
const DEPTH: usize = 64;

/// Reads what `oc get clusterversion version` printed, as JSON or YAML: out of a file, or of standard input.
///
/// # Errors
/// A file that cannot be read, or that is no ClusterVersion.
pub fn read(path: Option<&Path>) -> Result<TargetCluster, Error> {
    let TextFile { display, bytes } =
        text_file::read(path, LONGEST).map_err(|Unreadable { display, reason }| Error::Target { display, reason })?;
    let refused = |reason: String| Error::Target { display: display.clone(), reason };
    let text = std::str::from_utf8(&bytes).ok();
    let document = text.and_then(document).ok_or_else(|| refused("it is neither JSON nor YAML".to_owned()))?;
    TargetCluster::read(&document).map_err(|error| refused(error.to_string()))
}

/// A cluster of that release of which nothing else is known.
#[must_use]
pub fn of_release(version: Version) -> TargetCluster {
    TargetCluster { target: Target::Runs(version), cluster_id: String::new() }
}

fn document(text: &str) -> Option<Value> {
    if text.trim_start().starts_with(['{', '[']) {
        return serde_json::from_str(text).ok();
    }
    let budget = serde_saphyr::budget! {
        max_events: NODES * 4,
        max_nodes: NODES,
        max_depth: DEPTH,
        flow_nesting_limit: DEPTH,
        max_documents: 1,
        max_aliases: 0,
    };
    let options = serde_saphyr::options! { budget: budget, with_snippet: false };
    serde_saphyr::from_str_with_options(text, options).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const YAML: &str = "apiVersion: config.openshift.io/v1\nkind: ClusterVersion\nspec:\n  clusterID: 8a5f3c9e\n\
        status:\n  history:\n  - state: Completed\n    version: 4.18.30\n";

    fn of(text: &str) -> Result<TargetCluster, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        read(Some(file.path())).map_err(|error| error.to_string())
    }

    #[test]
    fn json_and_yaml_say_the_same() {
        let json = r#"{"kind":"ClusterVersion","spec":{"clusterID":"8a5f3c9e"},
            "status":{"history":[{"state":"Completed","version":"4.18.30"}]}}"#;
        let expected =
            TargetCluster { target: Target::Runs("4.18.30".parse().unwrap()), cluster_id: "8a5f3c9e".to_owned() };
        let list = format!("apiVersion: v1\nkind: List\nitems:\n- {}", YAML.trim_end().replace('\n', "\n  "));
        let asked = format!("{YAML}  desired:\n    version: 4.18.31\n");
        assert!(matches!(of(&asked).unwrap().target, Target::Updating { .. }), "asked for and not begun");
        for text in [YAML, json, &format!("---\n{YAML}"), &list, &format!("{{\"kind\":\"List\",\"items\":[{json}]}}")] {
            assert_eq!(of(text).as_ref(), Ok(&expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_cluster_version_is_refused() {
        for (text, part) in [
            ("", "it is `no object of Kubernetes`"),
            ("4.18.30", "it is `no object of Kubernetes`"),
            ("{", "neither JSON nor YAML"),
            ("kind: Pod", "it is `Pod`, expected kind `ClusterVersion`"),
            ("kind: ClusterVersion", "no `status.history`"),
            (&format!("a: {}1{}", "[".repeat(500), "]".repeat(500)), "neither JSON nor YAML"),
            (&"[".repeat(100_000), "neither JSON nor YAML"),
            (&format!("a: {}", "x".repeat(5 << 20)), "more than 4194304 bytes"),
        ] {
            let error = of(text).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
        let error = read(Some(Path::new("/nonexistent"))).unwrap_err();
        assert!(error.to_string().contains("`/nonexistent`: cannot be read"), "{error}");
    }
}
