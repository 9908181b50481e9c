//! What is left of a damaged snapshot, and what the report says of the rest.

use std::collections::BTreeMap;
use std::io::Cursor;

use bbolt_page::{Db, PageHeader, PageKind, Pgid, Serial};
use etcd_snapshot::{Options, Revision, scan};
use rebuild::salvage::{How, LostRange, Outcome, Report, Rung, Why, salvage};
use rebuild::{Compact, RebuildError, Wanted};
use snapshot_builder::{Builder, Put, as_copied_live, revision};

use crate::{Buckets, buckets, rebuilt, sound};

const PAGE: usize = 4096;

/// A change of one page.
type Damage = fn(&mut [u8]);

/// 600 keys of 100 bytes, each changed once, the last of them deleted; nothing compacted.
fn history() -> Builder {
    let mut builder = Builder::new();
    for at in 0..600 {
        let key = format!("/key/{at:04}");
        let value = [b'a' + u8::try_from(at % 26).unwrap(); 100];
        let put = Put { key: key.as_bytes(), value: &value, create: at + 2, modified: at + 2, version: 1, lease: 0 };
        builder.put(at + 2, 0, &put);
        builder.put(at + 602, 0, &Put { modified: at + 602, version: 2, ..put });
    }
    builder.delete(1202, 0, "/key/0599");
    builder
}

/// The leaf pages of bucket `key` in order, with the main revisions of their first and last records.
fn leaves(file: &[u8]) -> Vec<(usize, i64, i64)> {
    let scan = scan(Db::open(file).unwrap(), Options::default(), &Serial);
    let mut leaves: Vec<(usize, i64, i64)> = Vec::new();
    for record in scan.records() {
        let (page, main) = (usize::try_from(record.place.page.0).unwrap(), record.revision.main);
        match leaves.last_mut().filter(|(known, ..)| *known == page) {
            Some(leaf) => leaf.2 = main,
            None => leaves.push((page, main, main)),
        }
    }
    leaves
}

/// What is salvaged as a file, and the report.
fn salvaged(file: &[u8], how: How) -> Result<(Vec<u8>, Report), RebuildError> {
    match salvage(file, how, &Serial)? {
        Outcome::Sound(report) => Ok((file.to_vec(), report)),
        Outcome::Salvaged(salvaged) => {
            let out = salvaged.write(Cursor::new(Vec::new()))?;
            Ok((out.into_inner(), salvaged.report().clone()))
        }
    }
}

fn mains(lost: &LostRange) -> (i64, Option<i64>) {
    lost.range.mains()
}

/// The records of a file as they stand in bucket `key`.
fn records(file: &[u8]) -> BTreeMap<Vec<u8>, Vec<u8>> {
    buckets(&sound(file)).remove(&b"key"[..]).unwrap().into_iter().collect()
}

#[test]
fn what_is_sound_is_left_as_it_is() {
    for fixture in fixtures::all() {
        let file = fixture.bytes();
        let (_, report) = salvaged(&file, How::default()).unwrap();
        assert!(report.is_whole() && !report.is_compacted(), "{}: {report:?}", fixture.name);
        let found = scan(Db::open(&file).unwrap(), Options::default(), &Serial).counts.records;
        assert_eq!(report.records[0], found, "{}", fixture.name);
    }
}

