//! Every live value of the fixtures, decoded and held against what a real API server's codecs said of it.

use std::collections::{BTreeMap, HashMap, HashSet};

use bbolt_page::{Db, Serial};
use encryption_config::Keyring;
use etcd_snapshot::{Options, scan};
use fixtures::Fixture;
use kube_objects::{
    ClusterVersion, DecodeOptions, Envelope, Infrastructure, ObjectHead, Prefix, StorageKey, StoredObject,
};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::keyring::keyring;

/// A line of `decrypted-truth.jsonl`: what the genuine codecs and transformers made of a key.
fn truth(fixture: &Fixture) -> Option<HashMap<Vec<u8>, Value>> {
    let rows = fixture.truth();
    let by_key = rows.into_iter().map(|row| (row["key"].as_str().expect("key").as_bytes().to_vec(), row));
    Some(by_key.collect::<HashMap<_, _>>()).filter(|rows| !rows.is_empty())
}

/// The value as its API server would see it.
fn open(keyring: &Keyring, key: &[u8], parsed: &StorageKey<'_>, stored: &[u8]) -> Vec<u8> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let resource = match parsed.group {
        b"" => text(parsed.resource),
        group => format!("{}.{}", text(parsed.resource), text(group)),
    };
    keyring.open(&resource, key, stored).expect("opens").plaintext.to_vec()
}

