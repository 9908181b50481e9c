//! Metrics of a catalog: one series a cluster, whatever its backups are called.
//!
//! A cluster without a backup that counts has no time of one: a rule of its own finds it, and no arithmetic takes a 0 for a
//! time. Times are values, never labels.

use document::ClusterStats;
use jiff::Timestamp;

use super::Metrics;
use crate::parts::{time, whole};

/// What a catalog's metrics are made of.
#[derive(Debug, Clone, Copy)]
pub struct Kept<'k> {
    /// Figures of each cluster.
    pub clusters: &'k [ClusterStats],
    /// When they are told.
    pub now: Timestamp,
    /// Number of the log's last entry.
    pub log: i64,
    /// Whether every file of this host could be read when it was last looked at.
    pub complete: bool,
    /// Version of assay.
    pub assay: &'k str,
}

pub(crate) fn render(kept: &Kept<'_>) -> String {
    let mut metrics = Metrics::default();
    metrics.set("assay_build_info", "The assay that tells; always 1.", &[("version", kept.assay)], 1);
    let help = "When the catalog was last asked; a run that fails before that leaves it as it is.";
    metrics.set("assay_last_run_timestamp_seconds", help, &[], kept.now.as_second());
    let help = "Whether every file of this host could be read when it was last looked at.";
    metrics.set("assay_complete", help, &[], i64::from(kept.complete));
    metrics.set("assay_catalog_log_seq", "Number of the last entry of the catalog's log.", &[], kept.log);
    for cluster in kept.clusters {
        of_cluster(cluster, &mut metrics);
    }
    metrics.text()
}

fn of_cluster(it: &ClusterStats, metrics: &mut Metrics) {
    let cluster = [("cluster", it.cluster.as_deref().unwrap_or("unknown"))];
    let counts = it.backups;
    // tarballs without a snapshot do not tell of which cluster they are: they are no cluster without backups
    let is_cluster = it.cluster.is_some() || counts.all > counts.orphan;
    let help = "Backups of a cluster by what is known of them; a backup may count in several.";
    for (state, number) in [
        ("all", counts.all),
        ("restorable", counts.restorable),
        ("changed", counts.changed),
        ("missing", counts.missing),
        ("orphan", counts.orphan),
    ] {
        if is_cluster || state == "orphan" {
            let [cluster] = cluster;
            metrics.set("assay_cluster_backups", help, &[cluster, ("state", state)], number);
        }
    }
    if !is_cluster {
        return;
    }
    let at = |text: Option<&str>| text.and_then(|text| text.parse().ok()).map(Timestamp::as_second);
    let last = it.last_restorable.as_ref().map(|last| last.taken.as_str());
    let help = "When the newest backup of a cluster was taken that can be restored; none: there is none.";
    metrics.figure(&cluster, "assay_cluster_last_restorable_timestamp_seconds", help, at(last));
    let help = "Whether the newest backup of a cluster can be restored.";
    let good = it.last.as_ref().map(|last| i64::from(last.restorable));
    metrics.figure(&cluster, "assay_cluster_last_backup_restorable", help, good);
    let help = "When the file of a cluster's backups that was read longest ago was read, of those on this host.";
    metrics.figure(&cluster, "assay_cluster_oldest_check_timestamp_seconds", help, at(it.oldest_check.as_deref()));
    let [cluster] = cluster;
    for escrow in &it.escrows {
        let labels = [cluster, ("escrow", escrow.escrow.as_str())];
        let help = "Shares that it takes to open an escrow.";
        metrics.set("assay_custody_shares_needed", help, &labels, whole(escrow.needed));
        let help = "Custodians who proved within 90 days that they hold theirs.";
        metrics.set("assay_custody_shares_proven", help, &labels, whole(escrow.proven));
    }
    for custodian in &it.custodians {
        let labels = [cluster, ("custodian", custodian.custodian.as_str())];
        let help = "When a custodian last proved that they hold their share; none: never.";
        let drill = time(&custodian.last_drill).map(Timestamp::as_second);
        metrics.figure(&labels, "assay_custody_last_drill_timestamp_seconds", help, drill);
    }
}
