use super::*;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

fn varint(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number > 0x7f {
        bytes.push(u8::try_from(number & 0x7f).expect("7 bits") | 0x80);
        number >>= 7;
    }
    bytes.push(u8::try_from(number).expect("7 bits"));
    bytes
}

/// A length-delimited field.
fn field(number: u64, bytes: impl AsRef<[u8]>) -> Vec<u8> {
    let bytes = bytes.as_ref();
    [varint(number << 3 | 2), varint(u64::try_from(bytes.len()).expect("short")), bytes.to_vec()].concat()
}

/// A varint field.
fn int(number: u64, value: i64) -> Vec<u8> {
    [varint(number << 3), varint(value.cast_unsigned())].concat()
}

fn message(fields: &[Vec<u8>]) -> Vec<u8> {
    fields.concat()
}

fn entry(number: u64, key: &str, value: impl AsRef<[u8]>) -> Vec<u8> {
    field(number, message(&[field(1, key), field(2, value)]))
}

fn stored(api_version: &str, kind: &str, fields: &[Vec<u8>]) -> Vec<u8> {
    let type_meta = message(&[field(1, api_version), field(2, kind)]);
    [b"k8s\0".to_vec(), field(1, type_meta), field(2, message(fields)), field(3, ""), field(4, "")].concat()
}

fn decode(value: &[u8]) -> StoredObject {
    StoredObject::decode(value, &DecodeOptions::default()).expect("decodes")
}

/// The object as a 1.33 API server shows it, without its apiVersion and kind.
fn shown(value: &[u8]) -> Value {
    let options = DecodeOptions { server_minor: Some(33), ..DecodeOptions::default() };
    let mut json = StoredObject::decode(value, &options).expect("decodes").into_json();
    let object = json.as_object_mut().expect("object");
    assert!(object.remove("apiVersion").is_some() && object.remove("kind").is_some());
    json
}

/// 2026-01-02T03:04:05Z
const SECONDS: i64 = 1_767_323_045;

#[test]
fn what_go_leaves_out_and_what_it_does_not() {
    // an empty Deployment: no wire field at all
    let template = json!({"metadata": {"creationTimestamp": null}, "spec": {"containers": null}});
    let expected = json!({
        "metadata": {"creationTimestamp": null},
        "spec": {"selector": null, "strategy": {}, "template": template},
        "status": {}
    });
    assert_eq!(shown(&stored("apps/v1", "Deployment", &[])), expected);
    // the same with everything written and zero, as gogo writes it: only pointers and structs make a difference
    let spec = message(&[
        int(1, 0),
        field(2, ""),
        field(3, message(&[field(1, ""), field(2, "")])),
        field(4, field(1, "")),
        int(5, 0),
        int(7, 0),
    ]);
    let zeroed = stored("apps/v1", "Deployment", &[field(1, field(8, "")), field(2, spec), field(3, int(1, 0))]);
    let expected = json!({
        "metadata": {"creationTimestamp": null},
        "spec": {"replicas": 0, "selector": {}, "strategy": {}, "template": template},
        "status": {}
    });
    assert_eq!(shown(&zeroed), expected);
}

#[test]
fn an_unset_time_is_null_before_1_34_and_left_out_since() {
    let value = stored("v1", "Namespace", &[field(1, field(1, "n"))]);
    for (minor, metadata) in [
        (Some(33), json!({"name": "n", "creationTimestamp": null})),
        (Some(34), json!({"name": "n"})),
        (None, json!({"name": "n"})),
    ] {
        let options = DecodeOptions { server_minor: minor, ..DecodeOptions::default() };
        let object = StoredObject::decode(&value, &options).expect("decodes");
        assert_eq!(object.json()["metadata"], metadata, "{minor:?}");
    }
}

