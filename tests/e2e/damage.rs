//! Each kind of damage ends in exit code 1 with the finding that names it, or, where nothing can be read, in exit
//! code 2 with a clear line. docs/damage.md shows what other tools say of the same files.

use std::fs;
use std::path::PathBuf;

use bbolt_page::{Db, Pgid};
use sha2::{Digest, Sha256};

use crate::support::{assay, ids, json, snapshot};

const PAGE: usize = 4096;

/// A real snapshot to be damaged by name.
struct Patient {
    bytes: Vec<u8>,
}

impl Patient {
    fn new() -> Self {
        let mut bytes = snapshot("plain-etcd36");
        bytes.truncate(bytes.len() - 32);
        Self { bytes }
    }

    fn put(&mut self, at: usize, bytes: &[u8]) {
        self.bytes[at..at + bytes.len()].copy_from_slice(bytes);
    }

    fn u32(&self, at: usize) -> usize {
        u32::from_le_bytes(self.bytes[at..at + 4].try_into().unwrap()) as usize
    }

    fn u64(&self, at: usize) -> usize {
        u64::from_le_bytes(self.bytes[at..at + 8].try_into().unwrap()) as usize
    }

    fn root(&self) -> usize {
        let Pgid(root) = Db::open(&self.bytes).unwrap().meta().root;
        root as usize * PAGE
    }

    /// Where the value of a top-level bucket lies.
    fn bucket(&self, name: &str) -> usize {
        let element = |n: usize| self.root() + 16 + 16 * n;
        let key = |n: usize| element(n) + self.u32(element(n) + 4);
        let n = (0..10).find(|&n| &self.bytes[key(n)..][..self.u32(element(n) + 8)] == name.as_bytes()).unwrap();
        key(n) + name.len()
    }

    fn branch(&self) -> usize {
        self.u64(self.bucket("key")) * PAGE
    }

    /// The `n`th leaf below the first branch of bucket `key`.
    fn leaf(&self, n: usize) -> usize {
        let mut page = self.branch();
        while self.bytes[page + 8] == 1 {
            let child = if self.bytes[self.u64(page + 24) * PAGE + 8] == 1 { 0 } else { n };
            page = self.u64(page + 16 + 16 * child + 8) * PAGE;
        }
        page
    }

    /// The pages, and the SHA-256 that makes the damage invisible to it.
    fn sealed(mut self) -> Vec<u8> {
        let digest = Sha256::digest(&self.bytes);
        self.bytes.extend_from_slice(&digest);
        self.bytes
    }
}

/// A sealed snapshot, damaged.
fn damaged(damage: impl FnOnce(&mut Patient)) -> Vec<u8> {
    let mut patient = Patient::new();
    damage(&mut patient);
    patient.sealed()
}

/// Damage that structure and records show, the SHA-256 made right again: name, file, finding.
pub(crate) fn sealed_cases() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    vec![
        ("meta0-zeroed", damaged(|p| p.put(0, &[0; PAGE])), "SNAP-005"),
        ("both-metas-zeroed", damaged(|p| p.put(0, &[0; 2 * PAGE])), "SNAP-001"),
        ("leaf-zeroed", damaged(|p| p.put(p.leaf(3), &[0; PAGE])), "PAGE-002"),
        ("leaf-count-zero", damaged(|p| p.put(p.leaf(3) + 10, &[0, 0])), "PAGE-009"),
        ("leaf-count-lowered", damaged(|p| lower_count(p, p.leaf(3))), "PAGE-017"),
        ("branch-count-lowered", damaged(|p| lower_count(p, p.branch())), "PAGE-017"),
        ("page-id-wrong", damaged(|p| p.put(p.leaf(3), &[0xee; 8])), "PAGE-002"),
        ("child-out-of-range", damaged(|p| p.put(p.branch() + 24, &[0xff; 8])), "PAGE-001"),
        ("branch-cycle", damaged(|p| p.put(p.branch() + 24, &((p.branch() / PAGE) as u64).to_le_bytes())), "PAGE-004"),
        ("overflow-overlaps", damaged(|p| p.put(p.leaf(3) + 12, &[9, 0, 0, 0])), "PAGE-003"),
        ("keys-swapped", damaged(swap_keys), "PAGE-007"),
        ("element-out-of-page", damaged(|p| p.put(p.leaf(3) + 16 + 12, &[0xff; 4])), "PAGE-005"),
        ("inline-bucket-corrupt", damaged(|p| p.put(p.bucket("meta") + 16 + 8, &[0x77])), "PAGE-010"),
        ("root-zeroed", damaged(|p| p.put(p.root(), &[0; PAGE])), "PAGE-002"),
        ("mod-revision-wrong", damaged(wrong_mod_revision), "MVCC-002"),
    ]
}

