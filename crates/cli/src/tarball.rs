//! Everything that one tarball shows: what `inspect` describes and `verify` judges.

use backup_facts::configuration::{self, InForce};
use backup_facts::tarball::TarballFacts;
use checks::Finding;
use checks::tarball::Facts;
use static_resources::{BackupFile, MemberPath, StaticResources};

use crate::exit::Error;
use crate::input::{Contents, FileName, Reading};
use crate::inventory::{self, ConfigFacts, Row};
use crate::ui::Ui;

/// What was found in one tarball. No `Debug`: see [`InForce`].
pub struct Tarball {
    /// The path as given, or `-`.
    pub name: String,
    /// What the file name says, where it is one of a backup.
    pub named: Option<FileName>,
    /// Members, faults and facts.
    pub resources: StaticResources,
    /// The encryption configuration that kube-apiserver would use.
    pub in_force: InForce,
    /// The configurations that stand where kube-apiserver looks for one, in use or not, in the order of the archive.
    pub encryption: Vec<Encryption>,
    /// What the checks say, worst first.
    pub findings: Vec<Finding>,
}

/// An encryption configuration.
#[derive(Debug)]
pub struct Encryption {
    /// The member it stands in.
    pub member: MemberPath,
    /// What it says.
    pub facts: ConfigFacts,
}

/// Reads an archive from one end to the other.
///
/// # Errors
/// When reading fails, the file changed meanwhile, or it holds no static pod resources.
pub fn read(packed: &mut Contents, reading: &Reading, ui: &mut Ui) -> Result<TarballFacts, Error> {
    let meter = ui.meter("reading", packed.size_on_disk());
    let facts = assay::tarball::read(packed, reading, &|bytes| meter.add(bytes))?;
    Ok(facts)
}

/// Whether a file's name says that keys were split off.
pub fn is_marked(name: Option<&str>) -> bool {
    name.and_then(FileName::parse).is_some_and(|named| named.keyless)
}

impl Tarball {
    /// Reads an archive, and judges it.
    ///
    /// # Errors
    /// As [`read`].
    pub fn read(mut packed: Contents, reading: &Reading, ui: &mut Ui) -> Result<Self, Error> {
        let tarball = read(&mut packed, reading, ui)?;
        let named = packed.file_name().and_then(FileName::parse);
        let named = named.filter(|named| named.file == BackupFile::StaticKubeResources);
        let name = assay::tarball::name(packed.file_name());
        let facts = Facts { tarball: &tarball, name, now: ui.now().as_second() };
        let (findings, in_force) = (checks::tarball::check(&facts).into_sorted(), facts.in_force());
        let TarballFacts { resources, configurations } = tarball;
        let in_place = configurations.iter().filter(|found| found.in_place);
        let encryption = in_place.filter_map(|found| {
            let config = found.parsed.as_ref().ok()?;
            Some(Encryption { member: found.member.clone(), facts: ConfigFacts::of(config) })
        });
        let tarball =
            Self { name: packed.name(), named, resources, in_force, encryption: encryption.collect(), findings };
        if let Some(words) = tarball.encryption().and_then(|encryption| encryption.facts.limit_words()) {
            ui.warn(&format!("{}: {words}", packed.display()));
        }
        Ok(tarball)
    }

    /// The encryption configuration that kube-apiserver would use.
    pub fn encryption(&self) -> Option<&Encryption> {
        let member = self.in_force.member()?;
        // a later member of the same path replaces an earlier one
        self.encryption.iter().rev().find(|encryption| encryption.member == *member)
    }

    /// Whether a configuration is asked for that is not there.
    pub fn is_keyless(&self) -> bool {
        matches!(self.in_force, InForce::HeldApart)
    }

    /// The member that kube-apiserver is told to read its encryption configuration from.
    pub fn named_member(&self) -> Option<&str> {
        configuration::named_member(&self.resources)
    }

    /// Its key material and public keys, in the order of the archive.
    pub fn rows(&self) -> Vec<Row> {
        inventory::rows(&self.resources, |member| {
            let here = self.encryption.iter().rev().find(|encryption| encryption.member == *member);
            here.into_iter().flat_map(|encryption| encryption.facts.real_keys()).collect()
        })
    }
}
