//! Defragmentation, encryption, storage.

use document::Runbook;
use runbook::Task;

use crate::cases;

fn book(name: &str, task: Task) -> Runbook {
    let is_it = |world: &&crate::world::World| world.name == name && world.asked.task == task;
    cases::tasks().iter().find(is_it).unwrap().book()
}

fn ids(book: &Runbook) -> Vec<&str> {
    book.steps.iter().map(|step| step.id.as_str()).collect()
}

fn commands(book: &Runbook, id: &str) -> String {
    let step = book.steps.iter().find(|step| step.id == id).unwrap();
    step.blocks.iter().flat_map(|block| &block.commands).cloned().collect::<Vec<_>>().join("\n")
}

fn text(book: &Runbook, id: &str) -> String {
    let step = book.steps.iter().find(|step| step.id == id).unwrap();
    step.text.join(" ")
}

/// Every step of the procedure stands in the book, or is named with the reason.
#[test]
fn every_step_is_there_or_left_out_for_a_reason() {
    for (task, letter, last) in [(Task::Defragment, 'D', 8), (Task::Encryption, 'E', 9), (Task::Storage, 'S', 6)] {
        for name in ["of 4.18", "of 4.5", "single"] {
            let book = book(name, task);
            for number in u32::from(letter != 'D')..=last {
                let id = format!("{letter}-{number:02}");
                let omitted = book.omitted.iter().any(|step| step.id == id && !step.because.is_empty());
                assert!(ids(&book).contains(&id.as_str()) != omitted, "{name}, {id}");
            }
        }
    }
}

/// Check 15.
#[test]
fn the_leader_comes_last_alone_and_the_alarm_after_all() {
    let book = book("of 4.18", Task::Defragment);
    assert_eq!(ids(&book), ["D-00", "D-01", "D-02", "D-03", "D-04", "D-05", "D-06", "D-07", "D-08"]);
    assert!(text(&book, "D-04").contains("the leader last"));
    for at in 0..3 {
        assert!(commands(&book, "D-04").contains(&format!("oc rsh -n openshift-etcd etcd-master-{at}.example.com")));
    }
    assert_eq!(commands(&book, "D-05"), "unset ETCDCTL_ENDPOINTS");
    assert!(commands(&book, "D-06").contains("--endpoints=https://localhost:2379 defrag"));
    let wait = book.steps[7].wait.as_ref().unwrap();
    assert!(wait.time.contains("at least one minute"), "{wait:?}");
    assert!(commands(&book, "D-08").ends_with("etcdctl alarm disarm"));
    for word in ["104.0 MiB", "41.0 MiB", "60.57 %", "63.0 MiB", "8.0 GiB"] {
        assert!(text(&book, "D-00").contains(word), "{word}: {}", text(&book, "D-00"));
    }
}

#[test]
fn a_single_member_has_no_next_one() {
    let book = book("single", Task::Defragment);
    assert!(!ids(&book).contains(&"D-03"));
    assert!(text(&book, "D-04").contains("API stands still"));
    assert!(book.steps.iter().all(|step| step.wait.is_none()));
}

#[test]
fn encryption_is_asked_of_three_operators_since_4_6() {
    let since = book("of 4.18", Task::Encryption);
    for (id, resource) in
        [("E-06", "openshiftapiserver"), ("E-07", "kubeapiserver"), ("E-08", "authentication.operator.openshift.io")]
    {
        assert!(commands(&since, id).starts_with(&format!("oc get {resource} -o=jsonpath=")), "{id}");
    }
    assert!(commands(&since, "E-09").contains(r#""type":"identity""#));
    assert!(text(&since, "E-04").contains("aesgcm"));
    let before = book("of 4.5", Task::Encryption);
    assert!(!ids(&before).contains(&"E-08") && !text(&before, "E-04").contains("aesgcm"));
}

#[test]
fn storage_is_told_by_name_and_local_devices_only_where_there_are_some() {
    let with = book("of 4.18", Task::Storage);
    assert_eq!(ids(&with), ["S-01", "S-02", "S-03", "S-04", "S-05", "S-06"]);
    assert!(commands(&with, "S-04").contains("oc get secret -n openshift-cluster-csi-drivers ebs-cloud-credentials"));
    assert!(commands(&with, "S-05").contains("oc delete pv 'pv-local $(id)'"));
    assert!(commands(&with, "S-05").contains("oc delete localvolumeset fast -n openshift-local-storage"));
    let file = &with.files[0];
    assert_eq!((file.name.as_str(), file.text.lines().count()), ("volumes.tsv", 3));
    assert!(file.text.contains("pv-0\tebs.csi.aws.com\tvol-0\tDelete"), "{}", file.text);
    let without = book("of 4.5", Task::Storage);
    assert!(without.files.is_empty() && !ids(&without).contains(&"S-05"));
}