fn lower_count(p: &mut Patient, page: usize) {
    p.bytes[page + 10] -= 1;
}

fn swap_keys(p: &mut Patient) {
    let leaf = p.leaf(3);
    let key = |n: usize| leaf + 16 + 16 * n + p.u32(leaf + 16 + 16 * n + 4);
    let (a, b) = (key(0), key(1));
    let (first, second) = (p.bytes[a..a + 17].to_vec(), p.bytes[b..b + 17].to_vec());
    p.put(a, &second);
    p.put(b, &first);
}

/// One bit inside a record, in the field that says when it was written.
fn wrong_mod_revision(p: &mut Patient) {
    let leaf = p.leaf(3);
    let element = leaf + 16;
    let value = element + p.u32(element + 4) + p.u32(element + 8);
    let key_len = usize::from(p.bytes[value + 1]);
    let mod_revision = (value + 2 + key_len..).find(|&at| p.bytes[at] == 0x18).unwrap() + 1;
    p.bytes[mod_revision] ^= 1;
}

fn write(dir: &tempfile::TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let path = dir.path().join(format!("{name}.db"));
    fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn damage_is_named_even_where_the_hash_was_made_right_again() {
    let dir = tempfile::tempdir().unwrap();
    for (name, bytes, id) in sealed_cases() {
        let path = write(&dir, name, &bytes);
        let (code, document) = json(&["verify", path.to_str().unwrap()]);
        assert_eq!(code, Some(1), "{name}");
        assert!(ids(&document).contains(&id), "{name}: {:?}", ids(&document));
        assert!(!ids(&document).contains(&"SNAP-003"), "{name}: the SHA-256 is right");
        assert_eq!(document["verdict"], "fail", "{name}");
    }
}

/// Damage at the end of the file, or that the SHA-256 there alone can show: name, file, finding.
pub(crate) fn trailer_cases() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let whole = snapshot("plain-etcd36");
    let mut flipped = whole.clone();
    let at = flipped.len() / 2;
    flipped[at] ^= 0x20;
    let mut bad_trailer = whole.clone();
    *bad_trailer.last_mut().unwrap() ^= 1;
    vec![
        ("value-flipped", flipped, "SNAP-003"),
        ("trailer-bad", bad_trailer, "SNAP-003"),
        ("trailer-missing", whole[..whole.len() - 32].to_vec(), "SNAP-002"),
        ("trailer-cut", whole[..whole.len() - 7].to_vec(), "SNAP-002"),
    ]
}

#[test]
fn damage_to_the_trailer_and_behind_its_back() {
    let dir = tempfile::tempdir().unwrap();
    for (name, bytes, id) in trailer_cases() {
        let (code, document) = json(&["verify", write(&dir, name, &bytes).to_str().unwrap()]);
        assert_eq!((code, ids(&document).contains(&id)), (Some(1), true), "{name}: {:?}", ids(&document));
    }
}

#[test]
fn truncation_at_every_page_and_at_odd_lengths() {
    let dir = tempfile::tempdir().unwrap();
    let whole = snapshot("downgrade-enabled"); // 12 pages
    let pages = (0..whole.len() / PAGE).map(|page| page * PAGE);
    for len in pages.chain([1, 5, 100, 1023, 1024, 4095, 5000, 8191, 20_000, 40_001]) {
        let path = write(&dir, "cut", &whole[..len]);
        let run = assay(&["verify", "--json", path.to_str().unwrap()]);
        let document: serde_json::Value = serde_json::from_str(&run.out).unwrap();
        if run.code == Some(2) {
            assert!(len < 2 * PAGE && run.err.starts_with("error: "), "{len}: {}", run.err);
            assert_eq!(document["artifacts"][0]["verdict"], "unreadable", "{len}");
        } else {
            assert_eq!(
                (run.code, ids(&document).contains(&"SNAP-004")),
                (Some(1), true),
                "{len}: {:?}",
                ids(&document)
            );
        }
    }
}

