//! Findings, for scripts and for people.

use std::io;

use checks::{Evidence, Finding, Severity, Waived};
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use super::json::{Hex64, Key};
use crate::text::{count, escape};
use crate::ui::{Ui, style};

/// Findings of one kind that human output lists one by one; JSON has them all.
const SHOWN: usize = 5;

/// A finding about an artifact, as the contract has it.
#[derive(Debug)]
pub struct FindingJson<'f> {
    finding: &'f Finding,
    artifact: &'f str,
}

impl<'f> FindingJson<'f> {
    /// A finding about the artifact of that name.
    pub fn new(finding: &'f Finding, artifact: &'f str) -> Self {
        Self { finding, artifact }
    }
}

impl Serialize for FindingJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { finding, artifact } = self;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("id", finding.entry.id)?;
        map.serialize_entry("name", finding.entry.name)?;
        map.serialize_entry("severity", finding.severity.name())?;
        map.serialize_entry("artifact", artifact)?;
        map.serialize_entry("message", &finding.message)?;
        map.serialize_entry("evidence", &EvidenceJson(&finding.evidence))?;
        map.serialize_entry("location", &LocationJson(finding))?;
        map.serialize_entry("remedy", finding.entry.remedy)?;
        map.serialize_entry("waived", &finding.waived.as_ref().map(WaivedJson::from))?;
        map.end()
    }
}

#[derive(Serialize)]
struct WaivedJson<'f> {
    reason: &'f str,
    until: &'f str,
}

impl<'f> From<&'f Waived> for WaivedJson<'f> {
    fn from(waived: &'f Waived) -> Self {
        Self { reason: &waived.reason, until: &waived.until }
    }
}

/// The evidence of a finding as a map; also what the table `findings` of a database keeps.
pub struct EvidenceJson<'f>(pub &'f [(&'static str, Evidence)]);

impl Serialize for EvidenceJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, evidence) in self.0 {
            match evidence {
                Evidence::Number(number) => map.serialize_entry(name, number)?,
                Evidence::Id(id) => map.serialize_entry(name, &Hex64(*id))?,
                Evidence::Text(text) => map.serialize_entry(name, text)?,
            }
        }
        map.end()
    }
}

struct LocationJson<'f>(&'f Finding);

impl Serialize for LocationJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let location = &self.0.location;
        let mut map = serializer.serialize_map(None)?;
        if let Some(page) = location.page {
            map.serialize_entry("page", &page)?;
        }
        if let Some(offset) = location.offset {
            map.serialize_entry("offset", &offset)?;
        }
        if let Some(key) = &location.key {
            map.serialize_entry("key", &Key(key))?;
        }
        if let Some(member) = &location.member {
            map.serialize_entry("member", member)?;
        }
        map.end()
    }
}

/// Writes findings by kind, worst first: what, where, and once per kind what to do.
///
/// Without `-v`, findings of severity `info` are left to the caller's summary.
///
/// # Errors
/// Whatever keeps the stream from taking it.
pub fn write(findings: &[Finding], ui: &mut Ui) -> io::Result<()> {
    let verbose = ui.look().verbose > 0;
    let mut done: Vec<&str> = Vec::new();
    for finding in findings.iter().filter(|finding| verbose || finding.severity > Severity::Info) {
        if done.contains(&finding.entry.id) {
            continue;
        }
        done.push(finding.entry.id);
        let same: Vec<_> = findings.iter().filter(|other| other.entry.id == finding.entry.id).collect();
        write_kind(&same, if verbose { usize::MAX } else { SHOWN }, ui)?;
    }
    Ok(())
}

fn write_kind(same: &[&Finding], shown: usize, ui: &mut Ui) -> io::Result<()> {
    let Some(first) = same.first() else { return Ok(()) };
    let style = match first.severity {
        Severity::Critical | Severity::High => style::BAD,
        Severity::Medium => style::WARN,
        Severity::Low | Severity::Info => style::DIM,
    };
    let head = ui.paint(style, format_args!("{:<8}  {}", first.severity, first.entry.title)).to_string();
    let id = ui.paint(style::DIM, format_args!("{} {}", first.entry.id, first.entry.name)).to_string();
    writeln!(ui.out(), "  {head}  {id}")?;
    for finding in same.iter().take(shown) {
        let key = finding.location.key.as_ref().map(|key| format!(" key `{}`", escape(key))).unwrap_or_default();
        wrap(&format!("{}{key}", escape(finding.message.as_bytes())), 12, ui)?;
    }
    if same.len() > shown {
        let more = count((same.len() - shown) as u64, "more finding");
        writeln!(ui.out(), "            ... and {more} of this kind; -v lists them")?;
    }
    wrap(&format!("do: {}", first.entry.remedy), 12, ui)
}

/// Writes a sentence over as many lines as it takes, indented.
pub(crate) fn wrap(text: &str, indent: usize, ui: &mut Ui) -> io::Result<()> {
    let width = ui.look().width.unwrap_or(100).clamp(60, 110);
    let mut line = " ".repeat(indent);
    for word in text.split(' ') {
        if line.len() > indent && line.len() + 1 + word.len() > width {
            writeln!(ui.out(), "{line}")?;
            line = " ".repeat(indent);
        }
        if line.len() > indent {
            line.push(' ');
        }
        line.push_str(word);
    }
    writeln!(ui.out(), "{line}")
}
