//! What findings say, word for word: the objects' names, in the message and in the evidence.

use backup_facts::hazards::{Hazards, ObjectName, Revisions, Signer, Signs};
use backup_facts::platform::Platform;
use bbolt_page::{Db, Serial};
use checks::{Evidence, Finding};
use etcd_snapshot::{Options, scan};
use jiff::Timestamp;

use super::cases::{RWO, all, volume};
use super::cluster::{Cluster, TAKEN};
use super::{findings, read};

fn told_of(hazards: &Hazards, id: &str) -> Option<Finding> {
    findings(hazards).into_iter().find(|finding| finding.entry().id == id)
}

fn of(put: impl FnOnce(&mut Cluster), id: &str) -> Finding {
    let mut cluster = Cluster::quiet();
    put(&mut cluster);
    told_of(&read(&cluster.snapshot(), None, TAKEN, TAKEN), id).unwrap_or_else(|| panic!("no {id}"))
}

/// A finding that objects bring up, given by key and JSON.
fn put(objects: &[(&str, &str)], id: &str) -> Finding {
    let all = |cluster: &mut Cluster| {
        for (key, json) in objects {
            cluster.put(key, json);
        }
    };
    of(all, id)
}

fn evidence(finding: &Finding, wanted: &str) -> String {
    let found = finding.evidence().iter().find(|(name, _)| *name == wanted);
    match found.unwrap_or_else(|| panic!("no {wanted}: {finding:?}")) {
        (_, Evidence::Text(text)) => text.clone(),
        (_, other) => format!("{other:?}"),
    }
}

/// Every case whose finding comes of objects has one of them in message and evidence, by name.
#[test]
fn the_evidence_names_the_objects() {
    for case in all() {
        // certificates are of the tarball, a volume's Secret need not be there, operators are all called `cluster`,
        // of what is encrypted the number counts
        let Some(id) = case.id.filter(|id| {
            !case.with_tarball && !["HAZ-011", "HAZ-021"].contains(id) && !case.what.starts_with("an encrypted ")
        }) else {
            continue;
        };
        let mut hazards = read(&case.cluster.snapshot(), None, case.now, case.restore);
        (case.change)(&mut hazards);
        let finding = told_of(&hazards, id).unwrap_or_else(|| panic!("{}", case.what));
        let Some((_, Evidence::Text(names))) = finding.evidence().iter().find(|(name, _)| *name == "names") else {
            continue;
        };
        let every: Vec<_> = finding.evidence().iter().map(|(_, evidence)| format!("{evidence:?}")).collect();
        let own = case.cluster.own_names();
        assert!(
            own.is_empty() || own.iter().any(|name| every.iter().any(|text| text.contains(name.as_str()))),
            "{id} ({}): {own:?} in {every:?}",
            case.what
        );
        assert!(!names.contains('`'), "{names}");
    }
}

