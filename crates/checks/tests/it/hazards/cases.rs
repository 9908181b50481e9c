//! A cluster for each hazard.

use backup_facts::hazards::{DefragOff, EndsEarly, Hazards, ObjectName, Revisions, Signer, Signs};
use backup_facts::platform::Raises;
use checks::Severity::{self, High, Info, Low, Medium};

use super::cluster::{Cluster, TAKEN, pool};

/// A cluster that must bring up a finding; none, where it must not although it looks like it.
pub(crate) struct Case {
    pub(crate) id: Option<&'static str>,
    pub(crate) severity: Severity,
    pub(crate) what: &'static str,
    pub(crate) cluster: Cluster,
    pub(crate) now: &'static str,
    pub(crate) restore: &'static str,
    pub(crate) with_tarball: bool,
    pub(crate) change: fn(&mut Hazards),
    /// What the same objects bring up besides.
    pub(crate) also: Vec<(&'static str, Severity)>,
}

impl Case {
    fn also(mut self, ids: &[(&'static str, Severity)]) -> Self {
        self.also.extend(ids);
        self
    }

    fn on(mut self, restore: &'static str) -> Self {
        self.restore = restore;
        self
    }

    fn changed(mut self, change: fn(&mut Hazards)) -> Self {
        self.change = change;
        self
    }
}

fn case(id: &'static str, severity: Severity, what: &'static str, put: impl FnOnce(&mut Cluster)) -> Case {
    Case { id: Some(id), severity, ..silent(what, put) }
}

fn silent(what: &'static str, put: impl FnOnce(&mut Cluster)) -> Case {
    let mut cluster = Cluster::quiet();
    put(&mut cluster);
    let (id, also, severity) = (None, Vec::new(), Info);
    Case { id, severity, what, cluster, now: TAKEN, restore: TAKEN, with_tarball: false, change: |_| {}, also }
}

pub(crate) fn all() -> Vec<Case> {
    [
        storage(),
        attachments(),
        credentials(),
        nodes(),
        control_plane(),
        certificates(),
        intent(),
        work(),
        revisions(),
        space(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

const VOLUMES: [(&str, Severity); 1] = [("HAZ-001", Info)];
const LOCAL: [(&str, Severity); 2] = [("HAZ-001", Info), ("HAZ-002", Low)];

pub(super) fn volume(cluster: &mut Cluster, name: &str, spec: &str) {
    cluster.put(&format!("persistentvolumes/{name}"), &format!(r#"{{"metadata":{{}},"spec":{{{spec}}}}}"#));
}

pub(super) const RWO: &str = r#""accessModes":["ReadWriteOnce"],"persistentVolumeReclaimPolicy":"Delete","#;

fn storage() -> Vec<Case> {
    let local = |path: &str| format!(r#"{RWO} "local":{{"path":"{path}"}}"#);
    let owner = |set: bool, path: &str| {
        let kind = if set { "localvolumesets" } else { "localvolumes" };
        let key = format!("local.storage.openshift.io/{kind}/openshift-local-storage/x");
        let json = format!(r#"{{"spec":{{"storageClassDevices":[{{"devicePaths":["{path}"]}}]}}}}"#);
        (key, json)
    };
    vec![
        case("HAZ-001", Info, "a volume behind a CSI driver", |cluster| {
            volume(cluster, "a", r#""csi":{"driver":"ebs.csi.aws.com","volumeHandle":"vol-1"}"#);
        }),
        case("HAZ-001", Info, "a volume of an older kind", |cluster| {
            volume(cluster, "a", r#""nfs":{"server":"nfs","path":"/sdb"}"#);
        }),
        case("HAZ-002", Low, "a local volume", |cluster| volume(cluster, "a", &local("/mnt/local-storage/fs/wwn-1")))
            .also(&VOLUMES),
        case("HAZ-002", Low, "a LocalVolumeSet without volumes yet", |cluster| {
            let (key, _) = owner(true, "");
            cluster.put(&key, r#"{"spec":{"storageClassName":"fs"}}"#);
        }),
        case("HAZ-003", Medium, "a local volume by the kernel's name", |cluster| {
            volume(cluster, "a", &local("/mnt/local-storage/fs/sdb"));
        })
        .also(&LOCAL),
        case("HAZ-003", Medium, "a LocalVolume by the kernel's name", |cluster| {
            let (key, json) = owner(false, "/dev/nvme1n1");
            cluster.put(&key, &json);
        })
        .also(&LOCAL[1..]),
        silent("a LocalVolume by id", |cluster| {
            let (key, json) = owner(false, "/dev/disk/by-id/wwn-0x5000c500a0");
            cluster.put(&key, &json);
        })
        .also(&LOCAL[1..]),
        silent("a symlink sdb to a device whose stable name is known", |cluster| {
            let annotated = format!(
                r#"{{"metadata":{{"annotations":{{"storage.openshift.com/device-id":"wwn-1"}}}},"spec":{{{}}}}}"#,
                local("/mnt/local-storage/fs/sdb")
            );
            cluster.put("persistentvolumes/a", &annotated);
        })
        .also(&LOCAL),
        case("HAZ-008", Low, "a claim that is lost", |cluster| {
            cluster.put("persistentvolumeclaims/shop/data", r#"{"status":{"phase":"Lost"}}"#);
        }),
        case("HAZ-008", Low, "a claim for a volume that is not there", |cluster| {
            cluster
                .put("persistentvolumeclaims/shop/data", r#"{"spec":{"volumeName":"a"},"status":{"phase":"Bound"}}"#);
        }),
        silent("a claim that waits for its volume", |cluster| {
            cluster.put("persistentvolumeclaims/shop/data", r#"{"spec":{},"status":{"phase":"Pending"}}"#);
        }),
        case("HAZ-009", Info, "a stateful set with claims", |cluster| {
            let json = r#"{"spec":{"replicas":2,"volumeClaimTemplates":[{"metadata":{"name":"data"}}]}}"#;
            cluster.put("statefulsets/shop/carts", json);
        }),
        case("HAZ-009", Info, "a database in a pod of its own", |cluster| {
            pod(cluster, "master-0", "Running", "quay.io/fedora/mysql:8");
        }),
        silent("a database that has run to its end", |cluster| {
            pod(cluster, "master-0", "Succeeded", "quay.io/fedora/mysql:8");
        }),
    ]
}

fn pod(cluster: &mut Cluster, node: &str, phase: &str, image: &str) {
    let json = format!(
        r#"{{"spec":{{"nodeName":"{node}","containers":[{{"name":"main","image":"{image}"}}],
            "volumes":[{{"name":"v","persistentVolumeClaim":{{"claimName":"data"}}}}]}},"status":{{"phase":"{phase}"}}}}"#
    );
    cluster.put("pods/shop/p", &json);
}

/// A pod on `node`, its claim `data`, the volume behind it, attached to another node as `attached` says.
fn attached(cluster: &mut Cluster, node: &str, modes: &str, status: &str) {
    pod(cluster, node, "Running", "quay.io/example/app");
    cluster.put("persistentvolumeclaims/shop/data", r#"{"spec":{"volumeName":"a"},"status":{"phase":"Bound"}}"#);
    volume(cluster, "a", &format!(r#""accessModes":{modes},"csi":{{"driver":"d","volumeHandle":"h"}}"#));
    let json = format!(
        r#"{{"spec":{{"nodeName":"master-1","source":{{"persistentVolumeName":"a"}}}},"status":{{{status}}}}}"#
    );
    cluster.put("volumeattachments/csi-1", &json);
}

fn attachments() -> Vec<Case> {
    const ONE: &str = r#"["ReadWriteOnce"]"#;
    const YES: &str = r#""attached":true"#;
    vec![
        case("HAZ-004", Info, "a volume attached to the pod's node", |cluster| attached(cluster, "master-1", ONE, YES))
            .also(&VOLUMES),
        case("HAZ-005", Medium, "a pod that was moved", |cluster| attached(cluster, "master-2", ONE, YES))
            .also(&[("HAZ-001", Info), ("HAZ-004", Info)]),
        silent("a volume that many nodes may use", |cluster| {
            attached(cluster, "master-2", r#"["ReadWriteOnce","ReadWriteMany"]"#, YES);
        })
        .also(&[("HAZ-001", Info), ("HAZ-004", Info)]),
        silent("a volume that is not attached yet", |cluster| {
            attached(cluster, "master-2", ONE, r#""attached":false"#)
        })
        .also(&VOLUMES),
        silent("a pod that has no node yet", |cluster| attached(cluster, "", ONE, YES))
            .also(&[("HAZ-001", Info), ("HAZ-004", Info)]),
        case("HAZ-006", Medium, "a volume attached to a node that was deleted", |cluster| {
            attached(cluster, "master-1", ONE, YES);
            cluster.remove("minions/master-1").voters(2);
        })
        .also(&[("HAZ-001", Info), ("HAZ-004", Info)]),
        silent("a volume that is not attached to a node that was deleted", |cluster| {
            attached(cluster, "", ONE, r#""attached":false"#);
            cluster.remove("minions/master-1").voters(2);
        })
        .also(&VOLUMES),
        case("HAZ-007", Low, "a volume that does not attach", |cluster| {
            let error = r#""attached":false,"attachError":{"message":"no credentials"}"#;
            attached(cluster, "master-1", ONE, error);
        })
        .also(&VOLUMES),
        case("HAZ-007", Low, "a volume that does not detach", |cluster| {
            attached(cluster, "master-1", ONE, r#""attached":true,"detachError":{"message":"busy"}"#);
        })
        .also(&[("HAZ-001", Info), ("HAZ-004", Info)]),
    ]
}

fn credentials() -> Vec<Case> {
    let request = |status: &str| {
        format!(
            r#"{{"spec":{{"secretRef":{{"namespace":"openshift-machine-api","name":"c"}}}},"status":{{{status}}}}}"#
        )
    };
    const KEY: &str = "cloudcredential.openshift.io/credentialsrequests/openshift-cloud-credential-operator/c";
    vec![
        case("HAZ-010", Low, "a request that was fulfilled", |cluster| {
            cluster.put(KEY, &request(r#""provisioned":true,"lastSyncTimestamp":"2026-11-01T00:00:00Z""#));
            cluster.put("operator.openshift.io/clustercsidrivers/ebs.csi.aws.com", "{}");
        }),
        case("HAZ-010", Low, "root credentials, encrypted", |cluster| {
            cluster.put("secrets/kube-system/vsphere-creds", "k8s:enc:aescbc:v1:1:x");
        })
        .also(&[("HAZ-030", Info)])
        .on("2026-11-25T00:00:00Z"),
        silent("a request for another cloud", |cluster| {
            cluster.put(KEY, &request(""));
        }),
        silent("a driver without any credentials", |cluster| {
            cluster.put("operator.openshift.io/clustercsidrivers/secrets-store.csi.k8s.io", "{}");
        }),
        silent("a secret of that name elsewhere", |cluster| {
            cluster.put("secrets/shop/aws-creds", "{}");
        }),
        case("HAZ-011", Info, "a volume with a secret", |cluster| {
            let secret = r#""nodeStageSecretRef":{"namespace":"rook","name":"node"}"#;
            volume(cluster, "a", &format!(r#""csi":{{"driver":"d","volumeHandle":"h",{secret}}}"#));
        })
        .also(&VOLUMES),
    ]
}

fn nodes() -> Vec<Case> {
    const MACHINES: (&str, Severity) = ("HAZ-014", Info);
    let node = |current: &str, desired: &str, state: &str| {
        let annotation = |name: &str, value: &str| format!(r#""machineconfiguration.openshift.io/{name}":"{value}""#);
        format!(
            r#"{{"metadata":{{"annotations":{{{},{},{}}}}},"status":{{"conditions":[{{"type":"Ready","status":"True"}}]}}}}"#,
            annotation("currentConfig", current),
            annotation("desiredConfig", desired),
            annotation("state", state)
        )
    };
    const POOL: &str = "machineconfiguration.openshift.io/machineconfigpools/worker";
    vec![
        case("HAZ-012", Low, "a request that waits", |cluster| {
            cluster.put("certificatesigningrequests/csr", r#"{"spec":{"signerName":"s"},"status":{}}"#);
        }),
        silent("a request that failed", |cluster| {
            cluster.put("certificatesigningrequests/csr", r#"{"status":{"conditions":[{"type":"Failed"}]}}"#);
        }),
        case("HAZ-013", Low, "a machine without a node", |cluster| {
            cluster.machine("m", "", "Provisioning");
        }),
        case("HAZ-013", Low, "a machine whose node is not there", |cluster| {
            cluster.machine("m", "w", "Running");
        }),
        case("HAZ-013", Low, "a machine that is being deleted", |cluster| {
            cluster.machine("m", "master-0", "Deleting");
        })
        .also(&[MACHINES]),
        case("HAZ-014", Info, "a machine of the control plane, by its node", |cluster| {
            cluster.machine("m", "master-0", "Running");
            let set = "machine.openshift.io/controlplanemachinesets/openshift-machine-api/cluster";
            cluster.put(set, r#"{"spec":{"state":"Active"}}"#);
        }),
        case("HAZ-015", Low, "a node that has fallen silent", |cluster| {
            cluster.node("master-1", "Unknown");
        }),
        case("HAZ-015", Low, "a node that never reported", |cluster| {
            cluster.put("minions/new", "{}");
        }),
        case("HAZ-017", Low, "a node on its way to another configuration", |cluster| {
            cluster.put("minions/w", &node("a", "b", "Working"));
        }),
        case("HAZ-017", Low, "a node that has not begun yet", |cluster| {
            cluster.put("minions/w", &node("a", "b", "Done"));
        }),
        case("HAZ-017", Low, "a node that could not be configured", |cluster| {
            cluster.put("minions/w", &node("a", "a", "Degraded"));
        }),
        case("HAZ-017", Low, "a pool that is degraded", |cluster| {
            cluster.put(POOL, &pool("a", "a", false, "True"));
        }),
        case("HAZ-017", Low, "a pool that goes elsewhere", |cluster| {
            cluster.put(POOL, &pool("b", "a", false, "False"));
        }),
        case("HAZ-018", Low, "a pool that is paused", |cluster| {
            cluster.put(POOL, &pool("a", "a", true, "False"));
        }),
        case("HAZ-029", Low, "a member is missing", |cluster| {
            cluster.voters(2);
        }),
    ]
}

fn control_plane() -> Vec<Case> {
    let webhook = |policy: &str, client: &str, groups: &str| {
        format!(
            r#"{{"webhooks":[{{"name":"check.example.com","failurePolicy":"{policy}","clientConfig":{{{client}}},
                "rules":[{{"apiGroups":[{groups}],"resources":["pods"]}}]}}]}}"#
        )
    };
    const SERVICE: &str = r#""service":{"namespace":"policy","name":"webhook"}"#;
    const KEY: &str = "validatingwebhookconfigurations/policy";
    vec![
        case("HAZ-019", Low, "a webhook for pods", |cluster| {
            cluster.put(KEY, &webhook("Fail", SERVICE, r#""""#));
        }),
        case("HAZ-019", Low, "a mutating webhook for everything", |cluster| {
            cluster.put("mutatingwebhookconfigurations/policy", &webhook("Fail", SERVICE, r#""*""#));
        }),
        silent("a webhook that may be ignored", |cluster| {
            cluster.put(KEY, &webhook("Ignore", SERVICE, r#""""#));
        }),
        silent("a webhook on every node's own address", |cluster| {
            cluster.put(KEY, &webhook("Fail", r#""url":"https://127.0.0.1:9743""#, r#""""#));
        }),
        silent("a webhook for a group of its own", |cluster| {
            cluster.put(KEY, &webhook("Fail", SERVICE, r#""example.com""#));
        }),
        case("HAZ-020", Low, "a custom resource held by a finalizer", |cluster| {
            let json = r#"{"metadata":{"deletionTimestamp":"2026-11-22T00:00:00Z","finalizers":["example.com/x"]}}"#;
            cluster.put("example.com/widgets/shop/w", json);
        }),
        case("HAZ-020", Low, "a namespace that is being emptied", |cluster| {
            let json =
                r#"{"metadata":{"deletionTimestamp":"2026-11-22T00:00:00Z"},"spec":{"finalizers":["kubernetes"]}}"#;
            cluster.put("namespaces/old", json);
        }),
        silent("an object that only mentions a deletion", |cluster| {
            let json = r#"{"metadata":{"finalizers":["x"],"annotations":{"why":"deletionTimestamp"}}}"#;
            cluster.put("configmaps/shop/note", json);
        }),
        case("HAZ-021", Info, "a forced redeployment", |cluster| {
            let json = r#"{"spec":{"forceRedeploymentReason":"recovery-2025-01-01"}}"#;
            cluster.put("operator.openshift.io/kubeapiservers/cluster", json);
        }),
        case("HAZ-022", Info, "OVN", |cluster| {
            cluster.put("config.openshift.io/networks/cluster", r#"{"spec":{"networkType":"OVNKubernetes"}}"#);
        }),
        case("HAZ-030", Info, "a node that cannot be decoded", |cluster| {
            cluster.put("persistentvolumes/broken", "k8s\0\u{7}\u{7}\u{7}");
        }),
        case("HAZ-030", Info, "an encrypted claim", |cluster| {
            cluster.put("persistentvolumeclaims/shop/data", "k8s:enc:aesgcm:v1:1:x");
        }),
    ]
}

fn certificates() -> Vec<Case> {
    let young = |first: &'static str| {
        move |cluster: &mut Cluster| {
            let json = format!(r#"{{"status":{{"history":[{{"state":"Completed","startedTime":"{first}"}}]}}}}"#);
            cluster.put("config.openshift.io/clusterversions/version", &json);
            cluster.put("namespaces/kube-system", "{}");
        }
    };
    let etcd = |what, severity, change: fn(&mut Hazards)| case("HAZ-025", severity, what, |_| {}).changed(change);
    fn add(hazards: &mut Hazards, signs: Signs, not_after: &str) {
        let secret = ObjectName { namespace: "openshift-etcd".into(), name: "etcd-signer".into() };
        hazards.certificates.signers.push(Signer { secret, signs, not_after: not_after.parse().unwrap() });
    }
    let tarball = |case: Case, now| Case { with_tarball: true, now, ..case };
    vec![
        case("HAZ-016", Low, "15 days", |_| {}).on("2026-12-08T08:30:00Z"),
        case("HAZ-016", Medium, "30 days", |_| {}).on("2026-12-23T08:30:00Z"),
        silent("not quite 15 days", |_| {}).on("2026-12-08T08:29:59Z"),
        silent("a backup of tomorrow", |_| {}).on("2026-11-22T00:00:00Z"),
        case("HAZ-023", Medium, "23 hours after the installation", young("2026-11-22T08:30:01Z")),
        silent("24 hours after the installation", young("2026-11-22T08:30:00Z")),
        silent("an installation of tomorrow", young("2026-11-24T08:30:00Z")),
        tarball(case("HAZ-024", Low, "a certificate that ends", |_| {}).on("2026-12-23T08:50:56Z"), TAKEN)
            .also(&[("HAZ-016", Medium)]),
        tarball(case("HAZ-024", Medium, "etcd's own", |_| {}).on("2031-10-24T00:00:00Z"), "2031-10-22T00:00:00Z")
            .also(&[("HAZ-016", Medium)]),
        tarball(silent("what has ended already", |_| {}), TAKEN),
        case("HAZ-031", Medium, "a file of pki/ has ended", |_| {}).changed(|hazards| {
            let one = EndsEarly {
                subject: "CN=apiserver".into(),
                member: "pki/apiserver.crt".into(),
                not_after: "2026-11-20T00:00:00Z".parse().unwrap(),
                etcd_ca: false,
            };
            hazards.certificates.beside = [one].into_iter().collect();
        }),
        etcd("etcd's authority has ended", High, |hazards| add(hazards, Signs::Etcd, "2026-11-23T08:29:59Z")),
        etcd("it ends within a year", Medium, |hazards| add(hazards, Signs::Etcd, "2027-11-23T08:29:59Z")),
        etcd("it ends with the restore", Medium, |hazards| add(hazards, Signs::Etcd, TAKEN)),
        etcd("it ends in a year", Low, |hazards| add(hazards, Signs::Etcd, "2027-11-23T08:30:00Z")),
        etcd("it ends within two", Low, |hazards| add(hazards, Signs::Etcd, "2028-11-22T08:29:59Z")),
        silent("it ends later", |_| {}).changed(|hazards| add(hazards, Signs::Etcd, "2028-11-22T08:30:00Z")),
        case("HAZ-026", Low, "another has ended", |_| {})
            .changed(|hazards| add(hazards, Signs::Other, "2026-11-23T08:29:59Z")),
        silent("another ends with the restore", |_| {}).changed(|hazards| add(hazards, Signs::Other, TAKEN)),
        silent("another ends later", |_| {}).changed(|hazards| add(hazards, Signs::Kubelets, "2026-11-24T00:00:00Z")),
    ]
}

fn server(cluster: &mut Cluster, name: &str, program: &str, annotations: &str) {
    let annotations = format!(
        r#"{annotations}"etcd.{program}.cattle.io/node-name":"{name}-1","etcd.{program}.cattle.io/node-address":"10.0.0.1""#
    );
    let json = format!(
        r#"{{"metadata":{{"labels":{{"node-role.kubernetes.io/etcd":"true"}},"annotations":{{{annotations}}}}},
            "status":{{"conditions":[{{"type":"Ready","status":"True"}}]}}}}"#
    );
    cluster.put(&format!("minions/{name}"), &json);
}

const REMOVE: &str = r#""etcd.k3s.cattle.io/remove":"true","#;

fn set(cluster: &mut Cluster, group: &str, spec: &str, machines: &[&str]) {
    cluster.put(&format!("{group}/machinesets/infra/workers"), &format!(r#"{{"metadata":{{{spec}"#));
    for (n, metadata) in machines.iter().enumerate() {
        let owner = r#""ownerReferences":[{"kind":"MachineSet","name":"workers"}]"#;
        let json = format!(
            r#"{{"metadata":{{{metadata}{owner}}},"status":{{"phase":"Running","nodeRef":{{"name":"master-0"}}}}}}"#
        );
        cluster.put(&format!("{group}/machines/infra/m{n}"), &json);
    }
}

/// A CronJob that ran last an hour before the backup, which is an hour before the restore.
fn cron_job(cluster: &mut Cluster, name: &str, spec: &str, status: &str) {
    let json = format!(
        r#"{{"metadata":{{"creationTimestamp":"2026-10-01T00:00:00Z"}},"spec":{{{spec}}},"status":{{{status}}}}}"#
    );
    cluster.put(&format!("cronjobs/{name}"), &json);
}

fn work() -> Vec<Case> {
    const RAN: &str = r#""lastScheduleTime":"2026-11-23T07:30:00Z""#;
    const NEXT_DAY: &str = "2026-11-24T09:00:00Z";
    let budget = |namespace: &str, status: &str| {
        let (key, json) = (format!("poddisruptionbudgets/{namespace}/db"), format!(r#"{{"status":{{{status}}}}}"#));
        move |cluster: &mut Cluster| {
            cluster.put(&key, &json);
        }
    };
    let lease = |name: &str, metadata: &str, spec: &str| {
        let json = format!(r#"{{"metadata":{{{metadata}}},"spec":{{{spec},"renewTime":"2026-11-23T08:30:00Z"}}}}"#);
        let key = format!("leases/{name}");
        move |cluster: &mut Cluster| {
            cluster.put(&key, &json);
        }
    };
    vec![
        case("HAZ-035", Info, "a time has passed since it ran", |cluster| {
            cron_job(cluster, "shop/report", r#""schedule":"0 3 * * *""#, RAN);
        })
        .on(NEXT_DAY),
        case("HAZ-035", Info, "it never ran", |cluster| {
            cron_job(cluster, "shop/report", r#""schedule":"0 0 1 11 *""#, "");
        }),
        silent("no time has passed", |cluster| {
            cron_job(cluster, "shop/report", r#""schedule":"0 3 * * sun""#, RAN);
            cron_job(cluster, "shop/none", r#""schedule":"sometimes""#, RAN);
        })
        .on(NEXT_DAY),
        silent("it is too late, or suspended, or the cluster's own", |cluster| {
            let late = r#""schedule":"0 3 * * *","startingDeadlineSeconds":3600"#;
            cron_job(cluster, "shop/late", late, RAN);
            cron_job(cluster, "shop/off", r#""schedule":"* * * * *","suspend":true"#, RAN);
            cron_job(cluster, "openshift-marketplace/collect", r#""schedule":"* * * * *""#, RAN);
        })
        .on(NEXT_DAY),
        case("HAZ-035", Info, "it is not too late", |cluster| {
            let deadline = r#""schedule":"0 3 * * *","startingDeadlineSeconds":30000"#;
            cron_job(cluster, "shop/report", deadline, RAN);
        })
        .on(NEXT_DAY),
        case("HAZ-036", Low, "a job runs", |cluster| {
            cluster.put("jobs/shop/migrate", r#"{"spec":{},"status":{"active":1}}"#);
        }),
        case("HAZ-036", Low, "a job has not begun", |cluster| {
            cluster.put("jobs/shop/migrate", r#"{"spec":{"suspend":false}}"#);
        }),
        silent("jobs that are finished, suspended, being deleted or the cluster's own", |cluster| {
            let finished =
                |kind: &str| format!(r#"{{"status":{{"conditions":[{{"type":"{kind}","status":"True"}}]}}}}"#);
            cluster.put("jobs/shop/done", &finished("Complete"));
            cluster.put("jobs/shop/failed", &finished("Failed"));
            cluster.put("jobs/shop/off", r#"{"spec":{"suspend":true}}"#);
            cluster.put("jobs/shop/going", r#"{"metadata":{"deletionTimestamp":"2026-11-23T08:29:00Z"}}"#);
            cluster.put("jobs/kube-system/install", r#"{"status":{"active":1}}"#);
        }),
        case("HAZ-037", Low, "a node is cordoned", |cluster| {
            cluster.put(
                "minions/worker-0",
                r#"{"spec":{"unschedulable":true},"status":{"conditions":[{"type":"Ready","status":"True"}]}}"#,
            );
        }),
        case("HAZ-017", Low, "a node that is rolled out to is cordoned", |cluster| {
            cluster.put(
                "minions/worker-0",
                r#"{"metadata":{"annotations":{"machineconfiguration.openshift.io/state":"Working"}},
                    "spec":{"unschedulable":true},"status":{"conditions":[{"type":"Ready","status":"True"}]}}"#,
            );
        }),
        case("HAZ-038", Info, "no eviction is allowed", budget("shop", r#""disruptionsAllowed":0,"expectedPods":1"#)),
        case(
            "HAZ-038",
            Info,
            "an eviction is under way",
            budget("openshift-etcd", r#""disruptionsAllowed":1,"disruptedPods":{"db-0":"2026-11-23T08:29:00Z"}"#),
        ),
        silent("one is allowed", budget("shop", r#""disruptionsAllowed":1,"expectedPods":2"#)),
        silent("there is no pod", budget("shop", r#""disruptionsAllowed":0,"expectedPods":0"#)),
        silent("the cluster's own", budget("openshift-etcd", r#""disruptionsAllowed":0,"expectedPods":1"#)),
        case("HAZ-040", Info, "a leader is waited for long", {
            lease("shop/operator", "", r#""holderIdentity":"pod-1","leaseDurationSeconds":3600"#)
        }),
        silent("not for long", lease("shop/operator", "", r#""holderIdentity":"pod-1","leaseDurationSeconds":137"#)),
        silent("nobody leads", lease("shop/operator", "", r#""holderIdentity":"","leaseDurationSeconds":3600"#)),
        silent("an API server says that it runs", {
            let label = r#""labels":{"apiserver.kubernetes.io/identity":"kube-apiserver"}"#;
            lease("kube-system/apiserver-x", label, r#""holderIdentity":"a","leaseDurationSeconds":3600"#)
        }),
    ]
}

fn intent() -> Vec<Case> {
    const CAPI: &str = "cluster.x-k8s.io";
    const TWO: &str = r#"},"spec":{"replicas":2}}"#;
    const MARKED: &str = r#""annotations":{"cluster.x-k8s.io/delete-machine":"yes"},"#;
    vec![
        case("HAZ-033", Medium, "a server of k3s is to go", |cluster| {
            server(cluster, "server-0", "k3s", "");
            server(cluster, "server-1", "k3s", REMOVE);
        }),
        case("HAZ-033", Medium, "a server of rke2 is to go", |cluster| {
            server(cluster, "server-0", "rke2", r#""etcd.rke2.cattle.io/remove":"True","#);
            server(cluster, "server-1", "rke2", "");
        }),
        silent("it is the only one", |cluster| server(cluster, "server-0", "k3s", REMOVE)),
        silent("it has been removed, or is not to be", |cluster| {
            let done = format!(r#"{REMOVE}"etcd.k3s.cattle.io/removed-node-name":"server-0-1","#);
            server(cluster, "server-0", "k3s", &done);
            server(cluster, "server-1", "k3s", r#""etcd.k3s.cattle.io/remove":"false","#);
            server(cluster, "server-2", "rke2", REMOVE);
        }),
        silent("it does not run etcd", |cluster| {
            server(cluster, "server-0", "k3s", "");
            server(cluster, "server-1", "k3s", "");
            cluster.put(
                "minions/agent-0",
                r#"{"metadata":{"annotations":{"etcd.k3s.cattle.io/remove":"true"}},
                    "status":{"conditions":[{"type":"Ready","status":"True"}]}}"#,
            );
        }),
        case("HAZ-034", Medium, "a machine is too many", |cluster| set(cluster, CAPI, TWO, &["", MARKED, ""])),
        case("HAZ-034", Medium, "a machine of OpenShift is too many", |cluster| {
            set(cluster, "machine.openshift.io", TWO, &["", "", ""]);
        })
        .also(&[("HAZ-014", Info)]),
        case("HAZ-034", Low, "a machine is missing", |cluster| set(cluster, CAPI, TWO, &[""])),
        case("HAZ-034", Low, "all are missing", |cluster| set(cluster, CAPI, TWO, &[])),
        silent("as many as there should be", |cluster| set(cluster, CAPI, TWO, &["", ""])),
        case("HAZ-039", Low, "as many as there should be, and one is to go first", |cluster| {
            set(cluster, CAPI, TWO, &["", MARKED]);
        }),
        silent("one goes already", |cluster| {
            let going = r#""deletionTimestamp":"2026-11-23T08:29:00Z","#;
            set(cluster, CAPI, TWO, &["", going, ""]);
        }),
        silent("the set is paused", |cluster| {
            let paused = r#""annotations":{"cluster.x-k8s.io/paused":""}},"spec":{"replicas":2}}"#;
            set(cluster, CAPI, paused, &[]);
        }),
        silent("the set does not say how many", |cluster| set(cluster, CAPI, r#"},"spec":{}}"#, &["", ""])),
        case("HAZ-030", Info, "a machine that cannot be read", |cluster| {
            set(cluster, CAPI, TWO, &["", "", ""]);
            cluster.put("cluster.x-k8s.io/machines/infra/broken", "k8s\0\u{7}\u{7}\u{7}");
        }),
        case("HAZ-030", Info, "an encrypted machine", |cluster| {
            set(cluster, CAPI, TWO, &["", "", ""]);
            cluster.put("cluster.x-k8s.io/machines/infra/sealed", "k8s:enc:aesgcm:v1:1:x");
        }),
    ]
}

/// The revision is known where a restore is spoken of.
fn revisions() -> Vec<Case> {
    fn at(hazards: &mut Hazards, live: Option<u64>, raised: Option<u64>) {
        let (raises, by, per_day) = (Raises::Options, "etcdutl snapshot restore", None);
        hazards.revision = Some(Revisions { newest: 34, live, raised, raises, by, per_day });
    }
    vec![
        case("HAZ-032", Info, "nobody said how far it has gone", |_| {}).changed(|hazards| at(hazards, None, None)),
        case("HAZ-032", Medium, "it has gone on", |_| {}).changed(|hazards| at(hazards, Some(35), None)),
        case("HAZ-032", Medium, "farther than the script adds", |_| {})
            .changed(|hazards| at(hazards, Some(1535), Some(1500))),
        case("HAZ-032", Info, "as far as the script adds", |_| {})
            .changed(|hazards| at(hazards, Some(1534), Some(1500))),
        silent("it has not gone on", |_| {}).changed(|hazards| at(hazards, Some(34), None)),
        silent("it is another, or has been restored since", |_| {}).changed(|hazards| at(hazards, Some(33), None)),
        silent("the script raises it, and nobody asked", |_| {}).changed(|hazards| at(hazards, None, Some(1500))),
    ]
}

fn space() -> Vec<Case> {
    fn fragmented(hazards: &mut Hazards, off: Option<DefragOff>) {
        (hazards.space.size, hazards.space.in_use, hazards.space.free_share) = (200 << 20, 100 << 20, 5000);
        (hazards.space.defrag_due, hazards.space.defrag_off) = (true, off);
    }
    const GIB: u64 = 1 << 30;
    vec![
        case("HAZ-027", Low, "defragmentation is off", |_| {})
            .changed(|hazards| fragmented(hazards, Some(DefragOff::ConfigMap))),
        case("HAZ-027", Low, "a single node", |_| {})
            .changed(|hazards| fragmented(hazards, Some(DefragOff::SingleReplica))),
        silent("the operator will do it", |_| {}).changed(|hazards| fragmented(hazards, None)),
        silent("it is off, and not due", |cluster| {
            cluster.put("configmaps/openshift-etcd-operator/etcd-disable-defrag", "{}");
        }),
        case("HAZ-028", Medium, "a raised quota, used", |_| {})
            .changed(|hazards| (hazards.space.size, hazards.space.quota) = (9 * GIB, 16 * GIB)),
        silent("a raised quota, and the default one just used up", |_| {})
            .changed(|hazards| (hazards.space.size, hazards.space.quota) = (8 * GIB, 16 * GIB)),
        silent("more than the quota, which is the default", |_| {})
            .changed(|hazards| (hazards.space.size, hazards.space.quota) = (9 * GIB, 8 * GIB)),
        silent("a raised quota, not used", |cluster| {
            cluster.put("operator.openshift.io/etcds/cluster", r#"{"spec":{"backendQuotaGiB":16}}"#);
        }),
    ]
}
