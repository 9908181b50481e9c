//! The size of the database against its quota, and how much of it is free pages, in the documentation's figures.

use bbolt_page::Walked;

use super::control_plane::ControlPlane;
use crate::platform::Platform;
use crate::quota::{Quota, QuotaSource, minor};

/// From this share of free pages on the etcd operator defragments a member, in hundredths of a percent.
const DEFRAG_FROM: u64 = 4500;
/// From this size on it does, in bytes.
const DEFRAG_SIZE: u64 = 100 << 20;
/// etcdDatabaseHighFragmentationRatio fires below this share of pages in use, in hundredths of a percent ...
const LOW_USE: u64 = 5000;
/// ... and, from 4.14 on, only where more than this is in use, in bytes.
const LOW_USE_SIZE: u64 = 104_857_600;

/// Size, quota and free pages of the snapshot.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Space {
    /// Bytes of the database, as etcd_mvcc_db_total_size_in_bytes counts them.
    pub size: u64,
    /// Bytes in use, as etcd_mvcc_db_total_size_in_use_in_bytes counts them. Pages that the live server held back for
    /// readers count as free here.
    pub in_use: u64,
    /// Share of free pages, in hundredths of a percent.
    pub free_share: u64,
    /// The quota, in bytes.
    pub quota: u64,
    /// What the release sets where nothing was asked for, in bytes.
    pub default_quota: u64,
    /// What says that the quota is this.
    pub quota_source: QuotaSource,
    /// Share of the quota that the database takes, in hundredths of a percent.
    pub quota_share: u64,
    /// The alert on the quota that fires on the cluster, by its release.
    pub quota_alert: Option<QuotaAlert>,
    /// etcdDatabaseHighFragmentationRatio fires.
    pub fragmentation_alert: bool,
    /// The etcd operator's rule for defragmentation holds.
    pub defrag_due: bool,
    /// Why the operator will not defragment all the same.
    pub defrag_off: Option<DefragOff>,
}

/// Alerts on the quota, by how loud they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum QuotaAlert {
    /// Above 65 %, from 4.16 on.
    Info,
    /// Above 75 %, from 4.16 on.
    Warning,
    /// Above 85 % from 4.16 on, above 95 % before.
    Critical,
}

/// Why the operator does not defragment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DefragOff {
    /// ConfigMap `openshift-etcd-operator/etcd-disable-defrag` is there.
    ConfigMap,
    /// One control-plane node: defragmenting would stop the only member.
    SingleReplica,
}

impl Space {
    pub(super) fn of(
        walked: &Walked<'_>,
        control_plane: &ControlPlane,
        tarball_quota: Option<u64>,
        platform: Platform,
    ) -> Self {
        let size = walked.db.size();
        let in_use = size.saturating_sub(walked.pages_free.saturating_mul(walked.db.page_size()));
        Self::of_numbers(size, in_use, control_plane, tarball_quota, platform)
    }

    fn of_numbers(
        size: u64,
        in_use: u64,
        control_plane: &ControlPlane,
        tarball_quota: Option<u64>,
        platform: Platform,
    ) -> Self {
        let minor = control_plane.version.as_deref().and_then(minor);
        let Quota { bytes: quota, source: quota_source, default: default_quota } =
            Quota::of(None, tarball_quota, control_plane.quota_gib, control_plane.version.as_deref(), platform);
        let (free_share, quota_share) = (share(size.saturating_sub(in_use), size), share(size, quota));
        let newer_than = |than: (u64, u64)| minor.is_none_or(|minor| minor >= than);
        let defrag_off = if control_plane.defrag_disabled {
            Some(DefragOff::ConfigMap)
        } else {
            (control_plane.topology == "SingleReplica").then_some(DefragOff::SingleReplica)
        };
        Self {
            size,
            in_use,
            free_share,
            quota,
            default_quota,
            quota_source,
            quota_share,
            quota_alert: quota_alert(quota_share, newer_than((4, 16))),
            fragmentation_alert: share(in_use, size) < LOW_USE
                && (in_use > LOW_USE_SIZE || !newer_than((4, 14)))
                && size > 0,
            defrag_due: size >= DEFRAG_SIZE && free_share >= DEFRAG_FROM,
            defrag_off,
        }
    }
}

fn quota_alert(share: u64, three_steps: bool) -> Option<QuotaAlert> {
    match share {
        _ if !three_steps => (share > 9500).then_some(QuotaAlert::Critical),
        0..=6500 => None,
        6501..=7500 => Some(QuotaAlert::Info),
        7501..=8500 => Some(QuotaAlert::Warning),
        _ => Some(QuotaAlert::Critical),
    }
}

