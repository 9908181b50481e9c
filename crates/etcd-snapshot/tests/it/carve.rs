//! Carving against the log of what a real etcd was told, and the bytes of its snapshot.
//!
//! The truth is computed here, by other means than the library's: each record's bytes are encoded from the log and
//! looked for in the whole file; pages in use are found by a walk of a few lines. What lies whole in free pages and
//! nowhere else must be found, and labelled as the log says.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;

use bbolt_page::{Db, LeafRef, PageHeader, Serial};
use etcd_snapshot::carve::{Carved, Confidence, Content, Label, Tally, Trace, carve};
use etcd_snapshot::{Options, scan};
use flate2::{Compression, GzBuilder};
use memchr::memmem;
use peer_harness::{EtcdServer, Op, Peer, PeerVersion};
use serde::{Deserialize, Serialize};

/// A record that etcd wrote: its stored key and its stored value, as the log has them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Logged {
    main: i64,
    sub: i64,
    key: String,
    /// `None` for a tombstone.
    value: Option<String>,
    create: i64,
    version: i64,
}

impl Logged {
    fn stored(&self) -> (Vec<u8>, Vec<u8>) {
        let mut at = [&self.main.to_be_bytes()[..], b"_", &self.sub.to_be_bytes()].concat();
        let mut message = [&[0x0a][..], &varint(self.key.len() as u64), self.key.as_bytes()].concat();
        match &self.value {
            None => at.push(b't'),
            Some(value) => {
                for (tag, number) in [(0x10, self.create), (0x18, self.main), (0x20, self.version)] {
                    message.push(tag);
                    message.extend(varint(number.cast_unsigned()));
                }
                if !value.is_empty() {
                    message.push(0x2a);
                    message.extend(varint(value.len() as u64));
                    message.extend(value.as_bytes());
                }
            }
        }
        (at, message)
    }
}

fn varint(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 0x80 {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

/// What a server was told, and its snapshots before and after a defragmentation.
struct History {
    log: Vec<Logged>,
    snapshot: Vec<u8>,
    defragmented: Vec<u8>,
}

/// Writes to a server and keeps the log.
struct Writer<'s> {
    server: &'s EtcdServer,
    log: Vec<Logged>,
    /// Create revision and version of live keys.
    live: BTreeMap<String, (i64, i64)>,
    random: u64,
}

impl Writer<'_> {
    fn random(&mut self, below: u64) -> u64 {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.random >> 33) % below
    }

    /// A value that occurs nowhere else.
    fn value(&mut self) -> String {
        let marker: Vec<String> = (0..4).map(|_| format!("{:08x}", self.random(1 << 30))).collect();
        let long = match self.random(40) {
            0 => 40_000,
            1 | 2 => 12_000,
            3..=6 => 2000,
            7 => 0,
            _ => 100,
        };
        let pad = self.random(200) + long;
        format!("{}{}", marker.join("-"), "x".repeat(pad as usize))
    }

    fn put_all(&mut self, keys: &[String]) {
        let values: Vec<String> = keys.iter().map(|_| self.value()).collect();
        let op = |(key, value): (&String, &String)| Op::Put {
            key: key.clone().into(),
            value: value.clone().into(),
            lease: 0,
        };
        let main = self.server.txn(&keys.iter().zip(&values).map(op).collect::<Vec<_>>()).unwrap();
        for (sub, (key, value)) in keys.iter().zip(values).enumerate() {
            let (create, version) = self.live.get(key).map_or((main, 1), |(create, version)| (*create, version + 1));
            self.live.insert(key.clone(), (create, version));
            let (sub, key) = (sub as i64, key.clone());
            self.log.push(Logged { main, sub, key, value: Some(value), create, version });
        }
    }

    fn delete(&mut self, prefix: &str) {
        let gone: Vec<String> = self.live.keys().filter(|key| key.starts_with(prefix)).cloned().collect();
        let main = self.server.delete_prefix(prefix.as_bytes()).unwrap();
        for (sub, key) in gone.into_iter().enumerate() {
            self.live.remove(&key);
            self.log.push(Logged { main, sub: sub as i64, key, value: None, create: 0, version: 0 });
        }
    }

    fn compact(&self) {
        // Before the last write, which therefore stays: no tombstone lies right at the compaction.
        self.server.compact(self.log.last().unwrap().main - 1).unwrap();
    }
}

