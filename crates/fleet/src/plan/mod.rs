//! `plan`: what there is, whose it is, how much of it is read, and in which shard. An immutable list: everything after it
//! works by it.

mod backups;
mod before;
mod carry;
mod depth;
mod identity;
mod list;
mod shard;

use std::collections::BTreeSet;
use std::path::PathBuf;

use globset::{Glob, GlobSet, GlobSetBuilder};
use sha2::{Digest as _, Sha256};

use crate::address::Address;
use crate::error::{Error, say};
use crate::item::{ClusterFrom, Depth, Expected, Item, Plan};
use crate::place::{CARRIED, Created, ITEMS, PLAN, POLICY, Place};
use crate::{credentials, program, zst};
use backups::{Backup, PassedOver};
pub(crate) use depth::{Depths, share};
use depth::{Judge, remarkable, sampled};

/// Arguments of `plan`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  assay-fleet plan --source s3://etcd-backups/ --run s3://results/runs/1/
  assay-fleet plan --source file:/mnt/backups --depth full --run file:/runs/1
  assay-fleet plan --source s3://etcd-backups/ --versions --run RUN
                          also what was overwritten, or deleted
  assay-fleet plan --source s3://etcd-backups/ --since-run RUN --run NEXT
                          what has not changed since is carried, not read again

Where from and where to: `s3://BUCKET/PREFIX`, `az://CONTAINER/PREFIX`,
`gs://BUCKET/PREFIX` or `file:/PATH`. Credentials come from the environment or
from token files; docs/fleet.md lists both, and the rights.")]
pub(crate) struct PlanArgs {
    /// Where backups are; may be given several times
    #[arg(long, required = true, value_name = "ADDRESS")]
    source: Vec<Address>,
    /// Where the run is kept
    #[arg(long, value_name = "ADDRESS")]
    run: Address,
    /// CSV of the clusters that must have backups: `cluster,prefix`, and as wanted `rpo` (26h) and `keep` (30)
    #[arg(long, value_name = "FILE")]
    inventory: Option<PathBuf>,
    /// How much is read
    #[arg(long, value_enum, default_value = "mixed", value_name = "DEPTH")]
    depth: Depths,
    /// With `mixed`: the share of all others that is judged whole, by their ids
    #[arg(long, default_value = "5%", value_parser = share, value_name = "SHARE")]
    sample: f64,
    /// An earlier run: what was judged there and has not changed is carried, for at most 30 days
    #[arg(long, value_name = "ADDRESS")]
    since_run: Option<Address>,
    /// Judge, too, what lies beneath the newest version of each object; S3 only
    #[arg(long)]
    versions: bool,
    /// Take what matches for a snapshot, too, such as `s3://b/**/*.etcd`; may be given several times
    #[arg(long = "match", value_name = "GLOB")]
    more: Vec<String>,
    /// What backups must be: a policy of assay
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Leave names of keys out of the rows
    #[arg(long)]
    no_keys: bool,
    /// Most shards; Slurm takes 1000 unless set up otherwise
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=100_000), value_name = "N")]
    max_shards: u32,
    /// Most bytes in a shard, such as 3G
    #[arg(long, default_value = "3G", value_parser = bytes, value_name = "SIZE")]
    shard_bytes: u64,
    /// Most items in a shard
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..), value_name = "N")]
    shard_items: u32,
    /// The judge: `assay` beside this program, else in PATH
    #[arg(long, value_name = "PATH")]
    assay: Option<PathBuf>,
    /// Judge as of this time, RFC 3339: equal sources and equal times make equal plans
    #[arg(long, value_name = "TIME", env = "ASSAY_NOW")]
    now: Option<jiff::Timestamp>,
    /// Times that a request is tried again
    #[arg(long, default_value_t = crate::store::RETRIES, value_name = "N")]
    retries: usize,
}

/// Bytes: a number, and K, M or G for powers of 1000.
pub(crate) fn bytes(text: &str) -> Result<u64, String> {
    let wrong = || format!("`{text}` is no size: a number, and K, M or G if wanted");
    let (digits, unit) = match text.char_indices().next_back() {
        Some((at, 'K' | 'k')) => (text.get(..at), 1_000),
        Some((at, 'M' | 'm')) => (text.get(..at), 1_000_000),
        Some((at, 'G' | 'g')) => (text.get(..at), 1_000_000_000),
        _ => (Some(text), 1),
    };
    let number = digits.and_then(|digits| digits.parse::<u64>().ok()).ok_or_else(wrong)?;
    number.checked_mul(unit).filter(|bytes| *bytes > 0).ok_or_else(wrong)
}