/// Hundredths of a percent, rounded as the operator does.
fn share(part: u64, whole: u64) -> u64 {
    let (part, whole) = (u128::from(part), u128::from(whole));
    let rounded = (part * 20_000 + whole).checked_div(whole * 2).unwrap_or(0);
    u64::try_from(rounded).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;
    const GIB: u64 = 1 << 30;

    fn space(size: u64, in_use: u64, version: &str) -> Space {
        let control_plane = ControlPlane { version: Some(version.to_owned()), ..ControlPlane::default() };
        Space::of_numbers(size, in_use, &control_plane, None, Platform::OpenShift)
    }

    #[test]
    fn alerts_on_the_quota_are_those_of_the_release() {
        use QuotaAlert::{Critical, Info, Warning};
        for (share, before, since) in [
            (6500, None, None),
            (6501, None, Some(Info)),
            (7500, None, Some(Info)),
            (7501, None, Some(Warning)),
            (8500, None, Some(Warning)),
            (8501, None, Some(Critical)),
            (9500, None, Some(Critical)),
            (9501, Some(Critical), Some(Critical)),
        ] {
            assert_eq!((quota_alert(share, false), quota_alert(share, true)), (before, since), "{share}");
        }
        let size = 8 * GIB / 10 * 7;
        assert_eq!(space(size, size, "4.15.9").quota_alert, None);
        for version in ["4.16.0", "4.20.1", "5.0.0", "unheard of"] {
            assert_eq!(space(size, size, version).quota_alert, Some(Info), "{version}");
        }
        assert_eq!(space(GIB, GIB, "4.8.2").quota, 7 * GIB);
        assert_eq!(space(GIB, GIB, "4.9.0").quota, 8 * GIB);
    }

    #[test]
    fn the_quota_is_the_tarballs_or_the_operators_or_the_default() {
        let mut control_plane = ControlPlane { quota_gib: Some(16), ..ControlPlane::default() };
        let of = |control_plane: &ControlPlane, tarball| {
            let space = Space::of_numbers(GIB, GIB, control_plane, tarball, Platform::OpenShift);
            (space.quota, space.quota_source)
        };
        assert_eq!(of(&control_plane, Some(12 * GIB)), (12 * GIB, QuotaSource::Tarball));
        assert_eq!(of(&control_plane, None), (16 * GIB, QuotaSource::Operator));
        control_plane.quota_gib = Some(u64::MAX);
        assert_eq!(of(&control_plane, Some(0)), (8 * GIB, QuotaSource::Default));
    }

    #[test]
    fn the_operators_rule_needs_share_and_size() {
        for (size, free, due) in [
            (100 * MIB, 45 * MIB, true),
            (100 * MIB - 1, 50 * MIB, false),
            (100 * MIB, 44 * MIB, false),
            (10_000 * MIB, 4_499 * MIB, false),
            (10_000 * MIB, 4_500 * MIB, true),
        ] {
            let control_plane = ControlPlane::default();
            let space = Space::of_numbers(size, size - free, &control_plane, None, Platform::OpenShift);
            assert_eq!(space.defrag_due, due, "{size} {free}");
        }
        let off = |defrag_disabled, topology: &str| {
            let control_plane =
                ControlPlane { defrag_disabled, topology: topology.to_owned(), ..ControlPlane::default() };
            Space::of_numbers(GIB, MIB, &control_plane, None, Platform::OpenShift).defrag_off
        };
        assert_eq!(off(true, "SingleReplica"), Some(DefragOff::ConfigMap));
        assert_eq!(off(false, "SingleReplica"), Some(DefragOff::SingleReplica));
        assert_eq!(off(false, "HighlyAvailable"), None);
    }

    #[test]
    fn the_alert_on_fragmentation_needs_a_size_since_4_14() {
        for (version, in_use, fires) in [
            ("4.14.0", 100 * MIB, false),
            ("4.14.0", 100 * MIB + 1, true),
            ("4.13.9", MIB, true),
            ("4.18.1", 500 * MIB, false),
        ] {
            assert_eq!(space(1000 * MIB, in_use, version).fragmentation_alert, fires, "{version} {in_use}");
        }
    }

    #[test]
    fn shares_do_not_overflow() {
        assert_eq!((share(u64::MAX, u64::MAX), share(u64::MAX, 0), share(1, 3)), (10_000, 0, 3333));
        let huge = Space::of_numbers(u64::MAX, 0, &ControlPlane::default(), Some(1), Platform::OpenShift);
        assert_eq!(huge.quota_share, u64::MAX);
    }
}
