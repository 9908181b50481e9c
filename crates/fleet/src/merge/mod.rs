//! `merge`: parts to results. Each item of the plan must be told of exactly once; what is not is named.
//!
//! Memory is that of the plan and of one part, not of all rows: results go out in the order of the plan.

mod parquet;
mod part;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::address::Address;
use crate::error::{Error, HOLES, print, say};
use crate::item::{Item, Plan};
use crate::judge::row::{Judged, unknown};
use crate::outcome::{FindingRow, State, VerdictRow};
use crate::place::{CARRIED, FINDINGS, FINDINGS_TABLE, ITEMS, Place, RUN, VERDICTS, VERDICTS_TABLE, part};
use crate::{rows, zst};
use parquet::Table;
use part::Part;

/// Shards that are named one by one, where many are missing.
const NAMED: usize = 20;

/// Arguments of `merge`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  assay-fleet merge --run s3://results/runs/1/
  assay-fleet merge --run RUN --allow-incomplete       holes are no failure

Writes verdicts and findings, each as .ndjson.zst and as .parquet, and run.json.
Exit codes: 0; 3 where items are missing.")]
pub(crate) struct MergeArgs {
    /// Where the run is kept
    #[arg(long, value_name = "ADDRESS")]
    run: Address,
    /// Missing items are no failure
    #[arg(long)]
    allow_incomplete: bool,
    /// Times that a request is tried again
    #[arg(long, default_value_t = crate::store::RETRIES, value_name = "N")]
    retries: usize,
}

/// `run.json`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Run {
    /// `assay-fleet-run/1`
    pub(crate) schema: String,
    /// The digest of the plan.
    pub(crate) run: String,
    /// As of when was judged.
    pub(crate) now: String,
    /// The version of assay.
    pub(crate) assay: String,
    /// Items.
    pub(crate) items: u64,
    /// How many came to what.
    pub(crate) states: BTreeMap<String, u64>,
    /// How many of each verdict.
    pub(crate) verdicts: BTreeMap<String, u64>,
    /// Rows of findings.
    pub(crate) findings: u64,
    /// Shards that no part, or none that can be used, tells of.
    pub(crate) missing_shards: Vec<u32>,
}

/// What goes out.
struct Results {
    run: Run,
    verdicts: zst::Writer,
    findings: zst::Writer,
    tables: (Table, Table),
}

/// Puts parts together.
pub(crate) async fn run(args: MergeArgs) -> Result<u8, Error> {
    let place = Place::open(args.run, args.retries)?;
    let plan = rows::plan(&place).await?;
    let packed = rows::items(&place).await?;
    let items: Vec<Item> = rows::rows(packed.as_slice(), place.shown(ITEMS)).collect::<Result<_, _>>()?;
    let mut results = Results::new(&plan, &items)?;
    let carried: Vec<&Item> = items.iter().filter(|item| item.shard.is_none()).collect();
    let carried = match carried.is_empty() {
        true => None,
        false => {
            let part = usable(&place, CARRIED, None, &carried, &plan).await?;
            Some(part.map_err(|why| Error::new(format!("{}: {why}", place.shown(CARRIED))))?)
        }
    };
    let mut carried_rows = carried.as_ref().map(Part::rows);
    let mut rest = items.iter().peekable();
    while let Some(first) = rest.next() {
        let Some(shard) = first.shard else {
            let row = carried_rows.as_mut().and_then(Iterator::next);
            results.add(row.ok_or_else(|| Error::new("a carried row is missing"))??, &plan, None)?;
            continue;
        };
        // what is carried and stands between the items of a shard comes after them
        let mut of_it = vec![first];
        let mut between = 0_usize;
        while let Some(next) = rest.next_if(|next| next.shard.is_none_or(|other| other == shard)) {
            if next.shard.is_some() { of_it.push(next) } else { between += 1 }
        }
        let name = part(shard);
        match usable(&place, &name, Some(shard), &of_it, &plan).await? {
            Ok(part) => part.rows().try_for_each(|row| results.add(row?, &plan, Some(shard)))?,
            Err(why) => {
                results.run.missing_shards.push(shard);
                if results.run.missing_shards.len() <= NAMED {
                    say(&format!("{}: {why}", place.shown(&name)));
                }
                let why = format!("no part tells of it: {why}");
                let hole = |item: &&Item| unknown(item, &plan, State::Unjudged, Some(why.clone()));
                of_it.iter().map(hole).try_for_each(|hole| results.add(hole, &plan, Some(shard)))?;
            }
        }
        for _ in 0..between {
            let row = carried_rows.as_mut().and_then(Iterator::next);
            results.add(row.ok_or_else(|| Error::new("a carried row is missing"))??, &plan, None)?;
        }
    }
    let holes = results.write(&place).await?;
    Ok(if holes && !args.allow_incomplete { HOLES } else { 0 })
}

