//! Whether a backup is of the release that a cluster runs, for scripts and for people.

use std::io;

use serde::Serialize;

use super::finding::wrap;
use super::human::{Align, Table};
use crate::text::escape;
use crate::ui::{Ui, style};
use checks::version::Compat;

/// The judgement and what it rests on.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CompatJson {
    target: Option<String>,
    target_cluster_id: Option<String>,
    release: String,
    relation: Option<&'static str>,
    verdict: Option<&'static str>,
    reasons: Vec<ReasonJson>,
    evidence: Vec<EvidenceJson>,
}

#[derive(Debug, Serialize)]
struct ReasonJson {
    rule: &'static str,
    text: String,
    source: &'static str,
}

#[derive(Debug, Serialize)]
struct EvidenceJson {
    source: &'static str,
    says: String,
    place: String,
    agrees: Option<bool>,
}

impl CompatJson {
    /// What was judged.
    pub fn new(compat: &Compat<'_>) -> Self {
        let judgement = compat.judgement.as_ref();
        let reasons = judgement.map(|judgement| judgement.reasons.as_slice()).unwrap_or_default();
        let evidence = compat.release.evidence.iter().map(|evidence| EvidenceJson {
            source: evidence.source.name(),
            says: evidence.says.clone(),
            place: evidence.place.clone(),
            agrees: evidence.agrees,
        });
        let cluster_id = compat.target.map(|target| target.cluster_id.clone());
        Self {
            target: compat.target.map(|target| target.target.version().to_string()),
            target_cluster_id: cluster_id.filter(|id| !id.is_empty()),
            release: compat.release.backup.describe(),
            relation: judgement.map(|judgement| judgement.relation.name()),
            verdict: compat.allowed().map(|allowed| if allowed { "pass" } else { "fail" }),
            reasons: reasons
                .iter()
                .map(|reason| ReasonJson { rule: reason.rule.name(), text: reason.text.clone(), source: reason.source })
                .collect(),
            evidence: evidence.collect(),
        }
    }
}

/// Writes the verdict, its reasons, and a table of the evidence.
///
/// # Errors
/// Whatever keeps the stream from taking it.
pub fn write(name: &str, compat: &Compat<'_>, ui: &mut Ui) -> io::Result<()> {
    let allowed = compat.allowed().unwrap_or(false);
    let (word, paint) = if allowed { ("PASS", style::GOOD) } else { ("FAIL", style::BAD) };
    let word = ui.paint(paint, word).to_string();
    let head = ui.paint(style::HEAD, escape(name.as_bytes())).to_string();
    writeln!(ui.out(), "{word}  {head}")?;
    let target = compat.target.map(|target| target.target.version().to_string()).unwrap_or_default();
    let release = compat.release.backup.describe();
    if allowed {
        wrap(&format!("the backup is of {release}, the same z-stream release as the cluster's"), 2, ui)?;
    } else {
        wrap(&format!("the backup ({release}) may not be restored onto this cluster ({target})"), 2, ui)?;
        writeln!(ui.out())?;
        let reasons = compat.judgement.iter().flat_map(|judgement| &judgement.reasons);
        for reason in reasons {
            wrap(&format!("- {}", reason.text), 2, ui)?;
        }
    }
    for finding in compat.findings.iter().filter(|finding| !checks::version::is_judgement(finding)) {
        wrap(&format!("- {}: {}", finding.entry.id, escape(finding.message.as_bytes())), 2, ui)?;
    }
    if compat.release.evidence.is_empty() {
        return writeln!(ui.out(), "\n  no evidence: nothing in it names a release\n");
    }
    let columns = [("evidence", Align::Left), ("says", Align::Left), ("agrees", Align::Left), ("where", Align::Left)];
    let mut table = Table::new(&columns).elastic(3);
    for evidence in &compat.release.evidence {
        table.row([
            evidence.source.name().to_owned(),
            escape(evidence.says.as_bytes()).into_owned(),
            match evidence.agrees {
                Some(true) => "yes",
                Some(false) => "NO",
                None => "-",
            }
            .to_owned(),
            escape(evidence.place.as_bytes()).into_owned(),
        ]);
    }
    writeln!(ui.out())?;
    let look = ui.look();
    table.write(ui.out(), look)?;
    writeln!(ui.out())
}
