//! Damage with known truth: what is intact is recovered, nothing else is, and what is lost is listed.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Cursor;
use std::ops::Range;

use bbolt_page::salvage::leaf_pages;
use bbolt_page::{Db, Serial};
use etcd_snapshot::{KeyValue, Options, Place, Record, Revision, carve, scan};
use peer_harness::{Peer, PeerVersion};
use rebuild::RebuildError;
use rebuild::salvage::{How, Outcome, Report, Sources, salvage};
use snapshot_builder::{Builder, Put};

const PAGE: usize = 4096;

/// A record of the undamaged file.
#[derive(Clone, Debug)]
struct Known {
    tombstone: bool,
    raw: Vec<u8>,
    key: Vec<u8>,
    /// Where it is stored.
    at: Range<usize>,
    /// The pages of its leaf.
    run: Range<usize>,
}

/// An undamaged file and all that is to be known of it.
struct Subject {
    name: String,
    file: Vec<u8>,
    records: BTreeMap<Revision, Known>,
    /// What pages hold that nothing uses.
    beside: BTreeSet<(Revision, Vec<u8>)>,
    /// Pages of the root, of branches and of buckets other than `key`.
    inner: BTreeSet<usize>,
}

impl Subject {
    fn new(name: &str, file: Vec<u8>) -> Self {
        let db = Db::open(&file).unwrap();
        let scan = scan(db.clone(), Options::default(), &Serial);
        let mut run = BTreeMap::new();
        let mut inner: BTreeSet<usize> = [0, 1].into();
        for bucket in &scan.buckets {
            for leaf in bucket.tree().into_iter().flat_map(|tree| tree.leaves()) {
                let page = usize::try_from(leaf.page.0).unwrap();
                let pages = page..page + leaf.overflow as usize + 1;
                if bucket.name() == b"key" {
                    run.insert(page, pages);
                } else {
                    inner.extend(pages);
                }
            }
            for branch in bucket.tree().into_iter().flat_map(|tree| tree.branches()) {
                inner.insert(usize::try_from(branch.page.0).unwrap());
            }
        }
        inner.insert(usize::try_from(db.meta().root.0).unwrap());
        let known = |record: Record<'_>| {
            let at = usize::try_from(db.offset_in_file(record.raw).unwrap()).unwrap();
            let known = Known {
                tombstone: record.tombstone,
                raw: record.raw.to_vec(),
                key: record.kv.key.to_vec(),
                at: at..at + record.raw.len(),
                run: run[&usize::try_from(record.place.page.0).unwrap()].clone(),
            };
            (record.revision, known)
        };
        let records = scan.records().map(known).collect();
        let mut beside: BTreeSet<_> =
            carve::by_shape(&file).map(|(revision, _, raw, _)| (revision, raw.to_vec())).collect();
        for page in leaf_pages(&file, 4096) {
            for element in page.elements() {
                let place = Place { page: page.page(), element: element.index, offset: 0 };
                beside
                    .extend(Record::decode(&element, place).ok().map(|record| (record.revision, record.raw.to_vec())));
            }
        }
        Self { name: name.to_owned(), records, beside, inner, file }
    }

    /// The last record of each key.
    fn state(&self) -> BTreeMap<&[u8], (Revision, &Known)> {
        self.records.iter().map(|(revision, known)| (known.key.as_slice(), (*revision, known))).collect()
    }
}

fn subjects() -> Vec<Subject> {
    let mut built = Builder::new();
    let value = |at: i64, len: usize| -> Vec<u8> {
        (0..len).map(|byte| u8::try_from((at * 31 + byte as i64 * 7) % 251).unwrap()).collect()
    };
    let mut main = 2;
    let mut versions: BTreeMap<i64, (i64, i64)> = BTreeMap::new();
    for round in 0..3 {
        for at in 0..300_i64 {
            let key = format!("/registry/things/{at:05}");
            let (create, version) = versions.get(&at).copied().unwrap_or((main, 1));
            let len = if at % 97 == 5 { 9000 } else { 60 + usize::try_from(at % 50).unwrap() };
            if round == 2 && at % 7 == 3 {
                built.delete(main, 0, &key);
                versions.remove(&at);
            } else {
                let value = value(at + round, len);
                let put = Put { key: key.as_bytes(), value: &value, create, modified: main, version, lease: 0 };
                built.put(main, 0, &put);
                versions.insert(at, (create, version + 1));
            }
            main += 1;
        }
    }
    let built = built.build();
    let bare = built[..built.len() - 32].to_vec();
    let mut subjects = vec![Subject::new("built", built), Subject::new("built without a hash", bare)];
    for name in ["after-deletes", "odd-keys", "aescbc-rotated", "peer-35", "nospace-alarm"] {
        subjects.push(Subject::new(name, fixtures::named(name).bytes()));
    }
    subjects
}