/// One leaf at a time: the header, the count, the whole page. What is lost is what was on it, and nothing else.
#[test]
fn of_a_damaged_leaf_its_range_is_lost_and_all_else_is_kept() {
    let whole = history().build();
    let leaves = leaves(&whole);
    assert!(leaves.len() > 20);
    let built = history();
    let all = &built.buckets()["key"];
    let ways: [(&str, Damage); 4] = [
        ("zeros", |page| page.fill(0)),
        ("another id", |page| page[0] ^= 1),
        ("no flags", |page| page[8] = 0),
        ("no elements", |page| page[10..12].fill(0)),
    ];
    for (leaf, (way, damage)) in leaves.iter().step_by(7).zip(ways.iter().cycle()) {
        let (page, first, last) = *leaf;
        let mut file = whole.clone();
        damage(&mut file[page * PAGE..][..PAGE]);
        let (left, report) = salvaged(&file, How::default()).unwrap();
        let lost = &report.lost[..];
        assert_eq!(lost.len(), 1, "{way}: {lost:?}");
        assert_eq!(lost[0].page, Some(Pgid(page as u64)));
        let to = Some(last).filter(|last| *last != 1202);
        assert_eq!(mains(&lost[0]), (first, to), "{way}");
        assert_eq!((lost[0].recovered, lost[0].filled), (0, false));
        assert_eq!(lost[0].missing, to.map(|to| u64::try_from(to - first + 1).unwrap()), "{way}");
        assert!(!report.is_whole() && report.buckets.is_empty());
        // every key as it was last seen
        let kept = records(&left);
        let within = |main: i64| (first..=last).contains(&main);
        for at in 0..600_i64 {
            let (put, change) = (at + 2, at + 602);
            let key = if within(change) { put } else { change };
            let expected = !within(key) && (at != 599 || within(1202));
            assert_eq!(kept.contains_key(&revision(key, 0)), expected, "{way}: {key}");
        }
        for (key, value) in &kept {
            assert!(all[key] == *value, "{way}: a record that was not there");
        }
        assert_eq!(report.records[1], kept.len() as u64, "{way}");
        let surely = kept.keys().filter(|key| **key > revision(last, 0)).count() as u64;
        assert_eq!(report.possibly_stale, if to.is_some() { kept.len() as u64 - surely } else { kept.len() as u64 });
    }
}

/// A record that contradicts itself goes, and the one before it, in whose value the change may have begun.
#[test]
fn of_a_damaged_record_its_neighbours_are_kept() {
    let whole = history().build();
    let (page, first, _) = leaves(&whole)[70];
    let mut file = whole.clone();
    // the third element's key: `_` between main and sub
    let element = page * PAGE + 16 + 16 * 2;
    let at = element + u32::from_le_bytes(file[element + 4..][..4].try_into().unwrap()) as usize;
    assert_eq!(file[at + 8], b'_');
    file[at + 8] = b'-';
    let (left, report) = salvaged(&file, How::default()).unwrap();
    let [lost] = &report.lost[..] else { panic!("{:?}", report.lost) };
    assert_eq!((mains(lost), lost.missing, lost.why.clone()), ((first, Some(first + 2)), Some(2), Why::Records));
    assert_eq!(lost.range.from, Revision { main: first, sub: 1 });
    let kept = records(&left);
    for (main, there) in [(first, true), (first + 1, false), (first + 2, false), (first + 3, true)] {
        assert_eq!(kept.contains_key(&revision(main, 0)), there, "{main}");
    }
}

/// What is lost of `key` is told even where all pages are sound.
#[test]
fn missing_revisions_are_told_though_no_page_failed() {
    let mut builder = history();
    builder.unset("key", &revision(700, 0)).unset("key", &revision(701, 0));
    let (_, report) = salvaged(&builder.build(), How::default()).unwrap();
    let [lost] = &report.lost[..] else { panic!("{:?}", report.lost) };
    assert_eq!((mains(lost), lost.missing, lost.page, lost.why.clone()), ((700, Some(701)), Some(2), None, Why::Gap));
    assert!(!report.is_whole());
}

/// The root says which buckets there are: without it nothing is left, and users and roles must be given up by name.
#[test]
fn users_and_roles_are_given_up_by_name_only() {
    let mut builder = history();
    for at in 0..200 {
        builder.set("authUsers", format!("user-{at}").as_bytes(), &[b'x'; 64]);
        builder.lease(at + 1, 60);
    }
    let whole = builder.build();
    let db = Db::open(&whole).unwrap();
    let of = |name: &[u8]| -> usize {
        let scan = scan(db.clone(), Options::default(), &Serial);
        let page = scan.bucket(name).unwrap().tree().unwrap().leaves()[1].page;
        usize::try_from(page.0).unwrap()
    };
    let damaged = |page: usize| {
        let mut file = whole.clone();
        file[page * PAGE..][..PAGE].fill(0);
        file
    };
    let users = damaged(of(b"authUsers"));
    assert!(matches!(salvaged(&users, How::default()), Err(RebuildError::Auth)));
    let (left, report) = salvaged(&users, How { without_auth: true, ..How::default() }).unwrap();
    assert_eq!((report.buckets.len(), report.buckets[0].name.as_slice()), (1, &b"authUsers"[..]));
    assert!(!report.is_whole() && report.lost.is_empty());
    let all = |file: &[u8]| -> Buckets { buckets(&scan(Db::open(file).unwrap(), Options::default(), &Serial)) };
    let (old, new) = (all(&whole), all(&left));
    assert!(new[&b"authUsers"[..]].len() < old[&b"authUsers"[..]].len());
    assert!(new[&b"key"[..]] == old[&b"key"[..]], "history is whole, and stays");
    let (left, report) = salvaged(&damaged(of(b"lease")), How::default()).unwrap();
    assert_eq!(report.buckets[0].name, b"lease");
    let new = all(&left);
    assert!(new[&b"lease"[..]].len() < 200 && new[&b"authUsers"[..]] == old[&b"authUsers"[..]]);
    let root = usize::try_from(db.meta().root.0).unwrap();
    assert!(matches!(
        salvaged(&damaged(root), How { without_auth: true, ..How::default() }),
        Err(RebuildError::Nothing)
    ));
}

