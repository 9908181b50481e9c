//! Against what a real kube-apiserver said of the same backup, restored: `fixtures/serve-golden`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::client::{ask, get, prefix};
use crate::served::Served;

const TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io";

fn golden(name: &str) -> Value {
    let path = fixtures::root().join("fixtures/serve-golden").join(format!("{name}.json.gz"));
    serde_json::from_slice(&fixtures::gunzip(&std::fs::read(path).unwrap())).unwrap()
}

/// Resources of it that store nothing, or that a backup has in one version alone.
fn is_left_out(group_version: &str, resource: &str) -> bool {
    let left = [
        ("v1", "bindings"),
        ("v1", "componentstatuses"),
        ("authentication.k8s.io/v1", "tokenreviews"),
        ("autoscaling/v1", "horizontalpodautoscalers"),
        ("events.k8s.io/v1", "events"),
    ];
    resource.contains('/') || left.contains(&(group_version, resource))
}

/// Names, kinds and scopes by group version and resource.
fn resources(said: &BTreeMap<String, Value>) -> BTreeMap<(String, String), Value> {
    let mut all = BTreeMap::new();
    for (group_version, list) in said {
        for one in list["resources"].as_array().unwrap() {
            let name = one["name"].as_str().unwrap();
            if !is_left_out(group_version, name) {
                let said =
                    json!([one["kind"], one["namespaced"], one["singularName"], one["shortNames"], one["categories"]]);
                all.insert((group_version.clone(), name.to_owned()), said);
            }
        }
    }
    all
}

#[test]
fn discovery_is_a_real_servers() {
    let golden = golden("discovery");
    let served = Served::fixture("plain-etcd34", &[]);
    let (mut expected, mut said) = (BTreeMap::new(), BTreeMap::new());
    for (path, answer) in golden.as_object().unwrap() {
        let Some(group_version) = path.strip_prefix("/apis/").or_else(|| path.strip_prefix("/api/")) else { continue };
        if !path.contains(' ') {
            expected.insert(group_version.to_owned(), answer["body"].clone());
            let answer = get(&served, path, "application/json");
            if answer.code == 200 {
                assert_eq!(answer.json()["groupVersion"], group_version);
                said.insert(group_version.to_owned(), answer.json());
            }
        }
    }
    let (expected, said) = (resources(&expected), resources(&said));
    assert!(expected.len() > 75, "{}", expected.len());
    for (name, one) in &expected {
        assert_eq!(said.get(name), Some(one), "{name:?}");
    }

    // groups in a real server's order, but for those that are left out whole
    let groups = |list: &Value| -> Vec<String> {
        let groups = list["groups"].as_array().unwrap().iter().map(|group| group["name"].as_str().unwrap().to_owned());
        groups.filter(|group| group != "events.k8s.io").collect()
    };
    let own = groups(&get(&served, "/apis", "application/json").json());
    let built_in = |groups: Vec<String>| -> Vec<String> {
        groups
            .into_iter()
            .filter(|group| {
                !group.contains("openshift") && !group.contains("coreos") && group != "snapshot.storage.k8s.io"
            })
            .collect()
    };
    let theirs = groups(&golden["/apis legacy"]["body"]);
    // OpenShift has API servers of its own for some, which that server did not have
    let aside = |group: &String| theirs.contains(group) || !group.ends_with(".openshift.io");
    let own: Vec<String> = own.into_iter().filter(aside).collect();
    assert_eq!(own.iter().collect::<BTreeSet<_>>(), theirs.iter().collect::<BTreeSet<_>>());
    assert_eq!(built_in(own), built_in(theirs));
}

#[test]
fn both_discoveries_say_the_same() {
    let served = Served::fixture("plain-etcd34", &[]);
    for (root, version) in [("/api", "v2"), ("/apis", "v2"), ("/apis", "v2beta1")] {
        let accept =
            format!("application/json;g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList,application/json");
        let answer = get(&served, root, &accept);
        assert_eq!(
            answer.headers["content-type"],
            format!("application/json;g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList")
        );
        let mut many = 0;
        for group in answer.json()["items"].as_array().unwrap() {
            for version in group["versions"].as_array().unwrap() {
                let name = group["metadata"]["name"].as_str().unwrap_or_default();
                let version_name = version["version"].as_str().unwrap();
                let path = if name.is_empty() {
                    format!("/api/{version_name}")
                } else {
                    format!("/apis/{name}/{version_name}")
                };
                let legacy = get(&served, &path, "application/json").json();
                let legacy: Vec<&Value> = legacy["resources"].as_array().unwrap().iter().collect();
                let own = version["resources"].as_array().unwrap();
                assert_eq!(own.len(), legacy.len(), "{path}");
                for (own, legacy) in own.iter().zip(legacy) {
                    assert_eq!(
                        (&own["resource"], &own["responseKind"]["kind"], &own["shortNames"]),
                        (&legacy["name"], &legacy["kind"], &legacy["shortNames"])
                    );
                    many += 1;
                }
            }
        }
        assert!(many >= 15, "{root} {many}");
    }
}

/// Columns that count time.
const AGES: [&str; 4] = ["Age", "Last Seen", "First Seen", "Last Schedule"];
/// What that server wrote itself, so that the backup does not have it, or has another state of it.
const ITS_OWN: [&str; 4] = ["leases", "prioritylevelconfigurations", "flowschemas", "componentstatuses"];

