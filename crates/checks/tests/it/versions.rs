//! Releases: a case for every finding, and silence without.

use std::collections::BTreeSet;

use backup_facts::platform::Platform;
use backup_facts::version::{EtcdVersions, SnapshotVersions, Sources, TargetCluster};
use checks::version::ReleaseAsked;
use checks::{Asks, Finding, Severity, findings};
use kube_objects::ClusterVersion;
use serde_json::{Value, json};
use static_resources::VersionClaims;
use version_compat::Target;

/// A backup and a target as a test wants them.
struct World {
    object: Value,
    versions: SnapshotVersions,
    etcd: EtcdVersions<'static>,
    payload: &'static str,
    build: &'static str,
    directory: Option<&'static str>,
    version_file: Option<&'static str>,
    target: Option<TargetCluster>,
}

/// A cluster of 4.18.30 in which everything agrees, restored onto itself.
fn sound() -> World {
    let map = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(name, version)| ((*name).to_owned(), (*version).to_owned())).collect()
    };
    World {
        object: json!({
            "kind": "ClusterVersion",
            "spec": {"clusterID": "8a5f3c9e", "desiredUpdate": {"version": "4.18.30"}},
            "status": {
                "desired": {"version": "4.18.30"},
                "history": [{"state": "Completed", "version": "4.18.30"}, {"state": "Completed", "version": "4.18.21"}],
                "conditions": [{"type": "Progressing", "status": "False"}, {"type": "Failing", "status": "False"}],
            },
        }),
        versions: SnapshotVersions {
            operators: map(&[("dns", "4.18.30"), ("etcd", "4.18.30")]),
            deployments: map(&[("openshift-etcd-operator/etcd-operator", "4.18.30")]),
            kubelets: map(&[("master-0", "v1.31.14"), ("master-1", "v1.31.14")]),
            unreadable: None,
        },
        etcd: EtcdVersions { cluster: Some("3.5.0"), storage: None },
        payload: "4.18.30",
        build: "4.18.0-202511200137.p0.g1234567.assembly.stream.el9",
        directory: Some("4.18.30"),
        version_file: None,
        target: target("4.18.30", "8a5f3c9e"),
    }
}

fn target(version: &str, cluster_id: &str) -> Option<TargetCluster> {
    Some(TargetCluster { target: Target::Runs(version.parse().unwrap()), cluster_id: cluster_id.to_owned() })
}

/// What a tarball with these statements tells.
fn claims(payload: &str, build: &str) -> VersionClaims {
    let pod = json!({"spec": {"containers": [{"env": [{"name": "OPERATOR_IMAGE_VERSION", "value": payload}]}]}});
    let pod = if payload.is_empty() { "{}".to_owned() } else { pod.to_string() };
    let mut builder = tar::Builder::new(Vec::new());
    for (path, content) in [("kube-apiserver-pod.yaml", pod.as_str()), ("configmaps/kube-apiserver-pod/version", build)]
    {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        let path = format!("static-pod-resources/kube-apiserver-pod-9/{path}");
        builder.append_data(&mut header, path, content.as_bytes()).unwrap();
    }
    let bytes = builder.into_inner().unwrap();
    static_resources::read(&bytes[..], &static_resources::Limits::default()).unwrap().static_pods.version
}

fn findings(world: &World) -> Vec<Finding> {
    asked(world, Asks::Restore)
}

/// The same, where less is asked.
fn asked(world: &World, asks: Asks) -> Vec<Finding> {
    let object = ClusterVersion::read(world.object.to_string().as_bytes()).ok();
    let claims = claims(world.payload, world.build);
    let sources = Sources {
        cluster_version: object.as_ref(),
        snapshot: Some(&world.versions),
        etcd: world.etcd,
        tarball: Some(&claims),
        directory: world.directory,
        version_file: world.version_file,
        platform: Platform::OpenShift,
    };
    let release = sources.release();
    checks::version::check(&ReleaseAsked { sources, release: &release, target: world.target.as_ref(), asks })
        .into_sorted()
}

fn ids(world: &World) -> Vec<&'static str> {
    findings(world).iter().map(|finding| finding.entry().id).collect()
}

struct Case {
    id: &'static str,
    what: &'static str,
    severity: Severity,
    world: World,
    says: &'static str,
}