#[test]
fn a_release_prints_nothing_for_a_field_it_does_not_have() {
    let at = |value: &[u8], minor| {
        let options = DecodeOptions { server_minor: minor, ..DecodeOptions::default() };
        StoredObject::decode(value, &options).expect("decodes").into_json()
    };
    // NetworkPolicy had a status from 1.24 to 1.27, a struct that prints even when empty
    let policy = stored("networking.k8s.io/v1", "NetworkPolicy", &[]);
    for (minor, status) in
        [(Some(23), None), (Some(24), Some(&json!({}))), (Some(27), Some(&json!({}))), (Some(28), None), (None, None)]
    {
        assert_eq!(at(&policy, minor).get("status"), status, "{minor:?}");
    }
    // what is stored is shown all the same
    let policy = stored("networking.k8s.io/v1", "NetworkPolicy", &[field(3, field(1, field(1, "Accepted")))]);
    assert_eq!(at(&policy, None)["status"]["conditions"][0]["type"], "Accepted");
    // a route's host is left out when empty since 4.5, a StatefulSet's availableReplicas was only in 1.22
    let route = stored("route.openshift.io/v1", "Route", &[]);
    let host = |minor| at(&route, minor)["spec"].get("host").cloned();
    assert_eq!((host(Some(17)), host(Some(18)), host(None)), (Some(json!("")), None, None));
    let set = stored("apps/v1", "StatefulSet", &[]);
    let available = |minor| at(&set, minor)["status"].get("availableReplicas").cloned();
    assert_eq!([available(Some(21)), available(Some(22)), available(Some(23))], [None, None, Some(json!(0))]);
}

#[test]
fn a_pod_in_full() {
    let metadata = message(&[
        field(1, "web"),
        field(3, "shop"),
        field(5, "u-1"),
        int(7, 2),
        field(8, message(&[int(1, SECONDS), int(2, 999)])),
        field(9, int(1, SECONDS + 1)),
        int(10, 0),
        entry(11, "app", "web"),
        entry(11, "a", ""),
        field(
            13,
            message(&[
                field(1, "ReplicaSet"),
                field(3, "web-1"),
                field(4, "u-0"),
                field(5, "apps/v1"),
                int(6, 1),
                int(7, 0),
            ]),
        ),
        field(14, "f"),
    ]);
    let probe = message(&[
        field(
            1,
            field(
                2,
                message(&[
                    field(1, "/healthz"),
                    field(2, message(&[int(1, 1), int(2, 0), field(3, "http")])),
                    field(4, "HTTP"),
                ]),
            ),
        ),
        int(2, 5),
        int(7, 0),
    ]);
    let resources = message(&[entry(1, "cpu", field(1, "500m")), entry(2, "memory", field(1, "1Gi"))]);
    let container = message(&[
        field(1, "c"),
        field(2, "image:1"),
        field(3, "sh"),
        field(3, ""),
        field(6, message(&[int(2, 0), int(3, 8080), field(4, "TCP")])),
        field(7, message(&[field(1, "A"), field(2, "b")])),
        field(8, resources),
        field(10, probe),
    ]);
    let volume = message(&[field(1, "v"), field(2, field(6, message(&[field(1, "s"), int(3, 0o644)])))]);
    let security = message(&[int(2, 0), int(3, 0), int(4, 1000), int(4, 2000)]);
    let spec = message(&[field(1, volume), field(2, container), int(4, 30), int(11, 1), field(14, security)]);
    let value = stored("v1", "Pod", &[field(1, metadata), field(2, spec), field(3, field(1, "Running"))]);
    let expected = json!({
        "metadata": {
            "name": "web", "namespace": "shop", "uid": "u-1", "generation": 2,
            "creationTimestamp": "2026-01-02T03:04:05Z", "deletionTimestamp": "2026-01-02T03:04:06Z",
            "deletionGracePeriodSeconds": 0, "labels": {"a": "", "app": "web"}, "finalizers": ["f"],
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-1", "uid": "u-0",
                "controller": true, "blockOwnerDeletion": false}]
        },
        "spec": {
            "volumes": [{"name": "v", "secret": {"secretName": "s", "defaultMode": 420}}],
            "containers": [{
                "name": "c", "image": "image:1", "command": ["sh", ""],
                "ports": [{"containerPort": 8080, "protocol": "TCP"}],
                "env": [{"name": "A", "value": "b"}],
                "resources": {"limits": {"cpu": "500m"}, "requests": {"memory": "1Gi"}},
                "livenessProbe": {"httpGet": {"path": "/healthz", "port": "http", "scheme": "HTTP"},
                    "initialDelaySeconds": 5, "terminationGracePeriodSeconds": 0}
            }],
            "terminationGracePeriodSeconds": 30, "hostNetwork": true,
            "securityContext": {"runAsUser": 0, "runAsNonRoot": false, "supplementalGroups": [1000, 2000]}
        },
        "status": {"phase": "Running"}
    });
    assert_eq!(shown(&value), expected);
}

