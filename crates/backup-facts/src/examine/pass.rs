//! One pass over every record, in use or left behind, on all threads.

use std::collections::HashMap;

use bbolt_page::{BucketRoot, Db, LeafElement, LeafPage, LeafRef, PageKind, Pgid, Residue, Spread};
use encryption_config::{KmsEnvelope, StoredValue};
use etcd_snapshot::state::bucket;
use etcd_snapshot::{Place, Record, Scan};
use kube_objects::StorageKey;
use zeroize::Zeroizing;

use super::Options;
use crate::opening::{Attempt, Era, OpenFailure, Reason, ResourceTally, Tallies, Unlocked, merge};

/// Pages of a piece of work, in bytes.
const PIECE: u64 = 2 << 20;
/// Sampled values of a piece of work.
const SAMPLED_AT_ONCE: usize = 64;

/// A value to be tried when all are known.
struct Sampled<'a> {
    rank: u64,
    etcd_key: &'a [u8],
    value: &'a [u8],
}

/// Which values a sample is taken of: those of one resource under one key.
type Group<'a> = (&'a [u8], &'a [u8]);

/// What one piece of work found.
#[derive(Default)]
struct Piece<'a> {
    resources: HashMap<&'a [u8], ResourceTally>,
    sampled: HashMap<Group<'a>, Vec<Sampled<'a>>>,
    bytes: u64,
}

/// Counts every value, and opens every live one, or a sample.
pub(super) fn run<'a>(scan: &Scan<'a>, unlocked: &Unlocked, options: &Options<'_>, spread: &impl Spread) -> Tallies {
    let pass = Pass { scan, unlocked, options };
    let mut all = Tallies::new();
    let mut sampled: HashMap<Group<'a>, Vec<Sampled<'a>>> = HashMap::new();
    let mut take = |piece: Piece<'a>| {
        if let Some(progress) = options.progress {
            progress(piece.bytes);
        }
        piece.resources.into_iter().for_each(|(path, tally)| merge(&mut all, path, tally));
    };
    let mut fold = |mut piece: Piece<'a>| {
        for (group, values) in piece.sampled.drain() {
            keep(&mut sampled, group, values, options.sample);
        }
        take(piece);
    };
    let key = scan.bucket(bucket::KEY);
    match key.map(|bucket| &bucket.root) {
        Some(BucketRoot::Inline(page)) => fold(pass.in_use(std::iter::once(*page))),
        Some(BucketRoot::Tree(tree)) => {
            let (db, pieces) = (&scan.walked.db, cut(tree.leaves(), scan.walked.db.page_size()));
            let piece = |at: usize| {
                let leaves = pieces.get(at).copied().unwrap_or_default();
                pass.in_use(leaves.iter().filter_map(|leaf| db.leaf(leaf)))
            };
            spread.map_fold(pieces.len(), piece, &mut fold);
        }
        Some(BucketRoot::Lost) | None => {}
    }
    let stale: Vec<Pgid> =
        scan.walked.unreachable().filter(|page| page.residue == Residue::Leaf).map(|page| page.page).collect();
    let at_once = usize::try_from(PIECE / scan.walked.db.page_size().max(1)).unwrap_or(1).max(1);
    let pieces: Vec<&[Pgid]> = stale.chunks(at_once).collect();
    spread.map_fold(pieces.len(), |at| pass.left_behind(pieces.get(at).copied().unwrap_or_default()), &mut fold);
    let sampled: Vec<Sampled<'_>> = sampled.into_values().flatten().collect();
    let pieces: Vec<&[Sampled<'_>]> = sampled.chunks(SAMPLED_AT_ONCE).collect();
    spread.map_fold(pieces.len(), |at| pass.of_sample(pieces.get(at).copied().unwrap_or_default()), take);
    all.values_mut().for_each(ResourceTally::finish);
    all
}

struct Pass<'p, 'a> {
    scan: &'p Scan<'a>,
    unlocked: &'p Unlocked,
    options: &'p Options<'p>,
}

