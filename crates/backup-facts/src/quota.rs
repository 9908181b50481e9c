//! The space that etcd may use: decided here, whoever asks.

use crate::platform::{Platform, rules};

/// The space that etcd may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// In bytes.
    pub bytes: u64,
    /// What says that it is this.
    pub source: QuotaSource,
    /// What the platform sets where nothing was asked for, in bytes.
    pub default: u64,
}

/// Where a quota is from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum QuotaSource {
    /// What the platform sets where nothing else is known.
    #[default]
    Default,
    /// What etcd has by itself: nothing tells whether its command line says more.
    Assumed,
    /// `spec.backendQuotaGiB` of `etcds/cluster`.
    Operator,
    /// `ETCD_QUOTA_BACKEND_BYTES` in the tarball's `etcd-pod.yaml`.
    Tarball,
    /// The caller.
    Asked,
}

impl Default for Quota {
    fn default() -> Self {
        Self::of(None, None, None, None, Platform::OpenShift)
    }
}

impl Quota {
    /// Decides: what was asked for; the tarball's, which is what etcd was started with; what the operator was told; what
    /// the platform sets, of OpenShift 7 GiB up to 4.8 and 8 GiB since.
    #[must_use]
    pub fn of(
        asked: Option<u64>,
        tarball: Option<u64>,
        operator_gib: Option<u64>,
        release: Option<&str>,
        platform: Platform,
    ) -> Self {
        let early = platform.has_operators() && release.and_then(minor).is_some_and(|minor| minor < (4, 9));
        let default = if early { 7 << 30 } else { rules(platform).quota.0 };
        let operator = operator_gib.and_then(|gib| gib.checked_mul(1 << 30));
        let claims = [(asked, QuotaSource::Asked), (tarball, QuotaSource::Tarball), (operator, QuotaSource::Operator)];
        let claim = claims.into_iter().find_map(|(bytes, source)| Some((bytes.filter(|bytes| *bytes > 0)?, source)));
        let unsaid = if platform.is_openshift() { QuotaSource::Default } else { QuotaSource::Assumed };
        let (bytes, source) = claim.unwrap_or((default, unsaid));
        Self { bytes, source, default }
    }
}

/// Major and minor of a release.
pub(crate) fn minor(version: &str) -> Option<(u64, u64)> {
    let mut parts = version.split('.').map(str::parse);
    Some((parts.next()?.ok()?, parts.next()?.ok()?))
}
