//! What `oc` asks beyond what kubectl does, as its requests were recorded.

use serde_json::{Value, json};

use crate::client::{ask, get, prefix};
use crate::served::Served;

#[test]
fn it_is_answered() {
    let served = Served::fixture("plain-etcd34", &[]);
    let json = "application/json";
    let projects = get(&served, "/apis/project.openshift.io/v1/projects", json).json();
    let namespaces = get(&served, "/api/v1/namespaces", json).json();
    assert_eq!(projects["items"].as_array().unwrap().len(), namespaces["items"].as_array().unwrap().len());
    let one = get(&served, "/apis/project.openshift.io/v1/projects/analytics", json).json();
    assert_eq!((&one["kind"], &one["apiVersion"]), (&json!("Project"), &json!("project.openshift.io/v1")));
    let me = get(&served, "/apis/user.openshift.io/v1/users/~", json).json();
    assert_eq!(me["metadata"]["name"], "assay-serve");
    for (path, code) in [
        ("/apis/apps.openshift.io/v1/deploymentconfigs", 404),
        ("/apis/build.openshift.io/v1/builds", 404),
        ("/apis/config.openshift.io/v1/clusterversions/version", 200),
        ("/apis/config.openshift.io/v1/clusteroperators", 200),
        ("/api/v1/nodes/master-0/proxy/logs/journal", 404),
        ("/api/v1/namespaces/analytics/pods/web-2-e382000df-6ccw5/log", 404),
    ] {
        assert_eq!(get(&served, path, json).code, code, "{path}");
    }
}

#[test]
fn who_can_is_told_from_roles_and_bindings() {
    let served = Served::fixture("plain-etcd34", &[]);
    let asked = |path: &str, verb: &str, resource: &str| -> Value {
        let body = json!({"kind": "ResourceAccessReview", "apiVersion": "authorization.openshift.io/v1", "verb": verb,
            "resourceAPIGroup": "", "resource": resource});
        let path = format!("{}/apis/authorization.openshift.io/v1{path}", prefix(&served, "backup"));
        let answer = ask(&served, "POST", &path, &[("Content-Type", "application/json")], body.to_string().as_bytes());
        assert_eq!(answer.code, 201, "{path}");
        answer.json()
    };
    let cluster = asked("/resourceaccessreviews", "delete", "pods");
    assert_eq!(cluster["kind"], "ResourceAccessReviewResponse");
    let users = |answer: &Value| answer["users"].as_array().unwrap().len();
    let collector = json!("system:serviceaccount:kube-system:generic-garbage-collector");
    assert!(cluster["users"].as_array().unwrap().contains(&collector), "{cluster}");
    assert!(cluster["groups"].as_array().unwrap().contains(&json!("system:masters")));
    let local = asked("/namespaces/kube-system/localresourceaccessreviews", "get", "configmaps");
    let elsewhere = asked("/namespaces/billing/localresourceaccessreviews", "get", "configmaps");
    assert!(users(&local) > users(&elsewhere), "{local} {elsewhere}");
}

const JSON: &str = "application/json";
/// How clients with types ask; JSON is what they get.
const TYPED: &str = "application/vnd.kubernetes.protobuf,application/json";
const TABLE: &str =
    "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json";

