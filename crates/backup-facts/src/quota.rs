//! The space that etcd may use: decided here, whoever asks.

/// The space that etcd may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// In bytes.
    pub bytes: u64,
    /// What says that it is this.
    pub source: QuotaSource,
    /// What the release sets where nothing was asked for, in bytes.
    pub default: u64,
}

/// Where a quota is from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum QuotaSource {
    /// What the release sets where nothing else is known.
    #[default]
    Default,
    /// `spec.backendQuotaGiB` of `etcds/cluster`.
    Operator,
    /// `ETCD_QUOTA_BACKEND_BYTES` in the tarball's `etcd-pod.yaml`.
    Tarball,
    /// The caller.
    Asked,
}

impl Default for Quota {
    fn default() -> Self {
        Self::of(None, None, None, None)
    }
}

impl Quota {
    /// Decides: what was asked for; the tarball's, which is what etcd was started with; what the operator was told; what
    /// the release sets, 7 GiB up to 4.8 and 8 GiB since.
    #[must_use]
    pub fn of(asked: Option<u64>, tarball: Option<u64>, operator_gib: Option<u64>, release: Option<&str>) -> Self {
        let minor = release.and_then(minor);
        let default = if minor.is_some_and(|minor| minor < (4, 9)) { 7 << 30 } else { 8 << 30 };
        let operator = operator_gib.and_then(|gib| gib.checked_mul(1 << 30));
        let claims = [(asked, QuotaSource::Asked), (tarball, QuotaSource::Tarball), (operator, QuotaSource::Operator)];
        let claim = claims.into_iter().find_map(|(bytes, source)| Some((bytes.filter(|bytes| *bytes > 0)?, source)));
        let (bytes, source) = claim.unwrap_or((default, QuotaSource::Default));
        Self { bytes, source, default }
    }
}

/// Major and minor of a release.
pub(crate) fn minor(version: &str) -> Option<(u64, u64)> {
    let mut parts = version.split('.').map(str::parse);
    Some((parts.next()?.ok()?, parts.next()?.ok()?))
}
