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