/// What a command asks: its requests with their `Accept`, and the code and the kind of each answer.
type Command = (&'static str, &'static [(&'static str, &'static str, u16, &'static str)]);

static COMMANDS: &[Command] = &[
    (
        "whoami, project, projects",
        &[
            ("/apis/user.openshift.io/v1/users/~", JSON, 200, "User"),
            ("/apis/project.openshift.io/v1/projects/analytics", JSON, 200, "Project"),
            ("/apis/project.openshift.io/v1/projects", JSON, 200, "ProjectList"),
            ("/apis/project.openshift.io/v1/projects", TABLE, 200, "Table"),
        ],
    ),
    (
        "status",
        &[
            ("/api/v1/namespaces/analytics/services", TYPED, 200, "ServiceList"),
            ("/api/v1/namespaces/analytics/pods", TYPED, 200, "PodList"),
            ("/apis/apps/v1/namespaces/analytics/deployments", TYPED, 200, "DeploymentList"),
            ("/apis/route.openshift.io/v1/namespaces/analytics/routes", JSON, 200, "RouteList"),
            ("/apis/image.openshift.io/v1/namespaces/analytics/imagestreams", JSON, 200, "ImageStreamList"),
            ("/apis/apps.openshift.io/v1/namespaces/analytics/deploymentconfigs", JSON, 404, "Status"),
            ("/apis/build.openshift.io/v1/namespaces/analytics/builds", JSON, 404, "Status"),
            ("/apis/autoscaling/v1/namespaces/analytics/horizontalpodautoscalers", TYPED, 404, "Status"),
        ],
    ),
    (
        "adm upgrade",
        &[
            ("/apis/config.openshift.io/v1/clusterversions/version", JSON, 200, "ClusterVersion"),
            ("/apis/config.openshift.io/v1/clusteroperators", JSON, 200, "ClusterOperatorList"),
        ],
    ),
    (
        "adm inspect ns/analytics",
        &[
            ("/api/v1/namespaces/analytics", JSON, 200, "Namespace"),
            ("/api/v1/namespaces/analytics/configmaps", JSON, 200, "ConfigMapList"),
            ("/api/v1/namespaces/analytics/events", JSON, 200, "EventList"),
            ("/api/v1/namespaces/analytics/endpoints", JSON, 200, "EndpointsList"),
            ("/api/v1/namespaces/analytics/persistentvolumeclaims", JSON, 200, "PersistentVolumeClaimList"),
            ("/api/v1/namespaces/analytics/replicationcontrollers", JSON, 200, "ReplicationControllerList"),
            ("/api/v1/namespaces/analytics/secrets", JSON, 200, "SecretList"),
            ("/apis/apps/v1/namespaces/analytics/daemonsets", JSON, 200, "DaemonSetList"),
            ("/apis/apps/v1/namespaces/analytics/replicasets", JSON, 200, "ReplicaSetList"),
            ("/apis/apps/v1/namespaces/analytics/statefulsets", JSON, 200, "StatefulSetList"),
            ("/apis/batch/v1/namespaces/analytics/jobs", JSON, 200, "JobList"),
            ("/apis/batch/v1/namespaces/analytics/cronjobs", JSON, 200, "CronJobList"),
            ("/apis/policy/v1/namespaces/analytics/poddisruptionbudgets", JSON, 200, "PodDisruptionBudgetList"),
            ("/apis/discovery.k8s.io/v1/namespaces/analytics/endpointslices", JSON, 200, "EndpointSliceList"),
            ("/api/v1/namespaces/analytics/pods/web-2-e382000df-6ccw5", TYPED, 200, "Pod"),
            ("/api/v1/namespaces/analytics/pods/web-2-e382000df-6ccw5/log?container=web-2", TYPED, 404, "Status"),
            (
                "/api/v1/namespaces/analytics/pods/web-2-e382000df-6ccw5/log?container=web-2&previous=true",
                TYPED,
                404,
                "Status",
            ),
        ],
    ),
];

#[test]
fn each_of_its_requests_has_the_code_and_the_kind_that_it_counts_on() {
    let served = Served::fixture("plain-etcd34", &[]);
    let mut wrong = Vec::new();
    for (command, requests) in COMMANDS {
        for (path, accept, code, kind) in *requests {
            let answer = get(&served, path, accept);
            let (is_json, got) = (answer.headers["content-type"] == JSON, answer.json()["kind"].clone());
            if (answer.code, &got, is_json) != (*code, &json!(kind), true) {
                wrong.push(format!("oc {command}: {path}: {} {got}", answer.code));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
