//! Pods of recipes ask for no more than OpenShift's restricted-v2 grants, and for all that it demands.

use serde_json::{Value, json};

use super::lines::{documents, read};

/// Files with pods, and where the pod and its containers are.
const PODS: [(&str, &str); 7] = [
    ("recipes/cronjob/cronjob.yaml", "/spec/jobTemplate/spec/template/spec"),
    ("recipes/argo/cronworkflow.yaml", "/spec/workflowSpec"),
    ("recipes/fleet/pipeline.yaml", "/spec"),
    ("recipes/fleet/workflow.yaml", "/spec"),
    ("recipes/tekton/task.yaml", "/spec"),
    // what `assay-fleet job kubernetes` prints, as its tests record it
    ("crates/fleet/tests/it/golden/job.yaml", "/spec/template/spec"),
    ("crates/fleet/tests/it/golden/compat.yaml", "/spec/template/spec"),
];

/// What keeps a pod out, by field.
fn faults(pod: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    let templates = pod["templates"].as_array().into_iter().flatten();
    let places: Vec<&Value> = std::iter::once(pod).chain(templates).collect();
    let mut containers: Vec<&Value> = Vec::new();
    for place in &places {
        for name in ["initContainers", "containers", "steps", "sidecars"] {
            // Argo's steps are lists, and run no container of their own
            containers.extend(place[name].as_array().into_iter().flatten().filter(|it| it.is_object()));
        }
        containers.extend(place.get("container"));
        for name in ["hostNetwork", "hostPID", "hostIPC", "hostUsers"] {
            if place.get(name).is_some_and(|is| *is != json!(false)) {
                faults.push(format!("{name} is asked for"));
            }
        }
        for volume in place["volumes"].as_array().into_iter().flatten() {
            let kind = volume.as_object().unwrap().keys().find(|key| *key != "name").unwrap();
            if !["persistentVolumeClaim", "emptyDir", "configMap", "secret", "projected"].contains(&kind.as_str()) {
                faults.push(format!("a volume of kind {kind}"));
            }
        }
    }
    if containers.is_empty() {
        faults.push("no container is found".to_owned());
    }
    let of_pod = &pod["securityContext"];
    for container in containers {
        let name = container["name"].as_str().unwrap();
        let own = &container["securityContext"];
        let demanded = [
            ("allowPrivilegeEscalation", own["allowPrivilegeEscalation"].clone(), json!(false)),
            ("readOnlyRootFilesystem", own["readOnlyRootFilesystem"].clone(), json!(true)),
            ("capabilities", own["capabilities"].clone(), json!({"drop": ["ALL"]})),
            ("runAsNonRoot", either(own, of_pod, "runAsNonRoot"), json!(true)),
            ("seccompProfile", either(own, of_pod, "seccompProfile"), json!({"type": "RuntimeDefault"})),
        ];
        for (field, is, must) in demanded {
            if is != must {
                faults.push(format!("{name}: {field} is {is}, and must be {must}"));
            }
        }
        for context in [own, of_pod] {
            for field in ["runAsUser", "runAsGroup", "privileged", "procMount", "supplementalGroups", "seLinuxOptions"]
            {
                if context.get(field).is_some() {
                    faults.push(format!("{name}: {field} is for the cluster to say"));
                }
            }
        }
    }
    faults
}

fn either(own: &Value, of_pod: &Value, field: &str) -> Value {
    own.get(field).or_else(|| of_pod.get(field)).cloned().unwrap_or(Value::Null)
}

fn pod(path: &str, at: &str, text: &str) -> Value {
    let found = documents(text).into_iter().find_map(|document| {
        let is_pod = document["kind"] != "PersistentVolumeClaim";
        is_pod.then(|| document.pointer(at).cloned()).flatten()
    });
    found.unwrap_or_else(|| panic!("{path}: nothing at {at}"))
}

#[test]
fn pods_ask_for_what_the_restricted_context_grants() {
    for (path, at) in PODS {
        assert_eq!(faults(&pod(path, at, &read(path))), Vec::<String>::new(), "{path}");
    }
}

#[test]
fn a_pod_that_asks_for_more_or_says_less_is_found() {
    for (plant, instead, why) in [
        ("runAsNonRoot: true", "runAsNonRoot: false", "runAsNonRoot"),
        ("runAsNonRoot: true", "runAsUser: 65532", "runAsUser"),
        ("readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false", "readOnlyRootFilesystem"),
        ("allowPrivilegeEscalation: false", "privileged: true", "privileged"),
        ("drop: [ALL]", "drop: [NET_RAW]", "capabilities"),
        ("type: RuntimeDefault", "type: Unconfined", "seccompProfile"),
    ] {
        for (path, at) in PODS {
            let text = read(path);
            assert!(text.contains(plant), "{path}: no `{plant}`");
            let found = faults(&pod(path, at, &text.replace(plant, instead))).join("; ");
            assert!(found.contains(why), "{path}, {instead}: {found}");
        }
    }
    let (path, at) = PODS[0];
    for (plant, instead, why) in [
        ("restartPolicy: Never", "hostNetwork: true", "hostNetwork"),
        ("persistentVolumeClaim:\n                claimName: assay", "hostPath:\n                path: /", "hostPath"),
    ] {
        let found = faults(&pod(path, at, &read(path).replace(plant, instead))).join("; ");
        assert!(found.contains(why), "{instead}: {found}");
    }
}
