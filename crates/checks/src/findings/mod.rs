//! Every finding there is, with the text that `assay explain` prints.
//!
//! IDs are stable and never reused. A new finding gets the next number of its family.

mod cat;
mod etcd;
mod fit;
mod haz;
mod key;
mod kube;
mod mvcc;
mod page;
mod pair;
mod platforms;
mod pol;
mod said;
mod snap;
mod tar;
mod ver;
mod vouch;

use crate::severity::Severity;

pub use platforms::Platforms;

pub use cat::*;
pub use etcd::*;
pub use fit::*;
pub use haz::*;
pub use key::*;
pub use kube::*;
pub use mvcc::*;
pub use page::*;
pub use pair::*;
pub use pol::*;
pub use said::*;
pub use snap::*;
pub use tar::*;
pub use ver::*;
pub use vouch::*;

/// One kind of finding.
#[derive(Debug, PartialEq, Eq)]
pub struct Entry {
    /// Stable id, such as `SNAP-003`.
    pub id: &'static str,
    /// Stable short name, such as `trailer-mismatch`.
    pub name: &'static str,
    /// How bad it is, unless the circumstances say otherwise.
    pub severity: Severity,
    /// For which platforms it is meaningful.
    pub platforms: Platforms,
    /// What it is, in one line.
    pub title: &'static str,
    /// How it comes about.
    pub cause: &'static str,
    /// What it leads to.
    pub consequence: &'static str,
    /// What to do.
    pub remedy: &'static str,
    /// Where the fact is from.
    pub source: &'static str,
}

/// All entries, by family, ascending.
#[must_use]
pub fn all() -> Vec<&'static Entry> {
    [
        snap::ALL,
        page::ALL,
        mvcc::ALL,
        etcd::ALL,
        kube::ALL,
        tar::ALL,
        key::ALL,
        fit::ALL,
        vouch::ALL,
        pair::ALL,
        pair::DIRECTORY,
        pair::MEMBERS,
        pair::AGE,
        ver::ALL,
        said::ALL,
        haz::ALL,
        pol::ALL,
        cat::ALL,
    ]
    .concat()
}

/// The entry with this id or name, whatever its case.
#[must_use]
pub fn find(id_or_name: &str) -> Option<&'static Entry> {
    all().into_iter().find(|entry| [entry.id, entry.name].iter().any(|known| known.eq_ignore_ascii_case(id_or_name)))
}

/// Whether a finding may come of nothing but that the end of the file is missing: pages that are not there, and what would
/// have stood on them.
#[must_use]
pub fn follows_a_cut(entry: &Entry) -> bool {
    let family = entry.id.split_once('-').map_or("", |(family, _)| family);
    matches!(family, "PAGE" | "MVCC" | "ETCD") || matches!(entry.id, "SNAP-002" | "SNAP-003" | "PAIR-031")
}

/// The IDs of all findings, and the families that these are of.
#[must_use]
pub fn ids() -> Vec<&'static str> {
    let mut ids: Vec<&str> = all().into_iter().map(|entry| entry.id).collect();
    let mut families: Vec<&str> = ids.iter().filter_map(|id| Some(id.split_once('-')?.0)).collect();
    families.dedup();
    ids.extend(families);
    ids
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_and_names_are_unique_and_well_formed() {
        let (mut ids, mut names) = (HashSet::new(), HashSet::new());
        for entry in all() {
            assert!(ids.insert(entry.id), "{} twice", entry.id);
            assert!(names.insert(entry.name), "{} twice", entry.name);
            let (family, number) = entry.id.split_once('-').expect("family and number");
            assert!(family.chars().all(|c| c.is_ascii_uppercase()) && number.len() == 3, "{}", entry.id);
            assert!(number.parse::<u16>().is_ok_and(|n| n > 0), "{}", entry.id);
            assert!(
                entry.name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'),
                "{}",
                entry.name
            );
        }
        assert!(ids.len() >= 40, "only {}", ids.len());
    }

    #[test]
    fn every_entry_explains_itself() {
        for entry in all() {
            for text in [entry.title, entry.cause, entry.consequence, entry.remedy, entry.source] {
                assert!(text.len() >= 5, "{}: {text:?}", entry.id);
                assert!(!text.contains("  ") && text.trim() == text, "{}: {text:?}", entry.id);
            }
            assert!(entry.title.len() <= 78 && !entry.title.ends_with('.'), "{}: {}", entry.id, entry.title);
        }
    }

    #[test]
    fn found_by_id_and_by_name() {
        assert_eq!(find("snap-003").map(|entry| entry.name), Some("trailer-mismatch"));
        assert_eq!(find("trailer-mismatch").map(|entry| entry.id), Some("SNAP-003"));
        assert_eq!(find("SNAP-999"), None);
    }
}
