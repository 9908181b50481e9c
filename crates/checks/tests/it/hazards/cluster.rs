//! A cluster of three nodes without any hazard, and changes to it. Objects are JSON, which an API server may store too;
//! that protobuf is read is what the fixtures show.

use std::collections::BTreeMap;

use snapshot_builder::{Builder, MEMBER, Put};

/// When the quiet cluster's leases were last renewed.
pub(crate) const TAKEN: &str = "2026-11-23T08:30:00Z";

#[derive(Clone)]
pub(crate) struct Cluster {
    objects: BTreeMap<String, String>,
    voters: u64,
}

impl Cluster {
    pub(crate) fn quiet() -> Self {
        let mut cluster = Self { objects: BTreeMap::new(), voters: 3 };
        for n in 0..3 {
            cluster.node(&format!("master-{n}"), "True");
        }
        cluster
            .put("leases/kube-node-lease/master-0", &format!(r#"{{"spec":{{"renewTime":"{TAKEN}"}}}}"#))
            .put("leases/kube-node-lease/master-1", r#"{"spec":{"renewTime":"2026-11-23T08:29:51.5Z"}}"#)
            .put("namespaces/kube-system", r#"{"metadata":{"creationTimestamp":"2025-10-16T06:03:00Z"}}"#)
            .put(
                "config.openshift.io/clusterversions/version",
                r#"{"status":{"history":[
                    {"state":"Completed","version":"4.18.30","startedTime":"2026-11-18T06:00:00Z"},
                    {"state":"Completed","version":"4.16.20","startedTime":"2025-10-16T06:00:00Z"}]}}"#,
            )
            .put(
                "config.openshift.io/infrastructures/cluster",
                r#"{"status":{"controlPlaneTopology":"HighlyAvailable"}}"#,
            )
            .put("config.openshift.io/networks/cluster", r#"{"status":{"networkType":"OpenShiftSDN"}}"#)
            .put("operator.openshift.io/etcds/cluster", r#"{"spec":{"forceRedeploymentReason":""}}"#)
            .put("machineconfiguration.openshift.io/machineconfigpools/master", &pool("a", "a", false, "False"))
            .put(
                "certificatesigningrequests/approved",
                r#"{"spec":{},"status":{"conditions":[{"type":"Approved","status":"True"}]}}"#,
            )
            .put("certificatesigningrequests/denied", r#"{"status":{"conditions":[{"type":"Denied"}]}}"#)
            .put("secrets/kube-system/kubeadmin", "{}")
            .put("configmaps/openshift-etcd-operator/trusted-ca-bundle", "{}")
            .put("pods/shop/terminating", r#"{"metadata":{"deletionTimestamp":"2026-11-23T08:29:00Z"}}"#)
            .put("statefulsets/shop/without-volumes", r#"{"spec":{"replicas":3}}"#);
        cluster
    }

    /// Sets an object, by its key below `/kubernetes.io/`.
    pub(crate) fn put(&mut self, key: &str, json: &str) -> &mut Self {
        self.objects.insert(format!("/kubernetes.io/{key}"), json.to_owned());
        self
    }

    pub(crate) fn remove(&mut self, key: &str) -> &mut Self {
        self.objects.remove(&format!("/kubernetes.io/{key}")).expect("an object to remove");
        self
    }

    pub(crate) fn voters(&mut self, voters: u64) -> &mut Self {
        self.voters = voters;
        self
    }

    pub(crate) fn node(&mut self, name: &str, ready: &str) -> &mut Self {
        let json = format!(
            r#"{{"metadata":{{"labels":{{"node-role.kubernetes.io/master":""}},"annotations":{{
                "machineconfiguration.openshift.io/currentConfig":"a",
                "machineconfiguration.openshift.io/desiredConfig":"a",
                "machineconfiguration.openshift.io/state":"Done"}}}},
                "status":{{"conditions":[{{"type":"MemoryPressure","status":"False"}},
                {{"type":"Ready","status":"{ready}"}}]}}}}"#
        );
        self.put(&format!("minions/{name}"), &json)
    }

    pub(crate) fn machine(&mut self, name: &str, node: &str, phase: &str) -> &mut Self {
        let node = if node.is_empty() { String::new() } else { format!(r#","nodeRef":{{"name":"{node}"}}"#) };
        self.put(
            &format!("machine.openshift.io/machines/openshift-machine-api/{name}"),
            &format!(r#"{{"spec":{{"providerID":"aws:///{name}"}},"status":{{"phase":"{phase}"{node}}}}}"#),
        )
    }

    /// The names of the objects that a quiet cluster does not have, or has otherwise.
    pub(crate) fn own_names(&self) -> Vec<String> {
        let quiet = Self::quiet();
        let own = self.objects.iter().filter(|(key, json)| quiet.objects.get(*key) != Some(json));
        own.map(|(key, _)| key.rsplit('/').next().unwrap().to_owned()).collect()
    }

    pub(crate) fn snapshot(&self) -> Vec<u8> {
        let mut builder = Builder::new();
        let ids: Vec<u64> = (0..self.voters).map(|n| MEMBER + n).collect();
        for id in &ids {
            builder.member(*id, &format!("master-{id:x}"), false);
        }
        builder.member(MEMBER + 100, "learner", true).conf_state(&ids, &[MEMBER + 100]);
        for ((key, value), main) in self.objects.iter().zip(2..) {
            let (key, value) = (key.as_bytes(), value.as_bytes());
            builder.put(main, 0, &Put { key, value, create: main, modified: main, version: 1, lease: 0 });
        }
        builder.build()
    }
}

pub(crate) fn pool(spec: &str, status: &str, paused: bool, degraded: &str) -> String {
    format!(
        r#"{{"spec":{{"paused":{paused},"configuration":{{"name":"{spec}"}}}},
            "status":{{"configuration":{{"name":"{status}"}},
            "conditions":[{{"type":"Updating","status":"False"}},{{"type":"Degraded","status":"{degraded}"}}]}}}}"#
    )
}
