//! Objects written again: the same but for what was asked.

use kube_objects::{Change, DecodeOptions, Edit, Envelope, Leaf, Place, StoredObject, kind_of, rewrite};
use serde_json::Value;

use crate::objects::each_object;

/// Keeps all, and notes what no table knows.
#[derive(Default)]
struct Keep {
    unknown: Vec<String>,
}

impl Edit for Keep {
    fn leaf(&mut self, place: &Place<'_>, leaf: Leaf<'_>) -> Change {
        if let Leaf::Unknown(_) = leaf {
            self.unknown.push(format!("{} {}", place.kind, place.path.join(".")));
        }
        Change::Keep
    }
}

fn decode(value: &[u8]) -> Value {
    StoredObject::decode(value, &DecodeOptions::default()).expect("decodes").into_json()
}

#[test]
fn what_is_kept_is_as_it_was() {
    let (mut whole, mut same) = (0, 0);
    each_object(|fixture, parsed, value, _| {
        if !matches!(Envelope::of(value), Envelope::Protobuf | Envelope::Json) {
            return;
        }
        let mut keep = Keep::default();
        let again = rewrite(value, &mut keep).expect("whole");
        let Some(again) = again else { return };
        let name = format!("{fixture} {} {}", parsed.resource.escape_ascii(), parsed.name.escape_ascii());
        assert_eq!(decode(&again), decode(value), "{name}");
        assert!(keep.unknown.iter().all(|unknown| unknown.contains("managedFields")), "{name}: {:?}", keep.unknown);
        if Envelope::of(value) == Envelope::Protobuf && keep.unknown.is_empty() {
            assert!(again == value, "{name}");
            same += 1;
        }
        whole += 1;
    });
    assert!(whole > 5000 && same > 100, "{whole} {same}");
}

/// Empties every text named `data`'s, replaces one, and drops an annotation.
struct Change3;

impl Edit for Change3 {
    fn leaf(&mut self, place: &Place<'_>, leaf: Leaf<'_>) -> Change {
        let path: Vec<&str> = place.path.iter().map(String::as_str).collect();
        match (place.kind, &path[..], leaf) {
            ("Secret", ["data", ..], _) => Change::Replace(Vec::new()),
            (_, ["metadata", "annotations", "gone"], _) => Change::Drop,
            (_, [.., "env", "value"], _) if place.name == Some("PASSWORD") => Change::Replace(b"REDACTED".to_vec()),
            _ => Change::Keep,
        }
    }
}

#[test]
fn json_is_changed_where_it_is_asked() {
    let object = serde_json::json!({"apiVersion": "v1", "kind": "List", "items": [
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"annotations": {"gone": "x", "kept": "y"}}, "data": {"a": "c2VjcmV0"}},
        {"apiVersion": "v1", "kind": "Pod", "data": {"a": "kept"}, "spec": {"containers": [
            {"name": "c", "env": [{"name": "PASSWORD", "value": "secret"}, {"name": "USER", "value": "kept"}]}]}}]});
    let mut expected = object.clone();
    expected["items"][0]["data"]["a"] = "".into();
    expected["items"][0]["metadata"]["annotations"].as_object_mut().unwrap().remove("gone");
    expected["items"][1]["spec"]["containers"][0]["env"][0]["value"] = "REDACTED".into();
    let again = rewrite(object.to_string().as_bytes(), &mut Change3).expect("whole").expect("known");
    assert_eq!(serde_json::from_slice::<Value>(&again).expect("JSON"), expected);
    // a name that stands twice hides nothing
    let twice = br#"{"kind":"Secret","apiVersion":"v1","data":{"a":"secret"},"data":{"b":"secret"}}"#;
    let again = rewrite(twice, &mut Change3).expect("whole").expect("known");
    assert!(!String::from_utf8(again).expect("text").contains("secret\""));
}

fn bytes(number: u8, content: &[u8]) -> Vec<u8> {
    [&[number << 3 | 2, u8::try_from(content.len()).expect("short")][..], content].concat()
}

/// Of kind Secret: metadata with annotations, data, and a field that no table has.
#[test]
fn protobuf_is_changed_where_it_is_asked_and_loses_what_nobody_knows() {
    let entry = |key: &[u8], value: &[u8]| [bytes(1, key), bytes(2, value)].concat();
    let secret = |gone: bool, data: &[u8]| {
        let annotations = if gone { bytes(12, &entry(b"gone", b"x")) } else { Vec::new() };
        let metadata = [bytes(1, b"name"), annotations, bytes(12, &entry(b"kept", b"y"))].concat();
        let raw = [bytes(1, &metadata), bytes(2, &entry(b"password", data)), bytes(3, b"Opaque")].concat();
        let stray = if gone { bytes(15, b"stray secret") } else { Vec::new() };
        let type_meta = [bytes(1, b"v1"), bytes(2, b"Secret")].concat();
        [b"k8s\0".to_vec(), bytes(1, &type_meta), bytes(2, &[raw, stray].concat()), bytes(3, b""), bytes(4, b"")]
            .concat()
    };
    assert_eq!(rewrite(&secret(true, b"hunter2"), &mut Change3), Ok(Some(secret(false, b""))));
    let mut keep = Keep::default();
    rewrite(&secret(true, b"hunter2"), &mut keep).expect("whole");
    assert_eq!(keep.unknown, ["Secret "]);
    let nobodys = [&b"k8s\0\x0a\x0d\x0a\x02v1\x12\x07Novelty"[..], b"\x12\x06\x0a\x04text"].concat();
    assert_eq!(rewrite(&nobodys, &mut Change3), Ok(None));
    assert!(rewrite(b"k8s:enc:aescbc:v1:1:x", &mut Change3).is_err());
    assert!(rewrite(&secret(true, b"x")[..40], &mut Change3).is_err());
}

#[test]
fn the_kind_of_a_resource_is_known() {
    for (group, resource, expected) in [
        ("", "secrets", Some(("v1", "Secret"))),
        ("apps", "deployments", Some(("apps/v1", "Deployment"))),
        ("networking.k8s.io", "networkpolicies", Some(("networking.k8s.io/v1", "NetworkPolicy"))),
        ("route.openshift.io", "routes", Some(("route.openshift.io/v1", "Route"))),
        ("", "novelties", None),
    ] {
        assert_eq!(kind_of(group, resource), expected);
    }
}
