//! Rows to clusters, one row at a time.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use super::Asked;
use super::clusters::{Cluster, Status, Trend};
use crate::error::Error;
use crate::item::{ClusterFrom, Expected};
use crate::outcome::{FindingRow, VerdictRow};
use crate::place::{FINDINGS, Place, VERDICTS};
use crate::rows::{self, rows};

/// What is told of a run.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Report {
    /// `assay-fleet-report/1`
    pub(super) schema: &'static str,
    /// The digest of the plan.
    pub(super) run: String,
    /// The time that ages are counted to.
    pub(super) now: String,
    /// As of when was judged.
    pub(super) judged: String,
    /// The version of assay.
    pub(super) assay: String,
    /// The clusters, the worst first.
    pub(super) clusters: Vec<Cluster>,
    /// How many clusters are how.
    pub(super) statuses: BTreeMap<&'static str, u64>,
    /// How many backups came to what.
    pub(super) states: BTreeMap<&'static str, u64>,
    /// How many of each verdict.
    pub(super) verdicts: BTreeMap<&'static str, u64>,
    /// How many versions beneath the newest of their object came to what.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) beneath: BTreeMap<&'static str, u64>,
    /// What was found, in most clusters first.
    pub(super) findings: Vec<Found>,
    /// Clusters of the earlier run that are not there any more.
    pub(super) gone: Vec<String>,
}

/// A finding, over all clusters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Found {
    /// `SNAP-003`
    pub(super) id: String,
    /// `trailer-mismatch`
    pub(super) name: String,
    /// The worst that it is anywhere.
    pub(super) severity: String,
    /// In how many clusters.
    pub(super) clusters: u64,
    /// In how many backups.
    pub(super) backups: u64,
}

/// Whose a backup is, where its own row does not tell.
///
/// A backup that could not be read is called by its folder. Where all others in there are of one cluster, so is it.
#[derive(Default)]
struct Owners {
    by_folder: HashMap<String, Option<String>>,
}

impl Owners {
    fn learn(&mut self, row: &VerdictRow) {
        if row.cluster_from != ClusterFrom::Path {
            let owner = self.by_folder.entry(row.folder.clone()).or_insert_with(|| Some(row.cluster.clone()));
            if owner.as_ref().is_some_and(|owner| *owner != row.cluster) {
                *owner = None;
            }
        }
    }

    fn of<'r>(&'r self, row: &'r VerdictRow) -> &'r str {
        let told = self.by_folder.get(&row.folder).and_then(Option::as_deref);
        told.filter(|_| row.cluster_from == ClusterFrom::Path).unwrap_or(&row.cluster)
    }
}

/// Reads the results of a run.
pub(super) async fn report(place: &Place, asked: Asked) -> Result<Report, Error> {
    let plan = rows::plan(place).await?;
    let missing = |name: &str| {
        Error::new(format!("{}: it is not there", place.shown(name))).hinted("`assay-fleet merge` writes it")
    };
    let packed = place.read(VERDICTS).await?.ok_or_else(|| missing(VERDICTS))?;
    let verdicts = || rows::<VerdictRow>(packed.as_slice(), place.shown(VERDICTS));
    let mut owners = Owners::default();
    verdicts().try_for_each(|row| row.map(|row| owners.learn(&row)))?;
    let mut clusters: BTreeMap<String, Cluster> = BTreeMap::new();
    for expected in &plan.inventory {
        clusters.entry(expected.cluster.clone()).or_insert_with(|| Cluster::new(&expected.cluster));
    }
    let mut cluster_of: HashMap<String, String> = HashMap::new();
    for row in verdicts() {
        let row = row?;
        if row.run.as_deref() != Some(plan.digest.as_str()) {
            return Err(Error::new(format!("{}: results of another plan", place.shown(VERDICTS))));
        }
        let owner = owners.of(&row);
        clusters.entry(owner.to_owned()).or_insert_with(|| Cluster::new(owner)).add(&row);
        if row.over.is_none() {
            cluster_of.insert(row.item.clone(), owner.to_owned());
        }
    }
    let packed = place.read(FINDINGS).await?.ok_or_else(|| missing(FINDINGS))?;
    let findings = findings(rows(packed.as_slice(), place.shown(FINDINGS)), &cluster_of)?;
    Ok(Report {
        run: plan.digest,
        now: asked.now.to_string(),
        judged: plan.now,
        assay: plan.assay,
        findings,
        ..settled(clusters, &plan.inventory, asked)
    })
}

