//! `assay catalog`: which backups there are, which to take, and who has their keys.

mod add;
mod check;
mod custody;
mod disk;
mod exchange;
mod figures;
mod keep;
mod ls;
mod pick;
mod prune;
mod show;

use std::fs;
use std::path::PathBuf;

use artifact::Reading;
use assay::documents;
use catalog::{Access, Author, Backup, Catalog, Head, Host, Network};
use checks::Verdict;
use document::{Artifact, Catalog as Told, Catalogued};
use sha2::{Digest as _, Sha256};
use wording::{escape_path, inert};

use crate::args::{CatalogArgs, CatalogCommand};
use crate::exit::{Ending, Error};
use crate::failure::told;
use crate::ui::Ui;

/// The environment's word for the catalog.
const VARIABLE: &str = "ASSAY_CATALOG";

pub(super) fn run(args: CatalogArgs, reading: &Reading, ui: &mut Ui) -> Result<Ending, Error> {
    let here = Here::of(&args, ui)?;
    match args.command {
        CatalogCommand::Add(args) => add::run(&args, &here, reading, ui),
        CatalogCommand::Ls(args) => ls::run(&args, &here, ui),
        CatalogCommand::Show(args) => show::run(&args, &here, ui),
        CatalogCommand::Pick(args) => pick::run(&args, &here, reading, ui),
        CatalogCommand::Keep(args) => keep::run(&args, &here, ui),
        CatalogCommand::Custody(args) => custody::run(&args, &here, ui),
        CatalogCommand::Check(args) => check::run(&args, &here, reading, ui),
        CatalogCommand::Prune(args) => prune::run(&args, &here, reading, ui),
        CatalogCommand::Stats(args) => figures::stats(&args, &here, ui),
        CatalogCommand::Calendar(args) => figures::calendar(&args, &here, ui),
        CatalogCommand::Metrics(args) => figures::metrics(&args, &here, ui),
        CatalogCommand::Export(args) => exchange::export(&args, &here, ui),
        CatalogCommand::Import(args) => exchange::import(&args, &here, reading, ui),
    }
}

/// The catalog that is meant, and who asks where.
pub(super) struct Here {
    pub(super) path: PathBuf,
    network: Network,
    pub(super) host: Host,
    pub(super) author: Author,
}

impl Here {
    fn of(args: &CatalogArgs, ui: &Ui) -> Result<Self, Error> {
        let set = || std::env::var_os(VARIABLE).filter(|path| !path.is_empty()).map(PathBuf::from);
        let path = args.db.clone().or_else(set).ok_or_else(|| {
            Error::Usage(format!("which catalog? Give `--db FILE`, or set {VARIABLE} to it; `add` makes it"))
        })?;
        let host = match &args.host {
            Some(name) => Host { id: host_id("name", name), label: name.clone() },
            None => this_host()?,
        };
        let name = |variable: &str| std::env::var(variable).ok().filter(|name| !name.is_empty());
        let actor = name("USER").or_else(|| name("LOGNAME"));
        let actor = actor.unwrap_or_else(|| format!("uid {}", rustix::process::getuid().as_raw()));
        let author = Author { actor, host: host.id.clone(), at: ui.now() };
        let network = if args.allow_network_fs { Network::Allowed } else { Network::Refused };
        Ok(Self { path, network, host, author })
    }

    /// Opens it.
    pub(super) fn open(&self, access: Access) -> Result<Catalog, Error> {
        Catalog::open(&self.path, access, self.network).map_err(of)
    }

    /// Opens one that is there: what is to be read again or let go is in it already.
    pub(super) fn existing(&self, access: Access) -> Result<Catalog, Error> {
        let catalog = self.open(Access::Read)?;
        if access == Access::Read { Ok(catalog) } else { self.open(access) }
    }

    /// What a document says of it.
    pub(super) fn told(&self, catalog: &Catalog, backups: &[Backup]) -> Result<Told, Error> {
        Ok(Told {
            path: self.path.to_string_lossy().into_owned(),
            kind: Told::KIND,
            log: catalog.head().map_err(of)?.to_string(),
            backups: backups.len() as u64,
            restorable: backups.iter().filter(|backup| backup.restorable()).count() as u64,
            ..Told::default()
        })
    }
}

