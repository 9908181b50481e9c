//! The files that were made of one tarball, found by their names.

use std::path::{Path, PathBuf};

use crate::manifest::Manifest;
use crate::names::Names;

/// What lies beside a tarball that was made of it. Found by names alone: what is in them, the manifest says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EscrowSet {
    /// The manifest; without it nothing else counts.
    pub manifest: Option<PathBuf>,
    /// The sealed keys.
    pub escrow: Vec<PathBuf>,
    /// The custodians' shares, where [`EscrowSet::with_shares`] looked for them.
    pub shares: Vec<PathBuf>,
    /// Signatures of the manifest.
    pub signatures: Vec<PathBuf>,
}

impl EscrowSet {
    /// What lies beside a tarball, which itself may be gone: nothing where there is no manifest.
    #[must_use]
    pub fn beside(tarball: &Path) -> Self {
        let Some(name) = tarball.file_name().and_then(|name| name.to_str()) else { return Self::default() };
        let stem = [".keyless.tar.gz", ".keyless.tar", ".tar.gz", ".tgz", ".tar"]
            .iter()
            .find_map(|end| name.strip_suffix(end));
        let names = Names { stem: stem.unwrap_or(name).to_owned() };
        let there = |name: String| Some(tarball.with_file_name(name)).filter(|path| path.is_file());
        let Some(manifest) = there(names.manifest()) else { return Self::default() };
        Self {
            escrow: there(names.escrow()).into_iter().collect(),
            shares: Vec::new(),
            signatures: there(format!("{}.sig", names.manifest())).into_iter().collect(),
            manifest: Some(manifest),
        }
    }

    /// Those of the shares that the manifest names, too, that lie beside it; most are elsewhere.
    #[must_use]
    pub fn with_shares(mut self, said: &Manifest) -> Self {
        let Some(manifest) = &self.manifest else { return self };
        let names = said.threshold.iter().flat_map(|of| &of.shares).map(|share| share.file.name.as_str());
        // a name and no path: a manifest leads nowhere else
        let names = names.filter(|name| Names::stem_of_output(name).is_some() && !name.contains('/'));
        self.shares = names.map(|name| manifest.with_file_name(name)).filter(|path| path.is_file()).collect();
        self
    }

    /// All of them.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        let all = self.manifest.iter().chain(&self.escrow).chain(&self.shares).chain(&self.signatures);
        all.map(PathBuf::as_path)
    }
}
