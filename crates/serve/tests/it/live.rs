//! The history of a real etcd, replayed: what a list shows and a watch tells from any revision on is what etcd itself says.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use peer_harness::{EtcdServer, Op, Peer, PeerVersion};
use serde_json::{Value, json};
use serve::Offline;

use crate::odd::Numbers;

/// Changes of a history; each has a revision.
const CHANGES: usize = 160;

/// What is selected: a path, a query, and the same in words of our own.
type Selection = (&'static str, &'static str, fn(&Value) -> bool);

static SELECTIONS: &[Selection] = &[
    ("/api/v1/pods", "", |_| true),
    ("/api/v1/namespaces/a/pods", "", |pod| pod["metadata"]["namespace"] == "a"),
    ("/api/v1/pods", "labelSelector=app%3Dx", |pod| label(pod, "app") == "x"),
    ("/api/v1/pods", "labelSelector=app+notin+(x,y),tier", |pod| {
        !["x", "y"].contains(&label(pod, "app")) && !label(pod, "tier").is_empty()
    }),
    ("/api/v1/pods", "fieldSelector=spec.nodeName%3Dn1,status.phase!%3DFailed", |pod| {
        pod["spec"]["nodeName"] == "n1" && pod["status"]["phase"] != "Failed"
    }),
    ("/api/v1/namespaces/a-b/pods", "labelSelector=!tier&fieldSelector=metadata.name%3Dp1", |pod| {
        pod["metadata"]["namespace"] == "a-b" && pod["metadata"]["name"] == "p1" && label(pod, "tier").is_empty()
    }),
    ("/api/v1/configmaps", "", |_| true),
    ("/api/v1/nodes", "labelSelector=tier%3Dfront", |node| label(node, "tier") == "front"),
    ("/apis/apps/v1/deployments", "labelSelector=app+in+(x,z)", |object| ["x", "z"].contains(&label(object, "app"))),
    ("/apis/example.com/v1/widgets", "", |_| true),
    ("/apis/example.com/v1/namespaces/a/widgets", "labelSelector=app%3Dy", |widget| {
        widget["metadata"]["namespace"] == "a" && label(widget, "app") == "y"
    }),
];

fn label<'o>(object: &'o Value, name: &str) -> &'o str {
    object["metadata"]["labels"][name].as_str().unwrap_or_default()
}

/// Group, version, kind and plural; where its keys lie, and whether its objects have a namespace.
type Kind = (&'static str, &'static str, &'static str, &'static str, bool);

const KINDS: [Kind; 5] = [
    ("v1", "Pod", "pods", "pods", true),
    ("v1", "ConfigMap", "configmaps", "configmaps", true),
    ("v1", "Node", "nodes", "minions", false),
    ("apps/v1", "Deployment", "deployments", "deployments", true),
    ("example.com/v1", "Widget", "widgets", "example.com/widgets", true),
];

/// Objects by key.
type Objects = BTreeMap<String, Value>;

/// A server with a history, and what it says was there at each revision that it holds.
struct History {
    server: EtcdServer,
    numbers: Numbers,
    /// Each value by its key and revision.
    written: BTreeMap<(String, i64), Value>,
}

impl History {
    /// A change or two in one revision: most pods, a third deletions, and few names, so that they come again.
    fn change(&mut self) {
        let mut ops = BTreeMap::new();
        for _ in 0..=self.numbers.next(8) / 6 {
            let kind = KINDS[[0, 0, 0, 1, 2, 3, 4][self.numbers.next(7)]];
            let (key, object) = self.object(kind);
            ops.insert(key, (self.numbers.next(3) > 0).then_some(object));
        }
        let made: Vec<Op> = ops
            .iter()
            .map(|(key, object)| match object {
                Some(object) => {
                    Op::Put { key: key.clone().into_bytes(), value: object.to_string().into_bytes(), lease: 0 }
                }
                None => Op::Delete { key: key.clone().into_bytes() },
            })
            .collect();
        let revision = self.server.txn(&made).unwrap();
        for (key, object) in ops {
            self.written.insert((key, revision), object.unwrap_or_default());
        }
    }

