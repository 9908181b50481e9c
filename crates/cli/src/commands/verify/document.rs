//! The document of a verdict, and the reports that are made from it.

use checks::{Entry, Verdict, catalogue};
use report::{Context, Format, Rule};

use super::Judged;
use super::policy::InForce;
use crate::args::{FailOn, VerdictFormat};
use crate::exit::Error;
use crate::output::artifact::ArtifactJson;
use crate::output::finding::FindingJson;
use crate::output::json::{self, Envelope, JudgedBy, PolicyName};
use crate::ui::Ui;

/// All that one run judged.
pub(super) struct Whole<'w> {
    pub(super) judged: &'w [Judged],
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
    pub(super) fn write(&self, format: VerdictFormat, ui: &mut Ui) -> Result<(), Error> {
        let format = match format {
            VerdictFormat::Human => return Ok(()),
            VerdictFormat::Json if self.judged.is_empty() => return Ok(()),
            VerdictFormat::Json => return self.with(|envelope| Ok(envelope.write(ui.out())?)),
            VerdictFormat::Sarif => Format::Sarif,
            VerdictFormat::Junit => Format::Junit,
            VerdictFormat::Html => Format::Html,
            VerdictFormat::Prometheus => Format::Prometheus,
        };
        let document = self.with(|envelope| Ok(serde_json::to_value(envelope).map_err(std::io::Error::from)?))?;
        let rules: Vec<Rule<'_>> = catalogue::all().into_iter().map(rule).collect();
        let context = Context { rules: &rules, now: Some(ui.now()) };
        ui.out().write_all(report::render(format, &document, &context).as_bytes())?;
        Ok(())
    }

    fn with<T>(
        &self,
        work: impl FnOnce(&Envelope<'_, &ArtifactJson, FindingJson<'_>>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let documents: Vec<_> = self.judged.iter().flat_map(|judged| &judged.documents).collect();
        let parts = self.judged.iter().flat_map(|judged| &judged.report.parts);
        let findings: Vec<_> =
            parts.flat_map(|(name, findings)| findings.iter().map(|it| FindingJson::new(it, name))).collect();
        let fail_on = super::limit(self.fail_on).map_or("never", checks::Severity::name);
        let policy = self.policy.as_ref().map(|policy| PolicyName { path: &policy.path });
        let envelope = Envelope::new("verify", &documents, &findings, self.verdict());
        work(&envelope.judged_by(JudgedBy { fail_on, policy }))
    }

    fn verdict(&self) -> json::Verdict {
        match self.judged.iter().map(|judged| judged.report.verdict).max().unwrap_or(Verdict::Pass) {
            _ if self.some_unread => json::Verdict::Fail,
            Verdict::Pass => json::Verdict::Pass,
            Verdict::Warn => json::Verdict::Warn,
            Verdict::Fail => json::Verdict::Fail,
        }
    }
}

fn rule(entry: &'static Entry) -> Rule<'static> {
    let Entry { id, name, severity, title, cause, consequence, remedy, source } = *entry;
    Rule { id, name, severity: severity.name(), title, cause, consequence, remedy, source }
}