fn settled(clusters: BTreeMap<String, Cluster>, inventory: &[Expected], asked: Asked) -> Report {
    let mut clusters: Vec<Cluster> = clusters.into_values().collect();
    let (mut statuses, mut states, mut verdicts) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    let mut beneath = BTreeMap::new();
    for cluster in &mut clusters {
        cluster.settle(inventory.iter().find(|expected| expected.cluster == cluster.cluster), asked);
        *statuses.entry(cluster.status.name()).or_default() += 1;
        sum(&mut states, &cluster.states);
        sum(&mut verdicts, &cluster.verdicts);
        sum(&mut beneath, &cluster.beneath);
    }
    // the worst first; of one kind, the one that has been without a good backup for the longest
    clusters.sort_by(|a, b| {
        let age = |it: &Cluster| std::cmp::Reverse(it.age_seconds.unwrap_or(i64::MAX));
        (a.status, age(a), &a.cluster).cmp(&(b.status, age(b), &b.cluster))
    });
    Report {
        schema: "assay-fleet-report/1",
        run: String::new(),
        now: String::new(),
        judged: String::new(),
        assay: String::new(),
        clusters,
        statuses,
        states,
        verdicts,
        beneath,
        findings: Vec::new(),
        gone: Vec::new(),
    }
}

fn sum(all: &mut BTreeMap<&'static str, u64>, of_one: &BTreeMap<&'static str, u64>) {
    of_one.iter().for_each(|(word, count)| *all.entry(*word).or_default() += count);
}

/// Findings that count, over all clusters; none of what lies beneath.
fn findings(
    rows: impl Iterator<Item = Result<FindingRow, Error>>,
    cluster_of: &HashMap<String, String>,
) -> Result<Vec<Found>, Error> {
    struct Seen<'c> {
        found: Found,
        clusters: std::collections::HashSet<&'c str>,
        last: String,
    }
    let rank = |severity: &str| crate::answer::SEVERITIES.iter().position(|known| *known == severity).unwrap_or(0);
    let mut seen: BTreeMap<String, Seen<'_>> = BTreeMap::new();
    for row in rows {
        let row = row?;
        let Some(cluster) = cluster_of.get(&row.item).filter(|_| row.waived.is_none()) else { continue };
        let new = || Seen {
            found: Found {
                id: row.id.clone(),
                name: row.name.clone(),
                severity: row.severity.clone(),
                clusters: 0,
                backups: 0,
            },
            clusters: std::collections::HashSet::new(),
            last: String::new(),
        };
        let it = seen.entry(row.id.clone()).or_insert_with(new);
        if rank(&row.severity) < rank(&it.found.severity) {
            it.found.severity.clone_from(&row.severity);
        }
        if it.last != row.item {
            it.found.backups += 1;
            it.last.clone_from(&row.item);
        }
        it.clusters.insert(cluster);
    }
    let found = seen.into_values().map(|it| Found { clusters: it.clusters.len() as u64, ..it.found });
    let mut found: Vec<Found> = found.collect();
    found.sort_by(|a, b| (rank(&a.severity), b.clusters, &a.id).cmp(&(rank(&b.severity), a.clusters, &b.id)));
    Ok(found)
}

