//! What is to be done with a source, before anything is written.

mod narrowed;
mod values;

use bbolt_page::{Db, Spread};
use etcd_snapshot::state::bucket;
use etcd_snapshot::{Options, Scan, scan};

use crate::RebuildError;
use narrowed::Narrowed;
use values::Rewritten;

pub use narrowed::{LeftOut, Traces};
pub(crate) use values::Room;
pub use values::{Refusal, Values};

/// Which history is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compact {
    /// All of it.
    #[default]
    None,
    /// None: every key as it is now.
    Latest,
    /// What is after this revision, and every key as it was then.
    At(i64),
}

/// How the new snapshot shall differ from the source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Which history is kept.
    pub compact: Compact,
    /// Bytes of a page; `None` for the source's.
    pub page_size: Option<u32>,
    /// Leaves alarms out: a server that has one refuses to write.
    pub drop_alarms: bool,
    /// Leaves users and roles out, and authentication off.
    pub drop_auth: bool,
    /// The state at this revision: what is later is left out, and the compaction is there, whatever `compact` says.
    pub rev: Option<i64>,
}

/// A source that was read, and what will become of it.
#[derive(Debug)]
pub struct Plan<'a> {
    pub(crate) scan: Scan<'a>,
    pub(crate) wanted: Wanted,
    pub(crate) narrowed: Option<Narrowed<'a>>,
    pub(crate) values: Option<Rewritten<'a>>,
    /// The compaction to do; `None` where none is.
    pub compact_at: Option<i64>,
}

/// Reads a source and says what will be done with it.
///
/// A compaction that was begun in the source is carried out, as etcd does when it starts.
///
/// # Errors
/// [`RebuildError`] for a source that is damaged, and for a revision that is not there yet.
pub fn plan<'a>(db: Db<'a>, wanted: Wanted, spread: &impl Spread) -> Result<Plan<'a>, RebuildError> {
    let first = read(db.clone(), None, spread)?;
    if let Some(rev) = wanted.rev {
        first.answerable(rev)?;
    }
    let compact_at = compaction(&first, wanted.rev.map_or(wanted.compact, Compact::At))?;
    let scan = match wanted.rev.or(compact_at).filter(|at| *at != first.current()) {
        Some(at) => {
            drop(first); // not the keys of both at once
            read(db, Some(at), spread)?
        }
        None => first,
    };
    Ok(Plan { scan, wanted, narrowed: None, values: None, compact_at })
}

/// Reads a source, and refuses one that is damaged.
pub(crate) fn read<'a>(db: Db<'a>, at: Option<i64>, spread: &impl Spread) -> Result<Scan<'a>, RebuildError> {
    let scan = scan(db, Options { at, without_hashes: true, ..Options::default() }, spread);
    // a list of free pages is not taken over
    if let Some((faults, first)) = scan.walked.faults.costly() {
        return Err(RebuildError::Damaged { faults, first: Box::new(first.clone()) });
    }
    if scan.counts.damaged > 0 {
        return Err(RebuildError::Records { records: scan.counts.damaged });
    }
    for (name, needed) in [("key", bucket::KEY), ("meta", bucket::META)] {
        if scan.bucket(needed).is_none() {
            return Err(RebuildError::NoBucket { name });
        }
    }
    Ok(scan)
}

/// The revision to compact at, where anything is to be compacted.
fn compaction(scan: &Scan<'_>, wanted: Compact) -> Result<Option<i64>, RebuildError> {
    let (current, state) = (scan.current(), &scan.state);
    let finished = state.finished_compaction.map_or(0, |revision| revision.main);
    let begun = state.compacted().unwrap_or(0);
    let at = match wanted {
        Compact::None => begun,
        Compact::Latest => current,
        Compact::At(asked) if asked > current => return Err(RebuildError::Future { asked, current }),
        Compact::At(asked) => asked.max(begun),
    };
    Ok(Some(at).filter(|at| *at > finished))
}