#[test]
fn forms_that_json_has_and_protobuf_has_not() {
    let secret =
        stored("v1", "Secret", &[entry(2, "k", b"\x00\xff"), entry(2, "e", ""), field(3, "Opaque"), int(5, 0)]);
    let expected = json!({"metadata": {"creationTimestamp": null}, "data": {"e": "", "k": "AP8="}, "type": "Opaque", "immutable": false});
    assert_eq!(shown(&secret), expected);

    let lease = stored(
        "coordination.k8s.io/v1",
        "Lease",
        &[field(2, field(4, message(&[int(1, SECONDS), int(2, 123_456_789)])))],
    );
    assert_eq!(shown(&lease)["spec"], json!({"renewTime": "2026-01-02T03:04:05.123456Z"}));

    let port = |target: Vec<u8>| message(&[int(3, 443), field(4, target)]);
    let ports = message(&[
        field(1, port(message(&[int(1, 0), int(2, -8443)]))),
        field(1, port(message(&[int(1, 1), field(3, "web")]))),
        field(1, int(3, 1)),
    ]);
    let service = stored("v1", "Service", &[field(2, ports)]);
    let targets: Vec<_> = shown(&service)["spec"]["ports"]
        .as_array()
        .expect("ports")
        .iter()
        .map(|port| port["targetPort"].clone())
        .collect();
    assert_eq!(targets, [json!(-8443), json!("web"), json!(0)]);

    let revision =
        stored("apps/v1", "ControllerRevision", &[field(2, field(1, br#"{"spec":{"b":1,"a":[true]}}"#)), int(3, 4)]);
    assert_eq!(
        shown(&revision),
        json!({"metadata": {"creationTimestamp": null}, "data": {"spec": {"a": [true], "b": 1}}, "revision": 4})
    );
    let none = stored("apps/v1", "ControllerRevision", &[]);
    assert_eq!(shown(&none), json!({"metadata": {"creationTimestamp": null}, "data": null, "revision": 0}));

    let quota = stored("v1", "ResourceQuota", &[field(2, message(&[entry(1, "pods", ""), field(1, field(1, "cpu"))]))]);
    assert_eq!(shown(&quota)["spec"], json!({"hard": {"cpu": "0", "pods": ""}}));
}

#[test]
fn a_list_in_a_message_of_its_own_may_be_null_or_empty() {
    let group = |fields: &[Vec<u8>]| shown(&stored("user.openshift.io/v1", "Group", fields))["users"].clone();
    assert_eq!(group(&[]), json!(null));
    assert_eq!(group(&[field(2, "")]), json!([]));
    assert_eq!(group(&[field(2, message(&[field(1, "ann"), field(1, "bob")]))]), json!(["ann", "bob"]));

    let extra = entry(6, "scopes", message(&[field(1, "a"), field(1, "b")]));
    let request =
        stored("certificates.k8s.io/v1", "CertificateSigningRequest", &[field(2, message(&[field(1, "pem"), extra]))]);
    let spec = json!({"request": "cGVt", "signerName": "", "extra": {"scopes": ["a", "b"]}});
    assert_eq!(shown(&request)["spec"], spec);
}

#[test]
fn claim_templates_name_their_kind() {
    let spec = field(2, message(&[field(4, field(1, field(1, "data")))]));
    let value = stored("apps/v1", "StatefulSet", &[spec]);
    let template = &shown(&value)["spec"]["volumeClaimTemplates"][0];
    assert_eq!((&template["apiVersion"], &template["kind"]), (&json!("v1"), &json!("PersistentVolumeClaim")));
    assert_eq!(template["metadata"], json!({"name": "data", "creationTimestamp": null}));
}

#[test]
fn options_add_the_revision_and_keep_managed_fields() {
    let entry = message(&[
        field(1, "oc"),
        field(2, "Update"),
        field(4, int(1, SECONDS)),
        field(7, field(1, br#"{"f:data":{".":{}}}"#)),
    ]);
    let value = stored("v1", "ConfigMap", &[field(1, message(&[field(1, "c"), field(17, entry)]))]);
    assert_eq!(decode(&value).json()["metadata"], json!({"name": "c"}));
    let options = DecodeOptions { resource_version: Some(77), managed_fields: true, server_minor: None };
    let object = StoredObject::decode(&value, &options).expect("decodes");
    let managed = json!([{"manager": "oc", "operation": "Update", "time": "2026-01-02T03:04:05Z", "fieldsV1": {"f:data": {".": {}}}}]);
    assert_eq!(object.json()["metadata"], json!({"name": "c", "resourceVersion": "77", "managedFields": managed}));
}

#[test]
fn what_no_table_knows_is_shown() {
    let strange = [
        int(99, 7),
        field(98, b"\xff"),
        vec![0xc5, 0x06, 1, 0, 0, 0],
        vec![0xc1, 0x06, 2, 0, 0, 0, 0, 0, 0, 0],
        vec![0xc9, 0x06, 0x24, 0, 0, 0, 0, 0, 0, 0x80],
    ];
    let value = stored("v1", "Secret", &[strange.concat(), int(3, 5), field(1, field(77, "x"))]);
    let object = decode(&value);
    assert!(object.known_kind());
    assert_eq!(object.unknown_fields(), 7);
    let shown = json!([
        {"field": 3, "varint": 5}, // a type in a number's clothes
        {"field": 98, "base64": "/w=="},
        {"field": 99, "varint": 7},
        {"field": 104, "fixed32": 1},
        {"field": 104, "fixed64": 2},
        {"field": 105, "fixed64": "9223372036854775844"}, // as a number it would be rounded
    ]);
    assert_eq!(object.json()[UNKNOWN_FIELDS], shown);
    assert_eq!(object.json()["metadata"][UNKNOWN_FIELDS], json!([{"field": 77, "base64": "eA=="}]));
    // an embedded struct shows them in its parent
    let probe = field(1, int(90, 1));
    let pod = decode(&stored("v1", "Pod", &[field(2, field(2, field(10, message(&[probe, int(91, 2)]))))]));
    let shown = &pod.json()["spec"]["containers"][0]["livenessProbe"];
    assert_eq!(shown, &json!({ UNKNOWN_FIELDS: [{"field": 90, "varint": 1}, {"field": 91, "varint": 2}] }));
}

#[test]
fn leaves_with_more_in_them_than_they_have_are_shown_as_bytes() {
    for (number, leaf) in [(8, message(&[int(1, 1), int(5, 1)])), (8, int(1, i64::MAX))] {
        let object = decode(&stored("v1", "ConfigMap", &[field(1, field(number, leaf))]));
        assert_eq!(object.unknown_fields(), 1);
    }
    let raw = stored("apps/v1", "ControllerRevision", &[field(2, field(1, b"not json"))]);
    assert_eq!(decode(&raw).json()[UNKNOWN_FIELDS], json!([{"field": 2, "base64": "Cghub3QganNvbg=="}]));
}

#[test]
fn an_unknown_kind_keeps_its_metadata_and_every_other_field() {
    let value = stored(
        "new.k8s.io/v7",
        "Novelty",
        &[field(1, message(&[field(1, "n"), field(5, "u")])), field(2, "spec"), int(3, 1)],
    );
    let object = decode(&value);
    assert!(!object.known_kind());
    let expected = json!({
        "apiVersion": "new.k8s.io/v7", "kind": "Novelty", "metadata": {"name": "n", "uid": "u"},
        UNKNOWN_FIELDS: [{"field": 2, "base64": "c3BlYw=="}, {"field": 3, "varint": 1}]
    });
    assert_eq!(object.json(), &expected);
    // and what is none, whatever it begins like: no text, no message, or one whose fields have other types
    for first in [&b"\xff\xff"[..], b"2", b"", &message(&[field(1, "n"), int(5, 1)]), &message(&[field(2, "p")])] {
        let other = decode(&stored("new.k8s.io/v7", "Novelty", &[field(1, first), int(2, 3)]));
        let shown = json!({"apiVersion": "new.k8s.io/v7", "kind": "Novelty",
            UNKNOWN_FIELDS: [{"field": 1, "base64": STANDARD.encode(first)}, {"field": 2, "varint": 3}]});
        assert_eq!((other.json(), other.unknown_fields()), (&shown, 2));
    }
}

/// Before 1.16 they were a message of messages.
#[test]
fn managed_fields_of_before_1_16_are_shown_as_they_were_printed() {
    let leaf = |name: &str| field(1, message(&[field(1, name), field(2, "")]));
    let labels = field(1, message(&[field(1, "f:labels"), field(2, message(&[leaf("."), leaf("f:app")]))]));
    let tree = field(1, message(&[field(1, "f:metadata"), field(2, labels)]));
    let options = DecodeOptions { managed_fields: true, ..DecodeOptions::default() };
    let of = |fields: Vec<u8>| {
        let entry = message(&[field(1, "kubectl"), field(2, "Apply"), field(3, "v1"), field(5, fields)]);
        let value = stored("v1", "ConfigMap", &[field(1, message(&[field(1, "c"), field(17, entry)]))]);
        let object = StoredObject::decode(&value, &options).expect("decodes");
        (object.json()["metadata"]["managedFields"][0].clone(), object.unknown_fields())
    };
    let (shown, unknown) = of(tree);
    assert_eq!(shown["fields"], json!({"f:metadata": {"f:labels": {".": null, "f:app": null}}}));
    assert_eq!((shown["manager"].as_str(), unknown), (Some("kubectl"), 0));
    assert_eq!(of(Vec::new()).0["fields"], Value::Null);
    // what is no tree is shown as it is
    let (shown, unknown) = of(field(2, "x"));
    assert_eq!((shown.get("fields"), unknown), (None, 1));
}

/// As kubectl prints them since 1.19, which added the status and takes none for `True`.
#[test]
fn conditions_of_a_signing_request_have_a_status() {
    let approved = message(&[field(1, "Approved"), field(2, "AutoApproved")]);
    let denied = message(&[field(1, "Denied"), field(6, "False")]);
    let value = stored(
        "certificates.k8s.io/v1beta1",
        "CertificateSigningRequest",
        &[field(3, message(&[field(1, approved), field(1, denied)]))],
    );
    let at = |minor| {
        let options = DecodeOptions { server_minor: Some(minor), ..DecodeOptions::default() };
        let object = StoredObject::decode(&value, &options).expect("decodes").into_json();
        let conditions = object["status"]["conditions"].as_array().expect("a list").clone();
        conditions.iter().map(|condition| condition.get("status").cloned()).collect::<Vec<_>>()
    };
    assert_eq!(at(19), [Some(json!("True")), Some(json!("False"))]);
    assert_eq!(at(18), [None, Some(json!("False"))]);
}

#[test]
fn kinds_and_fields_of_1_37_have_names() {
    let gang = field(2, int(1, 3));
    let group = message(&[field(2, message(&[field(1, field(1, ""))])), field(3, gang.clone()), field(1, "parent")]);
    let shown = decode(&stored("scheduling.k8s.io/v1alpha3", "CompositePodGroup", &[field(2, group)]));
    assert!(shown.known_kind() && shown.unknown_fields() == 0, "{}", shown.to_yaml());
    assert_eq!(shown.json()["spec"]["parentCompositePodGroupName"], "parent");
    let options = decode(&stored("v1", "PodLogOptions", &[field(1, "c"), int(2, 1)]));
    assert_eq!((&options.json()["container"], &options.json()["follow"]), (&json!("c"), &json!(true)));
    let node = stored("storage.k8s.io/v1", "CSINode", &[field(1, field(1, "n"))]);
    assert_eq!((decode(&node).json().get("status"), shown_at(&node, 36).get("status")), (Some(&json!({})), None));
    let pod = stored("v1", "Pod", &[field(2, field(44, message(&[field(1, "r"), int(2, 5)])))]);
    assert_eq!(decode(&pod).json()["spec"]["evictionResponders"], json!([{"name": "r", "priority": 5}]));
}

fn shown_at(value: &[u8], minor: u32) -> Value {
    let options = DecodeOptions { server_minor: Some(minor), ..DecodeOptions::default() };
    StoredObject::decode(value, &options).expect("decodes").into_json()
}

#[test]
fn fields_that_occur_twice_follow_the_wire_format() {
    // scalars: the last; messages: one behind the other
    let twice =
        stored("v1", "Namespace", &[field(1, message(&[field(1, "a"), field(3, "x")])), field(1, field(1, "b"))]);
    assert_eq!(decode(&twice).json()["metadata"], json!({"name": "b", "namespace": "x"}));
}

#[test]
fn a_nested_object_may_be_protobuf() {
    let inner = stored("v1", "ConfigMap", &[entry(2, "k", "v")]);
    let template = stored(
        "template.openshift.io/v1",
        "Template",
        &[field(3, field(1, &inner)), field(3, field(1, br#"{"kind":"X"}"#))],
    );
    let objects = json!([{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {}, "data": {"k": "v"}}, {"kind": "X"}]);
    assert_eq!(decode(&template).json()["objects"], objects);
}

#[test]
fn more_than_any_object_holds_is_refused() {
    let limit = |value: &[u8]| match StoredObject::decode(value, &DecodeOptions::default()).err() {
        Some(ObjectFault::TooLarge { what, .. }) => what,
        other => panic!("{other:?}"),
    };
    assert_eq!(limit(&vec![b'{'; MAX_LENGTH + 1]), "bytes");
    let containers = field(2, field(2, "").repeat(100_000));
    assert_eq!(limit(&stored("v1", "Pod", &[containers])), "fields");
    assert_eq!(limit(&stored("v1", "Pod", &[int(99, 0).repeat(1_000_001)])), "fields");
    let json = format!("{{\"a\":[{}0]}}", "0,".repeat(1_000_001));
    assert_eq!(limit(json.as_bytes()), "fields");
    let cbor = [&[0xd9, 0xd9, 0xf7, 0xa1, 0x41, b'a', 0x9f][..], &vec![0; 1_000_001], &[0xff]].concat();
    assert_eq!(limit(&cbor), "fields");
    let mut nested = stored("template.openshift.io/v1", "Template", &[]);
    for _ in 0..200 {
        nested = stored("template.openshift.io/v1", "Template", &[field(3, field(1, &nested))]);
    }
    assert_eq!(limit(&nested), "levels");
}

#[test]
fn faults_name_the_message_and_the_place() {
    let fault = |value: &[u8]| StoredObject::decode(value, &DecodeOptions::default()).err();
    let broken = stored("v1", "Pod", &[field(2, [field(12, "node").as_slice(), &[0x0a, 0x09]].concat())]);
    assert_eq!(fault(&broken), Some(ObjectFault::Protobuf { message: "core/v1.PodSpec", offset: 6 }));
    assert_eq!(fault(b"k8s:enc:aescbc:v1:1:x"), Some(ObjectFault::NotAnObject { found: "encrypted" }));
    assert_eq!(fault(b"{\"a\": }"), Some(ObjectFault::Json { line: 1, column: 7 }));
    assert_eq!(fault(b"{} x"), Some(ObjectFault::Json { line: 1, column: 4 }));
    assert!(fault(&[b"{\"a\":".as_slice(), &[b'['; 10_000]].concat()).is_some());
}

#[test]
fn cut_and_changed_values_never_panic() {
    let value = stored(
        "v1",
        "Pod",
        &[
            field(1, message(&[field(1, "p"), field(8, int(1, SECONDS)), entry(11, "a", "b")])),
            field(2, field(2, message(&[field(8, entry(1, "cpu", field(1, "1")))]))),
        ],
    );
    for length in 0..value.len() {
        let _ = StoredObject::decode(value.get(..length).unwrap_or_default(), &DecodeOptions::default());
        for bit in 0..8 {
            let mut changed = value.clone();
            changed[length] ^= 1 << bit;
            if let Ok(object) = StoredObject::decode(&changed, &DecodeOptions::default()) {
                assert!(!object.to_yaml().is_empty() && !object.to_json().is_empty());
            }
        }
    }
}

/// A reader that takes the short way is off by the last digit here.
#[test]
fn a_number_of_a_custom_resource_is_that_which_was_stored() {
    let number = "15555888888888888888888888888888888888888888888888888888";
    let value = format!(r#"{{"apiVersion":"a.io/v1","kind":"A","spec":{{"n":{number}}}}}"#);
    assert!(decode(value.as_bytes()).to_json().contains("\"n\": 1.555588888888889e+55"));
}

#[test]
fn json_and_cbor_are_shown_as_they_are() {
    let value = br#"{"apiVersion":"a.b/v1","kind":"K","metadata":{"name":"n","managedFields":[]},"spec":{"f":1.5,"big":18446744073709551615}}"#;
    let options = DecodeOptions { resource_version: Some(5), ..DecodeOptions::default() };
    let object = StoredObject::decode(value, &options).expect("decodes");
    let expected = json!({"apiVersion": "a.b/v1", "kind": "K", "metadata": {"name": "n", "resourceVersion": "5"},
        "spec": {"f": 1.5, "big": u64::MAX}});
    assert_eq!(object.json(), &expected);
    let cbor = [&[0xd9, 0xd9, 0xf7, 0xa1, 0x44][..], b"kind", &[0x41, b'K']].concat();
    assert_eq!(decode(&cbor).json(), &json!({"kind": "K"}));
}

#[test]
fn secrets_are_masked_by_their_kind() {
    let masked = |value: &[u8]| {
        let mut object = decode(value);
        let places = object.mask();
        (places, object.into_json())
    };
    let annotations = entry(12, "kubectl.kubernetes.io/last-applied-configuration", "CANARY");
    let secret = stored(
        "v1",
        "Secret",
        &[
            field(1, annotations),
            entry(2, "k", "CANARY"),
            entry(2, "e", ""),
            entry(4, "s", "CANARY"),
            field(99, "CANARY"),
        ],
    );
    let (places, json) = masked(&secret);
    assert_eq!(places, 4);
    assert_eq!(json["data"], json!({"e": "", "k": "<masked: 8 bytes>"}));
    let token = stored(
        "oauth.openshift.io/v1",
        "OAuthAccessToken",
        &[field(1, field(1, "CANARY")), field(8, "CANARY"), field(9, "CANARY")],
    );
    let client = stored("oauth.openshift.io/v1", "OAuthClient", &[field(2, "CANARY"), field(3, "CANARY")]);
    let build = br#"{"apiVersion":"build.openshift.io/v1","kind":"BuildConfig","spec":{"triggers":[{"github":{"secret":"CANARY"}}]}}"#;
    for value in [&secret, &token, &client, &build.to_vec()] {
        let (places, json) = masked(value);
        let text = json.to_string();
        assert!(places > 0 && !text.contains("CANARY") && !text.contains("Q0FOQVJZ"), "{text}");
    }
    let hashed = stored("oauth.openshift.io/v1", "OAuthAccessToken", &[field(1, field(1, "sha256~x"))]);
    assert_eq!(masked(&hashed).1["metadata"]["name"], json!("sha256~x"));
    assert_eq!(masked(&stored("v1", "ConfigMap", &[entry(2, "k", "v")])).0, 0);
}
