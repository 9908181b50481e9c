//! Where the checks of a pair begin and end, and their words.

use checks::pair::{InDirectory, check_directory};
use checks::{Finding, Severity};

use backup_facts::picks::Picks;

use super::cases::add_source;
use super::world::World;
use crate::tarballs::archive::KAS;

const PLAIN: &str = "plain-etcd36";
const OPERATOR: &str = "operator.openshift.io/kubeapiservers/cluster";
const ETCD: &str = "static-pod-resources/etcd-pod-8";

/// The findings of the untouched pair with one thing changed.
fn changed(change: impl FnOnce(&mut World)) -> Vec<Finding> {
    let mut world = World::of(PLAIN);
    change(&mut world);
    world.check().findings.into_sorted()
}

fn message(found: &[Finding], id: &str) -> String {
    let finding = found.iter().find(|finding| finding.entry().id == id);
    finding.map(|finding| finding.message().to_owned()).unwrap_or_default()
}

#[test]
fn each_check_that_was_made_is_counted() {
    for (name, made) in [(PLAIN, 16), ("aescbc-rotated", 17)] {
        assert_eq!(World::of(name).check().made, made, "{name}");
    }
}

/// The newest data of this pair is of 09:08:49 on that day.
#[test]
fn a_time_may_be_that_of_another_zone() {
    use Severity::{Low, Medium};
    let older = |far: &str| format!("is {far} older than the name says");
    let younger = |far: &str| format!("is {far} younger than the name says");
    let zone = |text: String| (Low, format!("{text}: perhaps the node's time zone"));
    let none = |text: String| (Medium, text);
    let newest = newest();
    for (seconds, expected) in [
        (0, None),
        (-30 * 60, None),
        (-30 * 60 - 1, Some(zone(younger("30 minutes")))),
        (2 * 60, None),
        (2 * 60 + 1, Some(zone(older("2 minutes")))),
        (4 * 60, Some(zone(older("4 minutes")))),
        (4 * 60 + 1, Some(none(older("4 minutes")))),
        (3600 + 4 * 60, Some(zone(older("64 minutes")))),
        (3600 + 4 * 60 + 1, Some(none(older("64 minutes")))),
        (3600 - 4 * 60, Some(zone(older("56 minutes")))),
        (3600 - 4 * 60 - 1, Some(none(older("55 minutes")))),
        (-14 * 3600, Some(zone(younger("14 hours")))),
        (14 * 3600, Some(zone(older("14 hours")))),
        (14 * 3600 + 1800, Some(none(older("14 hours")))),
        (3 * 86_400, Some(none(older("3 days")))),
    ] {
        let found = changed(|world| {
            let named = newest + jiff::SignedDuration::from_secs(seconds);
            let text = named.strftime("%Y-%m-%d_%H%M%S").to_string();
            world.timestamps = [text.clone(), text];
        });
        let told = found.iter().find(|finding| finding.entry().id == "PAIR-013");
        let told = told.map(|finding| (finding.severity(), finding.message().split(") ").nth(1).unwrap().to_owned()));
        assert_eq!(told, expected, "{seconds}");
    }
}

/// When the newest object of the pair was written, to the second.
fn newest() -> jiff::Timestamp {
    let found = changed(|world| world.timestamps = [0; 2].map(|_| "2026-12-23_000000".to_owned()));
    let finding = found.iter().find(|finding| finding.entry().id == "PAIR-013").unwrap();
    let (_, evidence) = finding.evidence().iter().find(|(name, _)| *name == "newest").unwrap();
    let checks::Evidence::Text(text) = evidence else { panic!("{evidence:?}") };
    let newest: jiff::Timestamp = text.parse().unwrap();
    jiff::Timestamp::from_second(newest.as_second()).unwrap()
}