fn live(peer: &Peer) -> History {
    let server = EtcdServer::start(peer).unwrap();
    let mut writer = Writer { server: &server, log: Vec::new(), live: BTreeMap::new(), random: 11 };
    let name = |group: u64, n: u64| format!("/kubernetes.io/secrets/ns-{group}/name-{n:03}");
    for group in 0..6 {
        for n in 0..60 {
            writer.put_all(&[name(group, n)]);
        }
    }
    for round in 0..500 {
        let (group, n) = (writer.random(6), writer.random(60));
        writer.put_all(&[name(group, n), name(6, round % 40)]);
    }
    writer.delete("/kubernetes.io/secrets/ns-0/");
    writer.delete("/kubernetes.io/secrets/ns-1/");
    writer.put_all(&[name(7, 0)]);
    writer.compact(); // ns-0 and ns-1 are gone without a trace
    for n in 0..150 {
        writer.put_all(&[name(2, n % 60)]);
    }
    for n in 0..10 {
        writer.put_all(&[name(0, n)]); // created again
    }
    writer.delete("/kubernetes.io/secrets/ns-3/");
    writer.put_all(&[name(7, 1)]);
    for n in 0..30 {
        writer.put_all(&[name(4, n)]);
    }
    writer.delete("/kubernetes.io/secrets/ns-5/name-00");
    writer.compact_before_deletions();
    for n in 0..60 {
        writer.put_all(&[name(7, n)]); // over some of what was freed
    }
    let dir = tempfile::tempdir().unwrap();
    let save = |name: &str| {
        let path = dir.path().join(name);
        server.snapshot(&path).unwrap();
        fs::read(path).unwrap()
    };
    let snapshot = save("before.db");
    server.defragment().unwrap();
    History { log: writer.log, snapshot, defragmented: save("after.db") }
}

impl Writer<'_> {
    /// Compacts up to a moment at which keys were deleted since: their tombstones stay.
    fn compact_before_deletions(&self) {
        let last = self.log.iter().rev().find(|logged| logged.value.is_some()).unwrap();
        self.server.compact(last.main).unwrap();
    }
}

fn recorded() -> History {
    let unpack = |name: &str| fixtures::named("after-deletes").read(name).unwrap();
    let log = serde_json::from_slice(&unpack("log.json")).unwrap();
    History { log, snapshot: unpack("snapshot.db"), defragmented: unpack("defragmented.db") }
}

/// Keeps what a live server gave: `ASSAY_RECORD_CARVE=1 cargo test -p etcd-assay-snapshot carve::deleted`.
fn record(history: &History) {
    let folder = fixtures::root().join("fixtures/after-deletes");
    fs::create_dir_all(&folder).unwrap();
    let pack = |name: &str, bytes: &[u8]| {
        let mut packed = GzBuilder::new().write(Vec::new(), Compression::best());
        packed.write_all(bytes).unwrap();
        fs::write(folder.join(name), packed.finish().unwrap()).unwrap();
    };
    pack("log.json.gz", &serde_json::to_vec(&history.log).unwrap());
    pack("snapshot.db.gz", &history.snapshot);
    pack("defragmented.db.gz", &history.defragmented);
}

/// Runs `check` on what was recorded once, and on a live server where it is installed.
fn each(test: &str, check: impl Fn(&History)) {
    if let Some(peer) = Peer::for_test(PeerVersion::V35, test) {
        let history = live(&peer);
        if std::env::var_os("ASSAY_RECORD_CARVE").is_some() {
            record(&history);
        }
        check(&history);
    }
    check(&recorded());
}

/// Pages in use, found by a walk of its own from the meta with the higher transaction.
fn in_use(file: &[u8]) -> BTreeSet<usize> {
    let word = |at: usize| u64::from_le_bytes(file[at..at + 8].try_into().unwrap()) as usize;
    let half = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap()) as usize;
    let short = |at: usize| usize::from(u16::from_le_bytes(file[at..at + 2].try_into().unwrap()));
    let mut used = BTreeSet::from([0, 1]);
    let mut open = vec![word(16 + 16)];
    while let Some(page) = open.pop() {
        let at = page * 4096;
        used.extend(page..=page + half(at + 12));
        for element in (0..short(at + 10)).map(|n| at + 16 + 16 * n) {
            if short(at + 8) == 1 {
                open.push(word(element + 8));
            } else if half(element) == 1 {
                let value = element + half(element + 4) + half(element + 8);
                open.extend(Some(word(value)).filter(|root| *root != 0));
            }
        }
    }
    used
}

