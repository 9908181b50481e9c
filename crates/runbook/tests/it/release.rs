//! What differs from release to release.

use backup_facts::platform::Platform;
use document::Runbook;

use crate::cases::{self, named};
use crate::world::World;

fn text(book: &Runbook) -> String {
    let lines = book.steps.iter().flat_map(|step| &step.blocks).flat_map(|block| block.commands.clone());
    lines.collect::<Vec<_>>().join("\n")
}

fn has(book: &Runbook, id: &str) -> bool {
    book.steps.iter().any(|step| step.id == id)
}

fn expected(book: &Runbook, id: &str) -> String {
    let step = book.steps.iter().find(|step| step.id == id).unwrap();
    let parts = step.blocks.iter().flat_map(|block| &block.expect);
    step.expect.iter().chain(parts).cloned().collect::<Vec<_>>().join("\n")
}

/// Check 6.
#[test]
fn the_script_that_stops_etcd_is_there_since_4_18_and_the_rollouts_are_not() {
    for world in cases::all() {
        let book = world.book();
        let minor: u64 = world.release.split('.').nth(1).unwrap().parse().unwrap();
        let short = minor >= 18;
        let several = !["single-node", "manual"].contains(&book.procedure.as_ref());
        assert_eq!(text(&book).contains("disable-etcd.sh"), short && several, "{}", world.name);
        for id in ["R-23", "R-24", "R-25"] {
            assert_eq!(has(&book, id), !short && book.procedure != "manual", "{}: {id}", world.name);
        }
        assert_eq!(has(&book, "Q-01"), short && book.procedure == "short", "{}", world.name);
    }
}

/// Check 10.
#[test]
fn the_network_is_renewed_in_the_form_of_the_release() {
    for (name, new, old) in [
        ("long", true, false),
        ("keepalived", true, false),
        ("manual", true, false),
        ("ovn of 4.12", false, true),
        ("manual of 4.13", false, true),
        ("sdn of 4.10", false, false),
        ("short", false, false),
        ("single of 4.14", false, false),
    ] {
        let book = named(name).book();
        let text = text(&book);
        assert_eq!((text.contains("/var/lib/ovn-ic/"), text.contains("/var/lib/ovn/")), (new, old), "{name}");
    }
    let book = named("sdn of 4.10").book();
    let left_out = book.omitted.iter().find(|one| one.id == "R-15").unwrap();
    assert_eq!(left_out.because, "the network is OpenShiftSDN: nothing to do");
}

/// Check 5, its middle.
#[test]
fn the_network_is_renewed_on_the_recovery_host_first() {
    let book = named("long").book();
    let step = book.steps.iter().find(|step| step.id == "R-15").unwrap();
    let at: Vec<&str> = step.blocks.iter().filter_map(|block| block.host.as_deref()).collect();
    let (one, zero, two) = ("master-1.example.com", "master-0.example.com", "master-2.example.com");
    assert_eq!(at, [one, one, zero, zero, two, two]);
    let workers = step.blocks.iter().position(|block| block.commands.iter().any(|line| line.contains("worker-0")));
    let last = step.blocks.iter().rposition(|block| block.host.is_some());
    assert!(workers > last, "{workers:?} {last:?}");
}

/// Check 13.
#[test]
fn containers_to_wait_for_are_those_of_the_release_and_what_is_restarted_is_named() {
    for (name, containers) in [
        ("old", "etcd, etcdctl, etcd-metrics, kube-controller-manager, kube-apiserver, kube-scheduler"),
        ("sdn of 4.10", "etcd, etcdctl, etcd-metrics, kube-controller-manager, kube-apiserver, kube-scheduler"),
        ("long", "etcd, etcdctl, etcd-metrics, etcd-readyz, kube-controller-manager, kube-apiserver, kube-scheduler"),
        ("short", "etcd, etcdctl, etcd-metrics, etcd-readyz, etcd-rev, etcd-backup-server"),
    ] {
        let expected = expected(&named(name).book(), "R-10");
        assert!(expected.contains(&format!("the containers: {containers}\n")), "{name}: {expected}");
    }
    let book = named("long").book();
    let step = book.steps.iter().find(|step| step.id == "R-27").unwrap();
    let titles: Vec<&str> = step.blocks.iter().map(|block| block.title.as_str()).collect();
    assert_eq!(titles, ["Routers", "Operators", "Third-party controllers"]);
    let lines: Vec<&String> = step.blocks.iter().flat_map(|block| &block.commands).collect();
    assert_eq!(
        lines,
        [
            "oc -n openshift-ingress rollout restart deployment/router-default",
            "oc -n openshift-dns-operator rollout restart deployment/dns-operator",
            r"oc -n 'o'\''reilly' rollout restart 'daemonset/$(agent)'",
        ]
    );
}

#[test]
fn revisions_are_those_of_the_tarball_and_of_the_operators() {
    let book = named("long").book();
    assert!(expected(&book, "R-10").contains("static-pod-resources/kube-apiserver-pod-12/kube-apiserver-pod.yaml"));
    assert!(expected(&book, "R-22").contains("`3 nodes are at revision N`, N above 7, that of the backup"));
}

