//! The document of a verdict, and the reports that are made from it.

use checks::{Entry, Verdict, catalogue};
use document::{Document, JudgedBy};
use report::{Context, Format, Rule};

use super::Judged;
use super::policy::InForce;
use crate::args::{FailOn, VerdictFormat};
use crate::documents;
use crate::exit::Error;
use crate::output::json::write_pretty;
use crate::ui::Ui;

/// All that one run judged.
pub(super) struct Whole<'w> {
    pub(super) judged: Vec<Judged>,
    /// Whether something could not be judged.
    pub(super) some_unread: bool,
    pub(super) fail_on: FailOn,
    pub(super) policy: &'w Option<InForce>,
}

impl Whole<'_> {
    /// Writes it in a form for programs or browsers; people have had theirs already.
    ///
    /// Where nothing could be judged there is no JSON, but a report there is: a collector or a CI server would else
    /// take an old file, or none, for approval.
    pub(super) fn write(self, format: VerdictFormat, ui: &mut Ui) -> Result<(), Error> {
        let format = match format {
            VerdictFormat::Human => return Ok(()),
            VerdictFormat::Json if self.judged.is_empty() => return Ok(()),
            VerdictFormat::Json => return Ok(write_pretty(ui.out(), &self.document())?),
            VerdictFormat::Sarif => Format::Sarif,
            VerdictFormat::Junit => Format::Junit,
            VerdictFormat::Html => Format::Html,
            VerdictFormat::Prometheus => Format::Prometheus,
        };
        let rules: Vec<Rule<'_>> = catalogue::all().into_iter().map(rule).collect();
        let context = Context { rules: &rules, now: Some(ui.now()) };
        ui.out().write_all(report::render(format, &self.document(), &context).as_bytes())?;
        Ok(())
    }

    fn document(self) -> Document {
        let verdict = self.verdict();
        let fail_on = super::limit(self.fail_on);
        let policy = self.policy.as_ref().map(|policy| policy.path.clone());
        let (mut artifacts, mut findings) = (Vec::new(), Vec::new());
        for one in self.judged {
            artifacts.extend(one.documents);
            for (name, found) in &one.report.parts {
                findings.extend(documents::findings(found, name));
            }
        }
        documents::document("verify", artifacts, findings, verdict).judged_by(JudgedBy { fail_on, policy })
    }

    fn verdict(&self) -> Verdict {
        let worst = self.judged.iter().map(|judged| judged.report.verdict).max();
        if self.some_unread { Verdict::Fail } else { worst.unwrap_or(Verdict::Pass) }
    }
}

fn rule(entry: &'static Entry) -> Rule<'static> {
    let Entry { id, name, severity, title, cause, consequence, remedy, source } = *entry;
    Rule { id, name, severity: severity.name(), title, cause, consequence, remedy, source }
}
