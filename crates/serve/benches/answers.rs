//! What answers cost, without a connection: `cargo bench -p etcd-assay-serve`.
//!
//! 5084 pods, made up as JSON of 6.4 KB with managedFields, as a cluster stores custom objects; and as the fixture's own pods,
//! protobuf of 1.3 KB, as an API server stores them.
#![allow(clippy::disallowed_methods, reason = "a bench writes what it measures")]
#![expect(clippy::expect_used, reason = "a bench that cannot go on is over")]

use std::sync::LazyLock;

use divan::Bencher;
use serde_json::json;
use serve::Offline;
use snapshot_builder::{Builder, Put};

const PODS: i64 = 5084;
const TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io";
const JSON: &str = "application/json";

fn main() {
    divan::main();
}

fn served(value: impl Fn(i64) -> Vec<u8>) -> Offline {
    let mut builder = Builder::new();
    for number in 0..PODS {
        let key = format!("/kubernetes.io/pods/ns-{:02}/pod-{number:05}", number % 50);
        let (main, value) = (number + 2, value(number));
        builder.put(
            main,
            0,
            &Put { key: key.as_bytes(), value: &value, create: main, modified: main, version: 1, lease: 0 },
        );
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("snapshot.db");
    std::fs::write(&path, builder.build()).expect("written");
    Offline::open(&path).expect("a snapshot")
}

static AS_JSON: LazyLock<Offline> = LazyLock::new(|| {
    served(|number| {
        let fields = json!({"f:spec": {"f:containers": (0..60).map(|at| (format!("k:{{\"name\":\"c{at}\"}}"), json!({"f:image": {}, "f:env": {}})))
            .collect::<serde_json::Map<_, _>>()}});
        let env: Vec<_> = (0..24)
            .map(|at| json!({"name": format!("VARIABLE_{at}"), "value": format!("value-{number}-{at}")}))
            .collect();
        let pod = json!({"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": format!("pod-{number:05}"), "namespace": format!("ns-{:02}", number % 50), "uid": format!("uid-{number}"),
                "creationTimestamp": "2026-11-23T09:00:00Z", "labels": {"app": format!("app-{}", number % 100)},
                "managedFields": [{"manager": "kubelet", "operation": "Update", "fieldsV1": fields}]},
            "spec": {"nodeName": "worker-1", "containers": [{"name": "c", "image": "registry/image:1", "env": env}]},
            "status": {"phase": "Running", "podIP": "10.0.0.1", "containerStatuses": [{"name": "c", "ready": true, "restartCount": 1,
                "state": {"running": {"startedAt": "2026-11-23T09:00:00Z"}}}]}});
        pod.to_string().into_bytes()
    })
});

static AS_PROTOBUF: LazyLock<Offline> = LazyLock::new(|| {
    let file = fixtures::named("plain-etcd34").bytes().leak();
    let reader = lens::Reader::open(bbolt_page::Db::open(file).expect("a database"), &bbolt_page::Serial);
    let pods =
        reader.newest(|key| key.starts_with(b"/kubernetes.io/pods/"), None, usize::MAX, &bbolt_page::Serial, &|_| {});
    let pods: Vec<&[u8]> = pods.live().map(|found| found.record.kv.value).collect();
    let of = |number: i64| pods.get(usize::try_from(number).unwrap_or(0) % pods.len()).expect("a pod");
    served(|number| of(number).to_vec())
});

const PATHS: [(&str, &str, &str); 6] = [
    ("table of all", "/api/v1/pods", TABLE),
    ("table of 500", "/api/v1/pods?limit=500", TABLE),
    ("json of all", "/api/v1/pods", JSON),
    ("json of 500", "/api/v1/pods?limit=500", JSON),
    ("one", "/api/v1/namespaces/ns-07/pods/pod-00007", JSON),
    ("discovery", "/apis", "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"),
];

fn ask(bencher: Bencher<'_, '_>, served: &Offline, name: &str) {
    let (_, path, accept) = PATHS.into_iter().find(|(other, ..)| *other == name).expect("a path");
    bencher.bench(|| {
        let (code, body) = served.answer("GET", path, accept, "", b"");
        assert_eq!(code, 200);
        body
    });
}

#[divan::bench(args = PATHS.map(|(name, ..)| name), sample_count = 40)]
fn json_pods(bencher: Bencher<'_, '_>, name: &str) {
    ask(bencher, &AS_JSON, name);
}

#[divan::bench(args = PATHS.map(|(name, ..)| name), sample_count = 40)]
fn protobuf_pods(bencher: Bencher<'_, '_>, name: &str) {
    ask(bencher, &AS_PROTOBUF, name);
}