fn cases() -> Vec<Case> {
    use Severity::{High, Low, Medium};
    let case = |id, what, severity, says, change: &dyn Fn(&mut World)| {
        let mut world = sound();
        change(&mut world);
        Case { id, what, severity, world, says }
    };
    vec![
        case("VER-001", "another patch", High, "the cluster runs 4.18.31", &|it| it.target = target("4.18.31", "")),
        case("VER-001", "a pre-release", High, "4.18.30-rc.1", &|it| it.target = target("4.18.30-rc.1", "")),
        case("VER-001", "another minor", High, "Kubernetes 1.31", &|it| it.target = target("4.19.1", "")),
        case("VER-001", "another major", High, "the data is of etcd 3.5", &|it| it.target = target("5.0.0", "")),
        case("VER-002", "partial", High, "from 4.18.21 to 4.18.30", &|it| {
            it.object["status"]["history"][0]["state"] = json!("Partial");
        }),
        case("VER-002", "partial, without a target", High, "was under way", &|it| {
            it.object["status"]["history"][0]["state"] = json!("Partial");
            it.target = None;
        }),
        case("VER-002", "progressing", High, "from 4.18.30 to 4.18.40", &|it| {
            it.object["status"]["conditions"][0]["status"] = json!("True");
            it.object["status"]["desired"]["version"] = json!("4.18.40");
        }),
        case("VER-003", "nothing is known", High, "the release is not known", &|it| {
            (it.object, it.versions, it.payload, it.build) = (json!(7), SnapshotVersions::default(), "", "x");
        }),
        case("VER-003", "a tarball before 4.19", High, "only 4.18 is known", &|it| {
            (it.object, it.versions, it.payload) = (json!(7), SnapshotVersions::default(), "");
        }),
        case("VER-004", "exact", High, "the tarball says 4.18.29", &|it| it.payload = "4.18.29"),
        case("VER-004", "by its build", High, "(so 4.17)", &|it| {
            (it.payload, it.build) = ("", "4.17.0-202511200137.p0.g1.assembly.stream.el9");
        }),
        case("VER-005", "a ClusterOperator", Medium, "4.18.21 (1: dns)", &|it| {
            it.versions.operators.insert("dns".to_owned(), "4.18.21".to_owned());
        }),
        case("VER-005", "a Deployment", Medium, "Deployments of operators say 4.18.21", &|it| {
            it.versions.deployments.values_mut().for_each(|version| *version = "4.18.21".to_owned());
        }),
        case("VER-006", "of another minor", Low, "v1.30.8", &|it| {
            it.versions.kubelets.values_mut().for_each(|version| *version = "v1.30.8".to_owned());
        }),
        case("VER-006", "one of them", Low, "v1.30.8 on others", &|it| {
            it.versions.kubelets.insert("master-1".to_owned(), "v1.30.8".to_owned());
        }),
        case("VER-007", "storage version", Medium, "etcd's storage version is 3.6.0", &|it| {
            it.etcd.storage = Some("3.6.0");
        }),
        case("VER-007", "an older one", Low, "etcd's cluster version is 3.4.0", &|it| {
            it.etcd.cluster = Some("3.4.0");
        }),
        case("VER-007", "both", Medium, "etcd's storage version is 3.6.0", &|it| {
            it.etcd = EtcdVersions { cluster: Some("3.6.0"), storage: Some("3.6.0") };
        }),
        case("VER-008", "the directory", Medium, "says 4.17.9", &|it| it.directory = Some("4.17.9")),
        case("VER-008", "MicroShift's file", Medium, "file `version` of the directory says 4.17.9", &|it| {
            it.version_file = Some("4.17.9");
        }),
        case("VER-009", "unreadable", Medium, "JSON of the object", &|it| {
            it.versions.unreadable = Some("JSON of the object is malformed".to_owned());
        }),
        case("VER-009", "without history", Medium, "its history is empty", &|it| {
            it.object["status"]["history"] = json!([]);
        }),
        case("VER-009", "no version", Medium, "its newest release is `a b`", &|it| {
            it.object["status"]["history"][0]["version"] = json!("a\nb");
        }),
        case("VER-010", "wanted", Medium, "from 4.18.30 to 4.18.40 was asked for", &|it| {
            it.object["spec"]["desiredUpdate"]["version"] = json!("4.18.40");
        }),
        case("VER-011", "the target", High, "itself being updated from 4.18.21 to 4.18.30", &|it| {
            let (from, to) = ("4.18.21".parse().ok(), "4.18.30".parse().unwrap());
            it.target = Some(TargetCluster { target: Target::Updating { from, to }, cluster_id: String::new() });
        }),
        case("VER-012", "another cluster", High, "the target is cluster 0000", &|it| {
            it.target = target("4.18.30", "0000")
        }),
        case("VER-013", "failing", Low, "condition Failing: no such image", &|it| {
            it.object["status"]["conditions"][1] =
                json!({"type": "Failing", "status": "True", "message": "no such image"});
        }),
    ]
}

