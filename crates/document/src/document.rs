//! The whole document.

use std::borrow::Cow;

use checks::{Severity, Verdict};
use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::any::{Any, Fields};
use crate::artifact::Artifact;
use crate::error::Error;
use crate::finding::Finding;
use crate::patient;
use crate::run::Run;
use crate::values::Word;

/// Name of the shape of [`Document`]; it changes when a field changes its meaning.
pub const SCHEMA: &str = "assay/1";

/// What one run gives out.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// The command: `verify`, `keys check`.
    pub command: Word,
    /// Version of the assay that made it.
    pub assay: Word,
    /// One for each input, in the order given; then one for each that could not be read.
    pub artifacts: Vec<Artifact>,
    /// What a command says beside its artifacts (`differences` of `diff`), and what a later assay says besides.
    pub more: Fields,
    /// What stands against the inputs, by artifact, worst first.
    pub findings: Vec<Finding>,
    /// Of all inputs together. A word of a later assay, or none, counts as `fail`.
    pub verdict: Verdict,
    /// By what the verdict was reached, where the command tells: `verify`.
    pub judged_by: Option<JudgedBy>,
    /// What the run came to, where the command tells: `verify`.
    pub run: Option<Run>,
}

/// By what a verdict was reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JudgedBy {
    /// The least severity that fails; `None`: nothing does.
    pub fail_on: Option<Severity>,
    /// The policy, where there was one: its path, as given.
    pub policy: Option<String>,
}

impl Document {
    /// A document about `artifacts`.
    #[must_use]
    pub fn new(
        command: &'static str,
        assay: &'static str,
        artifacts: Vec<Artifact>,
        findings: Vec<Finding>,
        verdict: Verdict,
    ) -> Self {
        let (command, assay) = (Cow::Borrowed(command), Cow::Borrowed(assay));
        Self { command, assay, artifacts, more: Fields::default(), findings, verdict, judged_by: None, run: None }
    }

    /// The same document with what its verdict was reached by.
    #[must_use]
    pub fn judged_by(self, judged: JudgedBy) -> Self {
        Self { judged_by: Some(judged), ..self }
    }

    /// The same document with what the run came to.
    #[must_use]
    pub fn run(self, run: Run) -> Self {
        Self { run: Some(run), ..self }
    }

    /// Reads a document: also that of an older assay, or of a newer one, as long as it is `assay/1`. What is not of its
    /// type is absent, see the [crate].
    ///
    /// # Errors
    /// When it is not JSON, or not a document of this schema.
    pub fn read(json: &[u8]) -> Result<Self, Error> {
        serde_json::from_slice(json).map_err(|error| Error::of(&error))
    }

    /// The least severity that fails; `high` where the document does not say.
    #[must_use]
    pub fn fail_on(&self) -> Option<Severity> {
        self.judged_by.as_ref().map_or(Some(Severity::High), |judged| judged.fail_on)
    }

    fn of(mut fields: Fields) -> Self {
        let command = match fields.take("command") {
            Some(Any::Text(command)) => Cow::Owned(command),
            _ => Cow::Borrowed(""),
        };
        let assay = match fields.take("assay") {
            Some(Any::Text(assay)) => Cow::Owned(assay),
            _ => Cow::Borrowed(""),
        };
        let artifacts = items(fields.take("artifacts"));
        let findings = items(fields.take("findings"));
        let policy = fields.take("policy");
        let fail_on = fields.take("failOn");
        let run = fields.take("run");
        Self {
            artifacts: artifacts.into_iter().map(|artifact| Artifact::read(&command, artifact)).collect(),
            findings: findings.into_iter().map(|it| patient::read(Cow::Owned(it)).unwrap_or_default()).collect(),
            verdict: fields.take("verdict").and_then(|it| patient::read(Cow::Owned(it))).unwrap_or(Verdict::Fail),
            judged_by: fail_on.map(|fail_on| JudgedBy::of(&fail_on, policy.as_ref())),
            run: run.and_then(|it| patient::read(Cow::Owned(it))),
            more: fields,
            command,
            assay,
        }
    }
}

fn items(list: Option<Any>) -> Vec<Any> {
    match list {
        Some(Any::List(items)) => items,
        _ => Vec::new(),
    }
}

impl JudgedBy {
    fn of(fail_on: &Any, policy: Option<&Any>) -> Self {
        let path = policy.and_then(Any::fields).and_then(|policy| policy.get("path"));
        let fail_on = match fail_on.text() {
            Some("never") => None,
            word => Some(word.map_or(Severity::High, |word| word.parse().unwrap_or(Severity::Critical))),
        };
        Self { fail_on, policy: path.and_then(Any::text).map(str::to_owned) }
    }
}

impl Serialize for Document {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("schema", SCHEMA)?;
        map.serialize_entry("command", &self.command)?;
        map.serialize_entry("assay", &self.assay)?;
        map.serialize_entry("artifacts", &self.artifacts)?;
        self.more.iter().try_for_each(|(name, value)| map.serialize_entry(name, value))?;
        map.serialize_entry("findings", &self.findings)?;
        map.serialize_entry("verdict", &self.verdict)?;
        if let Some(judged) = &self.judged_by {
            let policy: Option<Fields> =
                judged.policy.as_deref().map(|path| [("path", Any::from(path))].into_iter().collect());
            map.serialize_entry("failOn", judged.fail_on.map_or("never", Severity::name))?;
            map.serialize_entry("policy", &policy)?;
        }
        if let Some(run) = &self.run {
            map.serialize_entry("run", run)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut fields = Fields::deserialize(deserializer)?;
        match fields.take("schema") {
            Some(Any::Text(schema)) if schema == SCHEMA => Ok(Self::of(fields)),
            Some(Any::Text(schema)) => Err(D::Error::custom(format_args!("a document of {schema:?}, not of {SCHEMA}"))),
            _ => Err(D::Error::custom(format_args!("not a document of {SCHEMA}"))),
        }
    }
}
