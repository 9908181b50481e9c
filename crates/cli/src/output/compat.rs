//! Whether a backup is of the release that a cluster runs, for people.

use assay::Judged;
use backup_facts::platform::rules;
use checks::Verdict;
use version_compat::Starts;
use wording::{escape, inert};

use super::finding::wrap;
use super::human::{Align, Table};
use crate::exit::Error;
use crate::ui::{Ui, style};

/// Writes the verdict, its reasons, and a table of the evidence.
///
/// # Errors
/// Whatever keeps the stream from taking it.
pub fn write(judged: &Judged<'_>, ui: &mut Ui) -> Result<(), Error> {
    ui.fold();
    let compat = &judged.compat;
    let name = judged.parts.first().map_or(judged.name(), |part| &part.name);
    let allowed = compat.allowed().unwrap_or(false);
    let passes = judged.verdict == Verdict::Pass;
    let (word, paint) = if passes { ("PASS", style::GOOD) } else { ("FAIL", style::BAD) };
    let word = ui.paint(paint, word).to_string();
    let head = ui.paint(style::HEAD, escape(name.as_bytes())).to_string();
    writeln!(ui.out(), "{word}  {head}")?;
    let target = compat.target.map(|target| target.target.version().to_string()).unwrap_or_default();
    let release = compat.release.backup.describe();
    if allowed {
        let damaged = if passes { "" } else { ", as far as it can be read: it is damaged, `assay verify` tells more" };
        let may = match rules(judged.facts.platform()).starts {
            Starts::ZStream => "the same z-stream release as the cluster's".to_owned(),
            _ => format!("and {target} may start on its data"),
        };
        wrap(&format!("the backup is of {release}, {may}{damaged}"), 2, ui)?;
    } else {
        wrap(&format!("the backup ({release}) may not be restored onto this cluster ({target})"), 2, ui)?;
        writeln!(ui.out())?;
        let reasons = compat.judgement.iter().flat_map(|judgement| &judgement.reasons);
        for reason in reasons {
            wrap(&format!("- {}", reason.text), 2, ui)?;
        }
    }
    for finding in judged.findings().filter(|finding| !checks::version::is_judgement(finding)) {
        wrap(&format!("- {}: {}", finding.entry().id, inert(finding.message())), 2, ui)?;
    }
    if compat.release.claims.is_empty() {
        return Ok(writeln!(ui.out(), "\n  no evidence: nothing in it names a release\n")?);
    }
    let columns = [("evidence", Align::Left), ("says", Align::Left), ("agrees", Align::Left), ("where", Align::Left)];
    let mut table = Table::new(&columns).elastic(3);
    for claim in &compat.release.claims {
        table.row([
            claim.witness.name().to_owned(),
            escape(claim.says.as_bytes()).into_owned(),
            match claim.agrees {
                Some(true) => "yes",
                Some(false) => "NO",
                None => "-",
            }
            .to_owned(),
            escape(claim.place.as_bytes()).into_owned(),
        ]);
    }
    writeln!(ui.out())?;
    let look = ui.look();
    table.write(ui.out(), look)?;
    Ok(writeln!(ui.out())?)
}
