//! Which cluster a backup is of, as far as that is known before it is read: by the list of clusters, else by where it lies.

use serde::Deserialize;

use crate::error::Error;
use crate::item::{ClusterFrom, Expected};

/// A line of the list.
#[derive(Deserialize)]
struct Line {
    cluster: String,
    prefix: String,
    #[serde(default)]
    rpo: Option<String>,
    #[serde(default)]
    keep: Option<u64>,
}

/// Reads a list of clusters: CSV with the columns `cluster` and `prefix`, and, as wanted, `rpo` and `keep`.
pub(super) fn inventory(bytes: &[u8]) -> Result<Vec<Expected>, Error> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(bytes);
    let mut found = Vec::new();
    for line in reader.deserialize::<Line>() {
        let line = line.map_err(|error| {
            Error::new(format!("the inventory: {error}"))
                .hinted("its first line names columns: `cluster,prefix`, and as wanted `rpo` (26h) and `keep` (30)")
        })?;
        let Line { cluster, prefix, rpo, keep } = line;
        if let Some(rpo) = rpo.as_deref().filter(|rpo| !rpo.is_empty()) {
            crate::age::parse(rpo).map_err(|error| Error::new(format!("the inventory: `{cluster}`: {error}")))?;
        }
        if cluster.is_empty() || prefix.is_empty() {
            return Err(Error::new("the inventory: a line without a cluster or without a prefix"));
        }
        let prefix = match prefix.strip_prefix("file:").map(|path| path.strip_prefix("//").unwrap_or(path)) {
            Some(path) => format!("file://{}/", path.trim_end_matches('/')),
            None => format!("{}/", prefix.trim_end_matches('/')),
        };
        found.push(Expected { cluster, prefix, rpo: rpo.filter(|rpo| !rpo.is_empty()), keep });
    }
    // the longest first, so that the first match is the one that counts
    found.sort_by(|a, b| b.prefix.len().cmp(&a.prefix.len()).then_with(|| a.cmp_key().cmp(&b.cmp_key())));
    Ok(found)
}

impl Expected {
    fn cmp_key(&self) -> (&str, &str) {
        (&self.prefix, &self.cluster)
    }
}

/// The cluster of what lies under `folder`, an address with a slash at its end.
pub(super) fn cluster_of(folder: &str, inventory: &[Expected]) -> (String, ClusterFrom) {
    match inventory.iter().find(|expected| folder.starts_with(&expected.prefix)) {
        Some(expected) => (expected.cluster.clone(), ClusterFrom::Inventory),
        None => (folder.trim_end_matches('/').to_owned(), ClusterFrom::Path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_prefix_tells_the_cluster_and_a_folder_is_not_half_a_name() {
        let list =
            inventory(b"cluster,prefix,rpo,keep\nall,s3://b/,,\none, s3://b/one/,26h,30\nmnt,file:/mnt/x,,\n").unwrap();
        for (folder, cluster, from) in [
            ("s3://b/one/2026/", "one", ClusterFrom::Inventory),
            ("s3://b/one-more/", "all", ClusterFrom::Inventory),
            ("s3://other/x/", "s3://other/x", ClusterFrom::Path),
            ("file:///mnt/x/y/", "mnt", ClusterFrom::Inventory),
            ("file:///mnt/xy/", "file:///mnt/xy", ClusterFrom::Path),
        ] {
            assert_eq!(cluster_of(folder, &list), (cluster.to_owned(), from), "{folder}");
        }
        assert_eq!((list[1].rpo.as_deref(), list[1].keep), (Some("26h"), Some(30)));
        assert_eq!((list[2].rpo.as_deref(), list[2].keep), (None, None));
    }

    #[test]
    fn a_list_that_says_nothing_is_refused() {
        for bad in ["name\nx\n", "cluster,prefix\n,s3://b/\n", "cluster,prefix,rpo\na,s3://b/,soon\n"] {
            assert!(inventory(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
