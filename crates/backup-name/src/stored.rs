//! Names by which etcd-backup-restore stores full and delta snapshots: `Full-<from>-<to>-<time>`, `Incr-<from>-<to>-<time>`.

/// What the name of a stored snapshot says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct StoredName {
    /// Its first revision; of a full one, 0.
    pub from: u64,
    /// Its last revision.
    pub to: u64,
    /// When it was stored, in Unix seconds.
    pub stored: u64,
    /// Whether it is a delta.
    pub delta: bool,
}

impl StoredName {
    /// Reads a file name; `None` for any other.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let stem = name.split_once('.').map_or(name, |(stem, _)| stem);
        let mut parts = stem.split('-');
        let delta = match parts.next()? {
            "Full" => false,
            "Incr" => true,
            _ => return None,
        };
        let mut number = || {
            let digits = parts.next().filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
            digits.parse::<u64>().ok()
        };
        let named = Self { from: number()?, to: number()?, stored: number()?, delta };
        (parts.next().is_none() && named.from <= named.to).then_some(named)
    }
}
