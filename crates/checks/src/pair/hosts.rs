//! Runs of `cluster-backup.sh`, held against each other.

use jiff::Timestamp;
use wording::clip;

use super::LONGEST;
use crate::finding::Finding;
use crate::findings::SEVERAL_HOSTS;

/// Runs that lie no farther apart, in seconds, are of one moment: a job for every host, or somebody going from one to the
/// next.
const MOMENT: i64 = 15 * 60;

/// A run of the script, as the backup that it made tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// What findings about the backup call it.
    pub name: String,
    /// `spec.clusterID` of the cluster.
    pub cluster: String,
    /// The node that it was run on, as the tarball says.
    pub node: String,
    /// When the last Lease of the snapshot was renewed.
    pub taken: Timestamp,
}

/// Judges a run beside those that were seen before it: the nearest in time that was made on another host at the same
/// moment.
#[must_use]
pub fn check_hosts(run: &Run, earlier: &[Run]) -> Option<Finding> {
    let apart = |other: &Run| other.taken.as_second().abs_diff(run.taken.as_second());
    let others = earlier.iter().filter(|other| {
        other.cluster == run.cluster && other.node != run.node && apart(other) <= MOMENT.unsigned_abs()
    });
    let other = others.min_by_key(|other| apart(other))?;
    let (node, there) = (clip(&run.node, LONGEST), clip(&other.node, LONGEST));
    let message = format!(
        "this one was made on {node}, and {} on {there}, {} seconds apart",
        clip(&other.name, LONGEST),
        apart(other)
    );
    Some(Finding::new(&SEVERAL_HOSTS, message).with("node", node).with("other", there))
}
