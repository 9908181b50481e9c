//! Free lists that are kept in the file: what etcd makes of each was asked of etcd 3.5.

use bbolt_page::{Db, Serial, Walker};
use checks::Severity;
use snapshot_builder::FreeList;

use crate::cases::{DEFAULT_QUOTA, sound};
use crate::findings;

/// Free pages of the sound file, a page that is in use, and the page that a list would be on.
fn pages() -> (Vec<u64>, u64, u64) {
    let file = sound().pages();
    let mut walker = Walker::new(Db::open(&file).unwrap());
    walker.buckets(&Serial);
    let walked = walker.finish(&Serial);
    let free: Vec<u64> = walked.unreachable().map(|page| page.page.0).collect();
    let pages = (file.len() / 4096) as u64;
    let used = (2..pages).rev().find(|id| !free.contains(id)).unwrap();
    (free, used, pages)
}

#[test]
fn a_bad_list_is_told_once_and_as_bad_as_what_etcd_does() {
    let (free, used, own) = pages();
    let with = |id: u64| {
        let mut ids = [free.clone(), vec![id]].concat();
        ids.sort_unstable();
        FreeList::of(ids)
    };
    let right = FreeList::of(free.clone());
    let backwards = FreeList::of(free.iter().rev().copied().collect());
    let cases: Vec<(&str, Option<Severity>, FreeList)> = vec![
        ("as bbolt writes it", None, right.clone()),
        ("a leaf in its place", Some(Severity::Critical), FreeList { at: Some(used), ..right.clone() }),
        ("a page behind all others", Some(Severity::Critical), FreeList { at: Some(own + 9), ..right.clone() }),
        ("flags of a leaf", Some(Severity::Critical), FreeList { flags: 2, ..right.clone() }),
        ("more ids than fit", Some(Severity::Critical), FreeList { count: 600, ..right.clone() }),
        ("page 0", Some(Severity::Critical), with(0)),
        ("page 1", Some(Severity::Critical), with(1)),
        ("zeros behind the ids", Some(Severity::Critical), FreeList { count: 400, ..right.clone() }),
        ("its own page", Some(Severity::Critical), with(own)),
        ("its own page first", Some(Severity::High), FreeList::of(vec![own])),
        ("a page in use", Some(Severity::High), with(used)),
        ("a page twice", Some(Severity::High), with(free[0])),
        ("a page that there is not", Some(Severity::High), with(own + 9)),
        ("other flags, too", Some(Severity::High), FreeList { flags: 0x12, ..right }),
        ("out of order", Some(Severity::Medium), backwards),
        ("without one", Some(Severity::Medium), FreeList::of(free[1..].to_vec())),
    ];
    for (what, expected, list) in cases {
        let found = findings(&sound().free_list(list).build(), DEFAULT_QUOTA);
        let of_list: Vec<_> = found.iter().filter(|finding| finding.entry().id == "PAGE-013").collect();
        assert_eq!(
            of_list.iter().map(|finding| finding.severity()).collect::<Vec<_>>(),
            Vec::from_iter(expected),
            "{what}"
        );
        let ends = of_list
            .iter()
            .any(|finding| ["it in restore", "it, in restore"].iter().any(|told| finding.message().contains(told)));
        assert_eq!(ends, expected == Some(Severity::Critical), "{what}: {of_list:?}");
    }
}
