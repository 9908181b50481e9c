//! What a single tarball of static pod resources shows.

mod archive;
mod certificates;
pub(crate) mod keys;
mod members;
mod pods;

use backup_facts::configuration::InForce;
use backup_facts::tarball::{Configuration, TarballFacts};
use static_resources::{MemberPath, StaticResources};
use wording::clip;

use crate::finding::{Findings, Location};

/// Characters of a text from a tarball that a message has room for.
const LONGEST: usize = 300;

/// A tarball, and what is asked of it.
pub struct TarballAsked<'t> {
    /// What was read.
    pub tarball: &'t TarballFacts,
    /// What its file name says.
    pub name: Name,
    /// The time that validity is held against, seconds since 1970 UTC.
    pub now: i64,
}

/// What the name of a tarball says; nothing, by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Name {
    /// `__POSSIBLY_DIRTY__`: taken with `--force`.
    pub dirty: bool,
    /// `.keyless`: its keys were split off.
    pub keyless: bool,
    /// `static_kuberesources*.tar.gz`: cluster-restore.sh takes it.
    pub restorable: bool,
}

impl TarballAsked<'_> {
    /// The encryption configuration that kube-apiserver would use.
    #[must_use]
    pub fn in_force(&self) -> InForce {
        InForce::of_tarball(self.tarball, self.name.keyless)
    }

    /// The configurations that stand where kube-apiserver looks for one.
    fn configurations(&self) -> impl Iterator<Item = &Configuration> {
        self.tarball.configurations.iter().filter(|found| found.in_place)
    }

    /// Whether kube-apiserver's `config.yaml` was read; without it, an absent setting says nothing.
    fn knows_apiserver(&self) -> bool {
        self.resources().static_pods.apiserver.revision.is_some()
    }

    fn resources(&self) -> &StaticResources {
        &self.tarball.resources
    }
}

/// Runs every check that one tarball allows.
#[must_use]
pub fn check(asked: &TarballAsked<'_>) -> Findings {
    let mut findings = Findings::default();
    archive::check(asked, &mut findings);
    pods::check(asked, &mut findings);
    members::check(asked, &mut findings);
    certificates::check(asked, &mut findings);
    keys::check(asked, &mut findings);
    findings
}

fn at_member(path: &MemberPath) -> Location {
    Location { member: Some(clip(&path.to_string(), LONGEST)), ..Location::default() }
}
