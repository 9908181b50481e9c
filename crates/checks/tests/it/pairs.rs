//! Pairs: the real ones, and one for each finding.

mod cases;
mod edges;
mod world;

use std::collections::BTreeSet;

use backup_facts::delta::{Delta, DeltaFault, Deltas, Event, Held, Put, StoredName};
use backup_facts::platform::Platform;
use checks::pair::{Halves, InDirectory, Run, check_deltas, check_directory, check_halves, check_hosts};
use checks::{Finding, Severity, findings};
use jiff::Timestamp;

use backup_facts::picks::Picks;
use cases::{cases, directory_cases, sets_of};
use world::World;

/// ID and severity, each once.
fn table(findings: &[Finding]) -> BTreeSet<(&'static str, Severity)> {
    findings.iter().map(|finding| (finding.entry().id, finding.severity())).collect()
}

/// What the fixtures' ground truth holds: kube-apiserver at revisions 9, 9 and 8; mirror pods that all say 9 and name a
/// made-up image.
fn true_of(name: &str) -> BTreeSet<(&'static str, Severity)> {
    let mut all =
        BTreeSet::from([("PAIR-015", Severity::Low), ("PAIR-026", Severity::Low), ("PAIR-027", Severity::Medium)]);
    if name.starts_with("plain") {
        all.insert(("PAIR-028", Severity::Info)); // no Secret of a revision is in these snapshots
    }
    all
}

#[test]
fn a_real_pair_shows_what_is_true_of_it_and_nothing_else() {
    for name in
        ["plain-etcd34", "plain-etcd36", "aescbc-rotated", "aesgcm-rotated", "partially-encrypted", "page-size-64k"]
    {
        let world = World::of(name);
        let comparison = world.check();
        let made = comparison.made;
        let found = comparison.findings.into_sorted();
        assert_eq!(table(&found), true_of(name), "{name}: {found:?}");
        assert!(made >= 14, "{name}: {made} checks");
        if !name.starts_with("plain") {
            assert_eq!(comparison.skipped, [""; 0], "{name}");
        }
    }
}

#[test]
fn every_finding_of_a_pair_has_a_case_that_brings_it_up() {
    let mut covered = BTreeSet::new();
    for case in cases() {
        let found = case.world.check().findings.into_sorted();
        let finding = found.iter().find(|finding| finding.entry().id == case.id);
        let finding = finding.unwrap_or_else(|| panic!("{} ({}) found {:?}", case.id, case.what, table(&found)));
        assert_eq!(finding.severity(), case.severity, "{} ({}): {finding:?}", case.id, case.what);
        assert!(finding.message().contains(case.says), "{} ({}): {}", case.id, case.what, finding.message());
        assert!(!finding.message().contains('\n') && finding.message().len() < 900, "{finding:?}");
        // nothing is brought up beside but what the real pair has, and what the case says
        let others: BTreeSet<_> = table(&found).into_iter().map(|(id, _)| id).collect();
        let mut allowed: BTreeSet<_> = true_of(case.fixture).into_iter().map(|(id, _)| id).collect();
        allowed.extend([case.id, "PAIR-028"]);
        allowed.extend(case.also);
        assert!(others.is_subset(&allowed), "{} ({}): {others:?}", case.id, case.what);
        covered.insert(case.id);
    }
    covered.extend(["PAIR-015", "PAIR-026", "PAIR-027"]); // by the real pairs, above
    covered.extend(directory_cases().into_iter().map(|case| case.id));
    covered.extend(["PAIR-019", "PAIR-020"]); // below
    covered.extend(["PAIR-032", "PAIR-033"]); // where they are made, `pair/escrow.rs`
    covered.insert("PAIR-036"); // below
    covered.extend(["PAIR-037", "PAIR-038", "PAIR-039", "PAIR-043"]); // below
    covered.extend(["PAIR-041", "PAIR-042"]); // of several snapshots: tests/it/members.rs of assay
    covered.extend(["PAIR-046", "PAIR-047"]); // where they are made, `pair/age.rs`
    covered.insert("PAIR-040"); // through the binary: tests/it/pair.rs of cli
    let all = findings::all().into_iter().map(|entry| entry.id).filter(|id| id.starts_with("PAIR"));
    let missing: Vec<_> = all.filter(|id| !covered.contains(id)).collect();
    assert_eq!(missing, [""; 0]);
}