/// Numbers that a seed gives, all the same on any machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.roll() % end as u64).unwrap()
    }
}

const KINDS: [&str; 13] = [
    "a byte of a header",
    "a page of zeros",
    "no elements",
    "cut off",
    "a page over another",
    "half a page over another",
    "a page of noise",
    "a sector of noise",
    "a sector of zeros",
    "a meta",
    "both metas",
    "pages of zeros",
    "one byte",
];

fn damage(kind: usize, file: &mut Vec<u8>, dice: &mut Dice) {
    let pages = file.len() / PAGE;
    let page = 2 + dice.below(pages - 2);
    let other = 2 + dice.below(pages - 2);
    let noise =
        |bytes: &mut [u8], dice: &mut Dice| bytes.iter_mut().for_each(|byte| *byte = dice.roll().to_le_bytes()[0]);
    match kind {
        0 => file[page * PAGE + dice.below(16)] ^= 1 << dice.below(8),
        1 => file[page * PAGE..][..PAGE].fill(0),
        2 => file[page * PAGE + 10..][..2].fill(0),
        3 => file.truncate(PAGE * 2 + dice.below(file.len() - PAGE * 2)),
        4 => file.copy_within(other * PAGE..(other + 1) * PAGE, page * PAGE),
        5 => file.copy_within(other * PAGE + PAGE / 2..(other + 1) * PAGE, page * PAGE + PAGE / 2),
        6 => noise(&mut file[page * PAGE..][..PAGE], dice),
        7 => {
            let sector = page * PAGE + dice.below(8) * 512;
            noise(&mut file[sector..][..512], dice);
        }
        8 => {
            let sector = page * PAGE + dice.below(8) * 512;
            file[sector..][..512].fill(0);
        }
        9 => {
            let meta = dice.below(2) * PAGE;
            file[meta + 16 + dice.below(64)] ^= 1 << dice.below(8);
        }
        10 => file[..PAGE * 2].fill(0),
        11 => {
            let end = (page + 1 + dice.below(40)).min(pages);
            file[page * PAGE..end * PAGE].fill(0);
        }
        _ => {
            let at = PAGE * 2 + dice.below(file.len() - PAGE * 2);
            file[at] ^= 1 << dice.below(8);
        }
    }
}

#[derive(Debug, Default)]
struct Counts {
    refused: u64,
    whole: u64,
    written: u64,
    /// Live keys of the undamaged files, those that are as they were, and those that are not as they were and were listed.
    keys: u64,
    right: u64,
    lost: u64,
    /// Records from beside the tree that were not in it.
    beside: u64,
    /// Values that were changed in place: nothing but the hash could tell.
    unprovable: u64,
}

/// What was damaged of a file.
struct Damaged<'s> {
    subject: &'s Subject,
    file: Vec<u8>,
    label: String,
    kind: usize,
    changed: Vec<bool>,
}

impl<'s> Damaged<'s> {
    fn new(subject: &'s Subject, seed: u64) -> Self {
        let mut dice = Dice(seed);
        let kind = dice.below(KINDS.len());
        let mut file = subject.file.clone();
        damage(kind, &mut file, &mut dice);
        let changed = (0..subject.file.len()).map(|at| file.get(at) != Some(&subject.file[at])).collect();
        let label = format!("seed {seed}, {}: {}", subject.name, KINDS[kind]);
        Self { subject, file, label, kind, changed }
    }

    fn changes(&self, pages: Range<usize>) -> bool {
        let end = (pages.end * PAGE).min(self.changed.len());
        self.changed[(pages.start * PAGE).min(end)..end].iter().any(|changed| *changed)
    }

    fn is_intact(&self, known: &Known) -> bool {
        !self.changes(known.run.clone())
    }