#[test]
fn tables_are_a_real_servers_cell_by_cell() {
    let served = Served::fixture("plain-etcd34", &[]);
    let (mut rows_compared, mut tables) = (0, 0);
    let mut faults = Vec::new();
    for (path, golden) in golden("tables").as_object().unwrap() {
        let answer = get(&served, path, TABLE);
        if answer.code != 200 {
            let left = [
                "/api/v1/componentstatuses",
                "/apis/autoscaling/v1/horizontalpodautoscalers",
                "/apis/events.k8s.io/v1/events",
            ];
            assert!(left.contains(&path.as_str()), "{path}: {}", answer.code);
            continue;
        }
        tables += 1;
        let own = answer.json();
        let head = |columns: &Value| -> Vec<Value> {
            let columns = columns.as_array().unwrap().iter();
            columns
                .map(|column| json!([column["name"], column["type"], column["format"], column["priority"]]))
                .collect()
        };
        let columns = head(&golden["columns"]);
        if head(&own["columnDefinitions"]) != columns {
            faults.push(format!("{path}: {:?} for {columns:?}", head(&own["columnDefinitions"])));
            continue;
        }
        let row = |row: &Value| {
            let mut cells = row["cells"].as_array().unwrap().clone();
            cells.truncate(columns.len()); // of an IPAddress the real server has a cell without a column
            for (cell, column) in cells.iter_mut().zip(&columns) {
                if AGES.contains(&column[0].as_str().unwrap()) {
                    *cell = json!(cell.is_string() && cell != "<unknown>" && cell != "<none>");
                }
            }
            let metadata = &row["object"]["metadata"];
            ((metadata["namespace"].clone(), metadata["name"].clone(), metadata["resourceVersion"].clone()), cells)
        };
        // in the order of both: what the server wrote itself, after the backup was made, is in one of them
        let newer = |version: &Value| version.as_str().unwrap_or("0").parse::<i64>().unwrap() > 1289;
        let theirs: Vec<_> =
            golden["rows"].as_array().unwrap().iter().map(row).filter(|row| !newer(&row.0.2)).collect();
        let names: BTreeSet<_> = theirs.iter().map(|row| row.0.to_string_key()).collect();
        let changed: BTreeSet<String> = golden["rows"]
            .as_array()
            .unwrap()
            .iter()
            .map(row)
            .filter(|row| newer(&row.0.2))
            .map(|row| format!("{}/{}", row.0.0, row.0.1))
            .collect();
        let own: Vec<_> = own["rows"]
            .as_array()
            .unwrap()
            .iter()
            .map(row)
            .filter(|row| !changed.contains(&format!("{}/{}", row.0.0, row.0.1)))
            .collect();
        if ITS_OWN.iter().all(|own| !path.ends_with(own)) || !names.is_empty() {
            rows_compared += theirs.len();
        }
        if own != theirs {
            let at = own.iter().zip(&theirs).position(|(own, their)| own != their);
            let pair = at.map(|at| (own[at].clone(), theirs[at].clone()));
            faults.push(format!("{path}: {} rows for {}; {pair:?}", own.len(), theirs.len()));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(tables >= 78 && rows_compared > 1000, "{tables} tables, {rows_compared} rows");
}

trait Key {
    fn to_string_key(&self) -> String;
}

impl Key for (Value, Value, Value) {
    fn to_string_key(&self) -> String {
        format!("{}/{}@{}", self.0, self.1, self.2)
    }
}

#[test]
fn refusals_are_a_real_servers() {
    let served = Served::fixture("plain-etcd34", &[]);
    let statuses = golden("statuses");
    let mut many = 0;
    for (asked, golden) in statuses.as_object().unwrap() {
        let mut words = asked.split(' ');
        let (method, path) = (words.next().unwrap(), words.next().unwrap());
        let accept = words.nth(1).unwrap_or("application/json");
        let answer = ask(&served, method, &format!("{}{path}", prefix(&served, "backup")), &[("Accept", accept)], b"");
        // what would write is refused whatever it names
        let expected = if method == "GET" { golden["status"].as_u64().unwrap() } else { 405 };
        // the real one answers for what it has in memory, which begins where it was started
        if path.contains("watch=true") || path.contains("limit=2") || path.contains("limit=3") {
            continue;
        }
        assert_eq!(u64::from(answer.code), expected, "{asked}");
        if let (Some(their), "GET") = (golden["body"].as_object(), method) {
            let own = answer.json();
            for field in ["kind", "apiVersion", "reason", "code", "status", "metadata"] {
                assert_eq!(own.get(field), their.get(field), "{asked}: {field}");
            }
            let Some(message) = their.get("message").and_then(Value::as_str) else { continue };
            // parsers have their own words, and a server its own revision
            let begins = message.split([':', '\n']).next().unwrap();
            assert!(own["message"].as_str().unwrap().starts_with(begins), "{asked}: {own}");
            assert_eq!(own.pointer("/details/causes"), golden["body"].pointer("/details/causes"), "{asked}");
            many += 1;
        }
    }
    assert!(many >= 8, "{many}");
}
