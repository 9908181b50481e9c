//! Every page has one role, every byte of a page one meaning, in sound files and in damaged ones.

use bbolt_page::view::{BucketPlace, PageMap, PageRole, PageView};
use bbolt_page::{Check, Db, PageKind, Pgid, Residue, Serial};

use crate::sample::{Patient, real, written};

fn map(bytes: &[u8]) -> PageMap<'_> {
    PageMap::of(Db::open(bytes).unwrap(), &Serial)
}

/// Runs follow each other without gap or overlap up to the limit.
fn check_account(map: &PageMap<'_>) {
    let mut next = 0;
    for run in map.runs() {
        assert_eq!(run.page, Pgid(next), "{:?}", run.role);
        next += run.pages;
        assert!(map.used(run).is_none_or(|used| used <= run.pages * map.walked.db.page_size()));
        assert_eq!(map.run_of(Pgid(next - 1)), Some(run));
    }
    assert_eq!(next, map.walked.db.page_limit());
    assert_eq!(map.run_of(Pgid(next)), None);
    let free = map.runs().iter().filter(|run| matches!(run.role, PageRole::Free(_))).map(|run| run.pages);
    assert_eq!(free.sum::<u64>(), map.walked.pages_free);
}

#[test]
fn every_page_has_one_role() {
    for (bytes, buckets) in [(real(), 11), (written(1024), 6), (written(4096), 6), (written(65536), 6)] {
        let map = map(&bytes);
        check_account(&map);
        assert!(map.walked.faults.is_empty());
        assert_eq!(map.buckets().len(), buckets, "with the root and the nested one");
        let of = |role: &dyn Fn(&PageRole) -> bool| map.runs().iter().filter(|run| role(&run.role)).count() as u64;
        assert_eq!(of(&|role| matches!(role, PageRole::Leaf(_))), map.walked.leaf_pages);
        assert_eq!(of(&|role| matches!(role, PageRole::Branch(_))), map.walked.branch_pages);
        for (number, bucket) in map.buckets().iter().enumerate() {
            let runs = map.runs().iter().filter(|run| run.role.bucket() == Some(number));
            assert_eq!(runs.clone().map(|run| run.pages).sum::<u64>(), bucket.pages());
            let used: u64 = runs.filter_map(|run| map.used(run)).sum();
            assert!(matches!(bucket.place, BucketPlace::Inline(_)) || used == bucket.leaf_used + bucket.branch_used);
        }
    }
}

#[test]
fn buckets_are_measured() {
    let bytes = written(4096);
    let map = map(&bytes);
    let of = |path: &[&[u8]]| map.buckets().iter().find(|bucket| bucket.path == path).unwrap().clone();
    assert_eq!(of(&[b"large"]).elements, 2601);
    assert_eq!(of(&[b"large"]).leaf_overflow, 5, "the long value");
    assert_eq!((of(&[b"small"]).elements, of(&[b"small"]).pages()), (1, 0));
    assert!(matches!(of(&[b"empty"]).place, BucketPlace::Inline(_)));
    assert_eq!(of(&[b"outer", b"inner"]).elements, 500);
    assert_eq!(of(&[]).elements, 4);
    assert!(map.runs().iter().any(|run| run.role == PageRole::Free(Residue::Leaf)));
}

/// Bytes of a page, by what explains them: every byte once.
fn explained(view: &PageView<'_>) -> usize {
    let fields: usize = view.fields.iter().map(|field| field.bytes.len()).sum();
    let elements = view.elements.iter().map(|element| {
        let fields: usize = element.fields.iter().map(|field| field.bytes.len()).sum();
        fields + element.key.map_or(0, |part| part.bytes.len()) + element.value.map_or(0, |part| part.bytes.len())
    });
    let unknown: usize = view.unknown.iter().map(|part| part.bytes.len()).sum();
    fields + elements.sum::<usize>() + view.ids.len() * 8 + unknown
}

