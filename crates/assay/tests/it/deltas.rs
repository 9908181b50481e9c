//! A full snapshot with the deltas beside it, as etcd-backup-restore stores them.

use std::fs;
use std::path::Path;

use checks::Verdict;

use crate::archives::Heard;
use crate::question;

/// Revision of the full snapshot.
const FULL: u64 = 1289;

/// A delta that puts one key again and again, which the full snapshot has not.
fn plain(revisions: std::ops::RangeInclusive<u64>) -> Vec<u8> {
    let change = |revision: u64| {
        let (created, revision) = (i64::try_from(FULL + 1).unwrap(), i64::try_from(revision).unwrap());
        let put = Some((b"value".to_vec(), created, revision - created + 1, 0));
        fixtures::Change { key: b"a".to_vec(), revision, put }
    };
    fixtures::delta(&revisions.map(change).collect::<Vec<_>>())
}

/// The same as it is stored, compressed.
fn delta(revisions: std::ops::RangeInclusive<u64>) -> Vec<u8> {
    fixtures::gzip(&plain(revisions))
}

fn name(from: u64, to: u64) -> String {
    format!("Incr-{from:08}-{to:08}-1790000300.gz")
}

struct Told {
    findings: Vec<(&'static str, String)>,
    notes: Vec<String>,
    newest: Option<u64>,
    verdict: Verdict,
}

fn judge(folder: &Path) -> Told {
    let heard = Heard::default();
    let backups = assay::open(folder).unwrap();
    let question = question();
    let judgement = backups.judge_each(&question, &heard, &mut |_| std::ops::ControlFlow::Continue(()));
    assert!(judgement.unread().is_empty(), "{:?}", judgement.unread());
    let newest = judgement.document().artifacts.iter().find_map(|artifact| match artifact {
        document::Artifact::Backup(backup) => backup.newest_restorable,
        _ => None,
    });
    let findings = judgement.findings().filter(|(_, finding)| finding.entry().title.contains("delta"));
    let findings = findings.map(|(_, finding)| (finding.entry().id, finding.message().to_owned())).collect();
    Told { findings, notes: heard.notes(), newest, verdict: judgement.verdict() }
}

#[test]
fn deltas_beside_a_full_snapshot_are_followed_to_where_they_break() {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
    let full = fixtures::gzip(&fixtures::named("plain-etcd36").bytes());
    put(&format!("Full-00000000-{FULL:08}-1790000000.gz"), &full);
    let alone = judge(folder.path());
    assert_eq!((alone.findings, alone.newest), (vec![], None), "no deltas");
    let (a, b, c) = ((FULL + 1, FULL + 10), (FULL + 11, FULL + 20), (FULL + 21, FULL + 30));
    for (from, to) in [a, b, c] {
        put(&name(from, to), &delta(from..=to));
    }
    let whole = judge(folder.path());
    assert_eq!((whole.findings, whole.newest, whole.verdict), (vec![], Some(c.1), alone.verdict));
    let said = format!("3 delta snapshots without a break: the newest restorable revision is {}", c.1);
    assert!(whole.notes.iter().any(|note| note.starts_with(&said)), "{:?}", whole.notes);

    // of another cluster: its revisions go on, and its key is another one's
    let foreign = fixtures::Change { key: b"a".to_vec(), revision: 1300, put: Some((vec![], 7, 4, 0)) };
    let rest = (1301..=1309).map(|revision| fixtures::Change { key: vec![98], revision, put: None });
    let all: Vec<_> = std::iter::once(foreign).chain(rest).collect();
    put(&name(b.0, b.1), &fixtures::delta(&all));
    let told = judge(folder.path());
    assert_eq!((told.findings[0].0, told.findings.len(), told.newest), ("PAIR-043", 1, Some(a.1)));
    assert_eq!(told.verdict, Verdict::Fail);

    let mut damaged = delta(b.0..=b.1);
    damaged.truncate(damaged.len() - 20);
    let mut flipped = plain(b.0..=b.1);
    flipped[30] ^= 1;
    for bytes in [damaged, fixtures::gzip(&flipped)] {
        put(&name(b.0, b.1), &bytes);
        let told = judge(folder.path());
        assert_eq!((told.findings[0].0, told.findings.len(), told.newest), ("PAIR-038", 1, Some(a.1)));
        assert_eq!(told.verdict, Verdict::Fail);
        assert!(!told.notes.iter().any(|note| note.contains("without a break")));
    }

    fs::remove_file(folder.path().join(name(b.0, b.1))).unwrap();
    let gap = judge(folder.path());
    assert_eq!((gap.findings[0].0, gap.newest, gap.verdict), ("PAIR-037", Some(a.1), Verdict::Fail));
    assert!(gap.findings[0].1.starts_with(&format!("the chain breaks at revision {}: ", b.0)), "{:?}", gap.findings);
}

/// What expands to more than is allowed was not read, which is no damage.
#[test]
fn a_delta_that_expands_to_too_much_is_not_called_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
    let full = fixtures::named("plain-etcd36").bytes();
    put(&format!("Full-00000000-{FULL:08}-1790000000"), &full);
    let bomb = fixtures::gzip(&[&b"[{\"etcdEvent\":"[..], &vec![b' '; 4 << 20]].concat());
    put(&name(FULL + 1, FULL + 10), &bomb);
    let reading = assay::Reading { max_expanded: 1 << 20, ..assay::Reading::default() };
    let backups = assay::open_with(folder.path().into(), &reading).unwrap();
    let judgement = backups.judge(&question()).unwrap();
    let of_deltas = judgement.findings().filter(|(_, finding)| finding.entry().title.contains("delta"));
    let told: Vec<_> = of_deltas.map(|(_, finding)| (finding.entry().id, finding.message())).collect();
    assert!(told.len() == 1 && told[0].0 == "PAIR-039" && told[0].1.contains("more than 1.0 MiB"), "{told:?}");
}

#[test]
fn a_delta_by_itself_is_named_for_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name(38, 47));
    fs::write(&path, delta(38..=47)).unwrap();
    let error = assay::open(&path).unwrap().judge(&question()).unwrap_err().to_string();
    assert!(error.contains("a gzip-compressed delta snapshot of etcd-backup-restore"), "{error}");
}