/// A chain of deltas is silent while it holds, and says where it breaks and how far a restore comes.
#[test]
fn deltas_that_a_restore_cannot_apply_are_told_with_the_newest_restorable_revision() {
    type Stored = (String, u64, u64, Option<DeltaFault>);
    let stored = |from: u64, to: u64, fault: Option<DeltaFault>| -> Stored {
        (format!("Incr-{from:08}-{to:08}-1790000300.gz"), from, to, fault)
    };
    let held = |key: &[u8]| (key == b"/registry/a").then_some(Held { created: 5, modified: 7, version: 3 });
    let of = |stored: Vec<Stored>| {
        let named = stored.iter().map(|it| (it.0.clone(), StoredName::parse(&it.0).unwrap())).collect();
        let event =
            |revision| Event { key: b"/registry/b".to_vec(), revision, put: Some(Put::default()), before: None };
        let mut read = |name: &str| match stored.iter().find(|it| it.0 == name).unwrap().clone() {
            (.., Some(fault)) => Err(fault),
            // a change that is none of what is there
            (_, 48, 49, None) => {
                let put = Put { create_revision: 5, version: 9, ..Put::default() };
                let event = Event { key: b"/registry/a".to_vec(), revision: 48, put: Some(put), before: None };
                Ok(Delta { first: 48, last: 49, events: vec![event] })
            }
            (_, first, last, None) => Ok(Delta { first, last, events: (first..=last).map(event).collect() }),
        };
        check_deltas(&Deltas::follow(37, Some(&held), named, &mut read, &mut |_, _| {})).into_sorted()
    };
    assert_eq!(of(vec![stored(38, 47, None), stored(48, 57, None)]), []);
    let unread = DeltaFault::Unread("`x`: cannot read it: Permission denied".to_owned());
    for (chain, id, severity, says) in [
        (
            vec![stored(38, 47, None), stored(58, 67, None)],
            "PAIR-037",
            Severity::High,
            "the chain breaks at revision 48: what is before it ends at 47, and Incr-00000058-00000067-1790000300.gz \
             begins at 58; the newest restorable revision is 47",
        ),
        (
            vec![stored(38, 47, None), stored(47, 57, None)],
            "PAIR-037",
            Severity::High,
            "the chain breaks at revision 48: Incr-00000047-00000057-1790000300.gz begins at 47, and what is before it \
             ends at 47; the newest restorable revision is 47",
        ),
        (
            vec![stored(30, 36, None)],
            "PAIR-037",
            Severity::High,
            "the chain breaks at revision 38: Incr-00000030-00000036-1790000300.gz ends at 36, within the full snapshot: \
             a restore would put back its older values; the newest restorable revision is 37",
        ),
        (
            vec![stored(38, 47, Some(DeltaFault::Hash)), stored(48, 57, None)],
            "PAIR-038",
            Severity::High,
            "Incr-00000038-00000047-1790000300.gz: its SHA-256 is not that of its content; the newest restorable \
             revision is 37",
        ),
        (
            vec![stored(38, 47, Some(unread))],
            "PAIR-039",
            Severity::Medium,
            "Incr-00000038-00000047-1790000300.gz: it was not checked: `x`: cannot read it: Permission denied; the \
             newest restorable revision is 37",
        ),
        (
            vec![stored(38, 47, None), stored(48, 49, None)],
            "PAIR-043",
            Severity::High,
            "the chain breaks at revision 48: of `/registry/a`, Incr-00000048-00000049-1790000300.gz goes on from 8 puts \
             since revision 5 at revision 48, and before that it had 3 puts since revision 5, the last at 7; the newest \
             restorable revision is 47",
        ),
    ] {
        let found = of(chain);
        let table: Vec<_> = found.iter().map(|it| (it.entry().id, it.severity(), it.message())).collect();
        assert_eq!(table, [(id, severity, says)]);
    }
}

/// Several hosts are told of where cluster and moment are the same, and the nearest of them.
#[test]
fn a_moment_that_was_backed_up_on_several_hosts_is_told() {
    let run = |node: &str, at: i64| Run {
        name: format!("of {node} at {at}"),
        cluster: "8a5f".to_owned(),
        node: node.to_owned(),
        taken: Timestamp::new(1_790_000_000 + at, 0).unwrap(),
    };
    let now = run("master-1", 0);
    let of =
        |earlier: &[Run]| check_hosts(&now, earlier).map(|finding| (finding.entry().id, finding.message().to_owned()));
    let told = "this one was made on master-1, and of master-0 at -20 on master-0, 20 seconds apart".to_owned();
    assert_eq!(of(&[run("master-2", -900), run("master-0", -20), run("master-1", -1)]), Some(("PAIR-036", told)));
    assert!(of(&[run("master-2", 900)]).is_some(), "whichever is first");
    let elsewhere = Run { cluster: "other".to_owned(), ..run("master-0", 0) };
    for silent in [run("master-1", 5), run("master-0", 901), run("master-0", -86_400), elsewhere] {
        assert_eq!(of(&[silent]), None);
    }
    assert_eq!(of(&[]), None);
}

