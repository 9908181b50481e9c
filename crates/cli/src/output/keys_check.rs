//! Whether keys open every value of a snapshot, for people.

use assay::Judged;
use assay::keys::Holder;
use backup_facts::examine::{Encryption, Fit};
use checks::{Severity, Verdict};
use wording::{count, escape, inert};

use super::encryption;
use super::finding;
use super::human::Fields;
use crate::exit::Error;
use crate::ui::{Ui, style};

/// Writes whether the keys open every value of a snapshot.
///
/// # Errors
/// Whatever keeps the stream from taking it.
pub fn write(judged: &Judged<'_>, ui: &mut Ui) -> Result<(), Error> {
    let (Some(part), Some(found)) = (judged.parts.first(), &judged.facts.encryption) else { return Ok(()) };
    let style = match judged.verdict {
        Verdict::Pass => style::GOOD,
        Verdict::Warn => style::WARN,
        Verdict::Fail => style::BAD,
    };
    let word = ui.paint(style, judged.verdict.name().to_uppercase()).to_string();
    let name = ui.paint(style::HEAD, escape(part.name.as_bytes())).to_string();
    writeln!(ui.out(), "{word}  {name}")?;
    let lost = if judged.facts.complete { "" } else { "; the backup is damaged, and what is lost was not tried" };
    writeln!(ui.out(), "  {}{lost}\n", sentence(found))?;
    let look = ui.look();
    let table = encryption::table(found);
    if !table.is_empty() {
        table.write(ui.out(), look)?;
        writeln!(ui.out())?;
    }
    if part.findings.iter().any(|finding| finding.severity() > Severity::Info || look.verbose > 0) {
        finding::write(&part.findings, ui)?;
        writeln!(ui.out(), "\n  `assay explain ID` tells what a finding means, how it comes about, and its source.\n")?;
    }
    let keys = judged.facts.keys_from.as_ref().map(|from| {
        let name = escape(from.path.as_bytes());
        match from.holder {
            Holder::Tarball => format!("from tarball `{name}`"),
            Holder::File => format!("from `{name}`"),
            Holder::Escrow => format!("from escrow `{name}`, opened in memory"),
        }
    });
    let fields = Fields::new().field("keys", keys.unwrap_or_else(|| "none given".to_owned()));
    encryption::describe(fields, found).write(ui.out(), look)?;
    if look.verbose == 0 {
        for finding in part.findings.iter().filter(|finding| finding.severity() == Severity::Info) {
            let (id, message) = (finding.entry().id, inert(finding.message()));
            let note = ui.paint(style::DIM, format_args!("note {id}: {message}")).to_string();
            writeln!(ui.out(), "  {note}")?;
        }
    }
    writeln!(ui.out())?;
    Ok(())
}

/// The answer, in one sentence.
fn sentence(found: &Encryption) -> String {
    let counted = |values| count(values, "encrypted value");
    match found.fit() {
        Fit::NothingEncrypted => {
            "nothing is encrypted: a restore needs no key, and the file protects no secret".to_owned()
        }
        Fit::All { opened, values } if opened < values => {
            format!("these keys open all of a sample of {opened} out of {}", counted(values))
        }
        Fit::All { values: 1, .. } => "these keys open the 1 encrypted value there is".to_owned(),
        Fit::All { values, .. } => format!("these keys open all {}", counted(values)),
        Fit::Closed { closed, values } => {
            format!("DO NOT RELY ON THESE KEYS: a restored cluster cannot read {closed} of {}", counted(values))
        }
        Fit::NotTried { values } => format!("not proven: {} and no keys to try", counted(values)),
        Fit::External { opened, values } => format!("these keys {}", encryption::external(opened, values)),
    }
}