/// What keeps a catalog from being used, with a next step.
pub(super) fn of(error: catalog::Error) -> Error {
    use catalog::Error as E;
    let hint = match &error {
        E::Absent { .. } => "`assay catalog --db FILE add PATH...` makes one",
        E::Network { .. } => {
            "keep it on a disk of this host and take it elsewhere with `catalog export`; or give `--allow-network-fs`, \
             where no other host writes to it"
        }
        E::Newer { .. } => "use the assay that wrote it, or a later one",
        E::Foreign { .. } => "give another `--db`",
        _ => return told(inert(&error.to_string()), None),
    };
    told(inert(&error.to_string()), Some(hint))
}

/// What is said of a catalog and of backups in it.
pub(super) fn document(
    command: &'static str,
    catalog: Told,
    backups: Vec<Catalogued>,
    verdict: Verdict,
) -> document::Document {
    let backups = backups.into_iter().map(|backup| Artifact::Catalogued(Box::new(backup)));
    let artifacts = std::iter::once(Artifact::Catalog(Box::new(catalog))).chain(backups).collect();
    documents::document(command, artifacts, Vec::new(), verdict)
}

/// The one backup whose ID begins so.
pub(super) fn one(catalog: &Catalog, beginning: &str, here: &Here) -> Result<String, Error> {
    let absent = |reason: String| Error::Absent {
        display: format!("`{}`", escape_path(&here.path)),
        reason,
        hint: Some("`assay catalog ls` lists them".to_owned()),
    };
    let shown = inert(beginning);
    let mut ids = if beginning.is_empty() { Vec::new() } else { catalog.ids(beginning).map_err(of)? };
    match (ids.pop(), ids.len()) {
        (Some(id), 0) => Ok(id),
        (None, _) => Err(absent(format!("there is no backup `{shown}`"))),
        (Some(last), _) => {
            ids.push(last);
            Err(absent(format!("`{shown}` is the beginning of several: {}", ids.join(", "))))
        }
    }
}

/// The ID of the one cluster that is meant.
pub(super) fn cluster(catalog: &Catalog, named: Option<&str>, here: &Here) -> Result<Option<String>, Error> {
    let Some(named) = named else { return Ok(None) };
    let mut found = catalog.clusters(named).map_err(of)?;
    let absent = |reason: String| Error::Absent {
        display: format!("`{}`", escape_path(&here.path)),
        reason,
        hint: Some("`assay catalog ls` names the clusters".to_owned()),
    };
    match (found.pop(), found.len()) {
        (Some(id), 0) => Ok(Some(id)),
        (None, _) => Err(absent(format!("there is no backup of a cluster `{}`", inert(named)))),
        (Some(last), _) => {
            found.push(last);
            Err(absent(format!("`{}` is the beginning of several: {}", inert(named), found.join(", "))))
        }
    }
}

/// The last word of a command that wrote.
pub(super) fn say_head(head: Head, ui: &mut Ui) -> Result<(), Error> {
    Ok(writeln!(ui.out(), "  log {head}")?)
}

/// This machine, by the identity that its system keeps.
fn this_host() -> Result<Host, Error> {
    #[expect(clippy::disallowed_methods, reason = "what the system is called is no input")]
    let read =
        |path: &str| fs::read_to_string(path).ok().map(|text| text.trim().to_owned()).filter(|it| !it.is_empty());
    let label = read("/proc/sys/kernel/hostname").or_else(|| read("/etc/hostname"));
    let machine = ["/etc/machine-id", "/var/lib/dbus/machine-id"].into_iter().find_map(read);
    match (machine, label) {
        (Some(machine), label) => {
            Ok(Host { id: host_id("machine", &machine), label: label.unwrap_or_else(|| "localhost".to_owned()) })
        }
        (None, Some(label)) => Ok(Host { id: host_id("name", &label), label }),
        (None, None) => {
            Err(Error::Usage("this machine has neither `/etc/machine-id` nor a name: give `--host NAME`".to_owned()))
        }
    }
}

/// The system's own identity is not to be given away: a digest of it serves as well.
fn host_id(kind: &str, name: &str) -> String {
    let digest = Sha256::digest(format!("assay host {kind}\0{name}"));
    wording::hex(digest.iter().take(8))
}