    fn object(&mut self, (api_version, kind, _, place, namespaced): Kind) -> (String, Value) {
        let mut one = |of: &[&'static str]| of[self.numbers.next(of.len())];
        let name = format!("{}{}", kind.to_lowercase().get(..1).unwrap(), one(&["1", "2", "3"]));
        let mut metadata = json!({"name": name, "creationTimestamp": null});
        let labels: serde_json::Map<String, Value> =
            [("app", one(&["x", "y", "z"])), ("tier", one(&["", "", "front", "back"]))]
                .into_iter()
                .filter(|(_, value)| !value.is_empty())
                .map(|(name, value)| (name.to_owned(), json!(value)))
                .collect();
        metadata["labels"] = labels.into();
        let mut key = format!("/kubernetes.io/{place}/");
        if namespaced {
            // a namespace whose name begins as another's: their keys are neighbours
            let namespace = one(&["a", "a-b", "b"]);
            metadata["namespace"] = json!(namespace);
            write!(key, "{namespace}/").unwrap();
        }
        key.push_str(&name);
        let mut object = json!({"apiVersion": api_version, "kind": kind, "metadata": metadata});
        match kind {
            "Pod" => {
                object["spec"] = json!({"nodeName": one(&["n1", "n2"])});
                object["status"] = json!({"phase": one(&["Pending", "Running", "Failed"])});
            }
            "ConfigMap" => object["data"] = json!({"a": one(&["1", "2", "3"])}),
            _ => object["spec"] = json!({"paused": one(&["1", "2"]) == "1"}),
        }
        (key, object)
    }

    /// What etcd says is there.
    fn at(&self, revision: i64) -> Objects {
        let keys = self.server.keys_at(revision).unwrap();
        keys.into_iter()
            .map(|fact| {
                let key = String::from_utf8(fact.key).unwrap();
                let mut object = self.written[&(key.clone(), fact.mod_revision)].clone();
                object["metadata"]["resourceVersion"] = json!(fact.mod_revision.to_string());
                (key, object)
            })
            .collect()
    }
}

/// The definition of the custom kind.
fn definition() -> (String, Value) {
    let version =
        json!({"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {"type": "object"}}});
    let spec = json!({"group": "example.com", "scope": "Namespaced", "versions": [version],
        "names": {"plural": "widgets", "kind": "Widget", "singular": "widget", "listKind": "WidgetList"}});
    let name = "widgets.example.com";
    let object = json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": name}, "spec": spec});
    (format!("/kubernetes.io/apiextensions.k8s.io/customresourcedefinitions/{name}"), object)
}

/// The objects of a selection, as clients get them: with what says their kind only where that is custom.
fn meant((path, _, selects): &Selection, objects: &Objects) -> Objects {
    let plural = path.rsplit('/').next().unwrap();
    let (.., place, _) = KINDS.into_iter().find(|kind| kind.2 == plural).unwrap();
    let begin = format!("/kubernetes.io/{place}/");
    let of_it = objects.iter().filter(|(key, object)| key.starts_with(&begin) && selects(object));
    of_it.map(|(_, object)| (name(object), bare(object.clone()))).collect()
}

fn name(object: &Value) -> String {
    let text = |field: &str| object["metadata"][field].as_str().unwrap_or_default().to_owned();
    format!("{}/{}", text("namespace"), text("name"))
}

fn bare(mut object: Value) -> Value {
    let fields = object.as_object_mut().unwrap();
    fields.remove("kind");
    fields.remove("apiVersion");
    object
}

fn listed(served: &Offline, (path, query, _): &Selection, at: i64) -> Objects {
    let (code, body) = served.answer("GET", &format!("/rev/{at}{path}?{query}"), "application/json", "", b"");
    let list: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!((code, &list["metadata"]["resourceVersion"]), (200, &json!(at.to_string())), "{path} {query}: {list}");
    let items = list["items"].as_array().unwrap();
    items.iter().map(|item| (name(item), bare(item.clone()))).collect()
}

/// Plays what a watch tells from a revision on, and looks at every revision on the way.
fn replay(served: &Offline, selection: &Selection, from: i64, truth: &BTreeMap<i64, Objects>) -> usize {
    let (path, query, _) = selection;
    let watch = format!("/rev/{from}{path}?watch=true&resourceVersion={from}&{query}");
    let (code, body) = served.answer("GET", &watch, "application/json", "", b"");
    assert_eq!(code, 200, "{watch}");
    let events: Vec<Value> =
        body.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect();
    let mut state = listed(served, selection, from);
    let mut coming = events.iter().peekable();
    for (at, objects) in truth.range(from..) {
        let revision = |event: &Value| event["object"]["metadata"]["resourceVersion"].as_str()?.parse::<i64>().ok();
        while let Some(event) = coming.next_if(|event| revision(event).unwrap() <= *at) {
            let object = &event["object"];
            let known = state.contains_key(&name(object));
            match event["type"].as_str().unwrap() {
                "ADDED" if !known => drop(state.insert(name(object), bare(object.clone()))),
                "MODIFIED" if known => drop(state.insert(name(object), bare(object.clone()))),
                "DELETED" if known => drop(state.remove(&name(object))),
                kind => panic!("{watch}: {kind} of {object} at {at}"),
            }
        }
        assert_eq!(state, meant(selection, objects), "{watch}: at {at}");
    }
    assert_eq!(coming.next(), None, "{watch}");
    events.len()
}

#[test]
fn campaign_a_real_etcds_history_is_replayed() {
    for version in PeerVersion::ALL {
        let Some(peer) = Peer::for_test(version, "campaign_a_real_etcds_history_is_replayed") else { continue };
        for seed in 1..=fixtures::rounds(1, 40) {
            history_is_replayed(&peer, u64::try_from(seed).unwrap());
        }
    }
}

fn history_is_replayed(peer: &Peer, seed: u64) {
    let numbers = Numbers(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(2 * seed + 1));
    let mut history = History { server: EtcdServer::start(peer).unwrap(), numbers, written: BTreeMap::new() };
    let (key, object) = definition();
    let first = history.server.put(key.as_bytes(), object.to_string().as_bytes()).unwrap();
    history.written.insert((key, first), object);
    (0..CHANGES).for_each(|_| history.change());
    let newest = history.server.revision().unwrap();
    let oldest = newest / 4;
    history.server.compact(oldest).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("snapshot.db");
    history.server.snapshot(&path).unwrap();
    let truth: BTreeMap<i64, Objects> = (oldest..=newest).map(|at| (at, history.at(at))).collect();

    let served = Offline::open(&path).unwrap();
    let (mut told, mut seen) = (0, 0);
    for selection in SELECTIONS {
        for from in oldest..=newest {
            told += replay(&served, selection, from, &truth);
            seen += usize::from(!meant(selection, &truth[&from]).is_empty());
        }
        let (path, query, _) = selection;
        let early = format!("{path}?watch=true&resourceVersion={}&{query}", oldest - 1);
        let (_, body) = served.answer("GET", &early, "application/json", "", b"");
        assert!(String::from_utf8_lossy(&body).contains("\"code\":410"), "{early}");
    }
    assert!(told > 5000 && seen > 500, "seed {seed}: {told} events, {seen} lists with something in them");
}
