//! The entries of one bucket, leaf by leaf.

use crate::bucket::{Bucket, BucketRoot};
use crate::db::Db;
use crate::leaf::LeafPage;
use crate::spread::Spread;
use crate::walk::{Walked, Walker};

/// Leaves read in one piece of work.
const PIECE: usize = 64;

/// The bucket that names lead to, from the outermost to its own, and the walk through all others that found it.
#[must_use]
pub fn find_bucket<'a>(db: Db<'a>, names: &[&[u8]], spread: &impl Spread) -> (Walked<'a>, Option<Bucket<'a>>) {
    let mut walker = Walker::new(db);
    let mut found = None;
    for bucket in walker.buckets(spread) {
        if names.first() == Some(&bucket.name()) {
            walker.visit(&bucket, spread, |chunk| chunk.for_each(drop), |()| {});
            found = (bucket.path == names).then_some(bucket).or(found);
        }
    }
    let mut inner = None;
    let walked = walker.finish_with(spread, |bucket| {
        if bucket.path == names {
            inner = Some(bucket.clone());
        }
    });
    (walked, found.or(inner))
}

/// Reads the leaves of a bucket, perhaps on several threads; `fold` gets what came of some of them, in order.
pub fn read_leaves<'a, T: Send>(
    db: &Db<'a>,
    bucket: &Bucket<'a>,
    spread: &impl Spread,
    read: impl Fn(&LeafPage<'a>) -> T + Sync,
    mut fold: impl FnMut(T),
) {
    match &bucket.root {
        BucketRoot::Lost => {}
        BucketRoot::Inline(page) => fold(read(page)),
        BucketRoot::Tree(tree) => {
            let leaves = tree.leaves();
            let piece = |piece: usize| {
                let some = leaves.chunks(PIECE).nth(piece).unwrap_or_default();
                some.iter().filter_map(|leaf| db.leaf(leaf)).map(|page| read(&page)).collect::<Vec<T>>()
            };
            spread.map_fold(leaves.len().div_ceil(PIECE), piece, |some| some.into_iter().for_each(&mut fold));
        }
    }
}