/// Calls `check` with every live key of every fixture that has a ground truth, its opened value and that truth.
pub(crate) fn each_object(mut check: impl FnMut(&str, &StorageKey<'_>, &[u8], &Value)) -> usize {
    let mut objects = 0;
    for fixture in fixtures::all() {
        let Some(truth) = truth(&fixture) else { continue };
        let (file, keyring) = (fixture.bytes(), keyring(&fixture));
        let scan = scan(Db::open(&file).expect("opens"), Options::default(), &Serial);
        let mut seen = 0;
        for live in scan.store.live() {
            let (key, parsed) = (live.kv.key, StorageKey::parse(live.kv.key));
            let row = truth.get(key).expect("every live key is in the truth");
            let opened = open(&keyring, key, &parsed, live.kv.value);
            let digest: String = Sha256::digest(&opened).iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(Some(digest.as_str()), row["plainSHA256"].as_str());
            check(&fixture.name, &parsed, &opened, row);
            seen += 1;
        }
        assert_eq!(seen, truth.len(), "{}", fixture.name);
        objects += seen;
    }
    objects
}

fn gvk(api_version: &str, kind: &str) -> String {
    format!("{api_version}/{kind}")
}

#[test]
fn every_object_has_the_kind_uid_and_name_that_the_api_server_saw() {
    let objects = each_object(|fixture, key, value, row| {
        let shown = format!("{fixture}: {}", row["key"]);
        let object =
            StoredObject::decode(value, &DecodeOptions::default()).unwrap_or_else(|fault| panic!("{shown}: {fault}"));
        let json = object.json();
        let text = |pointer: &str| json.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        assert_eq!(Some(gvk(text("/apiVersion"), text("/kind")).as_str()), row["gvk"].as_str(), "{shown}");
        assert_eq!(text("/metadata/uid"), row["uid"].as_str().unwrap_or_default(), "{shown}");
        assert!(object.known_kind(), "{shown}");
        assert_eq!(object.unknown_fields(), 0, "{shown}: {}", object.to_json());
        // ranges/serviceips is the one stored object without a name
        if row["uid"].is_string() {
            assert_eq!(text("/metadata/name").as_bytes(), key.name, "{shown}");
            let namespace = json.pointer("/metadata/namespace").and_then(Value::as_str);
            assert_eq!(namespace.map(str::as_bytes), key.namespace, "{shown}");
        }
    });
    assert!(objects > 6000, "only {objects} objects");
}

#[test]
fn the_head_agrees_with_the_whole_object() {
    each_object(|fixture, _, value, row| {
        let shown = format!("{fixture}: {}", row["key"]);
        let ObjectHead { api_version, kind, metadata } = ObjectHead::read(value).expect("head");
        assert_eq!(Some(gvk(&api_version, &kind).as_str()), row["gvk"].as_str(), "{shown}");
        assert_eq!(metadata.uid, row["uid"].as_str().unwrap_or_default(), "{shown}");
        let object = StoredObject::decode(value, &DecodeOptions::default()).expect("decodes");
        let text = object.to_json();
        let whole = ObjectHead::read(text.as_bytes()).expect("JSON").metadata;
        assert_eq!(metadata.name, whole.name, "{shown}");
        assert_eq!(metadata.creation_timestamp, whole.creation_timestamp, "{shown}");
        assert_eq!(metadata.labels, whole.labels, "{shown}");
        assert_eq!(metadata.annotations, whole.annotations, "{shown}");
        assert_eq!(metadata.finalizers, whole.finalizers, "{shown}");
        assert_eq!(metadata.owner_references, whole.owner_references, "{shown}");
    });
}

#[test]
fn yaml_reads_back_as_the_same_object() {
    each_object(|fixture, _, value, row| {
        let object = StoredObject::decode(value, &DecodeOptions::default()).expect("decodes");
        let yaml = object.to_yaml();
        let read: Value =
            serde_saphyr::from_str(&yaml).unwrap_or_else(|fault| panic!("{fixture}: {}\n{fault}", row["key"]));
        assert_eq!(&read, object.json(), "{fixture}: {}", row["key"]);
        let again: Value = serde_json::from_str(&object.to_json()).expect("JSON");
        assert_eq!(&again, object.json(), "{fixture}: {}", row["key"]);
    });
}

#[test]
fn envelopes_are_counted_as_the_live_server_had_them() {
    let mut counted = 0;
    for fixture in fixtures::all() {
        let Some(truth) = fixture.json("truth-live.json") else { continue };
        let file = fixture.bytes();
        let scan = scan(Db::open(&file).expect("opens"), Options::default(), &Serial);
        let mut encodings = BTreeMap::<String, u64>::new();
        for live in scan.store.live() {
            let word = match Envelope::of(live.kv.value) {
                Envelope::Encrypted(encrypted) => String::from_utf8_lossy(encrypted.label()).into_owned(),
                other => other.word().to_owned(),
            };
            *encodings.entry(word).or_default() += 1;
        }
        let expected: BTreeMap<String, u64> = serde_json::from_value(truth["encodings"].clone()).expect("counts");
        assert_eq!(encodings, expected, "{}", fixture.name);
        counted += 1;
    }
    assert!(counted >= 5, "only {counted} fixtures count their encodings");
}

#[test]
fn the_cluster_is_the_one_the_fixtures_describe() {
    let mut clusters = 0;
    each_object(|_, key, value, _| {
        if key.prefix != Prefix::Kubernetes {
            return;
        }
        match key.stored_path() {
            b"config.openshift.io/clusterversions" => {
                let read = ClusterVersion::read(value).expect("read");
                assert_eq!(read.spec.cluster_id, "8a5f3c9e-4b7d-4f21-9c5a-2d1e0b6f7a93");
                let history: Vec<_> =
                    read.status.history.iter().map(|update| (update.version.as_str(), update.state.as_str())).collect();
                let expected = [
                    ("4.18.30", "Completed"),
                    ("4.18.21", "Completed"),
                    ("4.17.40", "Partial"),
                    ("4.17.32", "Completed"),
                    ("4.16.20", "Completed"),
                ];
                assert_eq!(history, expected);
                clusters += 1;
            }
            b"config.openshift.io/infrastructures" => {
                let read = Infrastructure::read(value).expect("read");
                assert!(!read.infrastructure_name.is_empty() && !read.platform.is_empty());
            }
            _ => {}
        }
    });
    assert!(clusters >= 5, "only {clusters} cluster versions");
}

/// The objects of one stored resource in `plain-etcd36`, by name.
fn objects(stored_path: &str) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    let fixture = fixtures::named("plain-etcd36");
    let file = fixture.bytes();
    let scan = scan(Db::open(&file).expect("opens"), Options::default(), &Serial);
    for live in scan.store.live() {
        let key = StorageKey::parse(live.kv.key);
        if key.stored_path() == stored_path.as_bytes() {
            let object = StoredObject::decode(live.kv.value, &DecodeOptions::default()).expect("decodes");
            let namespace = key.namespace.map(|namespace| format!("{}/", String::from_utf8_lossy(namespace)));
            let name = format!("{}{}", namespace.unwrap_or_default(), String::from_utf8_lossy(key.name));
            assert!(found.insert(name, object.into_json()).is_none());
        }
    }
    found
}

