//! What no fixture has: protobuf that kube-apiserver wrote is in the fixtures, so here are only the fields that none of
//! its objects sets, and values that are damaged or made to hurt.

use snapshot_builder::{Builder, Put};

use super::*;

fn built<'o>(objects: impl IntoIterator<Item = (String, &'o [u8])>) -> Vec<u8> {
    let mut builder = Builder::new();
    for ((key, value), main) in objects.into_iter().zip(2..) {
        let key = format!("/kubernetes.io/{key}");
        let put = Put { key: key.as_bytes(), value, create: main, modified: main, version: 1, lease: 0 };
        builder.put(main, 0, &put);
    }
    builder.build()
}

/// A protobuf field that holds bytes.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    assert!(bytes.len() < 128);
    // field numbers from 16 on take a second byte
    let tag = if number < 16 { vec![number << 3 | 2] } else { vec![(number & 15) << 3 | 0x82, number >> 4] };
    [tag, vec![u8::try_from(bytes.len()).unwrap()], bytes.to_vec()].concat()
}

fn message(fields: &[Vec<u8>]) -> Vec<u8> {
    fields.concat()
}

fn stored(kind: &str, object: &[u8]) -> Vec<u8> {
    let type_meta = message(&[field(1, b"v1"), field(2, kind.as_bytes())]);
    [b"k8s\0".to_vec(), field(1, &type_meta), field(2, object)].concat()
}

/// Pod {2: spec {1: volume {1: name, 2: source}, 2: container {1: name}, 10: nodeName}, 3: status {1: phase}}
fn pod(source: &[u8], phase: &str) -> Vec<u8> {
    let volume = message(&[field(1, b"scratch"), field(2, source)]);
    let container = field(1, b"redis");
    let spec = message(&[field(1, &volume), field(2, &container), field(10, b"worker-0")]);
    stored("Pod", &message(&[field(1, &field(1, b"p")), field(2, &spec), field(3, &field(1, phase.as_bytes()))]))
}

/// The claim behind an ephemeral volume is called after pod and volume; its template is nobody's business here.
#[test]
fn claims_of_pods_are_read_from_protobuf_and_json_alike() {
    let claim = field(10, &field(1, b"data"));
    let json = br#"{"spec":{"nodeName":"worker-0","containers":[{"name":"redis"}],
        "volumes":[{"name":"scratch","ephemeral":{"volumeClaimTemplate":{}}}]},"status":{"phase":"Running"}}"#;
    for (value, claims) in [
        (pod(&claim, "Running"), Some("data")),
        (pod(&field(29, b""), "Pending"), Some("p-scratch")),
        (json.to_vec(), Some("p-scratch")),
        (pod(&claim, "Succeeded"), None),
        (pod(&claim, "Failed"), None),
        (pod(&field(1, b""), "Running"), None), // a hostPath
    ] {
        let databases = of(&built([("pods/shop/p".to_owned(), &value[..])])).storage.databases;
        let found: Vec<_> = databases.items.iter().flat_map(|one| &one.claims).map(String::as_str).collect();
        assert_eq!(found, claims.into_iter().collect::<Vec<_>>());
        assert!(databases.items.iter().all(|one| one.software == "redis" && one.pod.to_string() == "shop/p"));
    }
}

/// ObjectMeta {9: deletionTimestamp {1: seconds}, 14: finalizers}
#[test]
fn deletions_are_found_in_protobuf() {
    let time = [0x08, 0x80, 0xa4, 0xa7, 0xda, 0x06]; // 1 800 000 000 is 2027-01-15T08:00:00Z
    let claim = |fields: &[Vec<u8>]| stored("PersistentVolumeClaim", &field(1, &message(fields)));
    let (deleted, held) = (field(9, &time), field(14, b"kubernetes.io/pvc-protection"));
    let values = [
        ("both", claim(&[deleted.clone(), held.clone()])),
        ("deleted", claim(&[deleted])),
        ("held", claim(&[field(8, &time), held])),
    ];
    let snapshot =
        built(values.iter().map(|(name, value)| (format!("persistentvolumeclaims/shop/{name}"), value.as_slice())));
    let [deletion] = &of(&snapshot).deletions.items[..] else { panic!("one deletion") };
    assert_eq!(
        (deletion.resource.as_str(), deletion.name.to_string().as_str()),
        ("persistentvolumeclaims", "shop/both")
    );
    assert_eq!(deletion.since, Some(at("2027-01-15T08:00:00Z")));
    assert_eq!(deletion.finalizers, ["kubernetes.io/pvc-protection"]);
}

#[test]
fn names_from_a_snapshot_are_made_fit_to_be_shown() {
    let long = format!("persistentvolumes/{}", "x".repeat(4000));
    let evil = "persistentvolumes/\u{1b}[2J\r\n".to_owned();
    let value = br#"{"spec":{"local":{"path":"/dev/\u0007sdb"},"claimRef":7,"accessModes":"all"}}"#;
    let volumes = of(&built([(long, &value[..]), (evil, value)])).storage.volumes;
    let names: Vec<_> = volumes.items.iter().map(|volume| volume.name.as_str()).collect();
    assert_eq!(names, ["\\u{1b}[2J\\r\\n", &("x".repeat(253) + "…")]);
    assert!(volumes.items.iter().all(|volume| volume.source.handle() == "/dev/\\u{7}sdb" && !volume.is_exclusive()));
}