/// Plans a run.
pub(crate) async fn run(args: PlanArgs) -> Result<u8, Error> {
    let now = crate::clock::at(args.now);
    let place = Place::open(args.run.clone(), args.retries)?;
    let assay = program::version(&program::find(args.assay.as_deref())?).await?;
    let policy = args.policy.as_deref().map(|path| given(path, "policy")).transpose()?;
    let inventory = args.inventory.as_deref().map(|path| given(path, "inventory")).transpose()?;
    let inventory = inventory.map(|bytes| identity::inventory(&bytes)).transpose()?.unwrap_or_default();
    let (objects, markers) = listed(&args).await?;
    let (found, over) = backups::backups(objects, &globs(&args.more)?);

    let digest = policy.as_deref().map(|policy| wording::hex(&Sha256::digest(policy)));
    let judge = Judge { assay: &assay, policy: digest.as_deref() };
    let mut items = items(found, &inventory, &args, &judge);
    let carried = match &args.since_run {
        Some(since) => {
            let since = Place::open(since.clone(), args.retries)?;
            Some(carry::carry(&since, &mut items, &judge, (now, args.depth)).await?)
        }
        None => None,
    };
    let limits = shard::Limits { shards: args.max_shards, bytes: args.shard_bytes, items: args.shard_items };
    let shards = shard::cut(&mut items, limits);

    let create_only = place.creates_only_once().await?;
    let mut plan = summary(&args, &items, over, markers);
    plan = Plan {
        now: now.to_string(),
        shards,
        assay: assay.clone(),
        policy: digest.clone(),
        create_only,
        inventory,
        ..plan
    };
    plan.digest = digest_of(&plan, &items)?;
    write(&place, &plan, &items, policy, carried).await?;
    told(&plan, &place);
    // of this moment, not of the plan: equal sources make equal plans
    let ending = credentials::ending(|name| std::env::var(name).ok(), crate::clock::at(None));
    ending.inspect(|ending| say(&format!("warning: {ending}")));
    Ok(0)
}

/// Everything under the sources, and what delete markers hide there; what is under two of them is there once.
async fn listed(args: &PlanArgs) -> Result<(Vec<list::Object>, BTreeSet<String>), Error> {
    let (mut objects, mut hidden) = (Vec::new(), BTreeSet::new());
    for source in &args.source {
        if !args.versions {
            objects.extend(list::list(source, args.retries).await?);
            continue;
        }
        let (versions, markers) = list::all_versions(source, args.retries).await?;
        objects.extend(versions);
        hidden.extend(markers);
    }
    Ok((objects, hidden))
}

#[expect(clippy::disallowed_methods, reason = "a list and a policy, not a backup")]
fn given(path: &std::path::Path, what: &str) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|error| Error::new(format!("the {what} `{}`: {error}", wording::escape_path(path))))
}

fn globs(patterns: &[String]) -> Result<GlobSet, Error> {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        set.add(Glob::new(pattern).map_err(|error| Error::new(format!("--match: {error}")))?);
    }
    set.build().map_err(|error| Error::new(format!("--match: {error}")))
}

/// The items that backups become.
fn items(found: Vec<Backup>, inventory: &[Expected], args: &PlanArgs, judge: &Judge<'_>) -> Vec<Item> {
    let owners: Vec<(String, ClusterFrom)> =
        found.iter().map(|backup| identity::cluster_of(&backup.folder, inventory)).collect();
    let clusters: Vec<String> = owners.iter().map(|(cluster, _)| cluster.clone()).collect();
    let remarkable = remarkable(&found, &clusters);
    let marks = remarkable.newest.into_iter().zip(remarkable.odd);
    found
        .into_iter()
        .zip(owners)
        .zip(marks)
        .map(|((backup, owner), marks)| item(backup, owner, marks, args, judge))
        .collect()
}

fn item(
    backup: Backup,
    (cluster, cluster_from): (String, ClusterFrom),
    (newest, odd): (bool, bool),
    args: &PlanArgs,
    judge: &Judge<'_>,
) -> Item {
    let id = judge.id(&backup.files, Depth::Full);
    let whole = match args.depth {
        Depths::Full => true,
        Depths::Quick => backup.packed,
        Depths::Mixed => backup.packed || newest || odd || sampled(&id, args.sample),
    };
    let (item, depth) = if whole { (id, Depth::Full) } else { (judge.id(&backup.files, Depth::Quick), Depth::Quick) };
    let Backup { folder, files, taken, half, over, .. } = backup;
    let newest = newest && over.is_none();
    Item { item, shard: Some(0), cluster, cluster_from, folder, depth, taken, newest, files, half, over }
}

