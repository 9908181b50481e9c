//! The revision: a restore turns it back, and what has watched the cluster since has seen later ones.

use etcd_snapshot::Scan;
use jiff::Timestamp;

use super::control_plane::ControlPlane;
use crate::platform::{Platform, Raises, rules};
use crate::quota::minor;

/// What OpenShift's script adds where no file of the node tells how far it has been.
const SCRIPT_ADDS: u64 = 1_000_000_000;
/// The first release of OpenShift whose script always adds it.
const ALWAYS_SINCE: (u64, u64) = (4, 18);
/// Seconds below which a mean of writes would say little.
const LEAST_LIFE: i64 = 86_400;

/// Where the revision stands, and how far the cluster has gone since.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revisions {
    /// The newest one of the snapshot.
    pub newest: u64,
    /// That of the running cluster, where somebody said so.
    pub live: Option<u64>,
    /// By how much the platform's own restore raises it, unasked.
    pub raised: Option<u64>,
    /// Whether the platform's restore can raise it, and what restores.
    pub raises: Raises,
    /// What restores.
    pub by: &'static str,
    /// Revisions that a day brought, in the mean over the cluster's life; `None` where either end of it is not known, or the
    /// revision has been raised before.
    pub per_day: Option<u64>,
}

impl Revisions {
    /// Of a snapshot whose hazards are known. `live` is the revision of the running cluster, and `target` the release that is
    /// restored onto, where somebody said so.
    #[must_use]
    pub fn of(
        scan: &Scan<'_>,
        (taken, control_plane): (Option<Timestamp>, &ControlPlane),
        live: Option<u64>,
        target: Option<(u64, u64)>,
        platform: Platform,
    ) -> Self {
        let newest = u64::try_from(scan.current()).unwrap_or(0);
        let restore = rules(platform).restore;
        let release = target.or_else(|| control_plane.version.as_deref().and_then(minor));
        let always = restore.raises == Raises::Script && release.is_some_and(|release| release >= ALWAYS_SINCE);
        let life = control_plane.installed.zip(taken).filter(|_| scan.bump_marker.is_none());
        Self {
            newest,
            live,
            raised: always.then_some(SCRIPT_ADDS),
            raises: restore.raises,
            by: restore.by,
            per_day: life.and_then(|(from, taken)| per_day(newest, from, taken)),
        }
    }

    /// How many revisions of the running cluster are undone, and not made up for by the restore itself.
    #[must_use]
    pub fn behind(&self) -> Option<u64> {
        let after = self.newest.saturating_add(self.raised.unwrap_or(0));
        self.live.filter(|live| *live > after).map(|live| live.saturating_sub(self.newest))
    }
}

/// The mean of a day; `None` of a life of less than one.
fn per_day(newest: u64, from: Timestamp, taken: Timestamp) -> Option<u64> {
    let seconds = taken.as_second().saturating_sub(from.as_second());
    let seconds = u128::try_from(seconds).ok().filter(|_| seconds >= LEAST_LIFE)?;
    u64::try_from(u128::from(newest) * 86_400 / seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(newest: u64, live: u64, raised: Option<u64>) -> Option<u64> {
        let (raises, by) = (Raises::Script, "");
        Revisions { newest, live: Some(live), raised, raises, by, per_day: None }.behind()
    }

    #[test]
    fn what_a_restore_raises_is_not_behind() {
        assert_eq!((at(34, 1534, None), at(34, 34, None), at(34, 1, None)), (Some(1500), None, None));
        assert_eq!((at(34, 1534, Some(1500)), at(34, 1535, Some(1500))), (None, Some(1501)));
        assert_eq!(at(u64::MAX, u64::MAX, Some(1)), None);
    }

    #[test]
    fn a_mean_is_of_a_day_and_longer() {
        let from = Timestamp::UNIX_EPOCH;
        let after = |hours: i64| Timestamp::from_second(hours * 3600).unwrap_or(from);
        assert_eq!((per_day(3000, from, after(48)), per_day(3000, from, after(23))), (Some(1500), None));
        assert_eq!(per_day(3000, after(48), from), None);
    }
}
