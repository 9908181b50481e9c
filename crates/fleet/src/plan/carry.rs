//! What an earlier run judged and what has not changed since: its rows are carried, not its bytes read again.
//!
//! Disks rot, so nothing is carried for longer than 30 days; which day it is judged again is told by its id, so that it is
//! a thirtieth of all on each.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;

use super::before::Before;
use super::depth::{Depths, Judge};
use crate::error::Error;
use crate::item::{Depth, Item};
use crate::outcome::{FindingRow, PartRow, Row, SCHEMA, State, VerdictRow};
use crate::place::{FINDINGS, Place, VERDICTS};
use crate::rows::rows;
use crate::zst;

/// Days that a judgement is carried.
const DAYS: i64 = 30;

/// Rows of an earlier run.
pub(super) struct Carried {
    verdicts: HashMap<String, VerdictRow>,
    findings: BTreeMap<String, Vec<FindingRow>>,
}

/// Takes what the run at `since` judged of these items and still holds: such an item loses its shard. What was judged whole
/// stays so, also where now a quick look would do; what that run makes remarkable is read whole.
pub(super) async fn carry(
    since: &Place,
    items: &mut [Item],
    judge: &Judge<'_>,
    (now, depths): (Timestamp, Depths),
) -> Result<Carried, Error> {
    let mut earlier = Earlier::read(since).await?;
    let mut verdicts = HashMap::new();
    for item in items.iter_mut() {
        verdicts.extend(earlier.take(item, judge, (now, depths)).map(|row| (row.item.clone(), row)));
    }
    let packed = read(since, FINDINGS).await?;
    let mut findings: BTreeMap<String, Vec<FindingRow>> = BTreeMap::new();
    for row in rows::<FindingRow>(packed.as_slice(), since.shown(FINDINGS)) {
        let row = row?;
        if verdicts.contains_key(&row.item) {
            findings.entry(row.item.clone()).or_default().push(row);
        }
    }
    Ok(Carried { verdicts, findings })
}

async fn read(since: &Place, name: &str) -> Result<Vec<u8>, Error> {
    since.read(name).await?.ok_or_else(|| {
        Error::new(format!("{}: it is not there", since.shown(name)))
            .hinted("`--since-run` names a run that was merged")
    })
}

/// What an earlier run knew: what it judged, by id, and all that makes a backup remarkable.
struct Earlier {
    judged: HashMap<String, VerdictRow>,
    before: Before,
}

impl Earlier {
    async fn read(since: &Place) -> Result<Self, Error> {
        let packed = read(since, VERDICTS).await?;
        let (mut judged, mut before) = (HashMap::new(), Before::default());
        for row in rows::<VerdictRow>(packed.as_slice(), since.shown(VERDICTS)) {
            let row = row?;
            before.learn(&row);
            if matches!(row.state, State::Judged | State::Carried) {
                judged.insert(row.item.clone(), row);
            }
        }
        Ok(Self { judged, before })
    }

    /// The row of an item that holds still; then the item is no shard's. Else it may have to be read whole.
    fn take(&mut self, item: &mut Item, judge: &Judge<'_>, (now, depths): (Timestamp, Depths)) -> Option<VerdictRow> {
        let whole = judge.id(&item.files, Depth::Full);
        let was_whole = self.judged.contains_key(&whole);
        // what was judged whole is judged whole again when it is due: a look sees no rot
        if depths == Depths::Mixed && item.depth == Depth::Quick && (was_whole || self.before.marks(item)) {
            (item.depth, item.item) = (Depth::Full, whole.clone());
        }
        let id = if was_whole { whole } else { item.item.clone() };
        let day = now.as_second().div_euclid(86_400).cast_unsigned();
        let is_due = item.lot() % DAYS.cast_unsigned() == day % DAYS.cast_unsigned();
        let holds = |row: &VerdictRow| !is_due && is_fresh(row.judged.as_deref(), now);
        let row = self.judged.remove(&id).filter(holds)?;
        (item.depth, item.item, item.shard) = (row.depth, id, None);
        Some(row)
    }
}

fn is_fresh(judged: Option<&str>, now: Timestamp) -> bool {
    let judged = judged.and_then(|judged| judged.parse::<Timestamp>().ok());
    judged.is_some_and(|judged| now.as_second() - judged.as_second() < DAYS * 86_400)
}

impl Carried {
    /// The part that holds them, in the order of the plan.
    pub(super) fn part(mut self, plan: &str, items: &[Item]) -> Result<Vec<u8>, Error> {
        let mut lines = zst::Writer::default();
        let (schema, plan) = (SCHEMA.to_owned(), plan.to_owned());
        lines.row(&Row::Part(PartRow { schema, plan, shard: None, items: self.verdicts.len() as u64 }))?;
        for item in items.iter().filter(|item| item.shard.is_none()) {
            let Some(row) = self.verdicts.remove(&item.item) else { continue };
            // whose it is and what is newest is asked anew, the bytes are not
            let row = VerdictRow {
                run: None,
                shard: None,
                state: State::Carried,
                cluster: if item.cluster_from == crate::item::ClusterFrom::Inventory {
                    item.cluster.clone()
                } else {
                    row.cluster
                },
                newest: item.newest,
                over: item.over.clone(),
                folder: item.folder.clone(),
                ..row
            };
            lines.row(&Row::Verdict(Box::new(row)))?;
            for finding in self.findings.remove(&item.item).unwrap_or_default() {
                lines.row(&Row::Finding(Box::new(FindingRow { run: None, ..finding })))?;
            }
        }
        Ok(lines.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_fresh_for_longer_than_thirty_days() {
        let now: Timestamp = "2026-11-30T00:00:00Z".parse().unwrap();
        for (judged, fresh) in [
            (Some("2026-11-01T00:00:00Z"), true),
            (Some("2026-10-31T00:00:01Z"), true),
            (Some("2026-10-31T00:00:00Z"), false),
            (Some("yesterday"), false),
            (None, false),
        ] {
            assert_eq!(is_fresh(judged, now), fresh, "{judged:?}");
        }
    }
}