/// How many objects have which text at a JSON pointer; `-` where there is none.
fn count(objects: &BTreeMap<String, Value>, pointer: &str) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for object in objects.values() {
        let text =
            object.pointer(pointer).map_or("-".to_owned(), |value| value.to_string().trim_matches('"').to_owned());
        *counts.entry(text).or_default() += 1;
    }
    counts
}

/// The status of a condition of that type, `-` where there is none.
fn condition<'o>(object: &'o Value, pointer: &str, kind: &str) -> &'o str {
    let conditions = object.pointer(pointer).and_then(Value::as_array);
    let found = conditions.and_then(|list| list.iter().find(|condition| condition["type"] == kind));
    found.and_then(|condition| condition["status"].as_str()).unwrap_or("-")
}

/// What `fixtures/README.md` says was put into the API server.
#[test]
fn objects_hold_what_was_put_into_the_api_server() {
    let nodes = objects("minions");
    assert_eq!(
        nodes.keys().collect::<Vec<_>>(),
        ["master-0", "master-1", "master-2", "worker-0", "worker-1", "worker-2"]
    );
    for (name, node) in &nodes {
        let unschedulable = node.pointer("/spec/unschedulable").and_then(Value::as_bool);
        assert_eq!(unschedulable, (name == "worker-2").then_some(true), "{name}");
        let ready = if name == "worker-1" { "Unknown" } else { "True" };
        assert_eq!(condition(node, "/status/conditions", "Ready"), ready, "{name}");
    }

    let volumes = objects("persistentvolumes");
    let local = volumes.values().filter(|volume| volume.pointer("/spec/local/path").is_some()).count();
    let csi = volumes.values().filter(|volume| volume.pointer("/spec/csi/volumeHandle").is_some()).count();
    assert_eq!((volumes.len(), local, csi), (11, 3, 8));
    let claims = objects("persistentvolumeclaims");
    assert_eq!(claims.len(), 11);
    assert_eq!(count(&claims, "/status/phase").get("Lost"), Some(&1));
    let attached = count(&objects("volumeattachments"), "/status/attached");
    assert_eq!(attached, BTreeMap::from([("false".to_owned(), 1), ("true".to_owned(), 5)]));

    let requests = objects("certificatesigningrequests");
    let with =
        |kind| requests.values().filter(|request| condition(request, "/status/conditions", kind) == "True").count();
    assert_eq!((requests.len(), with("Approved"), with("Denied")), (6, 3, 1));

    let operators = objects("config.openshift.io/clusteroperators");
    let degraded =
        operators.iter().filter(|(_, operator)| condition(operator, "/status/conditions", "Degraded") == "True");
    assert_eq!(degraded.map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["image-registry"]);
    assert_eq!(operators.len(), 17);
    let server = objects("operator.openshift.io/kubeapiservers");
    let revisions = server["cluster"]["status"]["nodeStatuses"].as_array().expect("nodes");
    let mut revisions: Vec<_> = revisions.iter().map(|node| node["currentRevision"].as_i64()).collect();
    revisions.sort_unstable();
    assert_eq!(revisions, [Some(8), Some(9), Some(9)]);
}