    /// Whether all that was changed of a record's leaf lies inside of what etcd stored for it.
    fn is_hidden(&self, known: &Known) -> bool {
        let run = known.run.start * PAGE..(known.run.end * PAGE).min(self.changed.len());
        run.clone().any(|at| self.changed[at]) && run.into_iter().all(|at| !self.changed[at] || known.at.contains(&at))
    }

    /// Whether the way to all leaves is intact.
    fn leads(&self) -> bool {
        self.kind != 10 && !self.subject.inner.iter().any(|page| self.changes(*page..page + 1))
    }
}

fn listed(report: &Report, revision: Revision) -> bool {
    report.lost.iter().any(|lost| {
        let (from, to) = lost.range.mains();
        from <= revision.main && to.is_none_or(|to| revision.main <= to)
    })
}

fn check(damaged: &Damaged<'_>, beside: Sources, counts: &mut Counts) {
    let (subject, label) = (damaged.subject, format!("{}, {}", damaged.label, beside.word()));
    let (kept, report) = match salvage(&damaged.file, How { without_auth: true, beside }, &Serial) {
        Ok(Outcome::Sound(report)) => (records(&damaged.file), report),
        Ok(Outcome::Salvaged(salvaged)) => {
            let file = salvaged.write(Cursor::new(Vec::new())).unwrap().into_inner();
            super::sound(&file);
            (records(&file), salvaged.report().clone())
        }
        Err(error) => {
            let no_meta = matches!(error, RebuildError::Open(_)) && beside == Sources::Tree;
            let nothing = matches!(error, RebuildError::Nothing | RebuildError::Open(_));
            let any = subject.records.values().any(|known| damaged.is_intact(known));
            assert!(no_meta || (nothing && (!any || !damaged.leads())), "{label}: {error}");
            assert!(beside == Sources::Tree || !any, "{label}: {error}");
            counts.refused += 1;
            return;
        }
    };
    counts.written += 1;
    counts.whole += u64::from(report.is_whole());
    let mut newest: BTreeMap<&[u8], (Revision, bool)> = BTreeMap::new();
    for (revision, (tombstone, raw)) in &kept {
        let key = KeyValue::decode(raw).unwrap().key;
        newest.insert(key, (*revision, *tombstone));
        match subject.records.get(revision) {
            Some(known) if known.raw == *raw && known.tombstone == *tombstone => {}
            Some(known) if damaged.is_hidden(known) => counts.unprovable += 1,
            None if subject.beside.contains(&(*revision, raw.clone())) => {
                assert!(beside > Sources::Tree && listed(&report, *revision), "{label}: {revision} is from beside");
                counts.beside += 1;
            }
            other => panic!("{label}: {revision} is wrong: {other:?}"),
        }
    }
    let all = beside > Sources::Tree || damaged.leads();
    let mut stale = 0;
    let mut intact: BTreeMap<&[u8], (Revision, &Known)> = BTreeMap::new();
    for (revision, known) in subject.records.iter().filter(|(_, known)| damaged.is_intact(known)) {
        intact.insert(&known.key, (*revision, known));
    }
    for (key, (revision, known)) in subject.state() {
        let got = newest.get(key).filter(|(_, tombstone)| !tombstone).map(|(revision, _)| *revision);
        let wanted = (!known.tombstone).then_some(revision);
        counts.keys += u64::from(!known.tombstone);
        if got == wanted {
            counts.right += u64::from(!known.tombstone);
        } else if !damaged.is_hidden(known) {
            assert!(listed(&report, revision), "{label}: {revision} of {} is lost", key.escape_ascii());
            assert!(!report.is_whole(), "{label}");
            counts.lost += u64::from(!known.tombstone);
            stale += u64::from(got.is_some_and(|got| subject.records.contains_key(&got)));
        }
        if let Some((at, last)) = intact.get(key).filter(|_| all) {
            let older = got.is_none_or(|got| got < *at);
            let gone =
                || subject.records.iter().any(|(later, known)| later > at && known.tombstone && known.key == key);
            let right = if last.tombstone { got.is_none_or(|got| got > *at) } else { !older || gone() };
            assert!(right, "{label}: {at} of {} is intact, got {got:?}", key.escape_ascii());
        }
    }
    assert!(report.possibly_stale >= stale, "{label}: {stale} outdated, {}", report.possibly_stale);
}

fn records(file: &[u8]) -> BTreeMap<Revision, (bool, Vec<u8>)> {
    let scan = scan(Db::open(file).unwrap(), Options::default(), &Serial);
    scan.records().map(|record| (record.revision, (record.tombstone, record.raw.to_vec()))).collect()
}

