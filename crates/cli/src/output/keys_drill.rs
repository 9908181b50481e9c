//! What a drill proved, for people.

use std::path::Path;

use assay::documents::escrow::proof_words;
use key_escrow::{Check, Digest, Manifest, Proof};
use wording::{escape, escape_path as shown};

use super::escrow::opens_words;
use super::human::{Align, Fields, Table};
use crate::exit::{Ending, Error};
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

/// Writes each check, and what they come to.
///
/// # Errors
/// Whatever keeps the stream from taking it.
pub fn write(escrow: &Path, held: &Held<'_>, checks: &[Check], ui: &mut Ui) -> Result<(), Error> {
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
    let opened = checks.iter().any(|check| check.name == "escrow-content" && matches!(check.proof, Proof::Proven(_)));
    let verdict = if ui.ending() == Ending::Findings {
        ui.paint(style::BAD, "Do not rely on this escrow.").to_string()
    } else if opened {
        ui.paint(style::GOOD, "This escrow opens with what was given and holds what its manifest says.").to_string()
    } else {
        ui.paint(style::WARN, "Sound from outside. That somebody can still open it was not proven.").to_string()
    };
    let out = ui.out();
    writeln!(out, "{title}")?;
    fields.write(out, look)?;
    writeln!(out)?;
    table.write(out, look)?;
    writeln!(out, "\n  {verdict}")?;
    Ok(())
}