/// What the log and the bytes say of a record.
struct Truth {
    /// Its bytes lie in pages in use.
    stored: bool,
    /// Its bytes lie whole in free pages.
    whole_in_free: bool,
}

fn truth(file: &[u8], used: &BTreeSet<usize>, logged: &Logged) -> Truth {
    let (key, value) = logged.stored();
    let bytes = [key, value].concat();
    let mut truth = Truth { stored: false, whole_in_free: false };
    for at in memmem::find_iter(file, &bytes) {
        let mut pages = at / 4096..=(at + bytes.len() - 1) / 4096;
        truth.stored |= used.contains(pages.start());
        truth.whole_in_free |= pages.all(|page| !used.contains(&page));
    }
    truth
}

fn carved(file: &[u8]) -> (Vec<Carved<'_>>, Tally) {
    let scan = scan(Db::open(file).unwrap(), Options::default(), &Serial);
    let mut all = Vec::new();
    let tally = carve(&scan, &Serial, &|_| {}, |carved| all.push(carved));
    (all, tally)
}

/// Holds what is carved from a snapshot against its bytes and the log; gives how many records are whole in free pages,
/// how many of them were found, and how many were found by each trace.
fn compare(log: &[Logged], snapshot: &[u8]) -> (usize, usize, BTreeMap<&'static str, usize>) {
    let file = &snapshot[..snapshot.len() - 32];
    let used = in_use(file);
    let (all, tally) = carved(snapshot);
    assert_eq!(tally.pages as usize, file.len() / 4096 - used.len(), "free pages, as counted here");
    let mut found: BTreeMap<(i64, i64), &Carved<'_>> = BTreeMap::new();
    for one in &all {
        if let Content::Record { revision, .. } = one.content {
            assert!(found.insert((revision.main, revision.sub), one).is_none(), "{revision} is given twice");
        }
    }
    let live: BTreeMap<&String, bool> = log.iter().map(|logged| (&logged.key, logged.value.is_some())).collect();
    let stored_tombstone = |logged: &&Logged| logged.value.is_none() && truth(file, &used, logged).stored;
    let buried: BTreeSet<&String> = log.iter().filter(stored_tombstone).map(|logged| &logged.key).collect();
    let (mut provable, mut known, mut traces) = (0, 0, BTreeMap::new());
    for logged in log {
        let truth = truth(file, &used, logged);
        provable += usize::from(truth.whole_in_free);
        let Some(one) = found.remove(&(logged.main, logged.sub)) else { continue };
        known += usize::from(truth.whole_in_free);
        let Content::Record { tombstone, kv, raw, .. } = one.content else { panic!("a record") };
        assert!(truth.whole_in_free, "{logged:?} is not in free pages: {one:?}");
        let (key, value) = logged.stored();
        assert_eq!((tombstone, raw), (logged.value.is_none(), &value[..]), "{logged:?}");
        assert_eq!(kv.key, logged.key.as_bytes());
        assert!(snapshot[one.offset as usize..].starts_with(&key), "the offset is that of the stored key");
        let expected = match (truth.stored, live[&logged.key]) {
            (true, _) => Label::Identical,
            (_, true) => Label::Older,
            _ if buried.contains(&logged.key) => Label::Deleted,
            _ => Label::Compacted,
        };
        assert_eq!(one.label, expected, "{logged:?} by {:?}", one.trace);
        *traces.entry(one.trace.word()).or_default() += 1;
    }
    assert!(found.is_empty(), "what etcd never wrote: {:?}", found.values().next());
    for label in [Label::Older, Label::Deleted, Label::Compacted, Label::Identical] {
        assert!(tally.records_of(label) > 0, "none is {label:?}: {tally:?}");
    }
    (provable, known, traces)
}

fn check_rate(provable: usize, known: usize) {
    assert!(provable >= 300, "{provable} records are whole in free pages: too few to tell");
    let rate = 100.0 * known as f64 / provable as f64;
    assert!(rate >= 95.0, "{rate:.2} % of {provable} found");
}

#[test]
fn deleted_records_are_found_and_none_is_mislabelled() {
    each("deleted_records_are_found_and_none_is_mislabelled", |history| {
        let (provable, known, _) = compare(&history.log, &history.snapshot);
        check_rate(provable, known);
    });
}