#[test]
fn every_byte_has_one_meaning() {
    for bytes in [real(), written(1024), written(65536)] {
        let map = map(&bytes);
        let mut kinds = [0; 4];
        for run in map.runs() {
            let view = PageView::of(&map.walked.db, run.page, run.pages).unwrap();
            let head = matches!(run.role, PageRole::Free(Residue::Overflow | Residue::Other | Residue::Zero));
            if head {
                continue;
            }
            assert_eq!(explained(&view), view.bytes.len(), "page {}", run.page);
            assert_eq!(view.faults, [], "page {}", run.page);
            assert!(view.elements.iter().all(|element| element.sound && element.key.is_some()));
            // bbolt-rs leaves memory of its own behind a meta and a freelist; bbolt writes zeros.
            if run.role.bucket().is_some() {
                assert!(view.unknown.iter().all(|part| part.is_zero()), "page {}", run.page);
            }
            kinds[view.kind.unwrap() as usize] += 1;
        }
        assert!(kinds[PageKind::Leaf as usize] > 10 && kinds[PageKind::Meta as usize] == 2, "{kinds:?}");
    }
}

#[test]
fn fields_are_named_with_their_bytes_and_their_place() {
    let bytes = written(4096);
    let db = Db::open(&bytes).unwrap();
    let meta = PageView::of(&db, Pgid(0), 1).unwrap();
    let names: Vec<_> = meta.fields.iter().map(|field| field.name).collect();
    let expected =
        "id flags count overflow magic version pageSize flags root sequence freelist highWaterMark txid checksum";
    assert_eq!(names.join(" "), expected);
    for field in &meta.fields {
        let at = field.offset as usize;
        assert_eq!(&bytes[at..at + field.bytes.len()], field.bytes);
    }
    let of = |name| meta.fields.iter().find(|field| field.name == name).unwrap();
    assert_eq!((of("magic").value, of("pageSize").value), (0xed0c_daed, 4096));
    assert_eq!(of("checksum").note.as_deref(), Some("valid"));
    let freelist = db.meta().freelist.unwrap();
    let list = PageView::of(&db, freelist, 1).unwrap();
    assert_eq!(list.ids.len(), usize::from(db.header(freelist).unwrap().count));
    assert!(list.ids.len() > 1);
    let root = PageView::of(&db, db.meta().root, 1).unwrap();
    let inline = root.elements.iter().filter_map(|element| element.bucket.as_ref()?.inline.as_ref());
    let keys: Vec<_> = inline.flat_map(|page| &page.elements).map(|element| element.key.unwrap().bytes).collect();
    assert_eq!(keys, [&b"one"[..]]);
}

/// Any damage: the account still adds up, and every page can be looked at.
#[test]
fn damage_is_shown_and_harms_nothing() {
    let sound = written(1024);
    let mut random = 7_u64;
    for round in 0..300 {
        let mut patient = Patient::new(sound.clone());
        for _ in 0..=round % 5 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let page = 2 + (random >> 33) as usize % (sound.len() / 1024 - 2);
            let at = page * 1024 + (random >> 20) as usize % 64;
            patient.bytes[at] = (random >> 50) as u8;
        }
        let map = map(&patient.bytes);
        check_account(&map);
        for run in map.runs() {
            let view = PageView::of(&map.walked.db, run.page, run.pages).unwrap();
            assert!(view.unknown.iter().map(|part| part.bytes.len()).sum::<usize>() <= view.bytes.len());
            assert!(PageView::of_continuation(&map.walked.db, run.page).is_some());
        }
    }
    let db = Db::open(&sound).unwrap();
    assert_eq!(PageView::of(&db, Pgid(1 << 60), 1), None);
    assert_eq!(PageView::of(&db, Pgid(sound.len() as u64 / 1024), 1), None, "the file ends there");
}

#[test]
fn a_damaged_element_is_told_from_its_sound_neighbours() {
    let mut patient = Patient::new(written(4096));
    let mut leaf = patient.root_of("large");
    while patient.header(leaf).kind() == Some(PageKind::Branch) {
        leaf = patient.children(leaf)[1];
    }
    patient.put(patient.element(leaf, 2) + 12, &[0xff; 4]);
    let db = Db::open(&patient.bytes).unwrap();
    let view = PageView::of(&db, leaf, 1).unwrap();
    assert!(view.faults.iter().any(|(kind, element)| kind.check() == Check::Elements && *element == Some(2)));
    assert!(
        view.elements[2].key.is_none() && view.elements[1].sound && view.elements[0].key.is_some(),
        "{:?}",
        view.elements.get(..3)
    );
    assert!(view.unknown.iter().any(|part| !part.is_zero()), "its bytes are there, and no element explains them");
}