/// A part that tells of exactly these items, in their order; else why it cannot be used.
async fn usable(
    place: &Place,
    name: &str,
    shard: Option<u32>,
    items: &[&Item],
    plan: &Plan,
) -> Result<Result<Part, String>, Error> {
    let Some(packed) = place.read(name).await? else { return Ok(Err("there is no part".to_owned())) };
    let part = Part { packed, name: place.shown(name) };
    Ok(part.check(shard, items, plan).map(|()| part))
}

impl Results {
    fn new(plan: &Plan, items: &[Item]) -> Result<Self, Error> {
        let run = Run {
            schema: "assay-fleet-run/1".to_owned(),
            run: plan.digest.clone(),
            now: plan.now.clone(),
            assay: plan.assay.clone(),
            items: items.len() as u64,
            ..Run::default()
        };
        let tables = (Table::verdicts()?, Table::findings()?);
        Ok(Self { run, verdicts: zst::Writer::default(), findings: zst::Writer::default(), tables })
    }

    fn add(&mut self, judged: Judged, plan: &Plan, shard: Option<u32>) -> Result<(), Error> {
        let Judged { verdict, findings } = judged;
        *self.run.states.entry(verdict.state.name().to_owned()).or_default() += 1;
        if let Some(verdict) = verdict.verdict {
            *self.run.verdicts.entry(verdict.name().to_owned()).or_default() += 1;
        }
        self.run.findings += findings.len() as u64;
        let row = VerdictRow { run: Some(plan.digest.clone()), shard, ..verdict };
        self.verdicts.row(&row)?;
        self.tables.0.row(&row)?;
        for finding in findings {
            let row = FindingRow { run: Some(plan.digest.clone()), ..finding };
            self.findings.row(&row)?;
            self.tables.1.row(&row)?;
        }
        Ok(())
    }

    /// Writes all; says whether something is missing.
    async fn write(self, place: &Place) -> Result<bool, Error> {
        let Self { run, verdicts, findings, tables } = self;
        place.replace(VERDICTS, verdicts.finish()).await?;
        place.replace(FINDINGS, findings.finish()).await?;
        place.replace(VERDICTS_TABLE, tables.0.finish()?).await?;
        place.replace(FINDINGS_TABLE, tables.1.finish()?).await?;
        let mut text = serde_json::to_string_pretty(&run).map_err(|error| Error::new(format!("a run: {error}")))?;
        text.push('\n');
        place.replace(RUN, text.into_bytes()).await?;
        let of_state: Vec<String> = State::ALL
            .iter()
            .filter_map(|state| Some(format!("{} {}", run.states.get(state.name())?, state.name())))
            .collect();
        print(&format!("{}: {}\n", wording::count(run.items, "backup"), of_state.join(", ")))?;
        if !run.missing_shards.is_empty() {
            let named: Vec<String> = run.missing_shards.iter().take(NAMED).map(u32::to_string).collect();
            let more = run.missing_shards.len().saturating_sub(NAMED);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            print(&format!("missing: shard {}{more}\n", named.join(", ")))?;
            say("hint: judge these shards again: `assay-fleet job slurm --missing` prints the script for them");
        }
        Ok(!run.missing_shards.is_empty())
    }
}
