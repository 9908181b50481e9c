//! A verdict in the forms that other tools and people read.
//!
//! Every report is made from the JSON document that `assay verify --json` prints, so that none can say more or less.
//! A document that an older assay saved will do: what it does not say leaves its place empty. Nothing here knows a clock, a
//! path or a network.
//!
//! | format | who reads it |
//! |---|---|
//! | [`Format::Sarif`] | code scanning, SARIF viewers: [SARIF 2.1.0](https://docs.oasis-open.org/sarif/sarif/v2.1.0/) |
//! | [`Format::Junit`] | CI servers, as Jenkins and GitLab take test results |
//! | [`Format::Prometheus`] | node_exporter's textfile collector: the text exposition format, version 0.0.4 |
//! | [`Format::Html`] | people: one file that fetches nothing |
#![forbid(unsafe_code)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod html;
mod junit;
mod parts;
mod prometheus;
pub mod runbook;
mod sarif;
mod timeless;

use document::Document;
use jiff::Timestamp;

pub use prometheus::Kept;

/// A form of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// SARIF 2.1.0.
    Sarif,
    /// JUnit XML.
    Junit,
    /// Prometheus' text exposition format.
    Prometheus,
    /// One HTML file.
    Html,
}

/// What a finding means, whatever it was found in: an entry of the table of findings.
#[derive(Debug, Clone, Copy)]
pub struct Rule<'r> {
    /// Stable ID, such as `SNAP-003`.
    pub id: &'r str,
    /// Stable short name, such as `trailer-mismatch`.
    pub name: &'r str,
    /// The usual severity.
    pub severity: &'r str,
    /// What it is, in one line.
    pub title: &'r str,
    /// How it comes about.
    pub cause: &'r str,
    /// What it leads to.
    pub consequence: &'r str,
    /// What to do.
    pub remedy: &'r str,
    /// Where the fact is from.
    pub source: &'r str,
}

/// What a report says besides the document.
#[derive(Debug, Clone, Copy, Default)]
pub struct Context<'r> {
    /// Texts of findings; one that is not here is told by the document alone.
    pub rules: &'r [Rule<'r>],
    /// When the report is made: certificates are shown against it. `None`: no such mark.
    pub now: Option<Timestamp>,
}

impl<'r> Context<'r> {
    fn rule(&self, id: &str) -> Option<&'r Rule<'r>> {
        self.rules.iter().find(|rule| rule.id == id)
    }
}

/// Where the bytes of a snapshot are, as one HTML file, from the document that `assay du --json` prints.
#[must_use]
pub fn usage(document: &Document) -> String {
    html::usage::render(document)
}

/// A calendar of the backups of each cluster, as one HTML file, from the document that `assay catalog calendar` makes.
#[must_use]
pub fn calendar(document: &Document, now: Option<Timestamp>) -> String {
    html::kept::render(document, now)
}

/// What a catalog says of its clusters, as metrics: one series each.
#[must_use]
pub fn kept(kept: &Kept<'_>) -> String {
    prometheus::kept::render(kept)
}

/// The report on a document, in UTF-8, ended by a newline.
#[must_use]
pub fn render(format: Format, document: &Document, context: &Context<'_>) -> String {
    match format {
        Format::Sarif => sarif::render(document, context),
        Format::Junit => junit::render(document, context),
        Format::Prometheus => prometheus::render(document),
        Format::Html => html::render(document, context),
    }
}