/// A copy of a live file has two roots: what one lost, the other may have.
#[test]
fn the_other_meta_fills_what_the_tree_lost() {
    let whole = history().pages();
    let db = Db::open(&whole).unwrap();
    let root = usize::try_from(db.meta().root.0).unwrap();
    let key = scan(db.clone(), Options::default(), &Serial);
    let branch = key.bucket(b"key").unwrap().tree().unwrap().branches().next().unwrap().page;
    let branch = usize::try_from(branch.0).unwrap();
    let (leaf, first, last) = leaves(&whole)[30];
    // another root, branch and leaf behind all pages: the same but for where they are
    let mut file = as_copied_live(whole.clone(), &[root as u64, branch as u64, leaf as u64]);
    let [new_root, new_branch, new_leaf] = [0, 1, 2].map(|at| whole.len() / PAGE + at);
    assert_eq!(Db::open(&file).unwrap().meta().root, Pgid(new_root as u64));
    assert!(Db::open(&file).unwrap().through_loser().is_some());
    let header = PageHeader::read(&file[new_branch * PAGE..]).unwrap();
    assert_eq!((header.id.0, header.kind()), (new_branch as u64, Some(PageKind::Branch)));
    let sound = salvaged(&file, How::default()).unwrap().1;
    assert!(sound.is_whole() && !sound.is_compacted());
    file[new_leaf * PAGE..][..PAGE].fill(0);
    let (left, report) = salvaged(&file, How::default()).unwrap();
    assert!(report.is_whole() && report.is_compacted(), "{report:?}");
    let [lost] = &report.lost[..] else { panic!("{:?}", report.lost) };
    let there = u64::try_from(last - first + 1).unwrap();
    assert_eq!((mains(lost), lost.recovered, lost.missing, lost.filled), ((first, Some(last)), there, Some(0), true));
    let latest = rebuilt(&whole, Wanted { compact: Compact::Latest, ..Wanted::default() }).unwrap().0;
    assert!(records(&left) == records(&latest));
    // without the newest branch, nothing tells what the newest transaction wrote
    file[new_branch * PAGE..][..PAGE].fill(0);
    let (left, report) = salvaged(&file, How::default()).unwrap();
    assert!(!report.is_whole() && records(&left) == records(&latest));
    assert_eq!((report.lost[0].recovered, report.lost[0].filled), (1201, false));
    assert_eq!((report.found[0].rung, report.records[2]), (Rung::OtherMeta, records(&latest).len() as u64));
}

/// What was written over in the midst of a value of several pages is seen where it is zeros, or another page.
#[test]
fn continuation_pages_that_were_written_over_are_seen() {
    let mut builder = history();
    let value: Vec<u8> = (0..20_000_u32).map(|at| u8::try_from(at * 7 % 251).unwrap()).collect();
    let put = Put { key: b"/large", value: &value, create: 1203, modified: 1203, version: 1, lease: 0 };
    let whole = builder.put(1203, 0, &put).create(1204, "/last").build();
    let (page, first, _) = *leaves(&whole).iter().find(|(_, first, last)| (*first..=*last).contains(&1203)).unwrap();
    let other = whole[leaves(&whole)[3].0 * PAGE..][..PAGE].to_vec();
    for (with, what) in [(vec![0; PAGE], "zeros"), (other, "copy of another page")] {
        let mut file = whole.clone();
        file[(page + 2) * PAGE..][..PAGE].copy_from_slice(&with);
        let report = salvaged(&file, How::default()).unwrap().1;
        let [lost] = &report.lost[..] else { panic!("{:?}", report.lost) };
        assert!(mains(lost).0 <= first && lost.why.to_string().contains(what), "{lost:?}");
    }
}
