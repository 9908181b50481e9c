//! Books of made backups: what is read of them is what the book says.

use std::ops::ControlFlow;
use std::path::Path;

use assay::runbook::{Asked, book};
use assay::{Question, Silent};
use document::Runbook;
use fixtures::cluster::{Cluster, Encryption, Machines, Pair, Topology, secrets};

use crate::laws;

/// The book of a backup that lies in a folder by itself.
fn of(folder: &Path, question: &Question, asked: &Asked) -> Runbook {
    let mut books = Vec::new();
    let unread = assay::open(folder).unwrap().read_each(&Silent, &mut |backup| {
        let judged = backup.judge(question, &Silent).unwrap();
        books.push(book(&judged, question, asked, &Silent).unwrap());
        ControlFlow::Continue(())
    });
    assert!(unread.is_empty(), "{unread:?}");
    assert_eq!(books.len(), 1);
    books.remove(0)
}

/// The book of a made cluster, restored onto a release.
fn made(cluster: &Cluster, release: &str) -> (Runbook, Pair, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let pair = cluster.write(folder.path());
    let target: version_compat::Version = release.parse().unwrap();
    let mut question = super::question();
    question.target = Some(assay::target::of_release(target.clone()));
    let asked = Asked { target: Some(target), ..Asked::default() };
    (of(folder.path(), &question, &asked), pair, folder)
}

fn commands(book: &Runbook) -> Vec<&String> {
    laws::blocks(book).flat_map(|(_, block)| &block.commands).collect()
}

fn has(book: &Runbook, id: &str) -> bool {
    book.steps.iter().any(|step| step.id == id)
}

#[test]
fn the_book_of_every_made_cluster_is_the_one_of_its_release_and_topology() {
    for (name, cluster) in Cluster::all() {
        let (book, pair, _folder) = made(&cluster, cluster.release);
        laws::hold(&book, name);
        assert_eq!(book.procedure, procedure(&cluster), "{name}: {}", book.because);
        assert_eq!(book.refusals, [], "{name}");
        holds_no_secret(&book, name);
        stops_every_host_once(&book, &cluster, name);
        copies_its_own_files(&book, &pair, &cluster, name);
        exports_its_proxy(&book, &cluster, name);
        replaces_machines(&book, &cluster, name);
    }
}

fn procedure(cluster: &Cluster) -> &'static str {
    match (cluster.topology, cluster.minor() >= (4, 18), cluster.machines) {
        (Topology::SingleReplica, _, _) => "single-node",
        (Topology::DualReplica, _, _) => "fenced",
        (Topology::HighlyAvailable, true, _) => "short",
        (Topology::HighlyAvailable, false, Machines::None) => "manual",
        (Topology::HighlyAvailable, false, _) => "long",
    }
}

/// Check 4.
fn holds_no_secret(book: &Runbook, name: &str) {
    let text = format!("{book:?}");
    for secret in secrets() {
        assert!(!text.contains(&secret), "{name}: {secret}");
    }
}

/// Check 12: every node of the control plane once, none that is not there.
fn stops_every_host_once(book: &Runbook, cluster: &Cluster, name: &str) {
    let masters: Vec<String> = (0..cluster.masters).map(Cluster::master).collect();
    for (step, block) in laws::blocks(book) {
        let host = block.host.as_deref().filter(|host| !host.starts_with('<'));
        assert!(host.is_none_or(|host| masters.iter().any(|master| master == host)), "{name}, {}: {host:?}", step.id);
    }
    let hosts = |id: &str, part: Option<&str>| {
        let blocks = laws::blocks(book).filter(|(step, block)| step.id == id && block.id.as_deref() == part);
        let mut hosts: Vec<String> = blocks.filter_map(|(_, block)| block.host.clone()).collect();
        hosts.sort();
        hosts
    };
    match book.procedure.as_ref() {
        "short" => assert_eq!(hosts("R-07x", None), masters, "{name}"),
        "manual" => assert_eq!(hosts("M-03", None), masters, "{name}"),
        "long" => {
            let recovery = book.recovery_host.as_ref().unwrap();
            let others: Vec<String> = masters.into_iter().filter(|master| *master != recovery.node).collect();
            assert_eq!(hosts("R-07", Some("R-07f")), others, "{name}");
        }
        _ => {}
    }
}

