//! Which of many backups are the newest of their clusters: found out before any is judged.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use backup_facts::pair::ClusterFacts;
use document::Moment;
use kube_objects::StorageKey;

use crate::backup::Backup;
use crate::backups::{Backups, Turn};
use crate::moment;
use crate::question::Question;
use crate::watch::{Phase, Watch};

/// When a backup was taken, and what it is called.
type Taken = (Option<Moment>, usize, String);

impl Backups {
    /// The names of all but the newest `keep` backups of each cluster, for [`Question::pass_over`]. Each snapshot is read
    /// for what it says of its cluster and its time, and nothing is judged. Snapshots that do not tell of a cluster count
    /// as one, and so do tarballs alone; a file that cannot be read is not passed over.
    ///
    /// A stream, and what comes out of one, is gone afterwards: open the input anew to judge it.
    #[must_use]
    pub fn but_newest(&self, keep: usize, question: &Question, watch: &dyn Watch) -> BTreeSet<String> {
        let mut clusters: BTreeMap<(bool, Option<String>), Vec<Taken>> = BTreeMap::new();
        let _ = self.turns(question, &Unheard(watch), &mut |turn| {
            if let Turn::Backup(backup) = turn
                && let Some((cluster, taken)) = glance(backup, question, watch)
            {
                let of = clusters.entry((backup.snapshot().is_some(), cluster)).or_default();
                of.push((taken, of.len(), backup.name().to_owned()));
            }
            ControlFlow::Continue(())
        });
        watch.done();
        let older = clusters.into_values().flat_map(|mut taken| {
            taken.sort();
            let older = taken.len().saturating_sub(keep);
            taken.into_iter().take(older).map(|(.., name)| name)
        });
        older.collect()
    }
}

/// Which cluster a backup is of, and when it was taken; `None` where its snapshot cannot be read.
fn glance(backup: &Backup, question: &Question, watch: &dyn Watch) -> Option<(Option<String>, Option<Moment>)> {
    let Some(source) = backup.snapshot() else {
        return Some((None, moment::taken(backup, None, question.now)));
    };
    let db = crate::database::intact_database(source).ok()?;
    watch.phase(Phase::Reading, Some(source.bytes().len() as u64));
    let progress = |bytes| watch.advance(bytes);
    let options =
        etcd_snapshot::Options { without_hashes: true, progress: Some(&progress), ..etcd_snapshot::Options::default() };
    let scan = etcd_snapshot::scan(db, options, &crate::pool::Pool);
    let mut facts = ClusterFacts::default();
    for live in scan.store.live() {
        facts.add(live.kv.key, &StorageKey::parse(live.kv.key), live.kv.value, live.kv.create_revision);
    }
    let cluster = moment::cluster(&facts, &scan.state, None).map(|cluster| cluster.id);
    Some((cluster, moment::taken(backup, Some(&facts), question.now)))
}

/// Progress, and no remarks: they come when it is judged.
struct Unheard<'w>(&'w dyn Watch);

impl Watch for Unheard<'_> {
    fn phase(&self, phase: Phase, total: Option<u64>) {
        self.0.phase(phase, total);
    }

    fn advance(&self, bytes: u64) {
        self.0.advance(bytes);
    }

    fn done(&self) {
        self.0.done();
    }

    fn stop(&self) -> bool {
        self.0.stop()
    }

    fn before_keys(&self) {
        self.0.before_keys();
    }
}
