//! The laws of ARCHITECTURE.md that no compiler holds: which crate may import which, and that imports between the
//! modules of a crate go one way.
//!
//! Imports of crates are those of `cargo metadata`, tests' apart; imports of modules are read from the source.

mod circles;
mod lex;
mod resolve;
mod source;
mod table;
mod wall;
mod workspace;

use std::fmt;
use std::fs;
use std::path::Path;

use crate::error::Error;
use circles::Circle;
use table::Row;
pub use wall::{NETWORKED, built_of};
use workspace::Package;

/// The page with the table of crates.
const PAGE: &str = "ARCHITECTURE.md";

/// A law that is broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Offence {
    /// A crate imports another that its row does not name.
    Import {
        /// Who imports.
        from: String,
        /// What is imported.
        to: String,
    },
    /// A row names a crate that does not stand above it.
    Upwards {
        /// The row.
        from: String,
        /// What it names.
        to: String,
    },
    /// A crate without a row.
    NoRow(String),
    /// A row without a crate.
    NoCrate(String),
    /// Modules that import each other in a loop.
    Circle {
        /// Their crate.
        of: String,
        /// They, as `crate::finding`.
        modules: Vec<String>,
        /// The imports, as `src/finding.rs:9 takes crate::findings::Entry`.
        ties: Vec<String>,
    },
}

impl fmt::Display for Offence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Import { from, to } => write!(f, "`{from}` imports `{to}`, which its row in {PAGE} does not name"),
            Self::Upwards { from, to } => write!(f, "{PAGE}: `{from}` may import `{to}`, which no row above it is"),
            Self::NoRow(name) => write!(f, "{PAGE} has no row for the crate `{name}`"),
            Self::NoCrate(name) => write!(f, "{PAGE} has a row for `{name}`, which is no crate here"),
            Self::Circle { of, modules, ties } => {
                write!(f, "`{of}`: a circle of {}", modules.join(", "))?;
                ties.iter().try_for_each(|tie| write!(f, "\n    {tie}"))
            }
        }
    }
}

/// Holds the workspace at `root` against its table of crates; `cargo` is the program to ask. Gives every law that is
/// broken: of crates first, then of modules, each by name.
///
/// # Errors
/// [`Error`] where page, sources or cargo's word cannot be had.
pub fn check(root: &Path, cargo: &Path) -> Result<Vec<Offence>, Error> {
    let page = root.join(PAGE);
    let text = fs::read_to_string(&page).map_err(Error::file(&page))?;
    let rows = table::rows(&text)?;
    let packages = workspace::packages(root, cargo)?;
    let mut found = imports(&rows, &packages);
    for package in &packages {
        for target in &package.roots {
            found.extend(circles_of(root, &package.name, target)?);
        }
    }
    Ok(found)
}

/// What the crates import, and what they may.
fn imports(rows: &[Row], packages: &[Package]) -> Vec<Offence> {
    let mut found = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        if !packages.iter().any(|package| package.name == row.name) {
            found.push(Offence::NoCrate(row.name.clone()));
        }
        let above = rows.get(..at).unwrap_or_default();
        let upwards = row.may_import.iter().filter(|to| !above.iter().any(|other| other.name == **to));
        found.extend(upwards.map(|to| Offence::Upwards { from: row.name.clone(), to: to.clone() }));
    }
    for package in packages {
        let Some(row) = rows.iter().find(|row| row.name == package.name) else {
            found.push(Offence::NoRow(package.name.clone()));
            continue;
        };
        let more = package.imports.iter().filter(|to| !row.may_import.contains(to));
        found.extend(more.map(|to| Offence::Import { from: package.name.clone(), to: to.clone() }));
    }
    found
}

/// The circles of the modules below a crate's root.
fn circles_of(root: &Path, name: &str, target: &Path) -> Result<Vec<Offence>, Error> {
    let modules = source::modules(target).map_err(Error::file(target))?;
    let offence = |circle: Circle| {
        // where a file takes several things of another, the first tells of them all
        let mut ties = circle.ties;
        ties.dedup_by(|next, one| next.file == one.file && next.to == one.to);
        let ties = ties.iter().map(|tie| tie.shown(root)).collect();
        Offence::Circle { of: name.to_owned(), modules: circle.modules, ties }
    };
    Ok(circles::circles(&modules).into_iter().map(offence).collect())
}

#[cfg(test)]
mod tests;
