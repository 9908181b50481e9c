//! What the finding about a free list says is to be done, done.

use std::fs;

use peer_harness::oracle::{Fate, ask};
use peer_harness::{Peer, PeerVersion};
use snapshot_builder::{Builder, FreeList};

use super::mutate::{base, pages};
use crate::support::assay;

/// What assay says about the list of a file.
fn said(path: &std::path::Path) -> Vec<String> {
    let judgement = assay::open(path).unwrap().judge(&super::question()).unwrap();
    let found = judgement.findings().filter(|(_, finding)| finding.entry().id == "PAGE-013");
    found.map(|(_, finding)| finding.message().to_owned()).collect()
}

#[test]
fn a_free_list_is_mended_by_what_is_said_to_mend_it() {
    let Some(peer) = Peer::for_test(PeerVersion::V35, "a_free_list_is_mended_by_what_is_said_to_mend_it") else {
        return;
    };
    let (free, used) = pages();
    let folder = tempfile::tempdir().unwrap();
    let whole = ask(&peer, &super::write(&super::sound(), folder.path())).unwrap();
    let own = *used.iter().chain(&free).max().unwrap() + 1;
    // whether etcd serves it, and whether defrag mends it
    let lists = [
        ("a page in use", FreeList::of([free.clone(), vec![used[3]]].concat()), true, true),
        ("a page twice", FreeList::of([free.clone(), free.clone()].concat()), true, true),
        ("nothing", FreeList::of(Vec::new()), true, true),
        ("page 0", FreeList::of([vec![0], free.clone()].concat()), false, true),
        ("its own page", FreeList::of([free.clone(), vec![own]].concat()), false, false),
        ("its own page alone", FreeList::of(vec![own]), true, false),
        ("a leaf in its place", FreeList { at: Some(used[3]), ..FreeList::of(free.clone()) }, false, false),
        ("flags of a leaf", FreeList { flags: 2, ..FreeList::of(free.clone()) }, false, false),
        ("more ids than fit", FreeList { count: 600, ..FreeList::of(free) }, false, false),
    ];
    for (what, list, serves, mends) in lists {
        let folder = tempfile::tempdir().unwrap();
        let snap = folder.path().join("member/snap");
        fs::create_dir_all(&snap).unwrap();
        let (saved, live) = (folder.path().join("saved.db"), snap.join("db"));
        let mut builder = Builder::of(base().clone());
        fs::write(&saved, builder.free_list(list).build()).unwrap();
        fs::write(&live, builder.pages()).unwrap();
        let before = said(&saved).concat();
        assert_eq!(
            !before.contains("ends on it in restore") && !before.contains("ends on it, in restore"),
            serves,
            "{what}: {before}"
        );
        assert_eq!(!before.contains("in defrag"), mends, "{what}: {before}");
        let served = matches!(ask(&peer, &saved).unwrap(), Fate::Served(_));
        assert_eq!((served, peer.defragment(folder.path()).is_ok()), (serves, mends), "{what}");
        if mends {
            assert_eq!(said(&live), <[String; 0]>::default(), "{what}");
        }
        // what no tool of etcd's mends, assay does
        let anew = folder.path().join("anew.db");
        let run = assay(&["rebuild", saved.to_str().unwrap(), "--out", anew.to_str().unwrap()]);
        assert_eq!(run.code, Some(0), "{what}: {}", run.err);
        assert_eq!(said(&anew), <[String; 0]>::default(), "{what}");
        assert_eq!(ask(&peer, &anew).unwrap(), whole, "{what}");
    }
}

/// What etcd serves of a rebuilt snapshot is what it serves of its source; compacted, all but the past.
#[test]
fn etcd_serves_a_rebuilt_snapshot_as_its_source() {
    let folder = tempfile::tempdir().unwrap();
    let source = super::write(&super::sound(), folder.path());
    for version in PeerVersion::ALL {
        let Some(peer) = Peer::for_test(version, "etcd_serves_a_rebuilt_snapshot_as_its_source") else { continue };
        let Fate::Served(whole) = ask(&peer, &source).unwrap() else { panic!("the source is served") };
        for (number, more) in [&[][..], &["--compact", "latest"], &["--page-size", "16384"]].iter().enumerate() {
            let out = folder.path().join(format!("{}-{number}.db", version.name()));
            let line = [&["rebuild", source.to_str().unwrap(), "--out", out.to_str().unwrap()], *more].concat();
            assert_eq!(assay(&line).code, Some(0), "{line:?}");
            let Fate::Served(served) = ask(&peer, &out).unwrap() else { panic!("{line:?}: not served") };
            let expected: &[&str] = if more.contains(&"latest") { &["another past"] } else { &[] };
            assert_eq!(served.differs_from(&whole), expected, "etcd {}, {line:?}", version.name());
        }
    }
}
