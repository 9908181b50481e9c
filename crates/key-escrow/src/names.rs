//! How the outputs of one split are called.

use std::path::Path;

/// The names that belong to one tarball.
pub(crate) struct Names {
    pub(crate) stem: String,
}

impl Names {
    /// From the tarball's file name: `static_kuberesources_<ts>.tar.gz` gives the stem `static_kuberesources_<ts>`.
    pub(crate) fn of(original: &str) -> Self {
        let stem = [".tar.gz", ".tgz"].iter().find_map(|end| original.strip_suffix(end)).unwrap_or(original);
        Self { stem: stem.to_owned() }
    }

    /// `<stem>.keyless.tar.gz`: tar and people know what it is, and beside the original it sorts before it, so
    /// `cluster-restore.sh`, which takes the last `static_kuberesources*.tar.gz`, takes the original.
    pub(crate) fn keyless(&self) -> String {
        format!("{}.keyless.tar.gz", self.stem)
    }

    pub(crate) fn escrow(&self) -> String {
        format!("{}.escrow.age", self.stem)
    }

    pub(crate) fn manifest(&self) -> String {
        format!("{}.manifest.json", self.stem)
    }

    pub(crate) fn share(&self, index: u8, total: u8) -> String {
        format!("{}.share-{index}-of-{total}.age", self.stem)
    }
}

/// The last component of a path as text, with bytes that are not UTF-8 replaced.
pub(crate) fn file_name(path: &Path) -> String {
    path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_a_backup() {
        let names = Names::of("static_kuberesources_2026-11-23_090915__POSSIBLY_DIRTY__.tar.gz");
        assert_eq!(names.keyless(), "static_kuberesources_2026-11-23_090915__POSSIBLY_DIRTY__.keyless.tar.gz");
        assert_eq!(Names::of("a.tgz").escrow(), "a.escrow.age");
        assert_eq!(Names::of("odd").share(2, 5), "odd.share-2-of-5.age");
        assert!(Names::of("x.tar.gz").keyless().as_str() < "x.tar.gz", "sorts before the original");
    }
}