#[test]
fn where_nothing_can_be_read_one_line_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("folder");
    fs::create_dir(&folder).unwrap();
    let noise: Vec<u8> = (0..4000_u32).flat_map(|n| Sha256::digest(n.to_le_bytes()).to_vec()).collect();
    for path in [
        write(&dir, "empty", b""),
        write(&dir, "five-bytes", b"\x01\x02\x03\x04\x05"),
        write(&dir, "noise", &noise),
        write(&dir, "zeros", &[0; 100_000]),
        folder,
        dir.path().join("missing.db"),
    ] {
        for command in ["verify", "inspect"] {
            let run = assay(&[command, path.to_str().unwrap()]);
            assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{command} {}", path.display());
            assert!(run.err.starts_with("error: ") && run.err.lines().count() <= 2, "{}", run.err);
        }
    }
}

/// Without metas, the root is found; without a root, the pages are. Both are said, and both end in exit code 1.
#[test]
fn what_is_left_is_still_shown_and_labelled() {
    let dir = tempfile::tempdir().unwrap();
    let whole = assay(&["ls", write(&dir, "whole", &snapshot("plain-etcd36")).to_str().unwrap()]);
    let metas = write(&dir, "metas", &damaged(|p| p.put(0, &[0; 2 * PAGE])));
    let rootless = write(
        &dir,
        "root",
        &damaged(|p| {
            p.put(p.root(), &[0; PAGE]);
            p.put(0, &[0; 2 * PAGE]);
        }),
    );
    for path in [&metas, &rootless] {
        let path = path.to_str().unwrap();
        let inspect = assay(&["inspect", path]);
        assert_eq!(inspect.code, Some(1), "{path}");
        assert!(inspect.out.contains("SALVAGED"), "{}", inspect.out);
        let salvaged = assay(&["ls", "--salvage", path]);
        let missing = whole.out.lines().filter(|key| !salvaged.out.contains(key)).count();
        assert_eq!(missing, 0, "{path}: every live key is among those salvaged");
        assert!(salvaged.err.contains("salvaged"), "{}", salvaged.err);
        assert_eq!(assay(&["ls", path]).code, Some(2), "{path}: never without being asked");
    }
}

/// Damaged files take nothing of what is intact from the reader: `ls` lists it, says that it may not be all, and
/// ends in exit code 1.
#[test]
fn lists_of_damaged_files_are_marked() {
    let dir = tempfile::tempdir().unwrap();
    let path = write(&dir, "leaf", &damaged(|p| p.put(p.leaf(3) + 10, &[0, 0])));
    let run = assay(&["ls", path.to_str().unwrap()]);
    assert_eq!(run.code, Some(1));
    assert!(run.out.lines().count() > 1000 && run.err.contains("is damaged"), "{}", run.err);
}

/// Files of which something can be salvaged: one whose newer root is lost, one with leaves of two buckets lost, one in which
/// a revision is missing.
pub(crate) fn to_salvage() -> [(&'static str, Vec<u8>); 3] {
    let mut builder = snapshot_builder::Builder::new();
    for at in 0..400 {
        builder.create(at + 2, &format!("key-{at}")).lease(at + 1, 60);
    }
    let pages = builder.pages();
    let zeroed = |mut file: Vec<u8>, page: u64| {
        file[usize::try_from(page).unwrap() * 4096..][..4096].fill(0);
        file
    };
    let db = bbolt_page::Db::open(&pages).unwrap();
    let root = db.meta().root.0;
    let live = snapshot_builder::as_copied_live(pages.clone(), &[root]);
    let scan = etcd_snapshot::scan(db, etcd_snapshot::Options::default(), &bbolt_page::Serial);
    let leaf = |bucket: &[u8]| scan.bucket(bucket).unwrap().tree().unwrap().leaves()[1].page.0;
    let leaves = zeroed(zeroed(pages.clone(), leaf(b"lease")), leaf(b"key"));
    let gap = builder.unset("key", &snapshot_builder::revision(100, 0)).build();
    [("root.db", zeroed(live, pages.len() as u64 / 4096)), ("leaves.db", leaves), ("gap.db", gap)]
}