fn summary(args: &PlanArgs, items: &[Item], over: PassedOver, markers: BTreeSet<String>) -> Plan {
    let fresh = || items.iter().filter(|item| item.shard.is_some());
    let mut sources: Vec<String> = args.source.iter().map(Address::to_string).collect();
    sources.sort();
    sources.dedup();
    let mut warnings = Vec::new();
    if items.is_empty() {
        warnings.push("no backup was found: are these the right sources?".to_owned());
    }
    Plan {
        schema: "assay-fleet-plan/1".to_owned(),
        digest: String::new(),
        now: String::new(),
        sources,
        items: items.len() as u64,
        carried: items.iter().filter(|item| item.shard.is_none()).count() as u64,
        quick: fresh().filter(|item| item.depth == Depth::Quick).count() as u64,
        beneath: items.iter().filter(|item| item.over.is_some()).count() as u64,
        bytes: fresh().map(shard::cost).fold(0, u64::saturating_add),
        shards: 0,
        assay: String::new(),
        policy: None,
        no_keys: args.no_keys,
        create_only: false,
        passed_over: over.count,
        passed_over_such_as: over.such_as,
        versions: args.versions,
        delete_markers: markers.len() as u64,
        delete_markers_such_as: markers.into_iter().take(backups::EXAMPLES).collect(),
        warnings,
        inventory: Vec::new(),
    }
}

/// What names the run: all that is judged, and how.
fn digest_of(plan: &Plan, items: &[Item]) -> Result<String, Error> {
    let mut hash = Sha256::new();
    let failed = |error: serde_json::Error| Error::new(format!("a plan: {error}"));
    hash.update(serde_json::to_vec(plan).map_err(failed)?);
    for item in items {
        hash.update(b"\n");
        hash.update(serde_json::to_vec(item).map_err(failed)?);
    }
    Ok(wording::hex(&hash.finalize()))
}

/// The plan itself last: where it is, all of it is.
async fn write(
    place: &Place,
    plan: &Plan,
    items: &[Item],
    policy: Option<Vec<u8>>,
    carried: Option<carry::Carried>,
) -> Result<(), Error> {
    let mut lines = zst::Writer::default();
    items.iter().try_for_each(|item| lines.row(item))?;
    let mut files = vec![(ITEMS, lines.finish())];
    files.extend(policy.map(|policy| (POLICY, policy)));
    if let Some(carried) = carried {
        files.push((CARRIED, carried.part(&plan.digest, items)?));
    }
    let mut text = serde_json::to_string_pretty(plan).map_err(|error| Error::new(format!("a plan: {error}")))?;
    text.push('\n');
    files.push((PLAN, text.into_bytes()));
    for (name, bytes) in files {
        if place.create(name, bytes).await? == Created::Other {
            return Err(Error::new(format!("{}: there is another plan", place.shown(name)))
                .hinted("a run is planned once: take a new place for the next"));
        }
    }
    Ok(())
}

fn told(plan: &Plan, place: &Place) {
    let judged = plan.items - plan.carried;
    say(&format!(
        "{}: {} in {}, {} to read{}{}",
        place.shown(PLAN),
        wording::count(judged, "backup"),
        wording::count(plan.shards, "shard"),
        wording::Size(plan.bytes),
        if plan.quick > 0 { format!(", {} of them looked at quickly", plan.quick) } else { String::new() },
        if plan.carried > 0 { format!(", {} carried", plan.carried) } else { String::new() },
    ));
    if plan.versions {
        let hidden = wording::count(plan.delete_markers, "object");
        let such_as = plan.delete_markers_such_as.first().map(|it| format!(", such as {it}")).unwrap_or_default();
        let beneath = wording::count(plan.beneath, "version");
        say(&format!("{beneath} beneath the newest; hidden by a delete marker: {hidden}{such_as}"));
    }
    if plan.passed_over > 0 {
        let such_as = plan.passed_over_such_as.first().map(String::as_str).unwrap_or_default();
        let objects = wording::count(plan.passed_over, "object");
        say(&format!("passed over: {objects}, no backup by name, such as {such_as}"));
    }
    if !plan.create_only {
        say("the store of the run does not refuse to write what is there: parts are written over, with the same bytes");
    }
    plan.warnings.iter().for_each(|warning| say(&format!("warning: {warning}")));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read() {
        for (text, size) in [("3G", 3_000_000_000), ("50", 50), ("7k", 7_000), ("1M", 1_000_000)] {
            assert_eq!(bytes(text), Ok(size));
        }
        for bad in ["", "0", "G", "1.5G", "-1", "99999999999G", "é"] {
            assert!(bytes(bad).is_err(), "{bad}");
        }
    }
}