#[test]
fn a_backup_restored_onto_itself_has_no_finding() {
    assert_eq!(ids(&sound()), [""; 0], "{:?}", findings(&sound()));
    let bare = World { target: None, directory: None, payload: "", ..sound() };
    assert_eq!(ids(&bare), [""; 0]);
    // letters of a UUID have no case
    assert_eq!(ids(&World { target: target("4.18.30", "8A5F3C9E"), ..sound() }), [""; 0]);
    assert_eq!(ids(&World { target: target("4.18.30", ""), ..sound() }), [""; 0]);
}

#[test]
fn every_finding_about_releases_has_a_case_that_brings_it_up() {
    let mut covered = BTreeSet::new();
    for Case { id, what, severity, world, says } in cases() {
        let found = findings(&world);
        let finding = found.iter().find(|finding| finding.entry().id == id);
        let finding = finding.unwrap_or_else(|| panic!("{id} ({what}) found {:?}", ids(&world)));
        assert_eq!(finding.severity(), severity, "{id} ({what})");
        assert!(finding.message().contains(says) && !finding.message().contains('\n'), "{id} ({what}): {finding:?}");
        covered.insert(id);
    }
    let all: Vec<_> = findings::all().into_iter().map(|entry| entry.id).filter(|id| id.starts_with("VER")).collect();
    let missing: Vec<_> = all.into_iter().filter(|id| !covered.contains(id)).collect();
    assert_eq!(missing, [""; 0]);
}

/// One change brings up one finding, not a flood.
#[test]
fn one_cause_has_one_finding() {
    for Case { id, what, world, .. } in cases() {
        let found = ids(&world);
        assert_eq!(found.iter().filter(|other| **other == id).count(), 1, "{id} ({what}): {found:?}");
        let others: Vec<_> = found.iter().filter(|other| **other != id).collect();
        let allowed: &[&str] = match (id, what) {
            // another major: the etcd of the data is named among the reasons, nothing else
            ("VER-002", "progressing") => &[],
            ("VER-003", _) => &[],
            // what cannot be read is not judged further, but the rest still says 4.18.30
            ("VER-009", "no version") => &["VER-010"],
            _ => &[],
        };
        assert!(others.iter().all(|other| allowed.contains(other)), "{id} ({what}): {found:?}");
    }
}

#[test]
fn during_an_update_the_verdict_does_not_depend_on_the_target() {
    for release in ["4.18.30", "4.18.21", "4.17.1"] {
        let mut world = World { target: target(release, ""), ..sound() };
        world.object["status"]["history"][0]["state"] = json!("Partial");
        assert_eq!(ids(&world), ["VER-002"]);
    }
}

#[test]
fn texts_from_a_backup_are_cut_to_one_line() {
    let mut world = sound();
    let long = format!("line\nline \u{1b}[2J {}", "ä".repeat(5000));
    world.object["status"]["conditions"][1] = json!({"type": "Failing", "status": "True", "message": long});
    let found = findings(&world);
    assert!(found[0].message().chars().count() < 300 && !found[0].message().contains(['\n', '\u{1b}']), "{found:?}");
}

#[test]
fn a_text_is_cut_behind_its_longest_length() {
    let told = |length: usize| {
        let mut world = sound();
        let failing = json!({"type": "Failing", "status": "True", "message": "x".repeat(length)});
        world.object["status"]["conditions"][1] = failing;
        findings(&world)[0].message()["condition Failing: ".len()..].to_owned()
    };
    let longest = told(5000).trim_end_matches('…').len();
    assert_eq!(told(5000), "x".repeat(longest) + "…");
    assert_eq!((told(longest), told(longest + 1)), ("x".repeat(longest), "x".repeat(longest) + "…"));
}

/// A lone file without a target is asked about its ClusterVersion and nothing else; a tarball's word names its member.
#[test]
fn a_finding_says_what_it_is_about() {
    for Case { id, what, mut world, .. } in cases() {
        let found = findings(&world);
        let finding = found.iter().find(|finding| finding.entry().id == id).unwrap();
        world.target = None;
        let of_a_lone_file = asked(&world, Asks::Integrity);
        let own = ["VER-002", "VER-009", "VER-010", "VER-013"].contains(&id);
        assert_eq!(of_a_lone_file.iter().any(|finding| finding.entry().id == id), own, "{id} ({what})");
        let of_the_judgement = ["VER-001", "VER-002", "VER-003", "VER-011"].contains(&id);
        assert_eq!(checks::version::is_judgement(finding), of_the_judgement, "{id} ({what})");
        assert_eq!(finding.location().member.is_some(), id == "VER-004", "{id} ({what})");
    }
}