impl Report {
    /// Tells what became of each cluster since an earlier run.
    pub(super) fn compare(&mut self, before: &Self) {
        let earlier: HashMap<&str, Status> =
            before.clusters.iter().map(|cluster| (cluster.cluster.as_str(), cluster.status)).collect();
        for cluster in &mut self.clusters {
            cluster.trend = Some(match earlier.get(cluster.cluster.as_str()) {
                None => Trend::New,
                Some(was) if *was < cluster.status => Trend::Better,
                Some(was) if *was > cluster.status => Trend::Worse,
                Some(_) => Trend::Same,
            });
        }
        let now: std::collections::HashSet<&str> = self.clusters.iter().map(|it| it.cluster.as_str()).collect();
        let gone =
            before.clusters.iter().filter(|it| it.status != Status::Missing && !now.contains(it.cluster.as_str()));
        self.gone = gone.map(|it| it.cluster.clone()).collect();
    }

    /// Clusters of a trend.
    pub(super) fn of_trend(&self, trend: Trend) -> usize {
        self.clusters.iter().filter(|cluster| cluster.trend == Some(trend)).count()
    }

    /// Clusters of which something lies beneath that is better than what is seen, and that.
    pub(super) fn better_beneath(&self) -> impl Iterator<Item = (&Cluster, String)> {
        self.clusters.iter().filter_map(|cluster| Some((cluster, cluster.better_beneath()?.beneath()?)))
    }

    /// Clusters that lack what they must have.
    pub(super) fn failing(&self) -> usize {
        self.clusters.iter().filter(|cluster| cluster.status.fails()).count()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::clusters::tests::{asked, row};
    use super::*;
    use crate::outcome::{State, Verdict};

    /// A report of these backups.
    pub(in crate::report) fn of(rows: &[VerdictRow]) -> Report {
        let mut owners = Owners::default();
        rows.iter().for_each(|row| owners.learn(row));
        let mut clusters = BTreeMap::new();
        for row in rows {
            let owner = owners.of(row);
            clusters.entry(owner.to_owned()).or_insert_with(|| Cluster::new(owner)).add(row);
        }
        Report { now: asked().now.to_string(), assay: "0.1.0".into(), ..settled(clusters, &[], asked()) }
    }

    #[test]
    fn what_cannot_be_read_is_its_folders_unless_several_clusters_share_that() {
        let at = "2026-11-29T11:00:00Z";
        let lost = || VerdictRow {
            cluster_from: ClusterFrom::Path,
            state: State::Vanished,
            verdict: None,
            ..row("s3://b/x", "lost", "2026-11-29T11:30:00Z", Verdict::Pass)
        };
        let report = of(&[row("prod", "a", at, Verdict::Pass), lost()]);
        let names = |report: &Report| report.clusters.iter().map(|it| it.cluster.clone()).collect::<Vec<_>>();
        assert_eq!(names(&report), ["prod"]);
        assert_eq!(report.clusters[0].status, Status::NewestBad);
        let report = of(&[row("prod", "a", at, Verdict::Pass), row("test", "b", at, Verdict::Pass), lost()]);
        assert_eq!(names(&report), ["s3://b/x", "prod", "test"]);
    }

    #[test]
    fn trends_are_told_and_what_is_gone() {
        let at = "2026-11-29T11:00:00Z";
        let before = of(&[
            row("same", "a", at, Verdict::Pass),
            row("worse", "b", at, Verdict::Pass),
            row("better", "c", at, Verdict::Fail),
            row("gone", "d", at, Verdict::Pass),
        ]);
        let mut now = of(&[
            row("same", "a", at, Verdict::Pass),
            row("worse", "b", at, Verdict::Fail),
            row("better", "c", at, Verdict::Pass),
            row("new", "d", at, Verdict::Pass),
        ]);
        now.compare(&before);
        let told: BTreeMap<&str, Trend> =
            now.clusters.iter().map(|it| (it.cluster.as_str(), it.trend.unwrap())).collect();
        let expected = [("same", Trend::Same), ("worse", Trend::Worse), ("better", Trend::Better), ("new", Trend::New)];
        assert_eq!(told, expected.into_iter().collect());
        assert_eq!(now.gone, ["gone"]);
        assert_eq!(now.clusters[0].cluster, "worse");
    }
}