/// One object of each form, as kubectl prints it. Written by hand from what was put in and from kubectl's conventions.
#[test]
fn yaml_is_what_kubectl_prints() {
    let yaml = |stored_path: &str, name: &str| {
        let mut object = objects(stored_path).remove(name).expect(name);
        let metadata = object["metadata"].as_object_mut().expect("metadata");
        assert!(metadata.remove("uid").is_some() && metadata.remove("creationTimestamp").is_some());
        kube_objects::to_yaml(&object)
    };
    let secret = "\
apiVersion: v1
data:
  password: UzNjcjN0LWY1MTdkZGM3Mzk0ZDEzMWFiYWI1ZWUzOA==
  url: cG9zdGdyZXNxbDovL3N2YzBAZGIuYW5hbHl0aWNzLnN2Yzo1NDMyL2FwcA==
  username: c3ZjMA==
kind: Secret
metadata:
  labels:
    app: app-00
  name: app-00-credentials
  namespace: analytics
type: Opaque
";
    assert_eq!(yaml("secrets", "analytics/app-00-credentials"), secret);
    let ingress = "\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  generation: 1
  name: web
  namespace: analytics
spec:
  rules:
  - host: analytics.example.com
    http:
      paths:
      - backend:
          service:
            name: web
            port:
              number: 80
        path: /
        pathType: Prefix
status:
  loadBalancer: {}
";
    assert_eq!(yaml("ingress", "analytics/web"), ingress);
    let lease = "\
apiVersion: coordination.k8s.io/v1
kind: Lease
metadata:
  name: master-0
  namespace: kube-node-lease
spec:
  holderIdentity: master-0
  leaseDurationSeconds: 40
  renewTime: \"2026-11-23T08:30:00.123456Z\"
";
    assert_eq!(yaml("leases", "kube-node-lease/master-0"), lease);
    let group = "apiVersion: user.openshift.io/v1\nkind: Group\nmetadata:\n  name: cluster-admins\nusers:\n- user00\n";
    assert_eq!(yaml("groups", "cluster-admins"), group);
}

/// Values that are no objects, or broken ones: named as what they are, never a panic.
#[test]
fn odd_values_are_named() {
    let fixture = fixtures::named("odd-keys");
    let file = fixture.bytes();
    let scan = scan(Db::open(&file).expect("opens"), Options::default(), &Serial);
    let mut words = BTreeMap::new();
    for live in scan.store.live() {
        let name = String::from_utf8_lossy(StorageKey::parse(live.kv.key).name).into_owned();
        let read = StoredObject::decode(live.kv.value, &DecodeOptions::default());
        words.insert(name, (Envelope::of(live.kv.value).word(), read.is_ok()));
    }
    for (name, word, readable) in [
        ("empty", "empty", false),
        ("badprefix", "malformed-encryption", false),
        ("badjson", "json", false),
        ("truncproto", "protobuf", false),
        ("big", "other", false),
    ] {
        assert_eq!(words.get(name), Some(&(word, readable)), "{name}: {words:?}");
    }
}

/// Real values, cut and changed at random: readable or a fault, never a panic.
#[test]
fn damaged_values_never_panic() {
    let mut state = 7_u64;
    let mut random = move |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).expect("31 bits") % below
    };
    let (mut seen, mut read, mut broken) = (HashSet::new(), 0, 0);
    each_object(|_, key, value, _| {
        if !seen.insert(key.stored_resource.to_vec()) {
            return;
        }
        for _ in 0..200 {
            let mut damaged = value.to_vec();
            for _ in 0..=random(3) {
                let at = random(damaged.len());
                damaged[at] = u8::try_from(random(256)).expect("a byte");
            }
            if random(4) == 0 {
                damaged.truncate(random(damaged.len()));
            }
            let _ = ObjectHead::read(&damaged);
            match StoredObject::decode(&damaged, &DecodeOptions::default()) {
                Ok(mut object) => {
                    object.mask();
                    assert!(!object.to_yaml().is_empty() && !object.to_json().is_empty());
                    read += 1;
                }
                Err(_) => broken += 1,
            }
        }
    });
    assert!(read > 1000 && broken > 1000, "{read} readable, {broken} broken");
}