/// The findings of the real pairs are silent where their cause is not there.
#[test]
fn what_the_fixtures_have_is_silent_without_its_cause() {
    let mut world = World::of("plain-etcd36");
    world.replace_object(
        "operator.openshift.io/kubeapiservers/cluster",
        r#""currentRevision":8"#,
        r#""currentRevision":9"#,
    );
    world.replace_object(
        "operator.openshift.io/kubeapiservers/cluster",
        r#""targetRevision":9"#,
        r#""targetRevision":0"#,
    );
    world.objects.retain(|(key, ..)| !key.starts_with(b"/kubernetes.io/pods/"));
    let found = world.check().findings.into_sorted();
    assert_eq!(table(&found), BTreeSet::from([("PAIR-028", Severity::Info)]), "{found:?}");
    // a file is what its object has, word for word or with node and revision filled in
    for from in ["", "kube-apiserver-pod-9"] {
        let mut world = World::of("plain-etcd36");
        cases::add_source(&mut world, "kube-apiserver-pod", "pod.yaml", |content| {
            let text = String::from_utf8(content).unwrap();
            assert!(text.contains(from), "{from}");
            let to = from.replace("-9", "-REVISION");
            if from.is_empty() { text } else { text.replace(from, &to) }.into_bytes()
        });
        let found = world.check().findings.into_sorted();
        assert!(!table(&found).iter().any(|(id, _)| ["PAIR-008", "PAIR-028"].contains(id)), "{found:?}");
    }
}

#[test]
fn a_directory_is_judged_by_what_the_script_takes_of_it() {
    for case in directory_cases() {
        let picks = Picks::of(case.names.iter().copied());
        let (unfinished, twins) = sets_of(&case);
        let facts = InDirectory {
            picks: &picks,
            unfinished: &unfinished,
            backups: case.backups,
            picks_agree: case.agree,
            twins: &twins,
            files: case.files,
        };
        let found = check_directory(&facts).into_sorted();
        let finding = found.iter().find(|finding| finding.entry().id == case.id);
        let finding = finding.unwrap_or_else(|| panic!("{} found {:?}", case.id, table(&found)));
        assert!(finding.message().contains(case.says), "{}: {}", case.id, finding.message());
    }
    let picks = Picks::of(["snapshot_2026-11-23_090915.db", "static_kuberesources_2026-11-23_090915.tar.gz"]);
    let sound = InDirectory {
        picks: &picks,
        unfinished: &[],
        backups: 1,
        picks_agree: Some(true),
        twins: &[],
        files: [None, None],
    };
    assert!(check_directory(&sound).into_sorted().is_empty());
}

#[test]
fn which_halves_there_must_be_goes_by_the_kind_of_control_plane() {
    let judge = |snapshot, tarball, kind: Platform| {
        table(&check_halves(&Halves { snapshot, tarball, kind, name: "x" }).into_sorted())
    };
    let one = |id, severity| BTreeSet::from([(id, severity)]);
    for platform in Platform::ALL {
        let missing = match platform {
            Platform::OpenShift | Platform::SingleNode => one("PAIR-019", Severity::High),
            Platform::Fenced => one("PAIR-019", Severity::Info),
            _ => BTreeSet::new(),
        };
        assert_eq!(judge(true, true, platform), BTreeSet::new(), "{platform:?}");
        assert_eq!(judge(true, false, platform), missing, "{platform:?}");
        assert_eq!(judge(false, true, platform), one("PAIR-020", Severity::High), "{platform:?}");
    }
}

/// No part of a key or of an opened value is repeated.
#[test]
fn no_finding_of_a_pair_repeats_a_secret() {
    let config = String::from_utf8(fixtures::named("aescbc-rotated").encryption_config().unwrap()).unwrap();
    let config: serde_json::Value = serde_json::from_str(&config).unwrap();
    let secrets: Vec<String> = config
        .pointer("/resources")
        .and_then(|resources| resources.as_array())
        .unwrap()
        .iter()
        .flat_map(|resource| resource["providers"][0]["aescbc"]["keys"].as_array().cloned().unwrap_or_default())
        .map(|key| key["secret"].as_str().unwrap().to_owned())
        .collect();
    assert!(!secrets.is_empty());
    for case in cases() {
        let text = format!("{:?}", case.world.check().findings.into_sorted());
        assert!(secrets.iter().all(|secret| !text.contains(secret.as_str())), "{}", case.id);
    }
}