impl<'a> Pass<'_, 'a> {
    /// Records of pages in use.
    fn in_use(&self, pages: impl Iterator<Item = LeafPage<'a>>) -> Piece<'a> {
        let mut piece = Piece::default();
        let mut room = Zeroizing::new(Vec::new());
        for page in pages {
            for (element, record) in records(page) {
                piece.bytes += (element.key.len() + element.value.len()) as u64;
                let era = if self.scan.is_live(&record) { Era::Live } else { Era::Past };
                self.count(&mut piece, record.kv.key, record.kv.value, era, &mut room);
            }
        }
        piece.thin_out(self.options.sample);
        piece
    }

    /// Records of pages that nothing uses. A page may have been written over behind its first one.
    fn left_behind(&self, pages: &[Pgid]) -> Piece<'a> {
        let mut piece = Piece::default();
        let mut room = Zeroizing::new(Vec::new());
        for page in pages.iter().filter_map(|page| stale_leaf(&self.scan.walked.db, *page)) {
            for (_, record) in records(page) {
                self.count(&mut piece, record.kv.key, record.kv.value, Era::Stale, &mut room);
            }
        }
        piece
    }

    fn count(
        &self,
        piece: &mut Piece<'a>,
        etcd_key: &'a [u8],
        value: &'a [u8],
        era: Era,
        room: &mut Zeroizing<Vec<u8>>,
    ) {
        let key = StorageKey::parse(etcd_key);
        let tally = piece.resources.entry(key.stored_resource).or_insert_with(|| ResourceTally::of(&key));
        let sealed = match StoredValue::read(value) {
            Ok(StoredValue::Plain(_)) => return tally.count_plain(era),
            Ok(sealed) => Some(self.unlocked.named(&key, etcd_key, sealed)),
            Err(_) => None,
        };
        let at = tally.count_sealed(sealed.as_ref(), era);
        if era != Era::Live {
            return;
        }
        match (sealed, self.options.sample) {
            (Some(StoredValue::Encrypted { body, .. }), Some(_)) => {
                let prefix = value.get(..value.len().saturating_sub(body.len())).unwrap_or_default();
                let sampled = Sampled { rank: rank(etcd_key), etcd_key, value };
                piece.sampled.entry((key.stored_resource, prefix)).or_default().push(sampled);
            }
            (Some(sealed), None) => tally.settle(at, etcd_key, self.attempt(&key, etcd_key, &sealed, room)),
            (None | Some(StoredValue::Plain(_)), _) => {
                tally.settle(at, etcd_key, Attempt::Failed(Reason::Malformed));
            }
        }
    }

    fn attempt(
        &self,
        key: &StorageKey<'_>,
        etcd_key: &[u8],
        sealed: &StoredValue<'_>,
        room: &mut Zeroizing<Vec<u8>>,
    ) -> Attempt {
        match self.unlocked.open_sealed(key, etcd_key, sealed, room) {
            // the key is right and the object is the one that was asked for, and yet no API server decodes it
            Ok(_) if kube_objects::check_structure(room).is_err() => Attempt::Failed(Reason::Damaged),
            Ok(by) => {
                let in_use = self.unlocked.configs().get(by.source).is_some_and(|source| source.in_use);
                Attempt::Opened { in_use }
            }
            Err(OpenFailure::Kms { envelope, .. }) => {
                let key_id = match envelope {
                    KmsEnvelope::V2 { key_id, .. } => Some(key_id),
                    KmsEnvelope::V1 { .. } => None,
                };
                Attempt::Kms { key_id }
            }
            Err(failure) => Attempt::Failed(failure.reason()),
        }
    }

    /// What becomes of sampled values. They have been counted.
    fn of_sample(&self, values: &[Sampled<'a>]) -> Piece<'a> {
        let mut piece = Piece::default();
        let mut room = Zeroizing::new(Vec::new());
        for Sampled { etcd_key, value, .. } in values {
            let key = StorageKey::parse(etcd_key);
            let Ok(sealed) = StoredValue::read(value) else { continue };
            let sealed = self.unlocked.named(&key, etcd_key, sealed);
            let tally = piece.resources.entry(key.stored_resource).or_insert_with(|| ResourceTally::of(&key));
            let at = tally.place_of(Some(&sealed));
            tally.settle(at, etcd_key, self.attempt(&key, etcd_key, &sealed, &mut room));
        }
        piece
    }
}

impl Piece<'_> {
    fn thin_out(&mut self, sample: Option<u64>) {
        self.sampled.values_mut().for_each(|values| thin_out(values, sample));
    }
}

/// Keeps the values of a sample: those whose keys hash lowest, whatever the order in which they come.
fn thin_out(values: &mut Vec<Sampled<'_>>, sample: Option<u64>) {
    let size = sample.and_then(|size| usize::try_from(size).ok()).unwrap_or(usize::MAX);
    if values.len() > size {
        values.sort_unstable_by(|a, b| (a.rank, a.etcd_key).cmp(&(b.rank, b.etcd_key)));
        values.truncate(size);
    }
}

fn keep<'a>(
    sampled: &mut HashMap<Group<'a>, Vec<Sampled<'a>>>,
    group: Group<'a>,
    values: Vec<Sampled<'a>>,
    sample: Option<u64>,
) {
    let kept = sampled.entry(group).or_default();
    kept.extend(values);
    thin_out(kept, sample);
}

/// Spreads keys evenly: 64-bit FNV-1a, with its bits mixed once more. Every run takes the same sample.
fn rank(key: &[u8]) -> u64 {
    let hash = key
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    let mixed = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    mixed ^ (mixed >> 33)
}

fn records<'a>(page: LeafPage<'a>) -> impl Iterator<Item = (LeafElement<'a>, Record<'a>)> {
    page.elements().filter(|element| !element.is_bucket()).filter_map(move |element| {
        let place = Place { page: page.page(), element: element.index, offset: 0 };
        let record = Record::decode(&element, place).ok()?;
        (!record.tombstone && !record.is_bump_marker()).then_some((element, record))
    })
}

/// A leaf that nothing uses, up to the next page that says it is itself: what was behind has been written over.
fn stale_leaf<'a>(db: &Db<'a>, page: Pgid) -> Option<LeafPage<'a>> {
    let own = |id: Pgid| db.header(id).filter(|header| header.id == id && header.kind().is_some());
    let header = own(page).filter(|header| header.kind() == Some(PageKind::Leaf))?;
    let limit = page.0.saturating_add(u64::from(header.overflow)).saturating_add(1).min(db.page_limit());
    let end = (page.0 + 1..limit).find(|next| own(Pgid(*next)).is_some()).unwrap_or(limit);
    let extra = u32::try_from(end.checked_sub(page.0)?.checked_sub(1)?).ok()?;
    Some(LeafPage::new(db.run(page, extra)?, header.count, page, db.offset_of(page)))
}

/// Cuts a list of leaves into pieces.
fn cut(leaves: &[LeafRef], page_size: u64) -> Vec<&[LeafRef]> {
    let (mut sum, limit) = (0_u64, (PIECE / page_size.max(1)).max(1));
    let ends = |leaf: &LeafRef| {
        sum += u64::from(leaf.overflow) + 1;
        let end = sum >= limit;
        if end {
            sum = 0;
        }
        end
    };
    leaves.split_inclusive(ends).collect()
}