/// Runs of free pages of which the first or the last page was written anew: what is left of them is found, and nothing
/// is made up of what is not.
#[test]
fn what_is_left_of_overwritten_runs_is_found() {
    let History { log, snapshot, .. } = recorded();
    let mut file = snapshot.clone();
    let used = in_use(&file[..file.len() - 32]);
    let header = |file: &[u8], page: usize| PageHeader::read(&file[page * 4096..]).unwrap();
    let pages = (file.len() / 4096).min(u32::MAX as usize);
    let runs: Vec<(usize, usize)> = (2..pages)
        .filter(|page| !used.contains(page) && header(&file, *page).id.0 == *page as u64)
        .map(|page| (page, page + header(&file, page).overflow as usize))
        .filter(|(first, last)| first < last)
        .collect();
    assert!(runs.len() >= 10, "{} runs with continuation pages", runs.len());
    for (number, (first, last)) in runs.into_iter().enumerate() {
        let page = if number % 2 == 0 { last } else { first };
        let fresh = [&(page as u64).to_le_bytes()[..], &[2, 0, 0, 0, 0, 0, 0, 0]].concat();
        file[page * 4096..][..4096].fill(0);
        file[page * 4096..][..16].copy_from_slice(&fresh);
    }
    let (provable, known, traces) = compare(&log, &file);
    check_rate(provable, known);
    for trace in [Trace::Page, Trace::Partial, Trace::Raw] {
        assert!(traces.get(trace.word()).is_some_and(|found| *found > 0), "{traces:?}");
    }
}

#[test]
fn after_a_defragmentation_nothing_deleted_is_claimed() {
    each("after_a_defragmentation_nothing_deleted_is_claimed", |history| {
        let (all, tally) = carved(&history.defragmented);
        let records = all.iter().filter(|one| matches!(one.content, Content::Record { .. }));
        let claimed: Vec<_> = records.filter(|one| one.label != Label::Identical).collect();
        assert!(claimed.is_empty(), "{:?}", claimed.first());
        assert!(tally.pages < 200, "{} free pages", tally.pages);
    });
}

/// A stale leaf with one record, put in the place of a free page.
fn graft(file: &mut [u8], page: usize, logged: &Logged, spoil: impl Fn(&mut Vec<u8>)) {
    let (key, mut value) = logged.stored();
    spoil(&mut value);
    let words = |words: &[u32]| words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<_>>();
    let header = [&(page as u64).to_le_bytes()[..], &[2, 0, 1, 0, 0, 0, 0, 0]].concat();
    let element = words(&[0, 16, key.len() as u32, value.len() as u32]);
    let bytes = [header, element, key, value].concat();
    let place = &mut file[page * 4096..][..4096];
    place.fill(0);
    place[..bytes.len()].copy_from_slice(&bytes);
}

#[test]
fn records_that_no_history_explains_are_told_apart() {
    let History { log, snapshot, .. } = recorded();
    let used = in_use(&snapshot[..snapshot.len() - 32]);
    let page = (2..snapshot.len() / 4096).find(|page| !used.contains(page)).unwrap();
    let last = log.iter().rev().find(|logged| logged.value.is_some()).unwrap();
    let of = |main: i64, sub: i64| Logged { main, sub, create: main, version: 1, ..last.clone() };
    let same = |_: &mut Vec<u8>| {};
    for (logged, spoil, label, confidence) in [
        (of(last.main + 9, 0), &same as &dyn Fn(&mut Vec<u8>), Label::Newer, Confidence::High),
        (last.clone(), &same, Label::Identical, Confidence::High),
        // What a compaction spares would be in the snapshot.
        (of(last.main, 77), &same, Label::Inconsistent, Confidence::Low),
        (last.clone(), &|value| *value.last_mut().unwrap() ^= 1, Label::Inconsistent, Confidence::Low),
        (Logged { version: 4, create: last.main + 1, ..of(last.main + 9, 0) }, &same, Label::Newer, Confidence::High),
        (of(last.main + 9, 0), &|value| value[2] ^= 1, Label::Newer, Confidence::High),
        (of(1, 0), &|value| *value.last_mut().unwrap() ^= 1, Label::Older, Confidence::High),
    ] {
        let mut file = snapshot.clone();
        graft(&mut file, page, &logged, spoil);
        let (all, _) = carved(&file);
        let one = all.iter().find(|one| one.page.0 as usize == page).unwrap_or_else(|| panic!("{logged:?}"));
        assert_eq!((one.label, one.confidence), (label, confidence), "{logged:?}");
    }
}

