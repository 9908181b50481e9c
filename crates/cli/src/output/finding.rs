//! Findings, for scripts and for people.

use std::io;

use checks::{Finding, Severity};

use crate::ui::{Ui, style};
use wording::{count, escape, inert};

/// Findings of one kind that human output lists one by one; JSON has them all.
const SHOWN: usize = 5;

/// Writes findings by kind, worst first: what, where, and once per kind what to do.
///
/// Without `-v`, findings of severity `info` are left to the caller's summary.
///
/// # Errors
/// Whatever keeps the stream from taking it.
pub fn write(findings: &[Finding], ui: &mut Ui) -> io::Result<()> {
    let verbose = ui.look().verbose > 0;
    let mut done: Vec<&str> = Vec::new();
    for finding in findings.iter().filter(|finding| verbose || finding.severity() > Severity::Info) {
        if done.contains(&finding.entry().id) {
            continue;
        }
        done.push(finding.entry().id);
        let same: Vec<_> = findings.iter().filter(|other| other.entry().id == finding.entry().id).collect();
        write_kind(&same, if verbose { usize::MAX } else { SHOWN }, ui)?;
    }
    Ok(())
}

fn write_kind(same: &[&Finding], shown: usize, ui: &mut Ui) -> io::Result<()> {
    let Some(first) = same.first() else { return Ok(()) };
    let style = match first.severity() {
        Severity::Critical | Severity::High => style::BAD,
        Severity::Medium => style::WARN,
        Severity::Low | Severity::Info => style::DIM,
    };
    let head = ui.paint(style, format_args!("{:<8}  {}", first.severity(), first.entry().title)).to_string();
    let id = ui.paint(style::DIM, format_args!("{} {}", first.entry().id, first.entry().name)).to_string();
    writeln!(ui.out(), "  {head}  {id}")?;
    for finding in same.iter().take(shown) {
        let key = finding.location().key.as_ref().map(|key| format!(", key `{}`", escape(key))).unwrap_or_default();
        wrap(&format!("{}{key}", inert(finding.message())), 12, ui)?;
    }
    if same.len() > shown {
        let more = count((same.len() - shown) as u64, "more finding");
        writeln!(ui.out(), "            ... and {more} of this kind; -v lists them")?;
    }
    wrap(&format!("do: {}", first.remedy()), 12, ui)
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
