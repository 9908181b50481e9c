//! What a run over backups came to: how many of each verdict, and the newest of each cluster.

use checks::Verdict;
use serde::{Deserialize, Serialize};

use crate::values::Word;

/// What a run came to: of `verify`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Run {
    /// Backups, and files that belong to none.
    pub judged: u64,
    /// Of those: nothing to look at.
    pub pass: u64,
    /// Something to look at.
    pub warn: u64,
    /// Do not rely on it.
    pub fail: u64,
    /// What could not be read.
    pub unreadable: u64,
    /// Backups that were not judged since only the newest were asked for.
    pub passed_over: u64,
    /// Whether it was ended from outside before all were judged.
    pub cut_short: bool,
    /// Clusters that a snapshot was judged of, the worst newest one first.
    pub clusters: Vec<ClusterRun>,
}

/// What a run came to for one cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ClusterRun {
    /// Which; `None`: of snapshots that do not tell.
    pub cluster: Option<ClusterId>,
    /// Snapshots that were judged, with or without a tarball.
    pub judged: u64,
    /// Of those: nothing to look at.
    pub pass: u64,
    /// Something to look at.
    pub warn: u64,
    /// Do not rely on it.
    pub fail: u64,
    /// The newest; the last, where no time is known.
    pub newest: Option<Newest>,
    /// The newest that does not fail.
    pub newest_good: Option<Newest>,
}

/// The newest backup of a cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Newest {
    /// What findings about it call it.
    pub name: String,
    /// The verdict on it.
    pub verdict: Verdict,
    /// When it was taken.
    pub taken: Option<Moment>,
}

/// Which cluster a snapshot is of, by what is in it.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct ClusterId {
    /// The identity: equal for all backups of the cluster, and for no other.
    pub id: String,
    /// What it is: `cluster-version`, `kube-system` (UID of the namespace) or `members` (IDs of etcd's).
    pub by: Word,
    /// How the cluster calls itself, where it does.
    pub name: Option<String>,
}

/// When a backup was taken.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
pub struct Moment {
    /// The moment, RFC 3339 in UTC, to the second.
    pub at: String,
    /// By which clock: `data`, that of the cluster, as its objects tell; `name`, that of the node, as the file's name tells.
    pub by: Word,
}

/// What came of one backup, in short.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// What findings about it call it.
    pub name: String,
    /// The verdict on it.
    pub verdict: Verdict,
    /// Whether it has a snapshot: a tarball alone is no backup of a cluster.
    pub snapshot: bool,
    /// Which cluster it is of.
    pub cluster: Option<ClusterId>,
    /// When it was taken.
    pub taken: Option<Moment>,
}

impl Run {
    /// Adds what came of a backup; they come oldest first where no time is known.
    pub fn add(&mut self, outcome: &Outcome) {
        self.judged += 1;
        *of_verdict(&mut self.pass, &mut self.warn, &mut self.fail, outcome.verdict) += 1;
        if !outcome.snapshot {
            return;
        }
        let same = |it: &ClusterRun| it.cluster.as_ref().map(|it| &it.id) == outcome.cluster.as_ref().map(|it| &it.id);
        let place = self.clusters.iter().position(same).unwrap_or_else(|| {
            self.clusters.push(ClusterRun { cluster: outcome.cluster.clone(), ..ClusterRun::default() });
            self.clusters.len() - 1
        });
        if let Some(cluster) = self.clusters.get_mut(place) {
            cluster.add(outcome);
        }
    }

    /// Puts the clusters in order: the one whose newest backup is worst first.
    pub fn sort(&mut self) {
        let verdict = |it: &ClusterRun| it.newest.as_ref().map(|newest| newest.verdict);
        self.clusters.sort_by(|a, b| verdict(b).cmp(&verdict(a)).then_with(|| a.cluster.cmp(&b.cluster)));
    }

    /// Whether all that was named was read and judged.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.unreadable == 0 && !self.cut_short
    }
}

impl ClusterRun {
    fn add(&mut self, outcome: &Outcome) {
        self.judged += 1;
        *of_verdict(&mut self.pass, &mut self.warn, &mut self.fail, outcome.verdict) += 1;
        if let (Some(own), Some(other)) = (&mut self.cluster, &outcome.cluster) {
            own.name = own.name.take().or_else(|| other.name.clone());
        }
        outcome.take_place(&mut self.newest);
        if outcome.verdict != Verdict::Fail {
            outcome.take_place(&mut self.newest_good);
        }
    }
}

impl Outcome {
    fn take_place(&self, newest: &mut Option<Newest>) {
        let at = |taken: &Option<Moment>| taken.as_ref().map(|taken| taken.at.clone());
        if newest.as_ref().is_none_or(|newest| at(&newest.taken) <= at(&self.taken)) {
            *newest = Some(Newest { name: self.name.clone(), verdict: self.verdict, taken: self.taken.clone() });
        }
    }
}

fn of_verdict<'n>(pass: &'n mut u64, warn: &'n mut u64, fail: &'n mut u64, verdict: Verdict) -> &'n mut u64 {
    match verdict {
        Verdict::Pass => pass,
        Verdict::Warn => warn,
        Verdict::Fail => fail,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(name: &str, cluster: Option<&str>, at: Option<&str>, verdict: Verdict) -> Outcome {
        let cluster = cluster.map(|id| ClusterId { id: id.to_owned(), ..ClusterId::default() });
        let taken = at.map(|at| Moment { at: at.to_owned(), by: Word::Borrowed("data") });
        Outcome { name: name.to_owned(), verdict, snapshot: true, cluster, taken }
    }

    #[test]
    fn the_newest_and_the_newest_good_of_each_cluster() {
        let mut run = Run::default();
        for (name, cluster, at, verdict) in [
            ("a2", Some("a"), Some("2026-11-02T00:00:00Z"), Verdict::Pass),
            ("a3", Some("a"), Some("2026-11-03T00:00:00Z"), Verdict::Fail),
            ("a1", Some("a"), Some("2026-11-01T00:00:00Z"), Verdict::Warn),
            ("b1", Some("b"), None, Verdict::Pass),
            ("b2", Some("b"), None, Verdict::Warn),
            ("?", None, None, Verdict::Pass),
        ] {
            run.add(&outcome(name, cluster, at, verdict));
        }
        run.add(&Outcome { name: "tarball".to_owned(), verdict: Verdict::Fail, ..Outcome::default() });
        run.sort();
        assert_eq!((run.judged, run.pass, run.warn, run.fail), (7, 3, 2, 2));
        let told = |it: &ClusterRun| {
            let name = |newest: &Option<Newest>| newest.as_ref().map(|it| it.name.clone()).unwrap_or_default();
            (it.cluster.as_ref().map(|it| it.id.clone()), it.judged, name(&it.newest), name(&it.newest_good))
        };
        let (a, b) = (Some("a".to_owned()), Some("b".to_owned()));
        let expected = [(a, 3, "a3", "a2"), (b, 2, "b2", "b2"), (None, 1, "?", "?")];
        let expected = expected.map(|(id, judged, newest, good)| (id, judged, newest.to_owned(), good.to_owned()));
        assert_eq!(run.clusters.iter().map(told).collect::<Vec<_>>(), expected);
        assert!(run.is_complete());
        assert!(!Run { unreadable: 1, ..Run::default() }.is_complete());
        assert!(!Run { cut_short: true, ..Run::default() }.is_complete());
    }
}