/// Every command that reads a file names one that the backup has.
fn copies_its_own_files(book: &Runbook, pair: &Pair, cluster: &Cluster, name: &str) {
    let paths = [&pair.snapshot, &pair.tarball].map(|path| path.to_str().unwrap());
    let folder = pair.snapshot.parent().unwrap().to_str().unwrap();
    for line in commands(book).into_iter().filter(|line| line.contains(folder)) {
        let named =
            paths.iter().any(|path| line.contains(path)) || line.starts_with(&format!("assay runbook {folder} "));
        assert!(named, "{name}: {line}");
    }
    let copied = |path: &str| commands(book).iter().any(|line| line.starts_with("scp ") && line.contains(path));
    assert!(copied(paths[0]), "{name}");
    let whole = cluster.topology != Topology::DualReplica && cluster.encryption != Encryption::Keyless;
    assert_eq!(copied(paths[1]), whole, "{name}: with fencing it is not read, without keys it is put together first");
    let address = format!("core@{}", Cluster::address(0));
    assert!(commands(book).iter().any(|line| line.contains(&address)), "{name}");
}

/// Check 14.
fn exports_its_proxy(book: &Runbook, cluster: &Cluster, name: &str) {
    let exports = commands(book).iter().filter(|line| line.starts_with("export NO_PROXY=")).count();
    let steps = usize::from(has(book, "R-09")) + usize::from(has(book, "B-04"));
    let expected = if cluster.proxy { 2 } else { 0 };
    assert_eq!((exports, steps), (expected, expected), "{name}");
}

/// Checks 8 and 9.
fn replaces_machines(book: &Runbook, cluster: &Cluster, name: &str) {
    let text = commands(book).iter().map(|line| line.as_str()).collect::<Vec<_>>().join("\n");
    let (delete, create) = (text.contains("oc delete machine"), text.contains("oc apply -f"));
    let expected = match cluster.machines {
        Machines::Plain => (true, true),
        Machines::Set => (true, false),
        Machines::None | Machines::BareMetal => (false, false),
    };
    assert_eq!((delete, create), expected, "{name}");
}

#[test]
fn a_backup_of_another_z_stream_is_refused_and_the_reason_comes_first() {
    let (book, ..) = made(&Cluster::short(), "4.18.29");
    assert_eq!(book.refusals.iter().map(|refusal| refusal.finding.as_deref()).collect::<Vec<_>>(), [Some("VER-001")]);
    assert!(book.refusals.iter().all(|refusal| refusal.text.contains("4.18.30") && refusal.text.contains("4.18.29")));
}

#[test]
fn a_snapshot_without_its_tarball_is_refused_where_the_script_reads_it() {
    let folder = tempfile::tempdir().unwrap();
    let pair = Cluster::long().write(folder.path());
    std::fs::remove_file(&pair.tarball).unwrap();
    let asked = Asked { target: Some(Cluster::long().release.parse().unwrap()), ..Asked::default() };
    let book = of(folder.path(), &super::question(), &asked);
    assert_eq!(book.refusals.first().and_then(|refusal| refusal.finding.as_deref()), Some("PAIR-019"));
}

#[test]
fn keys_that_are_kept_apart_are_told_of_first() {
    let (book, ..) = made(&Cluster::keyless(), Cluster::keyless().release);
    assert_eq!(Cluster::keyless().encryption, Encryption::Keyless);
    assert!(book.notes.iter().any(|note| note.about == "keys" && note.text.contains("kept apart")), "{:?}", book.notes);
    assert!(book.notes.iter().any(|note| note.about == "sealed"), "{:?}", book.notes);
    let (plain, ..) = made(&Cluster::short(), Cluster::short().release);
    assert!(!plain.notes.iter().any(|note| note.about == "keys" || note.about == "sealed"), "{:?}", plain.notes);
}

#[test]
fn the_same_backup_gives_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let _ = Cluster::long().write(folder.path());
    let asked = Asked { target: Some(Cluster::long().release.parse().unwrap()), ..Asked::default() };
    let text = || format!("{:?}", of(folder.path(), &super::question(), &asked));
    assert_eq!(text(), text());
}
