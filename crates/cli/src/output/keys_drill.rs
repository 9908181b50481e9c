//! What a drill proved, for people.

use std::path::Path;

use assay::documents::escrow::proof_words;
use key_escrow::{Attestation, Check, Digest, Manifest, Proof};
use wording::{escape, escape_path as shown};

use super::escrow::opens_words;
use super::human::{Align, Fields, Table};
use crate::exit::Error;
use crate::ui::{Ui, style};

/// A manifest, and where its bytes lie.
#[derive(Debug, Clone, Copy)]
pub struct Held<'m> {
    /// Its file.
    pub path: &'m Path,
    /// What it says.
    pub manifest: &'m Manifest,
    /// The file's digest.
    pub digest: &'m Digest,
}

/// What the checks of a drill come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Something is not as it was sealed.
    Failed,
    /// What was given does not open it; it is as it was sealed.
    Closed,
    /// It opens, and everything in it is whole.
    Opened,
    /// Shares are whole and belong to it, and they are too few to open it: how many, and how many are needed.
    Shares(u64, u64),
    /// Only what can be seen from outside was looked at.
    Outside,
}

impl Outcome {
    /// Of these checks, and of shares that did not open it.
    #[must_use]
    pub fn of(checks: &[Check], shares: Option<(u64, u64)>) -> Self {
        let any = |is: fn(&Check) -> bool| checks.iter().any(is);
        if any(|check| matches!(check.proof, Proof::Failed(_))) {
            Self::Failed
        } else if any(|check| matches!(check.proof, Proof::NotOpened(_))) {
            Self::Closed
        } else if any(|check| check.name == "escrow-content" && matches!(check.proof, Proof::Proven(_))) {
            Self::Opened
        } else {
            shares.map_or(Self::Outside, |(whole, needed)| Self::Shares(whole, needed))
        }
    }

    fn words(self, shares: u64) -> String {
        match self {
            Self::Failed => "Do not rely on this escrow.".to_owned(),
            Self::Closed => "Not opened by what was given. The escrow itself is as it was sealed: keep it.".to_owned(),
            Self::Opened => "This escrow opens with what was given and holds what its manifest says.".to_owned(),
            Self::Shares(whole, needed) => {
                let (these, others) = if whole == 1 {
                    ("This share is whole and belongs", "it")
                } else {
                    ("These shares are whole and belong", "them")
                };
                format!(
                    "{these} to this escrow. Nothing is proven by {others} of the others: any {needed} of {shares} open it."
                )
            }
            Self::Outside => "Sound from outside. That somebody can still open it was not proven.".to_owned(),
        }
    }
}

/// Writes each check, and what they come to.
///
/// # Errors
/// Whatever keeps the stream from taking it.
pub fn write(escrow: &Path, held: &Held<'_>, checks: &[Check], outcome: &Outcome, ui: &mut Ui) -> Result<(), Error> {
    let manifest = held.manifest;
    let look = ui.look();
    let title = ui.paint(style::HEAD, shown(escrow)).to_string();
    let fields = Fields::new()
        .field("manifest", format!("{}\nsha256 {}", shown(held.path), held.digest.sha256))
        .field("holds", format!("the keys of {}", escape(manifest.original.name.as_bytes())))
        .field("opens with", opens_words(manifest));
    let mut table = Table::new(&["check", "result", ""].map(|name| (name, Align::Left))).elastic(2);
    for check in checks {
        let (word, what) = proof_words(&check.proof);
        table.row([check.name.to_owned(), word.to_owned(), escape(what.as_bytes()).into_owned()]);
    }
    let style = match outcome {
        Outcome::Failed => style::BAD,
        Outcome::Opened => style::GOOD,
        Outcome::Closed | Outcome::Shares(..) | Outcome::Outside => style::WARN,
    };
    let shares = manifest.threshold.as_ref().map_or(0, |threshold| threshold.shares.len() as u64);
    let verdict = ui.paint(style, outcome.words(shares)).to_string();
    let out = ui.out();
    writeln!(out, "{title}")?;
    fields.write(out, look)?;
    writeln!(out)?;
    table.write(out, look)?;
    writeln!(out, "\n  {verdict}")?;
    Ok(())
}

/// Writes what was said of a drill, where it is not in a file of its own.
///
/// # Errors
/// Whatever keeps the stream from taking it.
pub fn write_statements(said: &[Attestation], file: Option<&Path>, ui: &mut Ui) -> Result<(), Error> {
    for one in said {
        let of = match one.statement.index {
            Some(index) => format!("share {index}"),
            None => "the escrow".to_owned(),
        };
        let answers = if one.statement.challenge.is_some() { "answers the challenge" } else { "answers no challenge" };
        let signed =
            if one.signature.is_some() { "signed with the seed in it" } else { "not signed: there is no seed" };
        writeln!(ui.out(), "\n  Statement of {of}: {answers}, {signed}.")?;
        match file {
            Some(path) => writeln!(ui.out(), "  Give both to the catalog: {} and {}.sig", shown(path), shown(path))?,
            None => writeln!(ui.out(), "  `--statement FILE` writes it, and `--json` has it.")?,
        }
    }
    Ok(())
}