/// Revisions of the records on a leaf of bucket `key`, and the leaf, for each leaf.
fn leaves(snapshot: &[u8]) -> Vec<(LeafRef, Vec<i64>)> {
    let sound = scan(Db::open(snapshot).unwrap(), Options::default(), &Serial);
    let leaves = sound.bucket(b"key").unwrap().tree().unwrap().leaves();
    let revisions = |leaf: &LeafRef| {
        sound.records().filter(|record| record.place.page == leaf.page).map(|record| record.revision.main).collect()
    };
    leaves.iter().map(|leaf| (*leaf, revisions(leaf))).collect()
}

fn label_of(all: &[Carved<'_>], main: i64) -> Option<(Label, Trace, Confidence)> {
    all.iter().find_map(|one| match one.content {
        Content::Record { revision, .. } if revision.main == main => Some((one.label, one.trace, one.confidence)),
        _ => None,
    })
}

/// Records of a leaf that a damaged branch no longer leads to are there, and are not called deleted.
#[test]
fn what_damage_cut_off_is_not_called_deleted() {
    let History { snapshot, .. } = recorded();
    let mut file = snapshot.clone();
    let (leaf, revisions) = leaves(&snapshot).swap_remove(2);
    let pages = in_use(&snapshot[..snapshot.len() - 32]);
    for page in pages.iter().map(|page| page * 4096).filter(|page| snapshot[page + 8] == 1) {
        let elements = (0..usize::from(snapshot[page + 10])).map(|n| page + 16 + 16 * n + 8);
        for at in elements.filter(|at| snapshot[*at..at + 8] == leaf.page.0.to_le_bytes()) {
            file[at..at + 8].fill(0xff);
        }
    }
    let (all, tally) = carved(&file);
    assert!(!revisions.is_empty());
    for main in revisions {
        assert_eq!(label_of(&all, main).map(|(label, ..)| label), Some(Label::Undetermined), "{main}");
    }
    let told = [Label::Deleted, Label::Compacted, Label::Older].map(|label| tally.records_of(label));
    assert_eq!(told, [0; 3], "nobody can tell any more");
}

/// A record that a lowered count hides is found in the slack of its page, or before, in a free page.
#[test]
fn what_a_lowered_count_hides_is_found_in_the_slack() {
    let History { snapshot, .. } = recorded();
    let mut slack = 0;
    for (leaf, revisions) in leaves(&snapshot).iter().rev().filter(|(leaf, _)| leaf.count > 1).take(12) {
        let mut file = snapshot.clone();
        file[leaf.page.0 as usize * 4096 + 10] -= 1;
        let (all, _) = carved(&file);
        let (label, trace, confidence) = label_of(&all, *revisions.last().unwrap()).unwrap();
        assert_eq!(label, Label::Undetermined);
        assert_eq!(confidence == Confidence::Low, trace == Trace::Slack);
        slack += usize::from(trace == Trace::Slack);
    }
    assert!(slack > 0);
}

#[test]
fn entries_of_earlier_roots_are_found_in_fixtures() {
    let mut seen: BTreeMap<(&[u8], &str), usize> = BTreeMap::new();
    for fixture in fixtures::all() {
        let bytes = fixture.bytes();
        let (all, tally) = carved(&bytes);
        let free = fixture.facts()["pages"]["free"].as_u64().unwrap_or(0);
        assert_eq!(tally.pages, free, "{}", fixture.name);
        for one in &all {
            if let Content::Entry { bucket, .. } = one.content {
                *seen.entry((bucket, one.label.word())).or_default() += 1;
            }
            assert!(!matches!(one.label, Label::Inconsistent | Label::Undetermined), "{}: {one:?}", fixture.name);
        }
    }
    for (bucket, label) in [(&b"meta"[..], "older"), (b"members", "identical"), (b"authUsers", "identical")] {
        assert!(seen.contains_key(&(bucket, label)), "{bucket:?} {label}: {seen:?}");
    }
}

/// Any file at all: nothing panics, and nothing is found that is not in the file.
#[test]
fn hostile_files_are_carved_without_harm() {
    let History { snapshot, .. } = recorded();
    let mut random = 3_u64;
    for _ in 0..60 {
        let mut file = snapshot.clone();
        for _ in 0..400 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let at = 8192 + (random >> 20) as usize % (file.len() - 8192);
            // Mostly headers and elements.
            let at = if random.is_multiple_of(4) { at } else { at / 4096 * 4096 + at % 96 };
            file[at] = (random >> 56) as u8;
        }
        let (all, tally) = carved(&file);
        assert_eq!(all.len() as u64, tally.records.iter().chain(&tally.entries).sum::<u64>());
        assert!(all.iter().all(|one| (one.offset as usize) < file.len()));
    }
}