/// Check 11.
#[test]
fn what_must_not_be_restored_is_refused() {
    let refused = |name: &str| named(name).book().refusals;
    assert_eq!(refused("other release").len(), 1);
    assert!(
        refused("other release")
            .iter()
            .all(|refusal| refusal.text.contains("4.18.9") && refusal.text.contains("4.18.10"))
    );
    for world in cases::all().into_iter().filter(|world| !["other release", "nothing known"].contains(&world.name)) {
        assert_eq!(world.book().refusals, [], "{}", world.name);
    }
    for name in ["short", "long", "single", "single of 4.14"] {
        let book = named(name).with(|world| world.tarball = None).book();
        assert!(book.refusals.iter().any(|refusal| refusal.text.contains("no tarball")), "{name}");
    }
    for name in ["fenced", "manual"] {
        assert_eq!(named(name).with(|world| world.tarball = None).book().refusals, [], "{name}");
    }
    let no_snapshot = named("long").with(|world| world.snapshot = None).book();
    assert!(no_snapshot.refusals.iter().any(|refusal| refusal.text == "there is no snapshot"));
}

#[test]
fn a_critical_finding_refuses_and_is_told_once() {
    let found = || checks::rehearsed::failed("it did not start", "3.5.1", &[]);
    let book = named("short").with(|world| world.findings = vec![found(), found()]).book();
    assert_eq!(book.refusals.len(), 1);
    assert_eq!(book.refusals.iter().filter_map(|refusal| refusal.finding.as_deref()).collect::<Vec<_>>(), ["ETCD-022"]);
    let step = book.steps.iter().find(|step| step.id == "R-03").unwrap();
    assert!(step.findings.iter().any(|finding| finding.id == "ETCD-022"));
}

#[test]
fn a_recovery_host_must_be_of_the_control_plane_and_alive() {
    let asked = |name: &str, lost: &[&str]| {
        let name = Some(name.to_owned());
        named("long").lost(lost).with(|world| world.asked.recovery_host = name).book()
    };
    assert_eq!(asked("master-2.example.com", &[]).refusals, []);
    let all = ["master-0.example.com", "master-1.example.com", "master-2.example.com"];
    let nobody = named("long").lost(&all).book();
    for (book, says) in [
        (nobody, "every control-plane host is said to be lost"),
        (asked("worker-0.example.com", &[]), "no control-plane node"),
        (asked("master-9.example.com", &[]), "no control-plane node"),
        (asked("master-2.example.com", &["master-2.example.com"]), "both as lost and"),
    ] {
        assert!(book.refusals.iter().any(|refusal| refusal.text.contains(says)), "{:?}", book.refusals);
    }
}

#[test]
fn notes_speak_of_the_platform_that_the_backup_is_of() {
    let told = |platform, encrypted| {
        let world = World::new("some", "4.18.9", 3).topology(platform).with(|world| world.encrypted = encrypted);
        let notes: Vec<String> = world.book().notes.into_iter().map(|note| note.text).collect();
        notes.join("\n")
    };
    let openshift = told(Platform::OpenShift, true);
    assert!(openshift.contains("`oc get --raw") && openshift.contains("come with its tarball"), "{openshift}");
    let kubeadm = told(Platform::Kubeadm, true);
    assert!(
        kubeadm.contains("`kubectl get --raw") && kubeadm.contains("the keys of the time of the backup"),
        "{kubeadm}"
    );
    let etcd = told(Platform::Etcd, false);
    assert!(!etcd.contains("get --raw") && !etcd.contains("Tokens"), "{etcd}");
}

#[test]
fn what_is_refused_is_not_told_again_as_a_note() {
    let found = vec![checks::rehearsed::failed("it did not start", "3.5.1", &[])];
    let book = named("short").with(|world| world.findings = found).book();
    assert!(book.refusals.len() == 1 && !book.notes.iter().any(|note| note.about == "verdict"), "{:?}", book.notes);
}

#[test]
fn where_a_member_may_be_alive_the_book_begins_without_the_backup() {
    for name in ["short", "five", "arbiter", "by hand of 4.19"] {
        let book = named(name).book();
        let (first, rest): (Vec<_>, Vec<_>) = book.steps.iter().partition(|step| step.id.starts_with("Q-"));
        assert_eq!(first.len(), 6, "{name}");
        assert!(book.steps.iter().take(6).all(|step| step.id.starts_with("Q-")), "{name}");
        let lines = first.iter().flat_map(|step| &step.blocks).flat_map(|block| &block.commands);
        assert!(lines.clone().any(|line| line.ends_with("quorum-restore.sh")), "{name}");
        assert!(!lines.clone().any(|line| line.contains("/backups/") || line.contains("cluster-restore")), "{name}");
        assert!(first.iter().all(|step| step.only_if.is_some()), "{name}");
        assert!(rest.iter().any(|step| step.text.iter().any(|line| line.contains("Q-01 to Q-06"))), "{name}");
    }
}
