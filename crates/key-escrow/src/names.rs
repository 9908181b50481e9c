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

    /// The stem of a file of a set by its name; nothing if it is of none.
    pub(crate) fn stem_of_output(name: &str) -> Option<&str> {
        let plain = [".keyless.tar.gz", ".escrow.age", ".manifest.json"].iter().find_map(|end| name.strip_suffix(end));
        plain.or_else(|| {
            let (stem, share) = name.strip_suffix(".age")?.rsplit_once(".share-")?;
            let (index, total) = share.split_once("-of-")?;
            let is_number = |text: &str| text.parse::<u8>().is_ok();
            (is_number(index) && is_number(total)).then_some(stem)
        })
    }

    /// `<stem>.keyless.tar.gz`: tar and people know what it is, and beside the original it sorts before it, so
    /// `cluster-restore.sh`, which takes the last `static_kuberesources*.tar.gz`, takes the original.
    pub(crate) fn keyless(&self) -> String {
        format!("{}.keyless.tar.gz", self.stem)
    }

    /// The tar alone, where its gzip layer does not come back.
    pub(crate) fn tar(&self) -> String {
        format!("{}.tar", self.stem)
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
        assert_eq!((Names::of("x.tar.gz").tar(), Names::of("odd").tar()), ("x.tar".to_owned(), "odd.tar".to_owned()));
        for name in [names.keyless(), names.escrow(), names.manifest(), names.share(2, 255)] {
            assert_eq!(Names::stem_of_output(&name), Some(names.stem.as_str()), "{name}");
        }
        for name in ["x.tar.gz", "x.share-a-of-3.age", "x.share-1.age", "x.age", ""] {
            assert_eq!(Names::stem_of_output(name), None, "{name}");
        }
        assert!(Names::of("x.tar.gz").keyless().as_str() < "x.tar.gz", "sorts before the original");
    }
}
