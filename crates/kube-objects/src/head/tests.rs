use super::*;
use crate::envelope::PROTOBUF;

/// A length-delimited field.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let length = u8::try_from(bytes.len()).expect("short");
    assert!(number < 16 && length < 128);
    [&[number << 3 | 2, length], bytes].concat()
}

fn value(api_version: &[u8], kind: &[u8], raw: &[u8]) -> Vec<u8> {
    let type_meta = [field(1, api_version), field(2, kind)].concat();
    [PROTOBUF.to_vec(), field(1, &type_meta), field(2, raw), field(3, b""), field(4, b"")].concat()
}

fn metadata() -> Vec<u8> {
    let owner = [field(1, b"Job"), field(3, b"j"), field(4, b"ou"), field(5, b"batch/v1"), vec![6 << 3, 1]].concat();
    [
        field(1, b"na"),
        field(2, b""),
        field(3, b"ns"),
        field(5, b"u"),
        field(6, b"7"),
        vec![7 << 3, 3],
        field(8, &[0x08, 0xa5, 0xeb, 0xdc, 0xca, 0x06]), // 1_767_323_045
        field(11, &[field(1, b"b"), field(2, b"2")].concat()),
        field(11, &field(1, b"a")),
        field(12, &[field(1, b"k"), field(2, b"v")].concat()),
        field(13, &owner),
        field(14, b"f1"),
        field(14, b"f2"),
    ]
    .concat()
}

#[test]
fn of_an_unknown_kind_the_first_field_may_be_anything() {
    for (first, name, guess) in
        [(&b"2"[..], "", true), (b"\x0a\x01n\x28\x01", "", true), (b"\x0a\x01n", "n", true), (&metadata(), "na", false)]
    {
        let stored = value(b"example.com/v1", b"Foo", &field(1, first));
        let head = ObjectHead::read(&stored).expect("read");
        assert_eq!((&*head.kind, &*head.metadata.name, metadata_is_a_guess(&stored)), ("Foo", name, guess));
        assert!(name == "na" || head.metadata.creation_timestamp.is_none());
    }
    assert!(!metadata_is_a_guess(&value(b"v1", b"Pod", &field(1, b"2"))) && !metadata_is_a_guess(b"{}"));
    assert!(matches!(ObjectHead::read(&value(b"v1", b"Pod", &field(1, b"2"))), Err(ObjectFault::Protobuf { .. })));
}

#[test]
fn reads_the_head_of_a_protobuf_object() {
    let raw = [field(1, &metadata()), vec![0x12, 0xff]].concat(); // damage after the metadata
    let stored = value(b"v1", b"Pod", &raw);
    let head = ObjectHead::read(&stored).expect("read");
    assert_eq!((&*head.api_version, &*head.kind), ("v1", "Pod"));
    let meta = head.metadata;
    assert_eq!((&*meta.name, &*meta.namespace, &*meta.uid), ("na", "ns", "u"));
    assert_eq!((&*meta.resource_version, meta.generation), ("7", 3));
    assert_eq!(meta.creation_timestamp.map(|at| at.to_string()).as_deref(), Some("2026-01-02T03:04:05Z"));
    assert_eq!(meta.deletion_timestamp, None);
    let labels: Vec<_> = meta.labels.iter().map(|(key, value)| (&**key, &**value)).collect();
    assert_eq!(labels, [("a", ""), ("b", "2")]);
    assert_eq!(meta.annotations.get("k").map(|value| &**value), Some("v"));
    assert_eq!(meta.finalizers, ["f1", "f2"]);
    let [owner] = &meta.owner_references[..] else {
        panic!("one owner");
    };
    assert_eq!((&*owner.kind, &*owner.name, &*owner.uid), ("Job", "j", "ou"));
    assert_eq!((&*owner.api_version, owner.controller), ("batch/v1", true));
}

#[test]
fn reads_the_head_of_a_json_object() {
    let stored = br#"{"apiVersion":"a.b/v1","kind":"K","metadata":{"name":"n\"q","namespace":null,
        "uid":"u","generation":2,"creationTimestamp":"2026-01-02T03:04:05Z",
        "deletionTimestamp":"2026-01-02T03:04:06Z","labels":null,"annotations":{"k":"v"},
        "finalizers":["f"],"ownerReferences":[{"apiVersion":"v1","kind":"Pod","name":"p","uid":"o",
        "controller":true}]},"spec":{"deep":[[[1]]]}}"#;
    let head = ObjectHead::read(stored).expect("read");
    assert_eq!((&*head.api_version, &*head.kind), ("a.b/v1", "K"));
    let meta = head.metadata;
    assert_eq!((&*meta.name, &*meta.namespace, meta.generation), ("n\"q", "", 2));
    assert_eq!(meta.deletion_timestamp.map(|at| at.to_string()).as_deref(), Some("2026-01-02T03:04:06Z"));
    assert_eq!(meta.finalizers, ["f"]);
    assert_eq!(meta.owner_references.first().map(|owner| &*owner.name), Some("p"));
    assert!(meta.labels.is_empty());
}

#[test]
fn faults_name_their_place() {
    let whole = value(b"v1", b"Pod", &field(1, &metadata()));
    for length in PROTOBUF.len() + 1..whole.len() - 4 {
        let cut = whole.get(..length).unwrap_or_default();
        if let Ok(head) = ObjectHead::read(cut) {
            assert!(head.metadata.name.is_empty(), "cut at {length}");
        }
    }
    let broken = value(b"v1", b"Pod", &field(1, &[0x0a, 1, b'n', 0x1a, 9]));
    assert_eq!(ObjectHead::read(&broken).err(), Some(ObjectFault::Protobuf { message: "ObjectMeta", offset: 3 }));
    for (stored, found) in [(&b""[..], "empty"), (b"k8s:enc:", "malformed-encryption"), (b"x", "other")] {
        assert_eq!(ObjectHead::read(stored).err(), Some(ObjectFault::NotAnObject { found }));
    }
    assert!(matches!(ObjectHead::read(b"{\"kind\":").err(), Some(ObjectFault::Json { .. })));
    let deep = [b"{\"spec\":".as_slice(), &[b'['; 100_000]].concat();
    assert!(ObjectHead::read(&deep).is_err());
}