/// PersistentVolume {2: spec {2: source {<kind>: {<handle>}}}}
#[test]
fn older_kinds_of_volumes_are_named() {
    let volume = |kind: u8, handle: u8| {
        let source = field(kind, &field(handle, b"vol-1"));
        stored("PersistentVolume", &message(&[field(1, b""), field(2, &field(2, &source))]))
    };
    let kinds = [("awsElasticBlockStore", 2, 1), ("nfs", 5, 2), ("vsphereVolume", 14, 1), ("azureDisk", 16, 2)];
    let values: Vec<_> =
        kinds.iter().map(|(kind, n, handle)| (format!("persistentvolumes/{kind}"), volume(*n, *handle))).collect();
    let volumes = of(&built(values.iter().map(|(key, value)| (key.clone(), value.as_slice())))).storage.volumes;
    assert_eq!(volumes.total, 4);
    for volume in &volumes.items {
        assert_eq!((volume.source.driver(), volume.source.handle()), (volume.name.as_str(), "vol-1"));
    }
    let json = br#"{"spec":{"iscsi":{"iqn":"iqn.2026","lun":3}}}"#;
    let volumes = of(&built([("persistentvolumes/a".to_owned(), &json[..])])).storage.volumes;
    assert_eq!((volumes.items[0].source.driver(), volumes.items[0].source.handle()), ("iscsi", "iqn.2026"));
}

/// A LocalVolumeSet names its class and no devices; a LocalVolume a class for each list of them.
#[test]
fn owners_of_local_volumes_name_their_classes() {
    let set = br#"{"spec":{"storageClassName":"fs","nodeSelector":{"nodeSelectorTerms":[{"matchExpressions":[
        {"key":"kubernetes.io/hostname","operator":"In","values":["a","b"]},
        {"key":"kubernetes.io/hostname","operator":"NotIn","values":["c"]}]}]}}}"#;
    let volume = br#"{"spec":{"storageClassDevices":[{"storageClassName":"x","devicePaths":["/dev/sdb","/dev/sdc"]},
        {"storageClassName":"y","devicePaths":["/dev/sdd"]}]}}"#;
    let key = |kind: &str| format!("local.storage.openshift.io/{kind}/openshift-local-storage/one");
    let owners = of(&built([(key("localvolumesets"), &set[..]), (key("localvolumes"), volume)])).storage.local_owners;
    let [volume, set] = &owners.items[..] else { panic!("{owners:?}") };
    assert_eq!((volume.kind.as_str(), set.kind.as_str()), ("LocalVolume", "LocalVolumeSet"));
    assert_eq!((volume.storage_classes.join(" ").as_str(), set.storage_classes.join(" ").as_str()), ("x y", "fs"));
    assert_eq!(volume.device_paths, ["/dev/sdb", "/dev/sdc", "/dev/sdd"]);
    assert!(set.device_paths.is_empty() && volume.nodes.is_empty());
    assert_eq!(set.nodes, ["a", "b"]);
}

/// An object of more than a mebibyte is no volume; what is not read is counted.
#[test]
fn what_is_too_large_is_not_decoded() {
    let large = format!(r#"{{"spec":{{"storageClassName":"{}"}}}}"#, "x".repeat(1 << 20));
    let hazards = of(&built([("persistentvolumes/a".to_owned(), large.as_bytes())]));
    assert_eq!((hazards.storage.volumes.total, hazards.unread.total), (0, 1));
}

/// Every object of a real cluster, cut off at many places or with a byte changed: nothing panics, and what is there is
/// counted once at most.
#[test]
fn damaged_objects_are_read_as_far_as_they_go() {
    let file = snapshot("plain-etcd36");
    let scan = scan(Db::open(&file).unwrap(), Options::default(), &Serial);
    let kinds =
        ["pods/", "persistentvolume", "volumeattachments/", "minions/", "certificates", "leases/", "statefulsets/"];
    let more =
        ["local.storage", "machine", "config.openshift.io/", "secrets/openshift-etcd/", "namespaces/kube-system"];
    let wanted = |key: &[u8]| kinds.iter().chain(&more).any(|kind| key[15..].starts_with(kind.as_bytes()));
    let mut damaged = Vec::new();
    for live in scan.store.live_sorted(|key| key.starts_with(b"/kubernetes.io/") && wanted(key), &Serial).step_by(3) {
        let (key, value) = (std::str::from_utf8(&live.kv.key[15..]).unwrap(), live.kv.value);
        for n in 0..12_u8 {
            let place = value.len() * usize::from(n) / 12;
            let mut changed = value.to_vec();
            changed[place] = changed[place].wrapping_add(1 + n);
            damaged
                .extend([(format!("{key}-cut-{n}"), value[..place].to_vec()), (format!("{key}-changed-{n}"), changed)]);
        }
    }
    assert!(damaged.len() > 1000, "{}", damaged.len());
    let hazards = of(&built(damaged.iter().map(|(key, value)| (key.clone(), value.as_slice()))));
    let total = hazards.storage.volumes.total + hazards.nodes.nodes.total + hazards.unread.total;
    assert!(hazards.unread.total > 100 && total < damaged.len() as u64, "{} of {total}", hazards.unread.total);
}