#[test]
fn a_rollout_is_under_way_where_a_node_is_behind_or_moves() {
    for (current, target, expected) in [
        (9, 9, ""),
        (9, 0, ""),
        (8, 0, "kube-apiserver: revisions 9, 9, 8 run, the newest is 9; master-2 not there yet"),
        (8, 8, "kube-apiserver: revisions 9, 9, 8 run, the newest is 9; master-2 not there yet"),
        (9, 10, "kube-apiserver: revisions 9, 9, 9 run, the newest is 9; master-2 not there yet"),
    ] {
        let found = changed(|world| {
            world.replace_object(OPERATOR, r#""currentRevision":8"#, &format!(r#""currentRevision":{current}"#));
            world.replace_object(OPERATOR, r#""targetRevision":9"#, &format!(r#""targetRevision":{target}"#));
        });
        assert_eq!(message(&found, "PAIR-027"), expected, "{current} {target}");
    }
}

/// What one of two does not tell is skipped, and said to be.
#[test]
fn what_one_half_does_not_tell_is_skipped() {
    let no_servers = |world: &mut World| {
        let config = format!("{KAS}/configmaps/config/config.yaml");
        world.archive.replace(&config, "https://192.168.10.", "unix:///run/");
    };
    type Change<'c> = &'c dyn Fn(&mut World);
    let cases: [(&str, &str, Change<'_>); 6] = [
        ("the addresses of etcd", "PAIR-012", &|world| world.remove_object("minions/")),
        ("certificates of etcd", "PAIR-009", &|world| world.remove_object("minions/")),
        ("endpoints of etcd", "PAIR-011", &|world| world.remove_object("minions/")),
        ("the key that signs tokens", "PAIR-014", &|world| {
            world.archive.remove(&format!("{KAS}/configmaps/sa-token-signing-certs"));
        }),
        ("the space quota", "PAIR-016", &|world| {
            world.archive.replace(&format!("{ETCD}/etcd-pod.yaml"), "8589934592", "0");
        }),
        ("the addresses of etcd", "PAIR-012", &no_servers),
    ];
    for (what, id, change) in cases {
        let found = changed(change);
        assert!(message(&found, "PAIR-028").contains(what), "{what}: {}", message(&found, "PAIR-028"));
        assert_eq!(message(&found, id), "", "{what}");
    }
}

/// A member's ID as the operator names an endpoint: 14 to 16 hexadecimal digits, and no other word.
#[test]
fn only_what_can_be_an_id_is_held_against_the_members() {
    for (key, is_id) in [
        ("1234567890abc", false),
        ("1234567890abcd", true),
        ("1234567890abcdef", true),
        ("1234567890abcdef0", false),
        ("1234567890abcdeg", false),
        ("MTkyLjE2OC4xMC4xMA", false),
    ] {
        let found = changed(|world| {
            if key != "MTkyLjE2OC4xMC4xMA" {
                world.archive.rename("etcd-endpoints/MTkyLjE2OC4xMC4xMA", &format!("etcd-endpoints/{key}"));
            }
        });
        let expected =
            if is_id { format!("endpoint of member {key}, which etcd does not have") } else { String::new() };
        assert_eq!(message(&found, "PAIR-011"), expected, "{key}");
    }
}

#[test]
fn one_node_has_the_certificates_of_one_member() {
    let found = changed(|world| {
        let infrastructure = "config.openshift.io/infrastructures/cluster";
        let topology = |name: &str| format!(r#""controlPlaneTopology":"{name}""#);
        world.replace_object(infrastructure, &topology("HighlyAvailable"), &topology("SingleReplica"));
        for node in ["master-1", "master-2"] {
            let here = |path: &str| path.contains("/etcd-all-certs/") && path.contains(node);
            world.archive.members.retain(|(_, path, _)| !here(path));
        }
    });
    assert_eq!(message(&found, "PAIR-017"), "");
}

#[test]
fn the_quota_warns_above_each_of_its_steps() {
    for (percent, severity) in [
        (65, None),
        (66, Some(Severity::Low)),
        (75, Some(Severity::Low)),
        (76, Some(Severity::Medium)),
        (85, Some(Severity::Medium)),
        (86, Some(Severity::High)),
    ] {
        let found = changed(|world| {
            let quota = world.file.len() * 100 / percent;
            assert_eq!(world.file.len() * 100 / quota, percent);
            world.archive.replace(&format!("{ETCD}/etcd-pod.yaml"), "8589934592", &quota.to_string());
        });
        let told = found.iter().find(|finding| finding.entry().id == "PAIR-016").map(|finding| finding.severity());
        assert_eq!(told, severity, "{percent}");
    }
}

#[test]
fn a_file_that_is_no_entry_of_an_object_is_not_compared() {
    let found = changed(|world| {
        add_source(world, "config", "config.yaml", |content| content);
        let entry = format!("{KAS}/configmaps/config/config.yaml");
        world.archive.add(tar::EntryType::Regular, &format!("{entry}/deeper"), b"x");
        let elsewhere = entry.replace("/configmaps/", "/other/");
        world.archive.add(tar::EntryType::Regular, &elsewhere, b"x");
    });
    assert_eq!(message(&found, "PAIR-008"), "");
    let found = changed(|world| add_source(world, "config", "config.yaml", |_| b"x".to_vec()));
    let finding = found.iter().find(|finding| finding.entry().id == "PAIR-008").unwrap();
    let location = finding.location();
    assert_eq!(location.key.as_deref(), Some(&b"/kubernetes.io/configmaps/openshift-kube-apiserver/config-9"[..]));
    assert_eq!(location.member.as_deref(), Some(format!("{KAS}/configmaps/config/config.yaml").as_str()));
}

#[test]
fn a_release_that_looks_manifests_up_finds_those_of_a_sound_archive() {
    for release in [Some((4, 4)), Some((4, 17)), Some((4, 18)), None] {
        let found = changed(|world| world.release = release);
        assert_eq!(message(&found, "PAIR-029"), "", "{release:?}");
    }
}

#[test]
fn an_empty_directory_is_not_asked_for_names() {
    let picks = Picks::of([]);
    let empty =
        InDirectory { picks: &picks, unfinished: &[], backups: 0, picks_agree: None, twins: &[], files: [None, None] };
    assert!(check_directory(&empty).into_sorted().is_empty());
}

/// The kubelets' reports are matched by pod and node, the images by revision besides.
#[test]
fn pods_that_ran_are_matched_by_name_node_and_revision() {
    let found = changed(|_| {});
    let finding = found.iter().find(|finding| finding.entry().id == "PAIR-026").unwrap();
    // all report 9; kube-apiserver runs it or is about to, the other three pods on three nodes do not
    assert!(finding.evidence().contains(&("pods", checks::Evidence::Number(9))), "{finding:?}");
    assert!(finding.message().starts_with("etcd on master-1 is 9 by its kubelet, 8 by its operator, "), "{finding:?}");
    let differ = "pods that ran have images that the manifests do not name: kube-apiserver";
    assert_eq!(message(&found, "PAIR-015"), differ);
    let found = changed(|world| world.remove_object("pods/openshift-kube-apiserver/kube-apiserver-master-0"));
    assert_eq!(message(&found, "PAIR-015"), "", "those of other nodes, and other pods, are not compared");
    assert!(message(&found, "PAIR-028").contains("images of static pods"));
}