#[test]
fn campaign_what_is_intact_is_recovered_and_nothing_else() {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let from = number("ASSAY_SEED").unwrap_or(0);
    let count = number("ASSAY_SEEDS").unwrap_or(fixtures::rounds(36, 700) as u64);
    let subjects = subjects();
    for beside in [Sources::Tree, Sources::Orphans, Sources::Raw] {
        let mut counts = Counts::default();
        for seed in from..from + count {
            let subject = &subjects[usize::try_from(seed).unwrap() % subjects.len()];
            check(&Damaged::new(subject, seed), beside, &mut counts);
        }
        println!("{}: {counts:?}", beside.word());
        assert!(counts.right > 0);
    }
}

/// Live keys that are as they were, of how many, and those given as live that were not so.
#[derive(Debug, Default)]
struct Score {
    files: u64,
    right: u64,
    wrong: u64,
}

impl Score {
    fn add<'k>(&mut self, subject: &Subject, live: impl Iterator<Item = (&'k [u8], Revision)>) {
        let state = subject.state();
        self.files += 1;
        for (key, revision) in live {
            let right = state.get(key).is_some_and(|(at, known)| *at == revision && !known.tombstone);
            *(if right { &mut self.right } else { &mut self.wrong }) += 1;
        }
    }

    fn add_file(&mut self, subject: &Subject, file: &[u8]) {
        let scan = scan(Db::open(file).unwrap(), Options::default(), &Serial);
        self.add(subject, scan.store.live().map(|live| (live.kv.key, live.revision)));
    }
}

/// Beside it what etcdutl makes of the same files without looking at the hash, and what a scan of all leaf pages gives.
#[test]
fn campaign_beside_other_ways() {
    let Some(peer) = Peer::for_test(PeerVersion::V35, "campaign_beside_other_ways") else { return };
    let folder = tempfile::tempdir().unwrap();
    let subjects = subjects();
    let [mut all, mut tree, mut orphans, mut etcdutl, mut scanned] = [(); 5].map(|()| Score::default());
    for seed in 0..fixtures::rounds(14, 200) as u64 {
        let subject = &subjects[usize::try_from(seed).unwrap() % subjects.len()];
        let damaged = Damaged::new(subject, seed);
        all.add_file(subject, &subject.file);
        for (beside, score) in [(Sources::Tree, &mut tree), (Sources::Orphans, &mut orphans)] {
            match salvage(&damaged.file, How { without_auth: true, beside }, &Serial) {
                Ok(Outcome::Sound(_)) => score.add_file(subject, &damaged.file),
                Ok(Outcome::Salvaged(left)) => {
                    let (before, report) = (score.wrong, left.report());
                    score.add_file(subject, &left.write(Cursor::new(Vec::new())).unwrap().into_inner());
                    let told = report.possibly_stale + report.possibly_deleted;
                    assert!(score.wrong - before <= told, "seed {seed}: {} wrong, {told} told", score.wrong - before);
                }
                Err(_) => {}
            }
        }
        let (path, data) = (folder.path().join("damaged.db"), folder.path().join(seed.to_string()));
        std::fs::write(&path, &damaged.file).unwrap();
        if peer.restore(&path, &data, &["--skip-hash-check"]).is_ok() {
            etcdutl.add_file(subject, &std::fs::read(data.join("member/snap/db")).unwrap());
        }
        let _ = std::fs::remove_dir_all(&data);
        let mut newest = BTreeMap::new();
        for page in leaf_pages(&damaged.file, 4096) {
            for element in page.elements().filter(|element| !element.is_bucket()) {
                let place = Place { page: page.page(), element: element.index, offset: 0 };
                if let Ok(record) = Record::decode(&element, place) {
                    let last = newest.entry(record.kv.key).or_insert((record.revision, record.tombstone));
                    *last = (*last).max((record.revision, record.tombstone));
                }
            }
        }
        let live = newest.iter().filter(|(_, (_, tombstone))| !tombstone);
        scanned.add(subject, live.map(|(key, (revision, _))| (*key, *revision)));
    }
    println!("there: {all:?}\ntree: {tree:?}\norphans: {orphans:?}\netcdutl: {etcdutl:?}\npage scan: {scanned:?}");
    assert!(tree.right > etcdutl.right && orphans.right > etcdutl.right);
}
