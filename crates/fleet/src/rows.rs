//! Rows of plans, parts and results, read one at a time.

use std::io::Read;

use serde::de::DeserializeOwned;

use crate::error::Error;
use crate::item::{Item, Plan};
use crate::place::{ITEMS, PLAN, Place};
use crate::zst;

/// The rows of `packed`, which is called `name` where it cannot be read.
pub(crate) fn rows<T: DeserializeOwned>(packed: impl Read, name: String) -> impl Iterator<Item = Result<T, Error>> {
    zst::lines(packed).zip(1_u64..).map(move |(line, number)| {
        let line = line.map_err(|error| Error::new(format!("{name}: line {number}: {error}")))?;
        // what serde says may quote the line; where it is says enough
        serde_json::from_slice(&line).map_err(|error| {
            Error::new(format!("{name}: line {number}, column {}: no row of this kind", error.column()))
        })
    })
}

/// The plan of a run.
pub(crate) async fn plan(place: &Place) -> Result<Plan, Error> {
    let bytes = place.read(PLAN).await?.ok_or_else(|| {
        Error::new(format!("{}: there is no plan", place.shown(PLAN))).hinted("`assay-fleet plan` makes one")
    })?;
    let plan: Plan = serde_json::from_slice(&bytes)
        .map_err(|error| Error::new(format!("{}: line {}: no plan", place.shown(PLAN), error.line())))?;
    if plan.schema != "assay-fleet-plan/1" {
        return Err(Error::new(format!("{}: a plan of another release", place.shown(PLAN)))
            .hinted("judge, merge and report by the release that planned"));
    }
    Ok(plan)
}

/// The items of a run, packed: for [`rows`].
pub(crate) async fn items(place: &Place) -> Result<Vec<u8>, Error> {
    place.read(ITEMS).await?.ok_or_else(|| Error::new(format!("{}: the plan has lost its items", place.shown(ITEMS))))
}

/// The items of one shard.
pub(crate) async fn shard(place: &Place, shard: u32) -> Result<Vec<Item>, Error> {
    let packed = items(place).await?;
    let of_it = |item: &Result<Item, Error>| item.as_ref().map_or(true, |item| item.shard == Some(shard));
    rows(packed.as_slice(), place.shown(ITEMS)).filter(of_it).collect()
}