#[test]
fn volumes_are_counted_by_driver_and_policy() {
    let put = |cluster: &mut Cluster| {
        for (name, spec) in [
            ("a", r#""persistentVolumeReclaimPolicy":"Delete","csi":{"driver":"ebs","volumeHandle":"1"}"#),
            ("b", r#""persistentVolumeReclaimPolicy":"Retain","csi":{"driver":"ebs","volumeHandle":"2"}"#),
            ("c", r#""persistentVolumeReclaimPolicy":"Retain","nfs":{"server":"s","path":"/p"}"#),
        ] {
            volume(cluster, name, spec);
        }
    };
    let finding = of(put, "HAZ-001");
    assert_eq!(
        finding.message(),
        "what lies on 3 volumes is not in the backup: 2 ebs, 1 nfs; 1 with reclaim policy Delete"
    );
    assert_eq!(
        (evidence(&finding, "names").as_str(), evidence(&finding, "drivers").as_str()),
        ("a, b, c", "2 ebs, 1 nfs")
    );
}

#[test]
fn devices_are_named_with_their_owner_and_up_to_a_hundred() {
    let paths: Vec<_> =
        (0..150).map(|n| format!(r#""/dev/sd{}{}""#, char::from(b'a' + n / 26), char::from(b'a' + n % 26))).collect();
    let json = format!(r#"{{"spec":{{"storageClassDevices":[{{"devicePaths":[{}]}}]}}}}"#, paths.join(","));
    let key = "local.storage.openshift.io/localvolumes/openshift-local-storage/disks";
    let finding = put(&[(key, &json)], "HAZ-003");
    let one = |name: &str| format!("`/dev/{name}` in LocalVolume `openshift-local-storage/disks`");
    let expected = format!(
        "a device goes by a name that the kernel may give to another: {}, {}, {}, {} and 146 more",
        one("sdaa"),
        one("sdab"),
        one("sdac"),
        one("sdad")
    );
    assert_eq!(finding.message(), expected);
    let names = evidence(&finding, "names");
    assert!(names.ends_with(", 50 more") && names.split(", ").count() == 101, "{names}");
    let local = of(|cluster| volume(cluster, "pv", &format!(r#"{RWO} "local":{{"path":"/dev/sdb"}}"#)), "HAZ-003");
    assert_eq!(evidence(&local, "names"), "pv at /dev/sdb");
}

const REQUEST: &str = "cloudcredential.openshift.io/credentialsrequests/openshift-cloud-credential-operator/c";

fn request(status: &str) -> String {
    format!(r#"{{"spec":{{"secretRef":{{"namespace":"machine-api","name":"aws"}}}},"status":{{{status}}}}}"#)
}

#[test]
fn credentials_are_told_by_where_they_come_from() {
    const BEGIN: &str = "a restore brings back cloud credentials as they were";
    for (objects, end) in [
        (vec![("secrets/kube-system/aws-creds", "{}".to_owned())], ": root credentials `kube-system/aws-creds`"),
        // either says that there is a Secret
        (vec![(REQUEST, request(r#""provisioned":true"#))], ": 1 secret by CredentialsRequests: `machine-api/aws`"),
        (
            vec![(REQUEST, request(r#""lastSyncTimestamp":"2026-11-01T00:00:00Z""#))],
            ": 1 secret by CredentialsRequests: `machine-api/aws` of 2026-11-01T00:00:00Z",
        ),
        (
            vec![
                ("secrets/kube-system/aws-creds", "{}".to_owned()),
                (REQUEST, request(r#""provisioned":true"#)),
                ("operator.openshift.io/clustercsidrivers/ebs.csi.aws.com", "{}".to_owned()),
            ],
            ": root credentials `kube-system/aws-creds`; 1 secret by CredentialsRequests: `machine-api/aws`; used by \
             drivers `ebs.csi.aws.com`",
        ),
    ] {
        let objects: Vec<_> = objects.iter().map(|(key, json)| (*key, json.as_str())).collect();
        assert_eq!(put(&objects, "HAZ-010").message().to_owned(), format!("{BEGIN}{end}"));
    }
    let volume = r#"{"spec":{"csi":{"driver":"d","nodeStageSecretRef":{"namespace":"rook","name":"node"}}}}"#;
    let finding = put(&[("persistentvolumes/a", volume), ("persistentvolumes/b", volume)], "HAZ-011");
    assert_eq!(finding.message(), "volumes name 1 secret: `rook/node`");
    assert_eq!(evidence(&finding, "names"), "rook/node");
}

#[test]
fn the_age_of_credentials_is_told_in_whole_days() {
    const BEGIN: &str = "a restore brings back cloud credentials as they were";
    let mut cluster = Cluster::quiet();
    cluster.put("secrets/kube-system/aws-creds", "{}");
    for (restore, age) in [
        ("2026-11-24T08:29:59Z", ""),
        ("2026-11-24T08:30:00Z", ", 1 day before the restore"),
        ("2026-11-25T08:30:00Z", ", 2 days before the restore"),
        ("2026-11-20T08:30:00Z", ""),
    ] {
        let finding = told_of(&read(&cluster.snapshot(), None, TAKEN, restore), "HAZ-010").unwrap();
        assert_eq!(finding.message(), format!("{BEGIN}{age}: root credentials `kube-system/aws-creds`"), "{restore}");
    }
}

#[test]
fn machines_are_told_with_phase_and_node() {
    let message = |name: &str, node: &str, phase: &str| {
        let machine = |cluster: &mut Cluster| {
            cluster.machine(name, node, phase);
        };
        of(machine, "HAZ-013").message().to_owned()
    };
    assert_eq!(message("m", "", ""), "1 machine does not run on a node: `m` (no node)");
    assert_eq!(
        message("m", "gone", "Running"),
        "1 machine does not run on a node: `m` (Running, node `gone` is not there)"
    );
    assert_eq!(
        message("m", "master-0", "Deleting"),
        "1 machine does not run on a node: `m` (Deleting, node `master-0`)"
    );
    for (state, end) in [
        (None, "no ControlPlaneMachineSet"),
        (Some(r#""state":"Inactive""#), "ControlPlaneMachineSet `cluster` Inactive"),
        (Some(""), "ControlPlaneMachineSet `cluster` of unknown state"),
    ] {
        let put = |cluster: &mut Cluster| {
            cluster.machine("m", "master-0", "Running");
            if let Some(state) = state {
                let set = "machine.openshift.io/controlplanemachinesets/openshift-machine-api/cluster";
                cluster.put(set, &format!(r#"{{"spec":{{{state}}}}}"#));
            }
        };
        let begin = "1 control-plane machine: `m` (aws:///m)";
        assert_eq!(of(put, "HAZ-014").message().to_owned(), format!("{begin}; {end}"));
    }
}

#[test]
fn a_webhook_is_told_with_a_few_resources_or_their_number() {
    for (resources, told) in
        [(r#""a","b","c""#, "a, b, c"), (r#""a","b","c","d""#, "4 resources"), (r#""pods","pods""#, "pods")]
    {
        let json = format!(
            r#"{{"webhooks":[{{"name":"w","failurePolicy":"Fail","clientConfig":{{"service":{{"namespace":"n","name":"s"}}}},
                "rules":[{{"apiGroups":[""],"resources":[{resources}]}}]}}]}}"#
        );
        let finding = put(&[("validatingwebhookconfigurations/policy", &json)], "HAZ-019");
        let expected = "1 webhook must answer before core objects change: `w` in `policy`, by service `n/s`, for ";
        assert_eq!(finding.message(), format!("{expected}{told}"));
    }
}

#[test]
fn the_authority_of_etcd_is_told_before_and_after_its_end() {
    for (not_after, days, when) in [
        ("2026-11-23T08:29:59Z", -1, "ends before"),
        (TAKEN, 0, "ends soon after"),
        ("2026-11-24T08:30:00Z", 1, "ends soon after"),
    ] {
        let mut hazards = read(&Cluster::quiet().snapshot(), None, TAKEN, TAKEN);
        let not_after: Timestamp = not_after.parse().unwrap();
        let secret = ObjectName::new("openshift-etcd", "etcd-signer");
        hazards.certificates.signers.push(Signer { secret, signs: Signs::Etcd, not_after });
        let finding = told_of(&hazards, "HAZ-025").unwrap();
        let expected =
            format!("the authority of etcd in `openshift-etcd/etcd-signer` {when} the restore, on {not_after}");
        assert_eq!(finding.message(), expected);
        assert!(finding.evidence().contains(&("days", Evidence::Number(days))), "{finding:?}");
    }
}

#[test]
fn what_controllers_go_on_with_is_told_with_what_goes_first() {
    let told = |what: &str| {
        let case = all().into_iter().find(|case| case.what == what).unwrap_or_else(|| panic!("{what}"));
        let hazards = read(&case.cluster.snapshot(), None, TAKEN, TAKEN);
        told_of(&hazards, case.id.unwrap_or_default()).map(|finding| finding.message().to_owned()).unwrap_or_default()
    };
    assert_eq!(told("a server of k3s is to go"), "of 2 servers, 1 was to be removed from etcd: `server-1`");
    assert_eq!(
        told("a machine is too many"),
        "1 MachineSet will be scaled: `infra/workers` from 3 machines to 2, `m1` first"
    );
    assert_eq!(told("a machine is missing"), "1 MachineSet will be scaled: `infra/workers` from 1 machine to 2");
}

/// How far, and by what: the tool's options with a number, the script of a release, or nothing.
#[test]
fn the_revision_that_goes_back_is_told_with_what_the_platform_can_do() {
    let told = |version: &str, live: Option<u64>, target: Option<(u64, u64)>, platform: Platform, restore: &str| {
        let mut cluster = Cluster::quiet();
        let json = format!(r#"{{"status":{{"history":[{{"state":"Completed","version":"{version}"}}]}}}}"#);
        cluster.put("config.openshift.io/clusterversions/version", &json);
        cluster.put("namespaces/kube-system", r#"{"metadata":{"creationTimestamp":"2026-11-21T08:30:00Z"}}"#);
        let file = cluster.snapshot();
        let scan = scan(Db::open(&file[..]).unwrap(), Options::default(), &Serial);
        let mut hazards = read(&file, None, TAKEN, restore);
        let known = (hazards.taken, &hazards.control_plane);
        hazards.revision = Some(Revisions::of(&scan, known, live, target, platform));
        told_of(&hazards, "HAZ-032").map(|finding| finding.message().to_owned())
    };
    let asked = |live: u64, platform| told("", Some(live), None, platform, TAKEN).unwrap_or_default();
    assert_eq!(
        asked(1534, Platform::Kubeadm),
        "the snapshot ends at revision 18, the cluster was at 1 534: 1 516 are undone; restore with --bump-revision \
         1000000000 --mark-compacted, 1516 at the least"
    );
    assert!(asked(1534, Platform::K3s).ends_with(
        ": 1 516 are undone; `k3s server --cluster-reset --cluster-reset-restore-path=FILE` cannot raise it: restart all \
         that watches"
    ));
    let script = "cluster-restore.sh adds 1000000000 from release 4.18 on, from 4.11 with \
                  ETCD_ETCDCTL_RESTORE_ENABLE_BUMP=true";
    assert!(asked(1534, Platform::OpenShift).ends_with(script));

    let on_openshift = |version, live, target| told(version, live, target, Platform::OpenShift, TAKEN);
    assert_eq!(on_openshift("4.18.0", None, None), None);
    assert_eq!(on_openshift("4.17.9", None, Some((4, 18))), None);
    assert!(on_openshift("4.17.9", None, None).is_some_and(|told| told.ends_with(script)));
    assert!(
        on_openshift("4.22.1", Some(1534), None).is_some_and(|told| told.ends_with("adds 1 000 000 000 to it")),
        "enough, and said so"
    );
    assert!(
        on_openshift("4.22.1", Some(2_000_000_000), None)
            .is_some_and(|told| told.ends_with("cluster-restore.sh adds only 1 000 000 000"))
    );

    let unasked = told("", None, None, Platform::Etcd, "2026-12-03T08:30:00Z").unwrap_or_default();
    assert!(
        unasked.starts_with(
            "the snapshot ends at revision 18, and the cluster has gone on since, by 90 or so at 9 a day; "
        ),
        "{unasked}"
    );
}

#[test]
fn what_was_not_looked_at_is_told() {
    let sealed = "k8s:enc:aescbc:v1:1:0123456789abcdef0123456789abcdef";
    let objects =
        [("secrets/openshift-etcd/etcd-signer", sealed), ("routes/shop/r", sealed), ("persistentvolumes/broken", "{")];
    let finding = put(&objects, "HAZ-030");
    assert_eq!(
        finding.message(),
        "1 object of the kinds looked at could not be read: `persistentvolumes broken`; 2 encrypted objects were not opened; the end of 1 authority is \
         not known: `openshift-etcd/etcd-signer`"
    );
    assert_eq!(evidence(&finding, "names"), "persistentvolumes broken");
    assert_eq!(evidence(&finding, "authorities"), "openshift-etcd/etcd-signer");
}

/// Facts are taken of the one object that holds them, and of no other that is called alike.
#[test]
fn what_is_read_is_that_object_and_no_other() {
    const GIB: u64 = 1 << 30;
    let of = |key: &str, json: &str| {
        let mut cluster = Cluster::quiet();
        cluster.put(key, json);
        read(&cluster.snapshot(), None, TAKEN, TAKEN)
    };
    let off = |key: &str| of(key, "{}").control_plane.defrag_disabled;
    assert!(off("configmaps/openshift-etcd-operator/etcd-disable-defrag"));
    assert!(!off("configmaps/shop/etcd-disable-defrag") && !off("configmaps/openshift-etcd-operator/other"));
    let quota = |operator: &str, gib: u64| {
        let json = format!(r#"{{"spec":{{"backendQuotaGiB":{gib}}}}}"#);
        of(&format!("operator.openshift.io/{operator}/cluster"), &json).space.quota
    };
    assert_eq!((quota("etcds", 16), quota("etcds", 1), quota("etcds", 0)), (16 * GIB, GIB, 8 * GIB));
    assert_eq!(quota("kubeapiservers", 16), 8 * GIB);
    let old = r#"{"metadata":{"creationTimestamp":"2020-01-01T00:00:00Z"}}"#;
    let installed = |key: &str| of(key, old).control_plane.installed.unwrap().to_string();
    assert_eq!(installed("namespaces/shop"), "2025-10-16T06:00:00Z");
    assert_eq!(installed("namespaces/kube-system"), "2020-01-01T00:00:00Z");
    let authorities = |key: &str| of(key, "{}").certificates.unread_signers.len();
    assert_eq!(authorities("secrets/openshift-etcd/etcd-signer"), 1);
    assert_eq!(authorities("secrets/shop/etcd-signer") + authorities("secrets/openshift-etcd/etcd-client"), 0);
}
